"""Each reaction once, twice and out of order, on a real database."""

from datetime import date
from uuid import UUID

import pytest

from chassis.database import Database
from chassis.outbox import Tombstone
from chassis.testing import deliver, said
from contracts.members import Grade, GradeBand, MemberContactChanged, MemberJoined, MemberLeft
from notifications.app import CONTACTS, MEMBERS
from testkit.examples import BEN, contact, erasure_requested, joined

ADA = UUID("00000000-0000-4000-8000-00000000000a")
CAL = UUID("00000000-0000-4000-8000-00000000000c")
JOINED = MemberJoined(
    member_id=ADA,
    organisation="UKHSA",
    grade_band=GradeBand.HEO_SEO,
    grade=Grade.HEO,
    joined_on=date(2026, 2, 11),
)
LEFT = MemberLeft(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, left_on=date(2026, 3, 31))
CONTACT = MemberContactChanged(member_id=ADA, name="Ada King", email="ada@example.org")
MOVED = MemberContactChanged(member_id=ADA, name="Ada Byron", email="byron@example.org")
TAKEN_BACK = Tombstone(of=MemberContactChanged, subject=ADA)

Recipient = tuple[str, str | None, str | None]


async def recipients(database: Database) -> list[Recipient]:
    async with database.transaction() as tx:
        return [tuple(row) for row in await tx.fetch("SELECT state, name, email FROM recipient")]


async def notices(database: Database) -> list[tuple[str, str, str | None]]:
    async with database.transaction() as tx:
        return [tuple(row) for row in await tx.fetch("SELECT template, state, reason FROM notice ORDER BY number")]


async def test_welcome_once_makes_the_member_known_and_waits_for_an_address(notifications: Database) -> None:
    await deliver(notifications, "notifications", MEMBERS, said(JOINED, 1))

    assert await recipients(notifications) == [("known", None, None)]
    assert await notices(notifications) == [("welcome", "waiting", None)]


async def test_welcome_once_of_several_is_of_each_ones_own_event_and_leaves_out_who_is_erased(
    notifications: Database,
) -> None:
    await deliver(notifications, "notifications", CONTACTS, said(contact(BEN), 1))
    await deliver(notifications, "notifications", MEMBERS, said(erasure_requested(CAL), 1))
    joiners = [said(JOINED, 1), said(joined(CAL), 2), said(joined(BEN), 1)]
    await deliver(notifications, "notifications", MEMBERS, *joiners)

    async with notifications.transaction() as tx:
        found = [tuple(row) for row in await tx.fetch("SELECT member_id, event_id, state FROM notice ORDER BY number")]
    of_ada, _, of_ben = (UUID((dict(its.headers)["ce_id"] or b"").decode()) for its in joiners)
    assert sorted(found) == [(ADA, of_ada, "waiting"), (BEN, of_ben, "due")]


async def test_keep_contacts_once_of_several_leaves_out_who_is_erased(notifications: Database) -> None:
    await deliver(notifications, "notifications", MEMBERS, said(joined(BEN), 1), said(erasure_requested(CAL), 1))
    await deliver(notifications, "notifications", CONTACTS, *(said(contact(its), 1) for its in (CAL, BEN)))

    assert await recipients(notifications) == [("known", "Ada", "ada@example.org")]
    assert await notices(notifications) == [("welcome", "due", None)]


async def test_welcome_twice_makes_one_notice(notifications: Database) -> None:
    first = await deliver(notifications, "notifications", MEMBERS, said(JOINED, 1))
    again = await deliver(notifications, "notifications", MEMBERS, said(JOINED, 1), said(JOINED, 1))

    assert (first.applied, again.applied, again.repeats) == (1, 0, 2)
    assert await notices(notifications) == [("welcome", "waiting", None)]


async def test_keep_contacts_once_makes_a_waiting_welcome_due(notifications: Database) -> None:
    await deliver(notifications, "notifications", MEMBERS, said(JOINED, 1))
    await deliver(notifications, "notifications", CONTACTS, said(CONTACT, 1))

    assert await recipients(notifications) == [("known", "Ada King", "ada@example.org")]
    assert await notices(notifications) == [("welcome", "due", None)]


async def test_an_address_that_comes_before_the_joining_is_kept_and_nothing_is_written_yet(
    notifications: Database,
) -> None:
    await deliver(notifications, "notifications", CONTACTS, said(CONTACT, 1))
    assert await recipients(notifications) == [("expected", "Ada King", "ada@example.org")]
    assert await notices(notifications) == []

    await deliver(notifications, "notifications", MEMBERS, said(JOINED, 1))
    assert await recipients(notifications) == [("known", "Ada King", "ada@example.org")]
    assert await notices(notifications) == [("welcome", "due", None)]


