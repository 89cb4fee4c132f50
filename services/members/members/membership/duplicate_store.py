"""Members who may be one person, what the team decided of them, and who was merged into whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis import paging
from chassis.database import Transaction


@dataclass(frozen=True)
class Pair:
    """Two present members, the smaller id first, and why they may be one person."""

    first_id: UUID
    second_id: UUID
    same_name: bool  # in one organisation
    same_address: bool  # before the @


@dataclass(frozen=True)
class Decision:
    """Merged: `first` stayed and `second` ended; otherwise they are two people. `by` is an account."""

    decision_id: UUID
    merged: bool
    first: UUID
    second: UUID
    at: datetime
    by: UUID


async def candidates(tx: Transaction, *, after: tuple[UUID, UUID] | None, most: int) -> list[Pair]:
    """Pairs that the team has not decided on, behind `after`, by their ids."""
    rows = await tx.fetch(
        """
        WITH present AS MATERIALIZED (
            SELECT member_id, search_name, organisation, split_part(email, '@', 1) AS mailbox FROM member
            WHERE left_on IS NULL
        ), alike AS (
            SELECT one.member_id AS first_id, other.member_id AS second_id, true AS same_name, false AS same_address
            FROM present one JOIN present other USING (search_name, organisation)
            WHERE one.member_id < other.member_id
            UNION ALL
            SELECT one.member_id, other.member_id, false, true FROM present one JOIN present other USING (mailbox)
            WHERE one.member_id < other.member_id
        )
        SELECT first_id, second_id, bool_or(same_name) AS same_name, bool_or(same_address) AS same_address
        FROM alike
        WHERE ($1::uuid IS NULL OR (first_id, second_id) > ($1, $2::uuid))
            AND NOT EXISTS (
                SELECT FROM two_people its WHERE (its.first_id, its.second_id) = (alike.first_id, alike.second_id))
        GROUP BY first_id, second_id ORDER BY first_id, second_id LIMIT $3
        """,
        *(after or (None, None)),
        most,
    )
    return [Pair(**row) for row in rows]


async def are_two(tx: Transaction, first_id: UUID, second_id: UUID, by: UUID) -> None:
    """They are two people, the smaller id first; said again, nothing changes."""
    await tx.execute(
        """
        INSERT INTO two_people (first_id, second_id, decided_at, decided_by) VALUES ($1, $2, $3, $4)
        ON CONFLICT (first_id, second_id) DO NOTHING
        """,
        first_id,
        second_id,
        tx.now,
        by,
    )


async def merged(tx: Transaction, ended_id: UUID, surviving_id: UUID, by: UUID) -> None:
    await tx.execute(
        "INSERT INTO member_merger (ended_id, surviving_id, merged_at, merged_by) VALUES ($1, $2, $3, $4)",
        ended_id,
        surviving_id,
        tx.now,
        by,
    )


async def merged_into(tx: Transaction, ended_id: UUID) -> UUID | None:
    found: UUID | None = await tx.fetchval("SELECT surviving_id FROM member_merger WHERE ended_id = $1", ended_id)
    return found


async def decided(tx: Transaction, *, before: UUID | None, most: int) -> list[Decision]:
    """What the team decided, the newest first, from behind `before` on. Raises `Invalid`."""
    row = """
        SELECT FROM member_merger WHERE ended_id = $1
        UNION ALL SELECT FROM two_people WHERE md5(first_id::text || second_id::text)::uuid = $1"""
    await paging.begin_behind(tx, row, before, field="before")
    rows = await tx.fetch(
        """
        WITH decided AS (
            SELECT ended_id AS decision_id, true AS merged, surviving_id AS first, ended_id AS second,
                merged_at AS at, merged_by AS by FROM member_merger
            UNION ALL
            SELECT md5(first_id::text || second_id::text)::uuid, false, first_id, second_id, decided_at, decided_by
            FROM two_people
        )
        SELECT * FROM decided
        WHERE $1::uuid IS NULL OR (at, decision_id) < (SELECT at, decision_id FROM decided WHERE decision_id = $1)
        ORDER BY at DESC, decision_id DESC LIMIT $2""",
        before,
        most,
    )
    return [Decision(**row) for row in rows]


async def merger_of(tx: Transaction, ended_id: UUID) -> Decision | None:
    """How somebody's membership was merged into another."""
    row = await tx.fetchrow(
        """
        SELECT ended_id AS decision_id, true AS merged, surviving_id AS first, ended_id AS second, merged_at AS at,
            merged_by AS by
        FROM member_merger WHERE ended_id = $1""",
        ended_id,
    )
    return Decision(**row) if row else None


async def forget(tx: Transaction, member_id: UUID) -> None:
    """Nothing here is of this member any more, whom the caller holds."""
    await tx.execute("DELETE FROM member_merger WHERE ended_id = $1 OR surviving_id = $1", member_id)
    await tx.execute("DELETE FROM two_people WHERE first_id = $1 OR second_id = $1", member_id)


async def roles_of(tx: Transaction, member_ids: tuple[UUID, UUID]) -> Mapping[UUID, list[str]]:
    """Which roles the team gave to each."""
    rows = await tx.fetch(
        "SELECT member_id, role FROM member_role WHERE member_id = ANY($1) ORDER BY role", list(member_ids)
    )
    return {member_id: [row["role"] for row in rows if row["member_id"] == member_id] for member_id in member_ids}
