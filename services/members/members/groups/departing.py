"""What a member's leaving or erasure ends in groups, in the transaction that lets go of the member."""

from uuid import UUID

from chassis.database import Transaction
from contracts.base import DomainEvent
from members.groups import champion_store, champions, ending_terms, group_store, volunteering
from members.groups.champions import Ending


async def let_go(tx: Transaction, member_id: UUID, *, by: UUID) -> list[DomainEvent]:
    """Take a member, whose row the caller holds, out of every group and end their terms as a champion.

    Gives what is to be said of it. What they did there stays without them.
    """
    await group_store.hold_those_of(tx, member_id)  # one that disbands or closes meanwhile lets them go itself
    ended = [volunteering.leave(its, by=by, now=tx.now) for its in await group_store.volunteering_of(tx, member_id)]
    await group_store.save(tx, *(its for its, _ in ended))
    said: list[DomainEvent] = [left for _, left in ended]
    for theme_id in await champion_store.lock_those_of(tx, member_id):
        said += await ending_terms.end(
            tx, theme_id, lambda serving: champions.of_member(serving, member_id), Ending.GONE, by=by
        )
    await group_store.lose_the_person(tx, member_id)
    await champion_store.lose_the_person(tx, member_id)
    return said
