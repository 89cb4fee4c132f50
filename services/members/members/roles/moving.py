"""What a move to another organisation ends: the roles that held for the old one. Coming back brings none back."""

from collections.abc import Collection
from uuid import UUID

from chassis.database import Transaction
from contracts.members import RoleRevoked
from members.roles import domain, store


async def let_go(tx: Transaction, member_ids: Collection[UUID], *, by: UUID) -> list[RoleRevoked]:
    """Take back what these members, who are held and move, are for an organisation; gives what is to be said of it.

    `by` is the account that moves them.
    """
    lost = await store.take_back_of_organisations(tx, member_ids, by=by)
    return [said for member_id, its in lost.items() for said in domain.take_back_all(member_id, its)]
