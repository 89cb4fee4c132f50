"""What people wrote is kept for two years after a question's last day (policy.json), and then deleted for good."""

from chassis.database import Database
from chassis.days import day_in_london
from members.feedback import store
from members.feedback.policy import POLICY


async def forget_comments(database: Database) -> int:
    """Delete all that is past its day in London; says how many. A timer's work: two of it at once do no harm."""
    async with database.transaction() as tx:
        return await store.forget_comments(tx, day_in_london(tx.now), years=POLICY.years_kept)
