"""When the closing instant of an opportunity has come, and when a place is free again. Timers' work."""

import random
from typing import Final

from chassis import outbox
from chassis.database import Database
from chassis.days import day_in_london
from members.opportunities import calls, choosing, store
from members.opportunities.calls import BY_LOT

_SHUFFLING: Final = random.SystemRandom()


async def close_due(database: Database) -> int:
    """Close one opportunity, and where a lot decides draw it in the same moment; gives how many were closed.

    Whoever has moved out of its rule since they applied is set aside, whoever chooses.
    Whoever applies holds the opportunity open meanwhile, so nobody is accepted and left out.
    """
    async with database.transaction() as tx:
        due = await store.take_due(tx, tx.now)
        if due is None:
            return 0
        its, closed = calls.close(due, tx.now)
        candidates = await store.lock_candidates(tx, its.opportunity_id)
        if its.kind in BY_LOT:
            labels = [str(number) for number in range(1, len(choosing.organisations_of(candidates)) + 1)]
            _SHUFFLING.shuffle(labels)
            choice = choosing.by_lot(its, choosing.in_the_draw(candidates, its.eligible, labels), tx.now)
        else:
            choice = choosing.set_aside(its, candidates, tx.now)
        await store.save_interests(tx, choice.interests)
        await store.save(tx, choice.its)
        await outbox.put(tx, closed, *choice.said)
    return 1


async def give_free_places(database: Database) -> int:
    """Where somebody of a draw has given up a place or has left, the next has it; gives how many opportunities."""
    async with database.transaction() as tx:
        its = await store.take_short(tx, day_in_london(tx.now))
        if its is None:
            return 0
        choice = choosing.next_ones(its, await store.lock_interests(tx, its.opportunity_id), tx.now)
        await store.save_interests(tx, choice.interests)
        await outbox.put(tx, *choice.said)
    return 1
