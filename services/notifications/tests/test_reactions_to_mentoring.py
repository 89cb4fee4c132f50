"""Introductions of a pair: once, twice and out of order, on a real database, and as the mail that both get."""

import email
import email.policy
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.testing import deliver, said
from contracts.members import MemberContactChanged
from contracts.mentoring import MentoringPairCreated, MentoringPairEnded, MentoringSchemeOpened
from notifications.app import CONTACTS, MENTORING
from notifications.testing import MailServerDouble, is_standing, joins, leaves, mail_to, rows, sending, standing
from testkit.eventually import eventually

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
PAIR = UUID("00000000-0000-4000-8000-0000000000ab")
CREATED = MentoringPairCreated(pair_id=PAIR, first_member_id=ADA, second_member_id=BEN)
ENDED = MentoringPairEnded(pair_id=PAIR, first_member_id=ADA, second_member_id=BEN)
SCHEME = MentoringSchemeOpened(
    scheme_id=UUID("00000000-0000-4000-8000-0000000000c1"),
    opened_on=date(2026, 2, 11),
    title="GSE Connect",
    summary="Members help each other to reach their potential.",
    link="https://gse.example/connect",
)
CONTACT_OF_BEN = MemberContactChanged(member_id=BEN, name="Ben Okri", email="ben@example.org")


@pytest.fixture
async def pair_to_be(notifications: Database) -> Database:
    """Two members who have been welcomed already."""
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await joins(notifications, BEN, "Ben Okri", "ben@example.org")
    async with notifications.transaction() as tx:
        await tx.execute("DELETE FROM notice")
    return notifications


async def test_introduce_once_tells_each_of_the_other(pair_to_be: Database) -> None:
    server = MailServerDouble()
    await server.start()
    await deliver(pair_to_be, "notifications", MENTORING, said(CREATED, 1))
    async with sending(pair_to_be, mail_to(server)):
        await eventually(is_standing(pair_to_be, ("sent", None), ("sent", None)))
    await server.stop()

    letters = {its.rcpt_tos[0]: _text(its.original_content) for its in server.handed}
    assert sorted(letters) == ["ada@example.org", "ben@example.org"]
    assert "You have been paired with Ben Okri" in letters["ada@example.org"]
    assert "You can reach them at ben@example.org." in letters["ada@example.org"]
    assert "You have been paired with Ada King" in letters["ben@example.org"]


def _text(content: bytes | None) -> str:
    message = email.message_from_bytes(content or b"", policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    assert str(message["Subject"]) == "Meet the member you have been paired with"
    return str(body.get_content())


async def test_introduce_twice_is_one_introduction_each(pair_to_be: Database) -> None:
    await deliver(pair_to_be, "notifications", MENTORING, said(CREATED, 1))
    again = await deliver(pair_to_be, "notifications", MENTORING, said(CREATED, 1))

    assert again.repeats == 1
    assert await standing(pair_to_be) == [("due", None), ("due", None)]


async def test_introduce_out_of_order_before_an_address_has_come_waits_for_it(notifications: Database) -> None:
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    async with notifications.transaction() as tx:
        await tx.execute("DELETE FROM notice")
    await deliver(notifications, "notifications", MENTORING, said(CREATED, 1))
    assert await standing(notifications) == [("waiting", None), ("waiting", None)]

    await deliver(notifications, "notifications", CONTACTS, said(CONTACT_OF_BEN, 1))
    assert await standing(notifications) == [("due", None), ("due", None)]


async def test_nobody_is_introduced_to_a_leaver(pair_to_be: Database) -> None:
    await leaves(pair_to_be, BEN)
    await deliver(pair_to_be, "notifications", MENTORING, said(CREATED, 1))

    assert await standing(pair_to_be) == []


async def test_a_leaving_cancels_the_introduction_of_both(pair_to_be: Database) -> None:
    await deliver(pair_to_be, "notifications", MENTORING, said(CREATED, 1))
    await leaves(pair_to_be, BEN)

    reason = "the member left before it was sent"
    assert await standing(pair_to_be) == [("cancelled", reason), ("cancelled", reason)]


async def test_keep_apart_once_cancels_what_has_not_gone_out(pair_to_be: Database) -> None:
    await deliver(pair_to_be, "notifications", MENTORING, said(CREATED, 1), said(ENDED, 2))

    reason = "the pair ended before it was sent"
    assert await standing(pair_to_be) == [("cancelled", reason), ("cancelled", reason)]


async def test_keep_apart_twice_changes_nothing(pair_to_be: Database) -> None:
    await deliver(pair_to_be, "notifications", MENTORING, said(CREATED, 1), said(ENDED, 2))
    again = await deliver(pair_to_be, "notifications", MENTORING, said(ENDED, 2))

    assert (again.applied, again.repeats) == (0, 1)


async def test_keep_apart_out_of_order_waits_for_the_pair(pair_to_be: Database) -> None:
    await deliver(pair_to_be, "notifications", MENTORING, said(ENDED, 2))
    await deliver(pair_to_be, "notifications", MENTORING, said(CREATED, 1))

    reason = "the pair ended before it was sent"
    assert await standing(pair_to_be) == [("cancelled", reason), ("cancelled", reason)]


async def pairs(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT pair_id, first_member_id, second_member_id FROM pair")


async def test_a_pair_is_kept_until_it_ends(pair_to_be: Database) -> None:
    await deliver(pair_to_be, "notifications", MENTORING, said(CREATED, 1))
    assert await pairs(pair_to_be) == [(PAIR, ADA, BEN)]

    await deliver(pair_to_be, "notifications", MENTORING, said(ENDED, 2))
    assert await pairs(pair_to_be) == []


async def test_a_pair_is_kept_until_one_of_the_two_leaves(pair_to_be: Database) -> None:
    await deliver(pair_to_be, "notifications", MENTORING, said(CREATED, 1))
    await leaves(pair_to_be, BEN)

    assert await pairs(pair_to_be) == []


async def test_a_pair_with_a_leaver_is_not_kept(pair_to_be: Database) -> None:
    await leaves(pair_to_be, BEN)
    await deliver(pair_to_be, "notifications", MENTORING, said(CREATED, 1))

    assert await pairs(pair_to_be) == []


async def schemes(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT title, summary, link, opened_on::text FROM mentoring_scheme")


KEPT = ("GSE Connect", "Members help each other to reach their potential.", "https://gse.example/connect", "2026-02-11")


async def test_announce_scheme_once_keeps_what_is_open(notifications: Database) -> None:
    await deliver(notifications, "notifications", MENTORING, said(SCHEME, 1))

    assert await schemes(notifications) == [KEPT]


async def test_announce_scheme_twice_is_one_scheme(notifications: Database) -> None:
    await deliver(notifications, "notifications", MENTORING, said(SCHEME, 1))
    again = await deliver(notifications, "notifications", MENTORING, said(SCHEME, 1))

    assert (again.applied, again.repeats) == (0, 1)
    assert await schemes(notifications) == [KEPT]


async def test_announce_scheme_out_of_order_waits_for_what_came_before_it(notifications: Database) -> None:
    early = await deliver(notifications, "notifications", MENTORING, said(SCHEME, 2))

    assert early.parked == 1
    assert await schemes(notifications) == []
