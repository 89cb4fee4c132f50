"""The events service's tables: every statement, named for its meaning."""

from uuid import UUID

import asyncpg

from chassis.database import Transaction
from contracts.members import GradeBand
from events.domain import Invitee


async def add(tx: Transaction, invitee: Invitee) -> None:
    """Add an invitee; one who is there stays as they are, so that a leaver stays gone."""
    await tx.execute(
        """
        INSERT INTO invitee (member_id, organisation, grade_band, since) VALUES ($1, $2, $3, $4)
        ON CONFLICT (member_id) DO NOTHING""",
        invitee.member_id,
        invitee.organisation,
        invitee.grade_band,
        invitee.since,
    )


async def lock(tx: Transaction, member_id: UUID) -> Invitee | None:
    """An invitee, here or gone, held until the transaction ends. Whatever claims a member locks it."""
    row = await tx.fetchrow(f"{_INVITEE} WHERE member_id = $1 FOR UPDATE", member_id)
    return _invitee(row) if row else None


async def save(tx: Transaction, invitee: Invitee) -> None:
    await tx.execute(
        """
        INSERT INTO invitee (member_id, organisation, grade_band, since, left_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (member_id) DO UPDATE
        SET organisation = excluded.organisation, grade_band = excluded.grade_band, since = excluded.since,
            left_at = excluded.left_at""",
        invitee.member_id,
        invitee.organisation,
        invitee.grade_band,
        invitee.since,
        invitee.left_at,
    )


async def invitee_of(tx: Transaction, member_id: UUID) -> Invitee | None:
    row = await tx.fetchrow(f"{_INVITEE} WHERE member_id = $1", member_id)
    return _invitee(row) if row else None


async def count_present(tx: Transaction) -> int:
    count: int = await tx.fetchval("SELECT count(*) FROM invitee WHERE left_at IS NULL")
    return count


_INVITEE = "SELECT member_id, organisation, grade_band, since, left_at FROM invitee"


def _invitee(row: asyncpg.Record) -> Invitee:
    return Invitee(
        row["member_id"],
        row["organisation"],
        GradeBand(row["grade_band"]) if row["grade_band"] else None,
        row["since"],
        row["left_at"],
    )
