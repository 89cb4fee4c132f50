"""Rounds close on the day after their last, in London, once, whoever looks."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.database import Database, connect
from chassis.days import day_in_london
from members.feedback import ballot_store, closing, reviewing, secrecy, store
from members.feedback.domain import Asked, FeedbackGiven, Rating, Round
from members.strategy import store as strategy_store
from members.strategy.commitments import Commitment
from members.strategy.strategies import Draft, Strategy

KEY = b"k" * 32
OPENED = datetime(2027, 1, 4, 9, tzinfo=UTC)
TEAM = UUID("00000000-0000-4000-8000-000000000001")


async def asked(database: Database, *closes_on: date) -> list[UUID]:
    """An open round for each of these days, each of a commitment of its own."""
    words = Draft("Strategy", "What we do.", "https://gse.example/s", "We value.", ())
    made = []
    async with database.transaction() as tx:
        await strategy_store.add(tx, Strategy(uuid4(), 1, words, uuid4(), OPENED))
        for day in closes_on:
            its = Commitment(uuid4(), "A baseline", None, "Team", "It is there.", date(2099, 1, 1), made_in=1)
            await strategy_store.save(tx, its)
            round_id = uuid4()
            of = Asked(its.commitment_id, "Did it reach you?", None, day, ("EO",))
            await store.add(tx, Round(round_id, of, OPENED, TEAM))
            made.append(round_id)
    return made


async def answered(database: Database, round_id: UUID, many: int) -> None:
    async with database.transaction() as tx:
        for number in range(many):
            given = FeedbackGiven(Rating.WELL, (), f"Number {number}")
            await ballot_store.put_in(tx, round_id, secrecy.seal(KEY, round_id, given))


async def found(database: Database, round_id: UUID) -> Round:
    async with database.transaction() as tx:
        its = await store.by_id(tx, round_id)
    assert its is not None
    return its


@pytest.mark.parametrize(
    ("day", "ends_at"),
    [
        (date(2027, 1, 31), datetime(2027, 2, 1, tzinfo=UTC)),
        (date(2027, 3, 28), datetime(2027, 3, 28, 23, tzinfo=UTC)),  # clocks go forward
        (date(2027, 10, 31), datetime(2027, 11, 1, tzinfo=UTC)),  # clocks go back
        (date(2028, 2, 29), datetime(2028, 3, 1, tzinfo=UTC)),
    ],
)
async def test_a_round_closes_when_its_last_day_ends_in_london(alone: str, day: date, ends_at: datetime) -> None:
    shown = [ends_at - timedelta(minutes=1)]
    database = await connect(alone, size=2, name="one", clock=lambda: shown[0])
    [round_id] = await asked(database, day)

    before = await closing.close_due(database, key=KEY)
    shown[0] = ends_at
    at_its_end = [await closing.close_due(database, key=KEY) for _ in range(2)]
    its = await found(database, round_id)
    await database.close()

    assert (before, at_its_end) == (0, [1, 0])
    assert its.closed_at == ends_at


async def test_two_replicas_close_each_round_once_with_every_answer(alone: str) -> None:
    clock = lambda: datetime(2027, 3, 1, tzinfo=UTC)  # noqa: E731
    first = await connect(alone, size=2, name="first", clock=clock)
    second = await connect(alone, size=2, name="second", clock=clock)
    rounds = await asked(first, *[date(2027, 2, 1)] * 6)
    for round_id in rounds:
        await answered(first, round_id, 210)  # more than are read at once

    async def work_off(database: Database) -> int:
        done = 0
        while await closing.close_due(database, key=KEY):
            done += 1
        return done

    done = await asyncio.gather(work_off(first), work_off(second))
    closed = [await found(first, round_id) for round_id in rounds]
    async with first.transaction() as tx:
        written = await tx.fetch("SELECT round_id, count(DISTINCT words) AS many FROM feedback_comment GROUP BY 1")
        sealed = await tx.fetchval("SELECT count(*) FROM feedback_sealed")
    await first.close()
    await second.close()

    assert sum(done) == 6
    assert [its.answered for its in closed] == [210] * 6
    assert sorted((row["round_id"], row["many"]) for row in written) == sorted((its, 210) for its in rounds)
    assert sealed == 0


async def test_an_answer_that_is_being_given_is_waited_for(alone: str) -> None:
    database = await connect(alone, size=3, name="one", clock=lambda: datetime(2027, 3, 1, tzinfo=UTC))
    [round_id] = await asked(database, date(2027, 2, 1))

    async with database.transaction() as giving:
        await store.keep_from_closing(giving, round_id)
        meanwhile = await closing.close_due(database, key=KEY)
        for number in range(5):
            given = FeedbackGiven(Rating.WELL, (), f"Number {number}")
            await ballot_store.put_in(giving, round_id, secrecy.seal(KEY, round_id, given))
    after = await closing.close_due(database, key=KEY)
    its = await found(database, round_id)
    await database.close()

    assert (meanwhile, after, its.answered) == (0, 1, 5)


async def test_a_commitment_is_unreviewed_from_the_day_after_its_period_until_whoever_must_be_heard_is(
    alone: str,
) -> None:
    shown = [datetime(2027, 9, 30, 22, 59, tzinfo=UTC)]  # a minute before the period ends in London
    database = await connect(alone, size=2, name="one", clock=lambda: shown[0])
    [round_id] = await asked(database, date(2027, 10, 20))
    its = await found(database, round_id)

    async def state() -> tuple[str, date]:
        async with database.transaction() as tx:
            promise = await strategy_store.by_id(tx, its.asked.commitment_id)
            assert promise is not None
            [review] = (await reviewing.reviews(tx, [promise], day_in_london(tx.now))).values()
        return review.state.value, review.last_day

    while_open = await state()
    async with database.transaction() as tx:
        for number in range(12):
            groups = ("EO",) if number < 9 else ()  # one too few to be heard
            given = FeedbackGiven(Rating.WELL, groups, None)
            await ballot_store.put_in(tx, round_id, secrecy.seal(KEY, round_id, given))
    shown[0] = datetime(2027, 10, 20, 23, tzinfo=UTC)
    await closing.close_due(database, key=KEY)
    not_all_heard = await state()
    async with database.transaction() as tx:
        again = replace(its, round_id=uuid4(), asked=replace(its.asked, closes_on=date(2027, 10, 25)))
        await store.add(tx, again)
        for _ in range(10):
            given = FeedbackGiven(Rating.WELL, ("EO",), None)
            await ballot_store.put_in(tx, again.round_id, secrecy.seal(KEY, again.round_id, given))
    shown[0] = datetime(2027, 10, 25, 23, tzinfo=UTC)
    await closing.close_due(database, key=KEY)
    heard = await state()
    shown[0] = datetime(2028, 3, 31, 23, tzinfo=UTC)
    next_period = await state()
    shown[0] = datetime(2028, 9, 30, 23, tzinfo=UTC)
    not_heard_in_it = await state()
    await database.close()

    assert while_open == ("being-reviewed", date(2027, 9, 30))
    assert not_all_heard == ("unreviewed", date(2027, 9, 30))
    assert heard == ("reviewed", date(2028, 3, 31))
    assert next_period == ("to-be-reviewed", date(2028, 9, 30))
    assert not_heard_in_it == ("unreviewed", date(2028, 9, 30))
