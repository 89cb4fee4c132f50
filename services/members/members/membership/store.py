"""The table of members. Equal addresses are equal text (`answers.py`), and at most one present member has each."""

import json
from collections.abc import Iterable
from dataclasses import fields
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from contracts.members import Grade
from members.membership.domain import AddressInUse, Member


async def add_one(tx: Transaction, member: Member) -> bool:
    """Adds the member unless a present one has the address. Waits for another transaction that adds the same."""
    added = await tx.execute(
        """
        INSERT INTO member (member_id, name, email, organisation, grade, interests, skills, joined_on, verified_by,
            verified_at, verification_id, verification_asked_at, address_verified_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (email) DO NOTHING
        """,
        member.member_id,
        member.name,
        member.email,
        member.organisation,
        member.grade,
        member.interests,
        member.skills,
        member.joined_on,
        member.verified_by,
        member.verified_at,
        member.verification_id,
        member.verification_asked_at,
        member.address_verified_at,
    )
    return added == "INSERT 0 1"


async def add(tx: Transaction, members: Iterable[Member]) -> set[UUID]:
    """Adds those whose address no present member has, the first of equal ones; gives the ids of who is in.

    Waits for another transaction that adds the same address. They are added in the order of their addresses, so that
    two files with the same people in them do not wait for each other in a circle.
    """
    rows = [_row(member) for member in members]
    added = await tx.fetch(
        """
        INSERT INTO member (member_id, name, email, organisation, grade, interests, skills, joined_on, verified_by,
            verified_at)
        SELECT member_id, name, email, organisation, grade, interests, skills, joined_on, verified_by, verified_at
        FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (member_id uuid, name text, email text, organisation text,
            grade text, interests text[], skills text[], joined_on date, verified_by text, verified_at timestamptz))
            WITH ORDINALITY AS said (member_id, name, email, organisation, grade, interests, skills, joined_on,
            verified_by, verified_at, place)
        ORDER BY email, place
        ON CONFLICT (email) DO NOTHING
        RETURNING member_id
        """,
        json.dumps(rows),
    )
    return {row["member_id"] for row in added}


async def by_id(tx: Transaction, member_id: UUID) -> Member | None:
    row = await tx.fetchrow("SELECT * FROM member WHERE member_id = $1", member_id)
    return _member(row) if row else None


async def by_ids(tx: Transaction, member_ids: Iterable[UUID]) -> dict[UUID, Member]:
    rows = await tx.fetch("SELECT * FROM member WHERE member_id = ANY($1::uuid[])", list(member_ids))
    return {row["member_id"]: _member(row) for row in rows}


async def present(tx: Transaction, member_id: UUID) -> Member | None:
    row = await tx.fetchrow("SELECT * FROM member WHERE member_id = $1 AND left_on IS NULL", member_id)
    return _member(row) if row else None


async def lock(tx: Transaction, member_id: UUID) -> Member | None:
    """The member, who does not change until this transaction ends."""
    row = await tx.fetchrow("SELECT * FROM member WHERE member_id = $1 FOR UPDATE", member_id)
    return _member(row) if row else None


async def stays(tx: Transaction, member_id: UUID) -> Member | None:
    """The member, who if present does not leave and is not erased until this transaction ends.

    Their row is not locked: PostgreSQL would keep in it which transaction did so, and that wrote what leads to nobody.
    """
    await tx.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", str(member_id))
    return await by_id(tx, member_id)


