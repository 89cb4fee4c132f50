"""What a member reads in their inbox: how a notice reaches them, its words while they are kept, what is unread."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import deliver, said, signed_in
from notifications import purging
from notifications.app import EVENTS
from notifications.deciding import Hours
from notifications.inbox import CANNOT_BE_REACHED, whereabouts
from notifications.testing import TALK, joins, published, rows
from testkit.eventually import eventually

ADA, BEN = UUID(int=0xA), UUID(int=0xB)
NOW: Final = datetime(2027, 1, 11, 23, 30, tzinfo=UTC)
EARLIER: Final = NOW - timedelta(hours=2)
TRIED: Final = "We tried to send you this by email"
HERE_ALONE: Final = "You have this here alone, since Monday 11 January, 9:30pm: "


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"state": "sent", "channel": "email"}, "We sent you this by email on Monday 11 January, 9:30pm."),
        ({"state": "sent", "channel": "inbox"}, HERE_ALONE + "you chose not to get email of this kind."),
        (
            {"state": "sent", "channel": "inbox", "reason": CANNOT_BE_REACHED},
            HERE_ALONE + "we cannot reach your address. Check it in your profile.",
        ),
        (
            {"state": "gathered", "due_at": NOW + timedelta(minutes=40)},
            "This goes out in your next digest, on Tuesday 12 January.",
        ),
        ({"state": "gathered", "due_at": NOW}, "This goes out in your next digest, which is on its way."),
        (
            {"state": "failed", "sent_at": None},
            f"{TRIED} and your mail system refused it. Check the address in your profile.",
        ),
        (
            {"state": "unknown", "sent_at": None},
            f"{TRIED} on Monday 11 January, 8:30pm and do not know whether it arrived. We do not send it again.",
        ),
        ({"state": "sending", "sent_at": None}, "We are sending you this by email."),
    ],
)
def test_each_notice_says_how_it_reaches_its_member(more: dict[str, Any], sentence: str) -> None:
    its = {"channel": None, "reason": None, "sent_at": EARLIER, "created_at": EARLIER - timedelta(hours=1)}
    row: Any = its | {"due_at": EARLIER} | more

    assert whereabouts(row, Hours(), has_address=True, now=NOW) == sentence


def test_a_digest_comes_on_the_day_of_the_members_own_clock() -> None:
    row: Any = {"state": "gathered", "sent_at": None, "created_at": EARLIER, "due_at": NOW}
    before = NOW - timedelta(minutes=1)

    assert whereabouts(row, Hours("Asia/Tokyo"), has_address=True, now=before).endswith("on Tuesday 12 January.")
    assert whereabouts(row, Hours("America/New_York"), has_address=True, now=before).endswith("on Monday 11 January.")


def test_what_waits_for_an_address_says_so() -> None:
    row: Any = {"state": "waiting", "sent_at": None, "created_at": EARLIER, "due_at": EARLIER}

    sentence = "We send you this by email as soon as we have your address."
    assert whereabouts(row, Hours(), has_address=False, now=NOW) == sentence


@pytest.fixture
async def told(running: FastAPI) -> Database:
    """Of Ada and Ben, who have been welcomed at `NOW`."""
    database: Database = running.state.running.database
    database.clock = lambda: NOW
    await joins(database, ADA, "Ada King", "ada@example.org")
    await joins(database, BEN, "Ben Okri", "ben@example.org")
    await eventually(lambda: _are_sent(database, 2))
    return database


async def _are_sent(database: Database, count: int) -> bool:
    return await rows(database, "SELECT count(*) FROM notice WHERE state = 'sent'") == [(count,)]


async def _notice_of(database: Database, member_id: UUID, template: str = "welcome") -> UUID:
    sql = "SELECT notice_id FROM notice WHERE member_id = $1 AND template = $2"
    [(notice_id,)] = await rows(database, sql, member_id, template)
    its: UUID = notice_id
    return its


async def _read(database: Database) -> list[tuple[Any, ...]]:
    """Whose notices were read, and when."""
    return await rows(database, "SELECT member_id, read_at FROM notice WHERE read_at IS NOT NULL")


async def _page(client: AsyncClient, path: str) -> str:
    answer = await client.get(path, headers={"accept": "text/html"} | signed_in("member", member_id=ADA))
    assert answer.status_code == 200
    return " ".join(re.sub("<[^>]+>", " ", answer.text.partition("<main")[2]).split())


def _inbox(member_id: UUID) -> str:
    return f"/api/notifications/v1/members/{member_id}/inbox"


async def test_what_a_member_has_read_counts_from_the_first_time(client: AsyncClient, told: Database) -> None:
    path, headers = f"{_inbox(ADA)}/{await _notice_of(told, ADA)}/read", signed_in("member", member_id=ADA)
    assert "Your messages (1 unread)" in await _page(client, "/notifications/inbox")

    first = await client.put(path, headers=headers)
    told.clock = lambda: NOW + timedelta(hours=1)
    again = await client.put(path, headers=headers)

    assert (first.status_code, again.status_code) == (204, 204)
    assert await _read(told) == [(ADA, NOW)]
    [notice] = (await client.get(_inbox(ADA), headers=headers)).json()["notices"]
    assert notice["read_at"] == "2027-01-11T23:30:00Z"
    assert "unread" not in await _page(client, "/notifications/inbox")


async def test_opening_a_message_reads_it_and_leaves_others_unread(client: AsyncClient, told: Database) -> None:
    await deliver(told, "notifications", EVENTS, said(published(), 1))
    await eventually(lambda: _are_sent(told, 4))

    await _page(client, f"/notifications/inbox/{await _notice_of(told, ADA, 'invitation')}")

    assert await _read(told) == [(ADA, NOW)]
    page = await _page(client, "/notifications/inbox")
    assert "Your messages (1 unread)" in page
    assert "Welcome to the Government Science and Engineering profession unread" in page


async def test_nobody_reads_for_somebody_else(client: AsyncClient, told: Database) -> None:
    of_ada = await _notice_of(told, ADA)
    ben, team = signed_in("member", member_id=BEN), signed_in("team")

    answers = {
        "another member": await client.put(f"{_inbox(ADA)}/{of_ada}/read", headers=ben),
        "another's notice as mine": await client.put(f"{_inbox(BEN)}/{of_ada}/read", headers=ben),
        "no such notice": await client.put(f"{_inbox(BEN)}/{uuid4()}/read", headers=ben),
        "team": await client.put(f"{_inbox(ADA)}/{of_ada}/read", headers=team),
        "nobody": await client.put(f"{_inbox(ADA)}/{of_ada}/read"),
        "no id": await client.put(f"{_inbox(BEN)}/first/read", headers=ben),
    }

    assert {who: its.status_code for who, its in answers.items()} == {
        "another member": 404,
        "another's notice as mine": 404,
        "no such notice": 404,
        "team": 404,
        "nobody": 401,
        "no id": 422,
    }
    assert await _read(told) == []


async def test_a_message_whose_words_are_deleted_says_so_and_what_it_was_about(
    client: AsyncClient, told: Database
) -> None:
    await deliver(told, "notifications", EVENTS, said(published(), 1))
    await eventually(lambda: _are_sent(told, 4))
    welcome, invitation = [await _notice_of(told, ADA, its) for its in ("welcome", "invitation")]
    assert "Dear Ada King," in await _page(client, f"/notifications/inbox/{invitation}")
    told.clock = lambda: NOW + timedelta(days=7)
    await purging.purging(7, 365)(told)  # or the service's own timer has

    deleted = "We keep the words of a message for 7 days. Those of this one are deleted."
    about_an_event = await _page(client, f"/notifications/inbox/{invitation}")
    assert f"{deleted} It was about Women &amp; girls in science ." in about_an_event
    assert "Dear Ada" not in about_an_event
    of_the_welcome = await _page(client, f"/notifications/inbox/{welcome}")
    assert f"{deleted} Choose what you hear from us" in of_the_welcome
    listed = (await client.get(_inbox(ADA), headers=signed_in("member", member_id=ADA))).json()["notices"]
    assert [(its["notice_id"], its["body"]) for its in listed] == [(str(invitation), None), (str(welcome), None)]
    html = await client.get(f"/notifications/inbox/{invitation}", headers=signed_in("member", member_id=ADA))
    assert f'href="/events/{TALK}"' in html.text
