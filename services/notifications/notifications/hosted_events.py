"""What notifications does when events says something of a hosted event.

Registrations are subjects of their own, so they come in any order with the event's publication and hosting. Each
reaction holds the hosted event's row first and recipients after it, in the order of their ids, so that whichever comes
last sees what the others did; leaving holds the recipient alone.
"""

from datetime import datetime
from uuid import UUID, uuid4

from chassis.database import Transaction
from contracts.events import AttendeeRegistered, EventHosted, EventPublished
from notifications import hosted_event_notices, hosted_event_store, store
from notifications.hosted_event_notices import INVITATION, HostedEvent, HostedEventState
from notifications.reactions import held, its_occasion


async def invite(event: EventPublished, tx: Transaction) -> None:
    """Everybody who is here is invited; confirmations that came first can go out now, and their reminders in time."""
    await _hosted_event(tx, event.hosted_event_id)
    await hosted_event_store.publish(tx, hosted_event_notices.announcement(event))
    if hosted_event_notices.invites(event, tx.now):
        occasion = await its_occasion(event, tx)
        await store.tell_everybody(
            tx, INVITATION, occasion, hosted_event_id=event.hosted_event_id, useful_until=event.ends_at
        )
    await hosted_event_store.make_waiting_due(tx, event.hosted_event_id)
    await _remind(tx, event.hosted_event_id, event.starts_at)


async def confirm(event: AttendeeRegistered, tx: Transaction) -> None:
    """Who registered hears that they have a place; of an event that has been hosted already, they are thanked."""
    its = await _hosted_event(tx, event.hosted_event_id)
    recipient = await held(tx, event.member_id)
    occasion = await its_occasion(event, tx)
    notice = hosted_event_notices.notice_of_place(its, recipient, notice_id=uuid4(), event_id=occasion, now=tx.now)
    if notice is None:
        return
    await hosted_event_store.add_attendance(tx, event.registration_id, event.hosted_event_id, event.member_id)
    await store.add_notices(tx, notice)
    if its.starts_at is not None and its.state is HostedEventState.PUBLISHED:
        await _remind(tx, event.hosted_event_id, its.starts_at, only=event.member_id)


async def thank(event: EventHosted, tx: Transaction) -> None:
    """Everybody who had a place is thanked; invitations and confirmations that have not gone out stay unsent."""
    its = await _hosted_event(tx, event.hosted_event_id)
    await hosted_event_store.host(tx, event.hosted_event_id)
    if its.is_announced:
        await hosted_event_store.thank_attendees(tx, event.hosted_event_id, await its_occasion(event, tx))
    await hosted_event_store.cancel_unsent(tx, event.hosted_event_id, hosted_event_notices.OVER)


async def _hosted_event(tx: Transaction, hosted_event_id: UUID) -> HostedEvent:
    await hosted_event_store.add_if_new(tx, hosted_event_id)
    return await hosted_event_store.lock(tx, hosted_event_id)


async def _remind(tx: Transaction, hosted_event_id: UUID, starts_at: datetime, *, only: UUID | None = None) -> None:
    due_at = hosted_event_notices.reminder_at(starts_at)
    if tx.now < due_at:
        await hosted_event_store.remind(tx, hosted_event_id, due_at=due_at, useful_until=starts_at, only=only)
