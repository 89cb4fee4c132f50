"""What notifications does when members says something of a group.

Volunteers are subjects of their own, so they come in any order with what happens in the group. Each reaction holds the
group's row first and recipients after it, in the order of their ids; leaving the profession holds the recipient alone.
Who joins after a meeting was announced finds it on the group's page.
"""

from dataclasses import replace
from uuid import uuid4

from chassis.database import Transaction
from contracts.groups import (
    GroupMeetingScheduled,
    TaskGroupDisbanded,
    TaskGroupExtended,
    VolunteerJoinedGroup,
    VolunteerLeftGroup,
)
from notifications import domain, group_store, store, told
from notifications.domain import RecipientState
from notifications.reactions import all_held, held, its_occasion, tell


async def take_in(event: VolunteerJoinedGroup, tx: Transaction) -> None:
    """They hear of what happens in the group from now on, unless it or their membership is over."""
    is_over = await group_store.hold(tx, event.group_id)
    recipient = await held(tx, event.member_id)
    if not is_over and recipient.state is not RecipientState.LEFT:
        await group_store.add(tx, event.volunteering_id, event.group_id, event.member_id)


async def take_out(event: VolunteerLeftGroup, tx: Transaction) -> None:
    """They hear no more of it; where it has closed, of that."""
    await group_store.hold(tx, event.group_id)
    if event.closed:
        await held(tx, event.member_id)  # who leaves the profession at this moment is in no list of ours after it
    await group_store.remove(tx, event.volunteering_id, is_over=event.closed)
    if event.closed:
        await tell(event, tx)


async def tell_volunteers(event: GroupMeetingScheduled | TaskGroupExtended, tx: Transaction) -> None:
    """Everybody in the group hears of a meeting, while it is still to come, and of a later last day.

    Once a meeting was moved or cancelled, nobody hears any more when it was to be. Of one that is cancelled as its
    group ends they hear though the end was heard first.
    """
    await group_store.hold(tx, event.group_id)
    if isinstance(event, GroupMeetingScheduled) and event.changes:
        [line] = told.lines_of(GroupMeetingScheduled)
        await store.cancel_unsent_of_subject(tx, event.meeting_id, [line.template.name], domain.CALLED_OFF)
    await _tell(event, tx)


async def disband(event: TaskGroupDisbanded, tx: Transaction) -> None:
    """Everybody in the group hears that it is over, and is in it no more."""
    await group_store.hold(tx, event.group_id)
    await _tell(event, tx)
    await group_store.end(tx, event.group_id)


async def _tell(event: GroupMeetingScheduled | TaskGroupExtended | TaskGroupDisbanded, tx: Transaction) -> None:
    useful_until = event.starts_at if isinstance(event, GroupMeetingScheduled) else None
    if useful_until is not None and useful_until <= tx.now:
        return
    at_its_end = isinstance(event, GroupMeetingScheduled) and event.cancelled
    [line] = told.lines_of(type(event))
    occasion = await its_occasion(event, tx)
    notices = [
        domain.notice(its, line.template, notice_id=uuid4(), event_id=occasion, now=tx.now, due_at=line.when(tx.now))
        for its in (await all_held(tx, await group_store.members(tx, event.group_id, at_its_end=at_its_end))).values()
    ]
    await store.add_notices(tx, *(replace(its, useful_until=useful_until) for its in notices if its is not None))
