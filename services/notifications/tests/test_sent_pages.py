"""The team's pages: what went out, to whom, why not, and what is sent again."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from xml.etree import ElementTree as ET

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis.database import Database
from chassis.testing import CSRF_OF_FORMS, deliver, in_browser, said
from notifications.app import EVENTS, MEMBERS
from notifications.testing import (
    MailServerDouble,
    answers,
    hangs_up,
    joined,
    joins,
    leaves,
    published,
    rows,
    standing,
    takes,
)
from testkit.eventually import eventually
from testkit.examples import erasure_requested

ADA, BEN, CAL = (UUID(int=number) for number in (0xA, 0xB, 0xC))
SENT = "/notifications/sent"
SECRETS = ("Ada King", "Ben Okri", "ada@", "ben@", "example.org")
SVG = "{http://www.w3.org/2000/svg}"


def browser(role: str, member_id: UUID | None = None) -> dict[str, str]:
    """Of somebody with this role; the service stands behind https, where cookies have other names."""
    headers = in_browser(role, member_id=member_id)
    return headers | {"cookie": headers["cookie"].replace("gse-", "__Host-gse-")}


@pytest.fixture
def database_of_it(running: FastAPI) -> Database:
    its: Database = running.state.running.database
    return its


@pytest.fixture
def team() -> dict[str, str]:
    return browser("team")


async def in_states(database: Database, *states: str) -> None:
    async def are_there() -> bool:
        return [state for state, _ in await standing(database)] == list(states)

    await eventually(are_there)


async def event_of(database: Database, member_id: UUID) -> UUID:
    [(event_id,)] = await rows(database, "SELECT event_id FROM occasion WHERE subject = $1", member_id)
    found: UUID = event_id
    return found


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page.partition("<main")[2]).split())


async def page_of(client: AsyncClient, path: str, headers: dict[str, str]) -> str:
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    assert len(re.findall("<h1", answer.text)) == 1
    assert not any(secret in answer.text for secret in SECRETS)
    return answer.text


async def send_again(client: AsyncClient, event_id: UUID, headers: dict[str, str], **form: str) -> Response:
    return await client.post(f"{SENT}/{event_id}/again", data=form | CSRF_OF_FORMS, headers=headers)


@pytest.mark.parametrize("path", ["", f"/{UUID(int=1)}", f"/{UUID(int=1)}/again?state=unknown"])
async def test_it_is_for_the_team_alone(client: AsyncClient, path: str) -> None:
    answers = {
        role: (await client.get(SENT + path, headers=browser(role, ADA))).status_code
        for role in ("member", "operator", "volunteer", "scheme-lead", "hosep")
    }

    assert set(answers.values()) == {403}
    assert (await client.get(SENT + path, headers={"accept": "text/html"})).status_code == 303  # to where one signs in
    assert (await send_again(client, UUID(int=1), browser("member", ADA), state="unknown")).status_code == 403


async def test_before_anything_happened_it_says_what_will_be_there(client: AsyncClient, team: dict[str, str]) -> None:
    page = words(await page_of(client, SENT, team))

    assert "Nothing. Of every message it is known whether it went out" in page
    assert "Nothing was to go out in the last 30 days." in page
    assert "No mail went out in the last 30 days." in page
    assert "Nobody has been told of anything yet." in page


async def test_the_pictures_and_their_tables_say_what_stands(
    client: AsyncClient, team: dict[str, str], database_of_it: Database, server: MailServerDouble
) -> None:
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    await in_states(database_of_it, "sent")
    server.at_data = hangs_up
    await joins(database_of_it, BEN, "Ben Okri", "ben@example.org")
    await in_states(database_of_it, "sent", "unknown")

    page = await page_of(client, SENT, team)

    found = re.search(r'<svg[^>]* id="volumes".*?</svg>', page, re.DOTALL)
    assert found
    blocks = ET.fromstring(found[0]).findall(f"{SVG}rect")  # noqa: S314 (our own page)
    assert sorted((its.findtext(f"{SVG}title") or "").partition(", ")[2] for its in blocks) == ["Sent: 1", "Unknown: 1"]
    assert len({its.get("height") for its in blocks}) == 1
    said_of_it = words(page)
    assert (
        "2 messages were to go out in the last 30 days: sent 1, in the inbox alone 0, failed 0, unknown 1" in said_of_it
    )
    assert "Under a minute: 1" in said_of_it
    assert re.search(r"Half of them went out within \d+ seconds?, and 95 of 100 within \d+ seconds?\.", said_of_it)
    assert re.search(
        r"How late mail went out, day by day Day Messages Half within 95 of 100 within .* 1 \d+ sec", said_of_it
    )
    assert re.search(r"Unknown whether it arrived </dt> <dd[^>]*> 1 ", re.sub(r"\s+", " ", page))


async def test_each_event_says_who_hears_of_it_and_how_many_did_newest_first(
    client: AsyncClient, team: dict[str, str], database_of_it: Database
) -> None:
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    await joins(database_of_it, BEN, "Ben Okri", "ben@example.org")
    await deliver(database_of_it, "notifications", EVENTS, said(published(), 1))
    await in_states(database_of_it, *["sent"] * 4)

    page = words(await page_of(client, SENT, team)).partition("By event")[2]

    assert re.findall(r"(Event published|Member joined) ,", page) == [
        "Event published",
        "Member joined",
        "Member joined",
    ]
    assert "Every member 2 sent" in page
    assert page.count("The member 1 sent") == 2


@pytest.mark.parametrize(
    ("chosen", "titles"),
    [
        ("type=MemberJoined", ["Member joined"]),
        ("type=EventPublished", ["Event published"]),
        ("category=events", ["Event published"]),
        ("category=membership&type=EventPublished", []),
        ("state=sent", ["Event published", "Member joined"]),
        ("state=failed", []),
        ("state=nonsense&type=nonsense&category=nonsense", ["Event published", "Member joined"]),
    ],
)
async def test_events_are_chosen_by_type_category_and_state(
    client: AsyncClient, team: dict[str, str], database_of_it: Database, chosen: str, titles: list[str]
) -> None:
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    await deliver(database_of_it, "notifications", EVENTS, said(published(), 1))
    await in_states(database_of_it, "sent", "sent")

    page = words(await page_of(client, f"{SENT}?{chosen}", team)).partition("Show these")[2]

    assert re.findall(r"(Event published|Member joined) ,", page) == titles
    assert ("There is none of this kind" in page) == (not titles)


async def test_events_come_page_by_page_each_once(
    client: AsyncClient, team: dict[str, str], database_of_it: Database
) -> None:
    everybody = [UUID(int=number) for number in range(1, 46)]
    await deliver(database_of_it, "notifications", MEMBERS, *(said(joined(its), 1) for its in everybody))
    wanted = {str(its) for (its,) in await rows(database_of_it, "SELECT event_id FROM occasion")}

    seen: list[list[str]] = []
    path: str | None = SENT
    while path:
        page = await page_of(client, path, team)
        seen.append(re.findall(rf'href="{SENT}/([0-9a-f-]+)"', page))
        following = re.search(r'href="([^"]+)"[^>]*rel="next"', page)
        path = following[1].replace("&amp;", "&").partition("#")[0] if following else None

    assert [len(its) for its in seen] == [20, 20, 5]
    assert {its for page in seen for its in page} == wanted


async def test_an_event_shows_where_its_messages_stand_why_and_each_by_a_bare_id(
    client: AsyncClient, team: dict[str, str], database_of_it: Database, server: MailServerDouble
) -> None:
    server.at_rcpt = answers("550 5.1.1 <ada@example.org> is nobody")
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    await in_states(database_of_it, "failed")

    page = words(await page_of(client, f"{SENT}/{await event_of(database_of_it, ADA)}", team))

    assert "Who hears of it: the member." in page
    assert re.search(r"Failed .*550.* 1 ", page)
    assert f"To {ADA}" in page
    assert "550 5.1.1" not in page


async def test_members_whom_no_mail_reaches_are_counted(
    client: AsyncClient, team: dict[str, str], database_of_it: Database
) -> None:
    await joins(database_of_it, ADA, "Ada King", "ada..king@example.org")
    await in_states(database_of_it, "failed")

    assert "Members whom no mail reaches 1" in words(await page_of(client, SENT, team))


async def test_what_is_unknown_is_sent_again_by_its_button_as_another_message(
    client: AsyncClient, team: dict[str, str], database_of_it: Database, server: MailServerDouble
) -> None:
    server.at_data = hangs_up
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    await in_states(database_of_it, "unknown")
    server.at_data = takes
    event_id = await event_of(database_of_it, ADA)
    page = await page_of(client, f"{SENT}/{event_id}?state=unknown", team)
    [notice_id] = re.findall(r'name="notice_id" value="([^"]+)"', page)

    answer = await send_again(client, event_id, team, notice_id=notice_id)

    assert (answer.status_code, answer.headers["location"]) == (303, f"{SENT}/{event_id}?again=1")
    await in_states(database_of_it, "sent")
    ids = [re.search(rb"(?im)^message-id: *(\S+)", its.original_content or b"") for its in server.handed]
    assert [its and its[1].decode() for its in ids] == [
        f"<{notice_id}@profession.test>",
        f"<{notice_id}.1@profession.test>",
    ]
    done = words(await page_of(client, answer.headers["location"], team))
    assert "1 message goes out again now." in done
    assert "Send again" not in done

    late = await send_again(client, event_id, team, notice_id=notice_id)
    assert late.status_code == 409
    assert "is sent again. This one is sent." in words(late.text)
    assert len(server.handed) == 2


async def test_all_of_an_event_are_sent_again_after_a_page_that_says_how_many_may_get_it_twice(
    client: AsyncClient, team: dict[str, str], database_of_it: Database, server: MailServerDouble
) -> None:
    for member_id in (ADA, BEN, CAL):
        await joins(database_of_it, member_id, "Ada King", "ada@example.org")
    await in_states(database_of_it, *["sent"] * 3)
    server.at_data = hangs_up
    await deliver(database_of_it, "notifications", EVENTS, said(published(), 1))
    await in_states(database_of_it, *["sent"] * 3, *["unknown"] * 3)
    server.at_data = takes
    await leaves(database_of_it, CAL)
    [(event_id,)] = await rows(database_of_it, "SELECT event_id FROM occasion WHERE type = 'EventPublished'")

    assert f'href="{SENT}/{event_id}/again?state=unknown"' in await page_of(client, f"{SENT}/{event_id}", team)
    asked = words(await page_of(client, f"{SENT}/{event_id}/again?state=unknown", team))
    answer = await send_again(client, event_id, team, state="unknown")

    assert "Send 3 messages again?" in asked
    assert "3 people may get it twice." in asked
    assert answer.headers["location"] == f"{SENT}/{event_id}?again=2&refused=1"
    await in_states(database_of_it, *["sent"] * 5, "unknown")
    assert len(server.handed) == 3 + 3 + 2
    done = words(await page_of(client, answer.headers["location"], team))
    assert "2 messages go out again now. 1 message does not: what they say is over" in done


async def test_nothing_but_failed_and_unknown_can_be_asked_for(
    client: AsyncClient, team: dict[str, str], database_of_it: Database, server: MailServerDouble
) -> None:
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    await in_states(database_of_it, "sent")
    event_id = await event_of(database_of_it, ADA)

    asked = {
        state: (await client.get(f"{SENT}/{event_id}/again", params={"state": state}, headers=team)).status_code
        for state in ("sent", "due", "cancelled", "nonsense", "")
    }

    assert set(asked.values()) == {404}
    assert "There is nothing to send again" in await page_of(client, f"{SENT}/{event_id}/again?state=failed", team)
    for form in ({"state": "sent"}, {}, {"notice_id": "nonsense"}, {"notice_id": str(uuid4())}):
        assert (await send_again(client, event_id, team, **form)).status_code == 404
    assert (await send_again(client, event_id, team, state="failed")).headers["location"].endswith("?again=0")
    assert len(server.handed) == 1


async def test_a_form_from_elsewhere_sends_nothing_again(client: AsyncClient, team: dict[str, str]) -> None:
    answer = await client.post(f"{SENT}/{uuid4()}/again", data={"state": "unknown"}, headers=team)

    assert answer.status_code == 403


async def test_of_an_erased_member_the_pages_show_nothing(
    client: AsyncClient, team: dict[str, str], database_of_it: Database
) -> None:
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    await in_states(database_of_it, "sent")
    event_id = await event_of(database_of_it, ADA)

    await deliver(database_of_it, "notifications", MEMBERS, said(erasure_requested(ADA), 2))

    assert (await client.get(f"{SENT}/{event_id}", headers=team)).status_code == 404
    assert str(ADA) not in await page_of(client, SENT, team)


async def test_what_is_late_or_waits_for_an_address_is_counted_first(
    client: AsyncClient, team: dict[str, str], running: FastAPI, database_of_it: Database, server: MailServerDouble
) -> None:
    await server.stop()
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    await deliver(database_of_it, "notifications", MEMBERS, said(joined(BEN), 1))
    assert "Nothing. Of every message" in words(await page_of(client, SENT, team))

    database_of_it.clock = lambda: datetime.now(UTC) + timedelta(days=1, minutes=1)
    page = words(await page_of(client, SENT, team))

    assert "Late by more than an hour 1" in page
    assert "Without an address for more than a day 1" in page


async def test_the_teams_own_pages_lead_there(client: AsyncClient, database_of_it: Database) -> None:
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    link = f'href="{SENT}"'

    assert link in (await client.get("/my", headers=browser("team", ADA))).text
    assert link not in (await client.get("/my", headers=browser("member", ADA))).text
