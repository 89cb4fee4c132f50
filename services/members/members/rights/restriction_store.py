"""Who is restricted. Whoever makes a list or a figure of members leaves them out by `NOT_RESTRICTED`."""

from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.database import Transaction

NOT_RESTRICTED: Final = "NOT EXISTS (SELECT FROM restriction WHERE restriction.member_id = member.member_id)"
"""A condition on rows of `member`."""


async def restrict(tx: Transaction, member_id: UUID, *, by: UUID) -> bool:
    """Whether they were not before. `by` is an account."""
    tag = await tx.execute(
        "INSERT INTO restriction (member_id, since, restricted_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        member_id,
        tx.now,
        by,
    )
    return tag == "INSERT 0 1"


async def lift(tx: Transaction, member_id: UUID) -> bool:
    """Whether they were until now."""
    return await tx.execute("DELETE FROM restriction WHERE member_id = $1", member_id) == "DELETE 1"


async def by_id(tx: Transaction, member_id: UUID) -> tuple[datetime, UUID] | None:
    """Since when, and by which account."""
    row = await tx.fetchrow("SELECT since, restricted_by FROM restriction WHERE member_id = $1", member_id)
    return (row["since"], row["restricted_by"]) if row else None


async def since(tx: Transaction, member_id: UUID) -> datetime | None:
    """Since when they are restricted; None: they are not."""
    found: datetime | None = await tx.fetchval("SELECT since FROM restriction WHERE member_id = $1", member_id)
    return found