async def test_keep_contacts_twice_changes_nothing(notifications: Database) -> None:
    await deliver(notifications, "notifications", MEMBERS, said(JOINED, 1))
    await deliver(notifications, "notifications", CONTACTS, said(CONTACT, 1))
    again = await deliver(notifications, "notifications", CONTACTS, said(CONTACT, 1))

    assert (again.applied, again.repeats) == (0, 1)
    assert await notices(notifications) == [("welcome", "due", None)]


async def test_keep_contacts_out_of_order_does_not_replace_the_newer_by_the_older(notifications: Database) -> None:
    await deliver(notifications, "notifications", CONTACTS, said(MOVED, 2), said(CONTACT, 1))

    assert await recipients(notifications) == [("expected", "Ada Byron", "byron@example.org")]


async def test_let_go_once_deletes_name_and_address_and_cancels_what_is_due(notifications: Database) -> None:
    await deliver(notifications, "notifications", MEMBERS, said(JOINED, 1))
    await deliver(notifications, "notifications", CONTACTS, said(CONTACT, 1))
    await deliver(notifications, "notifications", MEMBERS, said(LEFT, 2))

    assert await recipients(notifications) == [("left", None, None)]
    assert await notices(notifications) == [("welcome", "cancelled", "the member left before it was sent")]


async def test_leaving_cancels_what_still_waits_and_a_late_contact_brings_nothing_back(
    notifications: Database,
) -> None:
    await deliver(notifications, "notifications", MEMBERS, said(JOINED, 1), said(LEFT, 2))
    await deliver(notifications, "notifications", CONTACTS, said(CONTACT, 1), said(TAKEN_BACK, 2))

    assert await recipients(notifications) == [("left", None, None)]
    assert await notices(notifications) == [("welcome", "cancelled", "the member left before it was sent")]


async def test_let_go_twice_is_one_leaving(notifications: Database) -> None:
    await deliver(notifications, "notifications", MEMBERS, said(JOINED, 1), said(LEFT, 2))
    again = await deliver(notifications, "notifications", MEMBERS, said(LEFT, 2))

    assert (again.applied, again.repeats) == (0, 1)
    assert await recipients(notifications) == [("left", None, None)]


async def test_welcome_out_of_order_after_the_leaving_is_put_in_order_and_writes_to_nobody(
    notifications: Database,
) -> None:
    await deliver(notifications, "notifications", CONTACTS, said(CONTACT, 1))
    early = await deliver(notifications, "notifications", MEMBERS, said(LEFT, 2))
    late = await deliver(notifications, "notifications", MEMBERS, said(JOINED, 1))

    assert (early.applied, early.parked, late.applied) == (0, 1, 2)
    assert await recipients(notifications) == [("left", None, None)]
    assert await notices(notifications) == [("welcome", "cancelled", "the member left before it was sent")]


async def test_a_joining_of_somebody_who_has_left_makes_no_notice(notifications: Database) -> None:
    await deliver(notifications, "notifications", MEMBERS, said(LEFT, 1), said(JOINED, 2))

    assert await recipients(notifications) == [("left", None, None)]
    assert await notices(notifications) == []


async def test_a_contact_taken_back_is_passed_over(notifications: Database) -> None:
    await deliver(notifications, "notifications", MEMBERS, said(JOINED, 1))
    passed = await deliver(notifications, "notifications", CONTACTS, said(CONTACT, 1), said(TAKEN_BACK, 2))

    assert (passed.applied, passed.parked) == (1, 0)
    assert await notices(notifications) == [("welcome", "due", None)]


@pytest.mark.parametrize(
    "order",
    [
        ("joined", "left", "contact"),
        ("joined", "contact", "left"),
        ("contact", "joined", "left"),
        ("left", "joined", "contact"),
        ("left", "contact", "joined"),
        ("contact", "left", "joined"),
    ],
)
async def test_let_go_out_of_order_of_the_streams_ends_the_same(
    notifications: Database, order: tuple[str, ...]
) -> None:
    parts = {
        "joined": (MEMBERS, said(JOINED, 1)),
        "left": (MEMBERS, said(LEFT, 2)),
        "contact": (CONTACTS, said(CONTACT, 1)),
    }
    for name in order:
        subscription, record = parts[name]
        await deliver(notifications, "notifications", subscription, record)

    assert await recipients(notifications) == [("left", None, None)]
    assert await notices(notifications) == [("welcome", "cancelled", "the member left before it was sent")]
