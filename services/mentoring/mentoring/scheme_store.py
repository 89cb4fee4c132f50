"""The tables of schemes and enrolments: every statement, named for its meaning."""

from datetime import date
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from mentoring.domain import AlreadyEnrolled, Enrolment, Scheme, Wishes


async def add(tx: Transaction, scheme: Scheme) -> None:
    await tx.execute(
        """
        INSERT INTO scheme (scheme_id, title, summary, link, across_organisations, opens_on, opened_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        scheme.scheme_id,
        scheme.title,
        scheme.summary,
        scheme.link,
        scheme.across_organisations,
        scheme.opens_on,
        scheme.opened_at,
    )


async def by_id(tx: Transaction, scheme_id: UUID) -> Scheme | None:
    row = await tx.fetchrow("SELECT * FROM scheme WHERE scheme_id = $1", scheme_id)
    return Scheme(**row) if row else None


async def opened(tx: Transaction) -> list[Scheme]:
    """Those that take enrolments, the newest first."""
    rows = await tx.fetch("SELECT * FROM scheme WHERE opened_at IS NOT NULL ORDER BY opened_at DESC, scheme_id")
    return [Scheme(**row) for row in rows]


async def every(tx: Transaction) -> list[Scheme]:
    """Those still to open too, the newest first."""
    rows = await tx.fetch("SELECT * FROM scheme ORDER BY opens_on DESC, scheme_id")
    return [Scheme(**row) for row in rows]


async def take_due(tx: Transaction, today: date) -> list[Scheme]:
    """Some that are to open by now, which no other replica has in hand; held until the transaction ends."""
    rows = await tx.fetch(
        """
        SELECT * FROM scheme WHERE opened_at IS NULL AND opens_on <= $1
        ORDER BY opens_on, scheme_id LIMIT 100 FOR UPDATE SKIP LOCKED""",
        today,
    )
    return [Scheme(**row) for row in rows]


async def mark_opened(tx: Transaction, scheme: Scheme) -> None:
    await tx.execute("UPDATE scheme SET opened_at = $2 WHERE scheme_id = $1", scheme.scheme_id, scheme.opened_at)


async def enrol(tx: Transaction, enrolment: Enrolment) -> None:
    """Raises `AlreadyEnrolled`."""
    try:
        await tx.execute(
            """
            INSERT INTO enrolment (enrolment_id, scheme_id, member_id, goals, offers, seeks, enrolled_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            enrolment.enrolment_id,
            enrolment.scheme_id,
            enrolment.member_id,
            enrolment.wishes.goals,
            enrolment.wishes.offers,
            enrolment.wishes.seeks,
            enrolment.enrolled_at,
        )
    except asyncpg.UniqueViolationError:
        raise AlreadyEnrolled from None


async def withdraw(tx: Transaction, member_id: UUID, scheme_id: UUID, enrolment_id: UUID) -> bool:
    """Delete a member's enrolment; says whether it was there."""
    tag = await tx.execute(
        "DELETE FROM enrolment WHERE member_id = $1 AND scheme_id = $2 AND enrolment_id = $3",
        member_id,
        scheme_id,
        enrolment_id,
    )
    return tag == "DELETE 1"


async def withdraw_everywhere(tx: Transaction, member_id: UUID) -> None:
    await tx.execute("DELETE FROM enrolment WHERE member_id = $1", member_id)


async def enrolments_of(tx: Transaction, member_id: UUID) -> list[Enrolment]:
    """A member's enrolments, the newest first."""
    rows = await tx.fetch("SELECT * FROM enrolment WHERE member_id = $1 ORDER BY enrolled_at DESC", member_id)
    return [
        Enrolment(
            row["enrolment_id"],
            row["scheme_id"],
            row["member_id"],
            Wishes(tuple(row["goals"]), tuple(row["offers"]), tuple(row["seeks"])),
            row["enrolled_at"],
        )
        for row in rows
    ]


async def enrolled(tx: Transaction, scheme_id: UUID) -> list[UUID]:
    rows = await tx.fetch("SELECT member_id FROM enrolment WHERE scheme_id = $1", scheme_id)
    return [row["member_id"] for row in rows]
