"""Receipts of the other services, heard once, twice and out of order; and the word about who is late."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chassis.database import Database, connect
from chassis.testing import connected, deliver, migrating, said, what_was_said
from contracts.erasure import (
    Holder,
    MemberDataErasedByEvents,
    MemberDataErasedByMentoring,
    MemberDataErasedByNotifications,
)
from members import app
from members.app import EVENTS, MENTORING, NOTIFICATIONS
from members.erasure import domain as erasure
from members.erasure import erasing
from members.erasure import store as erasure_store
from members.erasure.domain import Erasure
from testkit.examples import ADA, BEN

BY_MENTORING = MemberDataErasedByMentoring(member_id=ADA)
BY_EVENTS = MemberDataErasedByEvents(member_id=ADA)
BY_NOTIFICATIONS = MemberDataErasedByNotifications(member_id=ADA)
COMPLETED = [("MemberErasureCompleted", {"member_id": str(ADA)}), ("MemberErased", {"member_id": str(ADA)})]


@pytest.fixture
async def url(database: Callable[..., Awaitable[str]]) -> str:
    return await database("members", migrating("members", app.__file__))


@pytest.fixture
async def members(url: str) -> AsyncIterator[Database]:
    """The service's database alone, in which Ada's erasure has begun."""
    async with connected(url, size=8) as its:
        await begin(its, ADA)
        yield its


async def begin(members: Database, member_id: UUID) -> None:
    async with members.transaction() as tx:
        begun, _ = erasure.begin(member_id, now=tx.now, hours=24)
        await erasure_store.remember(tx, member_id)
        await erasure_store.add(tx, begun)
        await erasure_store.add_receipts(tx, begun)


async def standing(members: Database, member_id: UUID = ADA) -> Erasure:
    async with members.transaction() as tx:
        found = await erasure_store.by_id(tx, member_id)
    assert found is not None
    return found


async def test_note_receipt_once_keeps_who_has_erased(members: Database) -> None:
    await deliver(members, "members", MENTORING, said(BY_MENTORING, 1))

    its = await standing(members)
    assert (set(its.receipts), its.completed_at) == ({Holder.MEMBERS, Holder.MENTORING}, None)
    assert await what_was_said(members, ADA) == []


async def test_note_receipt_once_of_the_last_service_says_that_the_member_is_erased(members: Database) -> None:
    await deliver(members, "members", NOTIFICATIONS, said(BY_NOTIFICATIONS, 1))
    await deliver(members, "members", EVENTS, said(BY_EVENTS, 1))
    assert await what_was_said(members, ADA) == []

    await deliver(members, "members", MENTORING, said(BY_MENTORING, 1))

    assert (await standing(members)).completed_at is not None
    assert await what_was_said(members, ADA) == COMPLETED


async def test_note_receipt_twice_completes_once(members: Database) -> None:
    for subscription, receipt in ((NOTIFICATIONS, BY_NOTIFICATIONS), (EVENTS, BY_EVENTS), (MENTORING, BY_MENTORING)):
        await deliver(members, "members", subscription, said(receipt, 1))
    again = await deliver(members, "members", MENTORING, said(BY_MENTORING, 1), said(BY_MENTORING, 2))

    assert (again.applied, again.repeats, again.parked) == (1, 1, 0)
    assert await what_was_said(members, ADA) == COMPLETED


async def test_note_receipt_out_of_order_waits_for_the_one_before_it(members: Database) -> None:
    await deliver(members, "members", MENTORING, said(BY_MENTORING, 2))
    assert set((await standing(members)).receipts) == {Holder.MEMBERS}

    await deliver(members, "members", MENTORING, said(BY_MENTORING, 1))
    assert set((await standing(members)).receipts) == {Holder.MEMBERS, Holder.MENTORING}


async def test_three_receipts_in_the_same_instant_complete_it_once(members: Database) -> None:
    await asyncio.gather(
        deliver(members, "members", NOTIFICATIONS, said(BY_NOTIFICATIONS, 1)),
        deliver(members, "members", EVENTS, said(BY_EVENTS, 1)),
        deliver(members, "members", MENTORING, said(BY_MENTORING, 1)),
    )

    assert await what_was_said(members, ADA) == COMPLETED


async def test_a_receipt_that_nobody_here_has_asked_for_is_set_aside_to_be_seen(members: Database) -> None:
    outcome = await deliver(members, "members", EVENTS, said(MemberDataErasedByEvents(member_id=BEN), 1))

    assert (outcome.applied, outcome.parked) == (0, 1)


async def test_two_replicas_say_once_who_is_late_when_the_day_is_over(members: Database, url: str) -> None:
    await deliver(members, "members", EVENTS, said(BY_EVENTS, 1))
    assert await erasing.tell_stalled(members) == 0
    tomorrow = datetime.now(UTC) + timedelta(hours=24)
    replicas = [await connect(url, size=2, name=name, clock=lambda: tomorrow) for name in ("one", "two")]

    told = await asyncio.gather(*(erasing.tell_stalled(replica) for replica in replicas))

    assert sorted(told) == [0, 1]
    assert [await erasing.tell_stalled(replica) for replica in replicas] == [0, 0]
    stalled = ("MemberErasureStalled", {"member_id": str(ADA), "late": ["mentoring", "notifications"]})
    assert await what_was_said(members, ADA) == [stalled]
    await deliver(replicas[0], "members", MENTORING, said(BY_MENTORING, 1))
    await deliver(replicas[1], "members", NOTIFICATIONS, said(BY_NOTIFICATIONS, 1))
    assert await what_was_said(members, ADA) == [stalled, *COMPLETED]
    for replica in replicas:
        await replica.close()


async def test_an_erasure_that_is_complete_is_never_late(members: Database, url: str) -> None:
    for subscription, receipt in ((NOTIFICATIONS, BY_NOTIFICATIONS), (EVENTS, BY_EVENTS), (MENTORING, BY_MENTORING)):
        await deliver(members, "members", subscription, said(receipt, 1))
    later = await connect(url, size=2, name="later", clock=lambda: datetime.now(UTC) + timedelta(days=9))

    assert await erasing.tell_stalled(later) == 0
    await later.close()
