"""A hosted event from proposal to hosted, without anything around it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from contracts.events import AttendeeRegistered, EventHosted, EventProposed, EventPublished, EventSignedOff
from contracts.members import GradeBand
from contracts.refusal import Invalid, Refused
from events import hosting
from events.domain import Invitee, NotInvitedYet
from events.hosting import (
    AlreadyHosted,
    AlreadyPublished,
    AlreadyRegistered,
    AlreadySignedOff,
    Full,
    HasLeft,
    HostedEvent,
    IsOver,
    NotPublished,
    NotSignedOff,
    NotStarted,
    YourOwnProposal,
)

EVENT = UUID("00000000-0000-4000-8000-0000000000e1")
KEY_DATE = UUID("00000000-0000-4000-8000-0000000000d1")
VERA = UUID("00000000-0000-4000-8000-0000000000a1")
TEAM = UUID("00000000-0000-4000-8000-0000000000a2")
ADA = UUID("00000000-0000-4000-8000-00000000000a")
SEAT = UUID("00000000-0000-4000-8000-0000000000f1")
NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
START = datetime(2027, 2, 11, 14, 0, tzinfo=UTC)
END = datetime(2027, 2, 11, 15, 30, tzinfo=UTC)

PROPOSED = HostedEvent(
    hosted_event_id=EVENT,
    title="Women and girls in science",
    summary="Talks and questions.",
    link="https://gse.example/science",
    place="Online",
    starts_at=START,
    ends_at=END,
    capacity=2,
    key_date_id=KEY_DATE,
    proposed_by=VERA,
)
SIGNED_OFF = replace(PROPOSED, signed_off_at=NOW)
PUBLISHED = replace(SIGNED_OFF, published_at=NOW)
HOSTED = replace(PUBLISHED, hosted_at=END)
INVITEE = Invitee(ADA, "UKHSA", GradeBand.HEO_SEO, since=date(2026, 2, 11))


def register(its: HostedEvent, invitee: Invitee | None, *, taken: int = 0, has_place: bool = False) -> object:
    return hosting.register(its, invitee, registration_id=SEAT, taken=taken, has_place=has_place, now=NOW)


def test_a_proposal_is_said_with_its_key_date_and_none_of_its_words() -> None:
    said = hosting.propose(PROPOSED, known_key_dates={KEY_DATE}, now=NOW)

    assert said == EventProposed(hosted_event_id=EVENT, key_date_id=KEY_DATE)
    assert PROPOSED.state == "proposed"


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "field"),
    [
        (START, START, "ends_at"),
        (START, START - timedelta(minutes=1), "ends_at"),
        (START, START + timedelta(days=32), "ends_at"),
        (NOW - timedelta(hours=2), NOW, "ends_at"),
        (NOW + timedelta(days=1096), NOW + timedelta(days=1097), "starts_at"),
        (datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), "starts_at"),
        (datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC) + timedelta(days=1), "ends_at"),
    ],
)
def test_times_that_cannot_be_meant_are_refused_at_their_field(
    starts_at: datetime, ends_at: datetime, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        hosting.propose(replace(PROPOSED, starts_at=starts_at, ends_at=ends_at), known_key_dates={KEY_DATE}, now=NOW)

    assert [error.field for error in refused.value.errors] == [field]


def test_a_key_date_that_is_not_in_the_calendar_is_refused_at_its_field() -> None:
    with pytest.raises(Invalid) as refused:
        hosting.propose(PROPOSED, known_key_dates=set(), now=NOW)

    assert [error.field for error in refused.value.errors] == ["key_date_id"]


def test_an_event_goes_from_proposed_to_hosted_and_each_step_is_said() -> None:
    signed_off, said_signed_off = hosting.sign_off(PROPOSED, by=TEAM, now=NOW)
    published, said_published = hosting.publish(signed_off, now=NOW)
    hosted, said_hosted = hosting.host(published, now=END)

    assert [its.state for its in (signed_off, published, hosted)] == ["signed-off", "published", "hosted"]
    assert hosted == HOSTED
    assert said_signed_off == EventSignedOff(hosted_event_id=EVENT)
    assert said_published == EventPublished(
        hosted_event_id=EVENT,
        title="Women and girls in science",
        summary="Talks and questions.",
        link="https://gse.example/science",
        place="Online",
        starts_at=START,
        ends_at=END,
        key_date_id=KEY_DATE,
    )
    assert said_hosted == EventHosted(hosted_event_id=EVENT, hosted_at=END)


def test_an_event_is_hosted_from_its_start_on() -> None:
    hosted, _ = hosting.host(PUBLISHED, now=START)

    assert hosted.hosted_at == START


@pytest.mark.parametrize(
    ("step", "refusal"),
    [
        (lambda: hosting.sign_off(PROPOSED, by=VERA, now=NOW), YourOwnProposal),
        (lambda: hosting.sign_off(PROPOSED, by=TEAM, now=END), IsOver),
        (lambda: hosting.sign_off(SIGNED_OFF, by=TEAM, now=NOW), AlreadySignedOff),
        (lambda: hosting.sign_off(PUBLISHED, by=TEAM, now=NOW), AlreadySignedOff),
        (lambda: hosting.publish(PROPOSED, now=NOW), NotSignedOff),
        (lambda: hosting.publish(SIGNED_OFF, now=END), IsOver),
        (lambda: hosting.publish(PUBLISHED, now=NOW), AlreadyPublished),
        (lambda: hosting.publish(HOSTED, now=END), AlreadyPublished),
        (lambda: hosting.host(PROPOSED, now=START), NotPublished),
        (lambda: hosting.host(SIGNED_OFF, now=START), NotPublished),
        (lambda: hosting.host(PUBLISHED, now=START - timedelta(seconds=1)), NotStarted),
        (lambda: hosting.host(HOSTED, now=END), AlreadyHosted),
        (lambda: hosting.takes_keynotes(HOSTED), AlreadyHosted),
        (lambda: register(PROPOSED, INVITEE), NotPublished),
        (lambda: register(SIGNED_OFF, INVITEE), NotPublished),
        (lambda: register(HOSTED, INVITEE), IsOver),
        (lambda: register(replace(PUBLISHED, ends_at=NOW), INVITEE), IsOver),
        (lambda: register(PUBLISHED, None), NotInvitedYet),
        (lambda: register(PUBLISHED, Invitee(ADA, None, None, None, left_at=NOW)), HasLeft),
        (lambda: register(PUBLISHED, INVITEE, taken=2, has_place=True), AlreadyRegistered),
        (lambda: register(PUBLISHED, INVITEE, taken=2), Full),
    ],
)
def test_a_step_out_of_its_order_is_refused(step: Callable[[], object], refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        step()


def test_the_last_place_is_taken_by_a_member() -> None:
    registration, said = hosting.register(PUBLISHED, INVITEE, registration_id=SEAT, taken=1, has_place=False, now=NOW)

    assert said == AttendeeRegistered(registration_id=SEAT, hosted_event_id=EVENT, member_id=ADA)
    assert registration == hosting.Registration(SEAT, EVENT, ADA, registered_at=NOW)
