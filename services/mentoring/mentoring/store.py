"""Mentoring's tables: every statement, named for its meaning."""

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from contracts.members import Grade
from mentoring import domain
from mentoring.domain import Profile


async def add(tx: Transaction, profiles: Sequence[Profile]) -> None:
    """Add open profiles; one that is there stays as it is, so that a leaver's stays closed."""
    await tx.execute(
        """
        INSERT INTO profile (member_id, organisation, grade, opened_at)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) AS opened (member_id)
        ORDER BY member_id
        ON CONFLICT (member_id) DO NOTHING""",
        [its.member_id for its in profiles],
        [its.organisation for its in profiles],
        [its.grade for its in profiles],
        [its.opened_at for its in profiles],
    )


async def lock(tx: Transaction, member_id: UUID) -> Profile | None:
    """A member's profile, open or closed, held until the transaction ends. Whatever claims a member locks it.

    An erased member has none to hold. They are looked for after the lock, so that whoever waited for the row while it
    was deleted finds them.
    """
    row = await tx.fetchrow(f"{_PROFILE} WHERE member_id = $1 FOR UPDATE", member_id)
    return _profile(row) if row else await _erased(tx, member_id)


async def lock_all(tx: Transaction, members: Collection[UUID]) -> None:
    """The profiles of these members, held until the transaction ends: none of them leaves or withdraws meanwhile."""
    await tx.execute("SELECT FROM profile WHERE member_id = ANY($1::uuid[]) ORDER BY member_id FOR UPDATE", members)


async def save(tx: Transaction, profile: Profile) -> None:
    await tx.execute(
        """
        INSERT INTO profile (member_id, organisation, grade, opened_at, closed_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (member_id) DO UPDATE
        SET organisation = excluded.organisation, grade = excluded.grade, closed_at = excluded.closed_at,
            restricted = profile.restricted AND excluded.closed_at IS NULL""",
        profile.member_id,
        profile.organisation,
        profile.grade,
        profile.opened_at,
        profile.closed_at,
    )


async def restrict(tx: Transaction, member_id: UUID, *, restricted: bool) -> None:
    """Whether a member may be in a pool; whoever has left is in none. Their profile is held."""
    await tx.execute(
        "UPDATE profile SET restricted = $2 WHERE member_id = $1 AND closed_at IS NULL", member_id, restricted
    )


async def profile_of(tx: Transaction, member_id: UUID) -> Profile | None:
    """An erased member's is closed."""
    row = await tx.fetchrow(f"{_PROFILE} WHERE member_id = $1", member_id)
    return _profile(row) if row else await _erased(tx, member_id)


async def keep_out(tx: Transaction, *members: UUID) -> None:
    """Take the profile away again of whoever is erased. Call it after every write of a profile.

    After it, since the write waits for an erasure that is under way: looking first could look too early.
    """
    await tx.execute(
        """
        DELETE FROM profile USING erased_member
        WHERE profile.member_id = ANY($1::uuid[]) AND erased_member.member_id = profile.member_id""",
        members,
    )


async def forget(tx: Transaction, member_id: UUID) -> None:
    """Delete the profile, which the caller holds."""
    await tx.execute("DELETE FROM profile WHERE member_id = $1", member_id)


async def remember_erased(tx: Transaction, member_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO erased_member (member_id, erased_at) VALUES ($1, $2) ON CONFLICT (member_id) DO NOTHING",
        member_id,
        tx.now,
    )


async def _erased(tx: Transaction, member_id: UUID) -> Profile | None:
    erased_at = await tx.fetchval("SELECT erased_at FROM erased_member WHERE member_id = $1", member_id)
    return domain.erased(member_id, erased_at) if erased_at else None


async def profiles_of(tx: Transaction, members: Collection[UUID]) -> dict[UUID, Profile]:
    rows = await tx.fetch(f"{_PROFILE} WHERE member_id = ANY($1::uuid[])", list(members))
    return {row["member_id"]: _profile(row) for row in rows}


async def count_open(tx: Transaction) -> int:
    count: int = await tx.fetchval("SELECT count(*) FROM profile WHERE closed_at IS NULL")
    return count


_PROFILE = "SELECT member_id, organisation, grade, opened_at, closed_at FROM profile"


def _profile(row: asyncpg.Record) -> Profile:
    return Profile(
        row["member_id"],
        row["organisation"],
        Grade(row["grade"]) if row["grade"] else None,
        row["opened_at"],
        row["closed_at"],
    )
