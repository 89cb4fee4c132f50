"""The timer that says of a commitment that it is overdue, on the real database."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.database import Database
from chassis.testing import two_replicas, what_was_said
from members.strategy import commitments, telling_overdue
from members.strategy import store as strategy_store
from members.strategy.commitments import Commitment
from members.strategy.strategies import Draft, Strategy


async def keep(database: Database, *its: Commitment) -> None:
    words = Draft("Strategy", "What we do.", "https://gse.example/s", "We value.", ())
    async with database.transaction() as tx:
        if await strategy_store.in_force(tx) is None:
            await strategy_store.add(tx, Strategy(uuid4(), 1, words, uuid4(), tx.now))
        await strategy_store.save(tx, *its)


def due(day: date, **more: Any) -> Commitment:
    return Commitment(uuid4(), "Set a baseline", None, "Central GSE team", "It is published.", day, made_in=1, **more)


@pytest.mark.parametrize(
    ("day", "ends_at"),
    [
        (date(2027, 1, 31), datetime(2027, 2, 1, tzinfo=UTC)),
        (date(2027, 3, 28), datetime(2027, 3, 28, 23, tzinfo=UTC)),  # clocks go forward
        (date(2027, 6, 30), datetime(2027, 6, 30, 23, tzinfo=UTC)),
        (date(2027, 10, 30), datetime(2027, 10, 30, 23, tzinfo=UTC)),
        (date(2027, 10, 31), datetime(2027, 11, 1, tzinfo=UTC)),  # clocks go back
        (date(2027, 12, 31), datetime(2028, 1, 1, tzinfo=UTC)),
        (date(2028, 2, 29), datetime(2028, 3, 1, tzinfo=UTC)),
    ],
)
async def test_a_commitment_is_overdue_when_its_day_ends_in_london_and_that_is_said_once(
    alone: str, day: date, ends_at: datetime
) -> None:
    now = ends_at - timedelta(microseconds=1)
    its = due(day)
    async with two_replicas(alone, lambda: now) as (first, second):
        await keep(first, its)
        before = [await telling_overdue.tell_overdue(replica) for replica in (first, second)]
        now = ends_at
        at_once = await asyncio.gather(*(telling_overdue.tell_overdue(replica) for replica in (first, second) * 3))
        said = await what_was_said(first, its.commitment_id)

    assert (before, sum(at_once)) == ([0, 0], 1)
    assert said == [("CommitmentOverdue", {"commitment_id": str(its.commitment_id), "due_on": str(day)})]


async def test_a_clock_that_jumps_over_years_tells_each_once_however_many_there_are(alone: str) -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    many = [due(date(2027, 1, 1) + timedelta(days=7 * number)) for number in range(150)]

    async def until_nothing_is_left(replica: Database) -> int:
        total = 0
        while taken := await telling_overdue.tell_overdue(replica):
            total += taken
        return total

    async with two_replicas(alone, lambda: now) as (first, second):
        await keep(first, *many)
        assert await until_nothing_is_left(first) == 0
        now = datetime(2031, 1, 1, tzinfo=UTC)
        told = await asyncio.gather(*map(until_nothing_is_left, (first, second)))
        said = await what_was_said(first, *(its.commitment_id for its in many))

    assert sum(told) == 150
    assert sorted(body["commitment_id"] for _, body in said) == sorted(str(its.commitment_id) for its in many)


async def test_what_is_completed_or_dropped_is_never_overdue(alone: str) -> None:
    now = datetime(2027, 4, 1, tzinfo=UTC)
    kept = due(date(2027, 1, 31), completed_on=date(2027, 1, 30), completed_at=now, completed_by=uuid4())
    async with two_replicas(alone, lambda: now) as (first, _):
        await keep(first, kept, due(date(2027, 1, 31), dropped_at=now))

        assert await telling_overdue.tell_overdue(first) == 0


async def test_while_another_transaction_completes_it_nobody_says_that_it_is_overdue(alone: str) -> None:
    now = datetime(2027, 4, 1, tzinfo=UTC)
    its = due(date(2027, 1, 31))
    async with two_replicas(alone, lambda: now) as (first, second):
        await keep(first, its)
        async with first.transaction() as tx:
            held = await strategy_store.lock(tx, its.commitment_id)
            assert held is not None
            meanwhile = await telling_overdue.tell_overdue(second)
            done, _ = commitments.complete(held, by=uuid4(), now=now)
            await strategy_store.save(tx, done)

        assert (meanwhile, await telling_overdue.tell_overdue(second)) == (0, 0)
