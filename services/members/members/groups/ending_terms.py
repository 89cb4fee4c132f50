"""Champions' terms end: on their day, by a timer, and before it when somebody ends them."""

from collections.abc import Callable, Sequence
from uuid import UUID

from chassis import outbox
from chassis.database import Database, Transaction
from chassis.days import day_in_london
from contracts.groups import ChampionTermEnded
from members.groups import champion_store, champions
from members.groups.champions import Ending, Term


async def end_those_whose_day_has_ended(database: Database) -> int:
    """Says of how many terms it said so. A timer's work."""
    async with database.transaction() as tx:
        today, said = day_in_london(tx.now), list[ChampionTermEnded]()
        for theme_id in await champion_store.take_due(tx, today):
            said += await end(tx, theme_id, lambda serving: champions.are_over(serving, today), Ending.OVER, by=None)
        await outbox.put(tx, *said)
    return len(said)


async def end(
    tx: Transaction,
    theme_id: UUID,
    which: Callable[[Sequence[Term]], Sequence[Term]],
    how: Ending,
    *,
    by: UUID | None,
) -> list[ChampionTermEnded]:
    """End some terms of a theme, which the caller holds; gives what is to be said. Nobody left is a vacancy."""
    serving = await champion_store.serving(tx, theme_id)
    ended = champions.end(which(serving), serving, how, by=by, now=tx.now)
    await champion_store.save(tx, *(its for its, _ in ended))
    if any(said.vacancy for _, said in ended):
        await champion_store.open_vacancy(tx, theme_id)
    return [said for _, said in ended]
