"""The roles that the central team gave to members."""

from uuid import UUID

from chassis.database import Transaction
from members.roles import Grant


async def held_by(tx: Transaction, member_id: UUID) -> list[Grant]:
    rows = await tx.fetch(
        "SELECT role, organisation FROM member_role WHERE member_id = $1 ORDER BY role, organisation", member_id
    )
    return [Grant(row["role"], row["organisation"]) for row in rows]


async def add(tx: Transaction, member_id: UUID, grant: Grant, *, by: UUID) -> None:
    """`by` is the account of whoever gives it."""
    await tx.execute(
        """
        INSERT INTO member_role (member_id, role, organisation, granted_at, granted_by) VALUES ($1, $2, $3, $4, $5)
        """,
        member_id,
        grant.role,
        grant.organisation,
        tx.now,
        by,
    )


async def take_back(tx: Transaction, member_id: UUID, grant: Grant) -> None:
    await tx.execute(
        "DELETE FROM member_role WHERE member_id = $1 AND role = $2 AND organisation IS NOT DISTINCT FROM $3",
        member_id,
        grant.role,
        grant.organisation,
    )


async def forget(tx: Transaction, member_id: UUID) -> None:
    """Takes back every role of the member."""
    await tx.execute("DELETE FROM member_role WHERE member_id = $1", member_id)
