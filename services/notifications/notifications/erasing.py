"""A member is forgotten: what notifications holds of them is deleted, and the bare id is remembered.

Leaving, writing to somebody and erasing hold the same recipient, so each of them sees what the others did.
"""

from typing import Final
from uuid import UUID

from chassis import outbox, parked
from chassis.database import Transaction
from contracts.erasure import MemberDataErasedByNotifications, MemberErased, MemberErasureRequested
from contracts.streams import CONTACTS
from notifications import (
    choosing_store,
    domain,
    given_store,
    group_store,
    hosted_event_store,
    my_store,
    recipient_store,
    store,
)

HEARS_CONTACTS: Final = f"notifications.{CONTACTS}"  # the consumer whose parked records hold names and addresses


async def erase(event: MemberErasureRequested, tx: Transaction) -> None:
    """Forget the member and say that it is done."""
    await _purge(tx, event.member_id)
    await outbox.put(tx, MemberDataErasedByNotifications(member_id=event.member_id))


async def sweep(event: MemberErased, tx: Transaction) -> None:
    """Everybody has forgotten the member; whatever came late is let go of here too."""
    await _purge(tx, event.member_id)


async def _purge(tx: Transaction, member_id: UUID) -> None:
    # Held from here on, also where there was none: nobody writes to or brings back the member meanwhile.
    await recipient_store.add_recipients_if_new(tx, member_id)
    await recipient_store.lock_recipient(tx, member_id)
    await store.cancel_unsent(tx, member_id, domain.LEFT_BEFORE_SENDING)
    await store.forget_words(tx, member_id)
    await store.forget_whom_notices_are_about(tx, member_id)
    await store.forget_notices_to(tx, member_id)
    await hosted_event_store.give_up_places(tx, member_id)
    await group_store.take_out(tx, member_id)
    await given_store.forget(tx, member_id)
    await my_store.forget_pairs(tx, member_id)
    await choosing_store.forget(tx, member_id)
    await recipient_store.forget_roles(tx, member_id)
    await store.forget_occasions_of(tx, member_id)
    await recipient_store.forget_recipient(tx, member_id)
    await parked.forget(tx, HEARS_CONTACTS, member_id)
    await recipient_store.remember_erased(tx, member_id)
