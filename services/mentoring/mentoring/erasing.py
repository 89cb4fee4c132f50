"""A member is forgotten: what mentoring holds of them is deleted, and the bare id is remembered.

Leaving, claiming and erasing hold the same profile, so each of them sees what the others did.
"""

from uuid import UUID

from chassis import outbox
from chassis.database import Transaction
from contracts.erasure import MemberDataErasedByMentoring, MemberErased, MemberErasureRequested
from mentoring import domain, pair_store, scheme_store, store
from mentoring.domain import Pair


async def erase(event: MemberErasureRequested, tx: Transaction) -> None:
    """Forget the member, end their pairs, and say that it is done."""
    over = await _purge(tx, event.member_id)
    await outbox.put(tx, *map(domain.ended, over), MemberDataErasedByMentoring(member_id=event.member_id))


async def sweep(event: MemberErased, tx: Transaction) -> None:
    """Everybody has forgotten the member; whatever came late is let go of here too."""
    over = await _purge(tx, event.member_id)
    await outbox.put(tx, *map(domain.ended, over))


async def _purge(tx: Transaction, member_id: UUID) -> list[Pair]:
    """Everything about the member goes; gives the pairs that ended by it."""
    # Held from here on, also where there was none: nobody claims or brings back the member meanwhile.
    await store.save(tx, domain.erased(member_id, tx.now))
    await scheme_store.withdraw_everywhere(tx, member_id)
    await pair_store.leave_pools(tx, member_id, None)
    await pair_store.drop_proposals_of(tx, member_id, None)
    over = await pair_store.end_pairs_of(tx, member_id, None, tx.now)
    await pair_store.forget_pairs_of(tx, member_id)
    await store.forget(tx, member_id)
    await store.remember_erased(tx, member_id)
    return over
