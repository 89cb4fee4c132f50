"""What a member's leaving or erasure ends in groups, in the transaction that lets go of the member."""

from uuid import UUID

from chassis.database import Transaction
from contracts.base import DomainEvent
from members.groups import group_store, volunteering


async def let_go(tx: Transaction, member_id: UUID, *, by: UUID) -> list[DomainEvent]:
    """Take a member, whose row the caller holds, out of every group; gives what is to be said of it.

    What they did there stays without them.
    """
    ended = [volunteering.leave(its, by=by, now=tx.now) for its in await group_store.volunteering_of(tx, member_id)]
    await group_store.save(tx, *(its for its, _ in ended))
    await group_store.lose_the_person(tx, member_id)
    return [left for _, left in ended]
