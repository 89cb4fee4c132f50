"""What the demo says of events: one by one, or many of a name as one line, and who reacts."""

from datetime import UTC, datetime
from typing import Any

from contracts import generate
from gse_platform.demo.telling import chapter, lines

DAY = "11111111-1111-4111-8111-111111111111"
HOSTED = "22222222-2222-4222-8222-222222222222"
TITLES = {DAY: "Ada Lovelace Day", HOSTED: "Talks and questions"}
REACTIONS = {
    "EventPublished": ["members: announce", "notifications: invite"],
    "AttendeeRegistered": ["notifications: confirm"],
    "MemberDataErasedByMentoring": ["members: note_receipt"],
}


def event(name: str, subject: str, number: int, service: str = "events", **data: Any) -> dict[str, Any]:
    kind = f"uk.gov.gse.{service}.{name}.v1"
    return {"id": f"{name}{number}", "type": kind, "subject": subject, "time": "2027-02-11T14:05:00Z", "data": data}


def test_an_event_is_told_with_its_title_and_those_who_react() -> None:
    assert lines([event("EventPublished", HOSTED, 1)], TITLES, REACTIONS) == [
        "    2:05pm  events says EventPublished: Talks and questions",
        "            → members announce, notifications invite",
    ]


def test_what_has_no_title_of_its_own_is_told_by_its_key_date() -> None:
    assert lines([event("EventProposed", "33", 1, key_date_id=DAY)], TITLES, REACTIONS) == [
        "    2:05pm  events says EventProposed: Ada Lovelace Day",
    ]


def test_many_of_a_name_are_one_line_where_the_first_of_them_stood() -> None:
    registered = [event("AttendeeRegistered", f"{number}", number) for number in range(5)]

    assert lines([registered[0], event("KeynoteConfirmed", HOSTED, 1), *registered[1:]], TITLES, REACTIONS) == [
        "    2:05pm  events says AttendeeRegistered, 5 times",
        "            → notifications confirm",
        "    2:05pm  events says KeynoteConfirmed: Talks and questions",
    ]


def test_a_few_of_a_name_are_told_one_by_one() -> None:
    told = lines([event("AttendeeRegistered", f"{number}", number) for number in range(4)], TITLES, {})

    assert told == ["    2:05pm  events says AttendeeRegistered"] * 4


def test_who_reacts_is_found_for_an_event_that_every_service_says_for_itself() -> None:
    [_, reacting] = lines([event("MemberDataErased", "44", 1, service="mentoring")], TITLES, REACTIONS)

    assert reacting == "            → members note_receipt"


def test_the_table_of_reactions_is_by_the_names_that_the_telling_asks_for() -> None:
    assert "notifications: welcome" in generate.reactions()["MemberJoined"]


def test_a_chapter_begins_with_its_day_and_year() -> None:
    assert chapter(datetime(2027, 2, 11, 9, 0, tzinfo=UTC), "GSE Connect opens") == (
        "\nThursday 11 February 2027: GSE Connect opens"
    )
