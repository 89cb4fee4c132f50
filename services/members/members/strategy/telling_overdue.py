"""The word when the day of a commitment has passed."""

from chassis import outbox
from chassis.database import Database
from chassis.days import day_in_london
from members.strategy import commitments
from members.strategy import store as strategy_store


async def tell_overdue(database: Database) -> int:
    """Say of the commitments whose day has ended in London that they are overdue; says of how many. A timer's work."""
    async with database.transaction() as tx:
        late = await strategy_store.take_overdue(tx, day_in_london(tx.now))
        told = [commitments.tell_overdue(its, tx.now) for its in late]
        await strategy_store.save(tx, *(its for its, _ in told))
        await outbox.put(tx, *(said for _, said in told))
    return len(told)
