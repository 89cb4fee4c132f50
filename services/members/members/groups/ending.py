"""What ends with a group, whoever or whatever ends it: everybody leaves, and its meetings to come are cancelled."""

from chassis.database import Transaction
from contracts.groups import GroupMeetingScheduled
from members.groups import meeting_store, meetings, task_store
from members.groups.volunteering import Group


async def end(tx: Transaction, its: Group) -> list[GroupMeetingScheduled]:
    """Keep that a group, which the caller has locked, is over; gives what is to be said of its meetings, first."""
    to_come = await meeting_store.lock_to_come(tx, its.group_id)
    cancelled, said = meetings.cancel_all(its, to_come, by=its.disbanded_by, now=tx.now)
    await meeting_store.save(tx, *cancelled)
    await task_store.save(tx, its)
    await task_store.let_all_go(tx, its)
    return said
