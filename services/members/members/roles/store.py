"""The roles that the central team gave to members, and the record of each that was given or taken back."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Transaction
from members.roles.domain import Grant


@dataclass(frozen=True)
class Recorded:
    """One line of the record. `by` is an account, `by_member` who is behind it now; no `member_id`: erased."""

    record_id: int
    member_id: UUID | None
    role: str
    organisation: str | None
    granted: bool
    at: datetime
    by: UUID
    by_member: UUID | None


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


async def take_back_of_organisations(
    tx: Transaction, member_ids: Collection[UUID], *, by: UUID
) -> dict[UUID, list[Grant]]:
    """Takes back what these members, who are held, are for an organisation, and records it; gives what each lost."""
    rows = await tx.fetch(
        """
        WITH lost AS (
            DELETE FROM member_role WHERE member_id = ANY($1) AND organisation IS NOT NULL
            RETURNING member_id, role, organisation
        ), recorded AS (
            INSERT INTO role_record (member_id, role, organisation, granted, recorded_at, recorded_by)
            SELECT member_id, role, organisation, false, $2, $3 FROM lost
        )
        SELECT member_id, role, organisation FROM lost ORDER BY member_id, role
        """,
        list(member_ids),
        tx.now,
        by,
    )
    found: dict[UUID, list[Grant]] = {}
    for row in rows:
        found.setdefault(row["member_id"], []).append(Grant(row["role"], row["organisation"]))
    return found


async def forget(tx: Transaction, member_id: UUID) -> None:
    """Takes back every role of the member."""
    await tx.execute("DELETE FROM member_role WHERE member_id = $1", member_id)


async def record(tx: Transaction, member_id: UUID, grants: Iterable[Grant], *, granted: bool, by: UUID) -> None:
    """Adds to what is kept for good: these were given, or taken back. `by` is an account."""
    every = list(grants)
    await tx.execute(
        """
        INSERT INTO role_record (member_id, role, organisation, granted, recorded_at, recorded_by)
        SELECT $1, role, organisation, $4, $5, $6 FROM unnest($2::text[], $3::text[]) AS its (role, organisation)
        """,
        member_id,
        [its.role for its in every],
        [its.organisation for its in every],
        granted,
        tx.now,
        by,
    )


async def forget_in_records(tx: Transaction, member_id: UUID) -> None:
    """What was given and taken back stays, and names nobody."""
    await tx.execute("UPDATE role_record SET member_id = NULL WHERE member_id = $1", member_id)


async def records(
    tx: Transaction, *, member_id: UUID | None, role: str | None, before: int | None, most: int
) -> list[Recorded]:
    """The newest first, of this member and this role where they are given."""
    rows = await tx.fetch(
        """
        SELECT record_id, its.member_id, role, organisation, granted, recorded_at AS at, recorded_by AS by,
            account.member_id AS by_member
        FROM role_record AS its LEFT JOIN account ON account_id = recorded_by
        WHERE ($1::uuid IS NULL OR its.member_id = $1) AND ($2::text IS NULL OR role = $2)
            AND ($3::bigint IS NULL OR record_id < $3)
        ORDER BY record_id DESC LIMIT $4
        """,
        member_id,
        role,
        before,
        most,
    )
    return [Recorded(**row) for row in rows]
