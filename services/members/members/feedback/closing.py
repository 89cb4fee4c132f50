"""On the day after its last a round closes: the answers are opened together, counted, shuffled, and gone."""

import secrets

from chassis.database import Database
from chassis.days import day_in_london
from members.feedback import ballot_store, domain, secrecy, store
from members.feedback.policy import POLICY


async def close_due(database: Database, *, key: bytes) -> int:
    """Close a round whose last day has ended in London; says how many. A timer's work."""
    async with database.transaction() as tx:
        its = await store.take_due(tx, day_in_london(tx.now))
        if its is None:
            return 0
        given = [
            secrecy.open_sealed(key, its.round_id, sealed)
            async for sealed in ballot_store.every_sealed(tx, its.round_id)
        ]
        closing = domain.close(its, given, policy=POLICY, shuffle=secrets.SystemRandom().shuffle, now=tx.now)
        await store.save(tx, closing.its)
        await store.keep_what_is_left(tx, closing)
        await ballot_store.empty(tx, its.round_id)
    return 1
