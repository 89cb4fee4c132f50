"""A contact that was taken back is taken back twice more, so that name and address leave the disks too.

Kafka clears a record only out of segments that are closed, and closes one only when something is appended to the
partition after the segment's time (six hours, `testkit.provision`). So:

    taken back      the tombstone may lie in an open segment, which nothing may ever close
    7 hours later   said again: closes that segment, and Kafka clears it of name and address
    14 hours later  once more: does the same for what a relay that was stopped in mid-send has sent late

Wall time, as segments are: the business clock of a local platform may jump.
"""

from chassis import outbox
from chassis.database import Database
from contracts.members import MemberContactChanged
from members.erasure import withdrawal_store

TIMES = 2


async def say_again(database: Database, *, hours: float) -> int:
    """Take back once more the contacts whose hours have passed; says how many. A timer's work."""
    async with database.transaction() as tx:
        due = await withdrawal_store.count_due(tx, hours)
        await withdrawal_store.forget_done(tx, TIMES)
        await outbox.put(tx, *(outbox.Tombstone(of=MemberContactChanged, subject=member_id) for member_id in due))
    return len(due)
