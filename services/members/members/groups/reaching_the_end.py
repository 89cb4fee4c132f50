"""The last day of task groups, by a timer: they disband by themselves, or are flagged to the central team."""

from chassis import outbox
from chassis.database import Database
from chassis.days import day_in_london
from members.groups import ending, task_groups, task_store


async def of_one(database: Database) -> int:
    """Says whether there was one. A timer's work."""
    async with database.transaction() as tx:
        its = await task_store.take_at_the_end(tx, day_in_london(tx.now))
        if its is None:
            return 0
        its, disbanded = task_groups.reach_the_end(its, await task_store.deliverables(tx, its.group_id), now=tx.now)
        if disbanded is None:
            await task_store.save(tx, its)
        else:
            await outbox.put(tx, *await ending.end(tx, its), disbanded)
    return 1
