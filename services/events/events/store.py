"""The events service's tables: every statement, named for its meaning."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from contracts.members import GradeBand
from events import domain
from events.domain import Invitee


async def add(tx: Transaction, invitees: Sequence[Invitee]) -> None:
    """Add invitees; one who is there stays as they are, so that a leaver stays gone."""
    await tx.execute(
        """
        INSERT INTO invitee (member_id, organisation, grade_band, since)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[]) AS kept (member_id)
        ORDER BY member_id
        ON CONFLICT (member_id) DO NOTHING""",
        [its.member_id for its in invitees],
        [its.organisation for its in invitees],
        [its.grade_band for its in invitees],
        [its.since for its in invitees],
    )


async def lock(tx: Transaction, member_id: UUID) -> Invitee | None:
    """An invitee, here or gone, held until the transaction ends. Whatever claims a member locks it.

    An erased member has no row to hold. They are looked for after the lock, so that whoever waited for the row while
    it was deleted finds them.
    """
    row = await tx.fetchrow(f"{_INVITEE} WHERE member_id = $1 FOR UPDATE", member_id)
    return _invitee(row) if row else await _erased(tx, member_id)


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
    """An erased member is gone."""
    row = await tx.fetchrow(f"{_INVITEE} WHERE member_id = $1", member_id)
    return _invitee(row) if row else await _erased(tx, member_id)


async def keep_out(tx: Transaction, *members: UUID) -> None:
    """Take the invitee away again of whoever is erased. Call it after every write of an invitee.

    After it, since the write waits for an erasure that is under way: looking first could look too early.
    """
    await tx.execute(
        """
        DELETE FROM invitee USING erased_member
        WHERE invitee.member_id = ANY($1::uuid[]) AND erased_member.member_id = invitee.member_id""",
        members,
    )


async def forget(tx: Transaction, member_id: UUID) -> None:
    """Delete the invitee, whom the caller holds."""
    await tx.execute("DELETE FROM invitee WHERE member_id = $1", member_id)


async def remember_erased(tx: Transaction, member_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO erased_member (member_id, erased_at) VALUES ($1, $2) ON CONFLICT (member_id) DO NOTHING",
        member_id,
        tx.now,
    )


async def _erased(tx: Transaction, member_id: UUID) -> Invitee | None:
    erased_at = await tx.fetchval("SELECT erased_at FROM erased_member WHERE member_id = $1", member_id)
    return domain.erased(member_id, erased_at) if erased_at else None


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