async def wait_until_may_go(tx: Transaction, member_id: UUID) -> None:
    """What follows sees all that was written while the member had to stay; the caller holds their row."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", str(member_id))


async def by_verification(tx: Transaction, verification_id: UUID) -> Member | None:
    """The member who was last asked by this verification to confirm their address."""
    row = await tx.fetchrow("SELECT * FROM member WHERE verification_id = $1", verification_id)
    return _member(row) if row else None


async def lock_by_verification(tx: Transaction, verification_id: UUID) -> Member | None:
    """The same, who does not change until this transaction ends."""
    row = await tx.fetchrow("SELECT * FROM member WHERE verification_id = $1 FOR UPDATE", verification_id)
    return _member(row) if row else None


async def note_vouched_address(tx: Transaction, member_id: UUID, email: str) -> None:
    """Somebody whom the provider vouches for has signed in with the address that the member has."""
    await tx.execute(
        """
        UPDATE member SET address_verified_at = $3
        WHERE member_id = $1 AND email = $2 AND address_verified_at IS NULL
            AND (verification_id IS NOT NULL OR verified_by IS NULL)
        """,
        member_id,
        email,
        tx.now,
    )


async def lock_to_move(tx: Transaction, member_id: UUID) -> Member:
    """A member who is held already, and now does not change; others may still hold them too."""
    row = await tx.fetchrow("SELECT * FROM member WHERE member_id = $1 FOR NO KEY UPDATE", member_id)
    if row is None:
        raise LookupError("a member who is held is there")
    return _member(row)


async def lock_some_of(tx: Transaction, organisation: str, most: int) -> list[Member]:
    """Some present members of an organisation that nobody else has in hand, who do not change meanwhile."""
    rows = await tx.fetch(
        """
        SELECT * FROM member WHERE organisation = $1 AND left_on IS NULL
        ORDER BY member_id LIMIT $2 FOR UPDATE SKIP LOCKED
        """,
        organisation,
        most,
    )
    return [_member(row) for row in rows]


async def lock_present(tx: Transaction, member_id: UUID | None, email: str | None) -> Member | None:
    """The present member with this id, else the one with this address; cannot leave until this transaction ends."""
    row = await tx.fetchrow(
        """
        SELECT * FROM member WHERE left_on IS NULL AND (member_id = $1 OR email = $2)
        ORDER BY member_id = $1 DESC NULLS LAST LIMIT 1 FOR SHARE
        """,
        member_id,
        email,
    )
    return _member(row) if row else None


async def save(tx: Transaction, member: Member) -> None:
    """Writes what may change. Raises `AddressInUse`."""
    try:
        await tx.execute(
            """
            UPDATE member SET name = $2, email = $3, organisation = $4, grade = $5, interests = $6, skills = $7,
                verified_by = $8, verified_at = $9, left_on = $10, verification_id = $11, verification_asked_at = $12,
                address_verified_at = $13, departed_at = $14, departed_by = $15
            WHERE member_id = $1
            """,
            member.member_id,
            member.name,
            member.email,
            member.organisation,
            member.grade,
            member.interests,
            member.skills,
            member.verified_by,
            member.verified_at,
            member.left_on,
            member.verification_id,
            member.verification_asked_at,
            member.address_verified_at,
            member.departed_at,
            member.departed_by,
        )
    except asyncpg.UniqueViolationError:
        raise AddressInUse from None


async def forget(tx: Transaction, member_id: UUID) -> None:
    """Delete the member, whom the caller holds."""
    await tx.execute("DELETE FROM member WHERE member_id = $1", member_id)


async def hold_by_email(tx: Transaction, emails: Iterable[str]) -> dict[str, tuple[UUID, str]]:
    """Of the present members with these addresses, by address: id and organisation. They stay held."""
    rows = await tx.fetch(
        """
        SELECT email, member_id, organisation FROM unnest($1::text[]) AS wanted (email) JOIN member USING (email)
        ORDER BY member_id FOR KEY SHARE OF member
        """,
        list(emails),
    )
    return {row["email"]: (row["member_id"], row["organisation"]) for row in rows}


async def hold_contacts(tx: Transaction, member_ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Of those who are present: name and address, which do not change until this transaction ends."""
    rows = await tx.fetch(
        """
        SELECT member_id, name, email FROM member WHERE member_id = ANY($1) AND left_on IS NULL
        ORDER BY member_id FOR SHARE
        """,
        list(member_ids),
    )
    return {row["member_id"]: (row["name"], row["email"]) for row in rows}


async def count_present(tx: Transaction) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM member WHERE left_on IS NULL"))


def _row(member: Member) -> dict[str, object]:
    return {
        "member_id": str(member.member_id),
        "name": member.name,
        "email": member.email,
        "organisation": member.organisation,
        "grade": member.grade,
        "interests": member.interests,
        "skills": member.skills,
        "joined_on": member.joined_on.isoformat(),
        "verified_by": member.verified_by,
        "verified_at": member.verified_at.isoformat() if member.verified_at else None,
    }


_FIELDS = tuple(its.name for its in fields(Member))


def _member(row: asyncpg.Record) -> Member:
    its_fields = {its: row[its] for its in _FIELDS} | {
        "grade": Grade(row["grade"]),
        "interests": tuple(row["interests"]),
        "skills": tuple(row["skills"]),
    }
    return Member(**its_fields)
