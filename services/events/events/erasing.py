"""A member is forgotten: what events holds of them is deleted, and the bare id is remembered.

Leaving, registering and erasing hold the same invitee, so each of them sees what the others did.
"""

from uuid import UUID

from chassis import outbox
from chassis.database import Transaction
from contracts.erasure import MemberDataErasedByEvents, MemberErased, MemberErasureRequested
from events import domain, hosted_event_store, store


async def erase(event: MemberErasureRequested, tx: Transaction) -> None:
    """Forget the member and say that it is done; their places are free again."""
    await _purge(tx, event.member_id)
    await outbox.put(tx, MemberDataErasedByEvents(member_id=event.member_id))


async def sweep(event: MemberErased, tx: Transaction) -> None:
    """Everybody has forgotten the member; whatever came late is let go of here too."""
    await _purge(tx, event.member_id)


async def _purge(tx: Transaction, member_id: UUID) -> None:
    # Held from here on, also where there was none: nobody claims or brings back the member meanwhile.
    await store.save(tx, domain.erased(member_id, tx.now))
    await hosted_event_store.give_up_places(tx, member_id)
    await store.forget(tx, member_id)
    await store.remember_erased(tx, member_id)
