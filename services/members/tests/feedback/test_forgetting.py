"""What people wrote is deleted two years after a question's last day, and nothing else is."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from chassis.database import Database, connect
from members.feedback import ballot_store, closing, forgetting, secrecy, store
from members.feedback.domain import Asked, FeedbackGiven, Rating, Round
from members.feedback.policy import POLICY
from members.strategy import store as strategy_store
from members.strategy.commitments import Commitment
from members.strategy.strategies import Draft, Strategy

KEY = b"k" * 32
OPENED = datetime(2027, 1, 4, 9, tzinfo=UTC)


async def closed(database: Database, *closes_on: date) -> list[UUID]:
    """A round that has closed for each of these days, with six answers."""
    made = []
    async with database.transaction() as tx:
        words = Draft("Strategy", "What we do.", "https://gse.example/s", "We value.", ())
        await strategy_store.add(tx, Strategy(uuid4(), 1, words, uuid4(), OPENED))
        for day in closes_on:
            its = Commitment(uuid4(), "A baseline", None, "Team", "It is there.", date(2099, 1, 1), made_in=1)
            await strategy_store.save(tx, its)
            asked = Asked(its.commitment_id, "Did it reach you?", None, day, ("EO",))
            made.append(uuid4())
            await store.add(tx, Round(made[-1], asked, OPENED, uuid4()))
            for number in range(6):
                given = FeedbackGiven(Rating.WELL, (), f"Number {number}")
                await ballot_store.put_in(tx, made[-1], secrecy.seal(KEY, made[-1], given))
    while await closing.close_due(database, key=KEY):
        pass
    return made


async def comments(database: Database, round_id: UUID) -> int:
    async with database.transaction() as tx:
        return len(await store.comments(tx, round_id, after=None, most=100))


async def figures(database: Database, round_id: UUID) -> store.FiguresByGroup:
    async with database.transaction() as tx:
        return await store.figures(tx, round_id)


async def test_what_people_wrote_is_deleted_when_its_last_day_ends_in_london_and_not_before(alone: str) -> None:
    shown = [datetime(2027, 4, 1, 9, tzinfo=UTC)]
    database = await connect(alone, size=2, name="one", clock=lambda: shown[0])
    first, second = await closed(database, date(2027, 3, 28), date(2027, 3, 29))

    figures_before = await figures(database, first)

    shown[0] = datetime(2029, 3, 28, 22, 59, tzinfo=UTC)  # a minute before the day ends in London
    before = await forgetting.forget_comments(database)
    shown[0] += timedelta(minutes=1)
    at_its_end = [await forgetting.forget_comments(database) for _ in range(2)]
    left = [await comments(database, its) for its in (first, second)]
    async with database.transaction() as tx:
        its = await store.by_id(tx, first)
    figures_after = await figures(database, first)
    await database.close()

    assert (before, at_its_end, left) == (0, [6, 0], [0, 6])
    assert its is not None
    assert its.answered == 5
    assert figures_after == figures_before
    assert list(figures_after) == ["", "EO"]


async def test_two_replicas_delete_all_of_it_between_them(alone: str) -> None:
    shown = [datetime(2027, 4, 1, 9, tzinfo=UTC)]
    one, other = [await connect(alone, size=2, name=name, clock=lambda: shown[0]) for name in ("one", "other")]
    [its] = await closed(one, date(2027, 3, 28))

    shown[0] = datetime(2030, 1, 1, tzinfo=UTC)
    deleted = await asyncio.gather(forgetting.forget_comments(one), forgetting.forget_comments(other))
    left = await comments(one, its)
    await one.close()
    await other.close()

    assert (sorted(deleted), left) == ([0, 6], 0)


@pytest.mark.parametrize(
    ("closes_on", "last_day"),
    [(date(2027, 3, 28), date(2029, 3, 28)), (date(2028, 2, 29), date(2030, 2, 28))],
)
def test_the_day_until_which_it_is_kept_is_said(closes_on: date, last_day: date) -> None:
    assert POLICY.kept_until(closes_on) == last_day
