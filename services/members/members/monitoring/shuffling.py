"""So that no copy of the database shows in which order members have answered."""

from chassis.database import Database
from members.monitoring import store


async def shuffle(database: Database) -> int:
    """Write answers anew in an order that says nothing. A timer's work: two of it at once do no harm."""
    async with database.transaction() as tx, store.opened(tx):
        await store.lay_by_chance(tx)
    return 0
