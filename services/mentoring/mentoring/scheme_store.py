"""The tables of schemes and enrolments: every statement, named for its meaning."""

from datetime import date
from uuid import UUID

import asyncpg

from chassis import paging
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


async def opened(tx: Transaction, *, without: UUID | None = None, after: UUID | None, most: int) -> list[Scheme]:
    """Those that take enrolments, the newest first, from behind `after` on; `without` those of a member.

    Raises `Invalid`.
    """
    await paging.begin_behind(tx, "SELECT FROM scheme WHERE scheme_id = $1 AND opened_at IS NOT NULL", after)
    rows = await tx.fetch(
        """
        SELECT * FROM scheme WHERE opened_at IS NOT NULL
            AND NOT EXISTS (SELECT FROM enrolment its WHERE its.scheme_id = scheme.scheme_id AND member_id = $1)
            AND ($2::uuid IS NULL
                OR (opened_at, scheme_id) < (SELECT opened_at, scheme_id FROM scheme WHERE scheme_id = $2))
        ORDER BY opened_at DESC, scheme_id DESC LIMIT $3""",
        without,
        after,
        most,
    )
    return [Scheme(**row) for row in rows]


async def every(tx: Transaction, *, after: UUID | None, most: int) -> list[Scheme]:
    """Those still to open too, the latest day first, from behind `after` on. Raises `Invalid` at `led_after`."""
    await paging.begin_behind(tx, "SELECT FROM scheme WHERE scheme_id = $1", after, field="led_after")
    rows = await tx.fetch(
        """
        SELECT * FROM scheme WHERE $1::uuid IS NULL
            OR (opens_on, scheme_id) < (SELECT opens_on, scheme_id FROM scheme WHERE scheme_id = $1)
        ORDER BY opens_on DESC, scheme_id DESC LIMIT $2""",
        after,
        most,
    )
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


async def enrolment(tx: Transaction, member_id: UUID, scheme_id: UUID) -> Enrolment | None:
    row = await tx.fetchrow("SELECT * FROM enrolment WHERE member_id = $1 AND scheme_id = $2", member_id, scheme_id)
    return _enrolment(row) if row else None


async def enrolments_of(
    tx: Transaction, member_id: UUID, *, after: UUID | None, most: int
) -> list[tuple[Enrolment, str]]:
    """A member's enrolments, each with its scheme's title, the newest first, from behind `after` on.

    Raises `Invalid` at `enrolled_after`.
    """
    await paging.begin_behind(tx, "SELECT FROM enrolment WHERE enrolment_id = $1", after, field="enrolled_after")
    rows = await tx.fetch(
        """
        SELECT enrolment.*, title FROM enrolment JOIN scheme USING (scheme_id)
        WHERE member_id = $1 AND ($2::uuid IS NULL OR (enrolled_at, enrolment_id) <
            (SELECT enrolled_at, enrolment_id FROM enrolment WHERE enrolment_id = $2))
        ORDER BY enrolled_at DESC, enrolment_id DESC LIMIT $3""",
        member_id,
        after,
        most,
    )
    return [(_enrolment(row), row["title"]) for row in rows]


async def enrolled(tx: Transaction, scheme_id: UUID) -> list[UUID]:
    rows = await tx.fetch("SELECT member_id FROM enrolment WHERE scheme_id = $1", scheme_id)
    return [row["member_id"] for row in rows]


def _enrolment(row: asyncpg.Record) -> Enrolment:
    return Enrolment(
        row["enrolment_id"],
        row["scheme_id"],
        row["member_id"],
        Wishes(tuple(row["goals"]), tuple(row["offers"]), tuple(row["seeks"])),
        row["enrolled_at"],
    )
