"""The SQL behind a member's own page: what they belong to and what comes next."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from contracts.events import KeyDateScheduled
from contracts.mentoring import MentoringSchemeOpened


async def add_pair(tx: Transaction, pair_id: UUID, first_member_id: UUID, second_member_id: UUID) -> None:
    """The rows of both are locked by the caller."""
    await tx.execute(
        "INSERT INTO pair (pair_id, first_member_id, second_member_id, since) VALUES ($1, $2, $3, $4)",
        pair_id,
        first_member_id,
        second_member_id,
        tx.now,
    )


async def hold_pairs(tx: Transaction, pairs: Collection[UUID]) -> set[UUID]:
    """Which of these pairs are not over, which they then are not until the commit."""
    if not pairs:
        return set()
    rows = await tx.fetch(
        "SELECT pair_id FROM pair WHERE pair_id = ANY($1::uuid[]) ORDER BY pair_id FOR SHARE", list(pairs)
    )
    return {row["pair_id"] for row in rows}


async def forget_pair(tx: Transaction, pair_id: UUID) -> None:
    await tx.execute("DELETE FROM pair WHERE pair_id = $1", pair_id)


async def forget_pairs(tx: Transaction, member_id: UUID) -> None:
    """All pairs of a leaver, whose row is locked by the caller."""
    await tx.execute("DELETE FROM pair WHERE $1 IN (first_member_id, second_member_id)", member_id)


async def add_scheme(tx: Transaction, event: MentoringSchemeOpened) -> None:
    await tx.execute(
        "INSERT INTO mentoring_scheme (scheme_id, title, summary, link, opened_on) VALUES ($1, $2, $3, $4, $5)",
        event.scheme_id,
        event.title,
        event.summary,
        event.link,
        event.opened_on,
    )


async def add_key_date(tx: Transaction, event: KeyDateScheduled) -> None:
    """The newest words and days count: a date may be scheduled anew."""
    await tx.execute(
        """
        INSERT INTO key_date (key_date_id, title, starts_on, ends_on) VALUES ($1, $2, $3, $4)
        ON CONFLICT (key_date_id) DO UPDATE
        SET title = excluded.title, starts_on = excluded.starts_on, ends_on = excluded.ends_on""",
        event.key_date_id,
        event.title,
        event.starts_on,
        event.ends_on,
    )


async def places_of(tx: Transaction, member_id: UUID, now: datetime, *, limit: int) -> list[asyncpg.Record]:
    """The events that are not over and at which the member has a place, the earliest first."""
    return await tx.fetch(
        """
        SELECT hosted_event_id, title, place, starts_at, ends_at FROM hosted_event
        WHERE state = 'published' AND ends_at > $2
            AND hosted_event_id IN (SELECT hosted_event_id FROM attendance WHERE member_id = $1)
        ORDER BY starts_at, hosted_event_id LIMIT $3""",
        member_id,
        now,
        limit,
    )


async def open_to(tx: Transaction, member_id: UUID | None, now: datetime, *, limit: int) -> list[asyncpg.Record]:
    """The next events that are not over and at which the member has no place, the earliest first; of nobody, all."""
    return await tx.fetch(
        """
        SELECT hosted_event_id, title, place, starts_at, ends_at FROM hosted_event
        WHERE state = 'published' AND ends_at > $2 AND NOT EXISTS (
            SELECT FROM attendance
            WHERE attendance.hosted_event_id = hosted_event.hosted_event_id AND attendance.member_id = $1)
        ORDER BY starts_at, hosted_event_id LIMIT $3""",
        member_id,
        now,
        limit,
    )


async def pairs_of(tx: Transaction, member_id: UUID) -> list[asyncpg.Record]:
    """Since when the member is in which pair, the oldest first, and how to reach the other."""
    return await tx.fetch(
        """
        SELECT since, name, email FROM pair JOIN recipient ON recipient.member_id = CASE
            WHEN first_member_id = $1 THEN second_member_id ELSE first_member_id END
        WHERE $1 IN (first_member_id, second_member_id) ORDER BY since, pair_id""",
        member_id,
    )


async def open_schemes(tx: Transaction, *, limit: int) -> list[asyncpg.Record]:
    """The newest first."""
    return await tx.fetch(
        "SELECT title, summary, opened_on FROM mentoring_scheme ORDER BY opened_on DESC, scheme_id LIMIT $1", limit
    )


async def key_dates_to_come(tx: Transaction, today: date, *, limit: int) -> list[asyncpg.Record]:
    """Those that are not over, the earliest first."""
    return await tx.fetch(
        "SELECT title, starts_on, ends_on FROM key_date WHERE ends_on >= $1 ORDER BY starts_on, key_date_id LIMIT $2",
        today,
        limit,
    )
