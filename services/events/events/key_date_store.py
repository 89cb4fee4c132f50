"""The inclusion calendar's table."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from chassis import paging
from chassis.database import Transaction
from events.calendar_rules import KeyDate


async def known(tx: Transaction, key_date_ids: Sequence[UUID]) -> set[UUID]:
    rows = await tx.fetch("SELECT key_date_id FROM key_date WHERE key_date_id = ANY($1)", key_date_ids)
    return {row["key_date_id"] for row in rows}


async def add(tx: Transaction, key_dates: Sequence[KeyDate]) -> set[UUID]:
    """Add those that are not there, in this order; gives which these were."""
    rows = await tx.fetch(
        """
        INSERT INTO key_date (key_date_id, title, starts_on, ends_on)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::date[])
        ON CONFLICT (key_date_id) DO NOTHING RETURNING key_date_id""",
        [its.key_date_id for its in key_dates],
        [its.title for its in key_dates],
        [its.starts_on for its in key_dates],
        [its.ends_on for its in key_dates],
    )
    return {row["key_date_id"] for row in rows}


async def call(tx: Transaction, *, today: date, until: date, now: datetime) -> list[KeyDate]:
    """Those from today until that day of which nobody said yet that they approach; from now on that is said."""
    rows = await tx.fetch(
        """
        UPDATE key_date SET called_at = $3 WHERE key_date_id IN (
            SELECT key_date_id FROM key_date WHERE called_at IS NULL AND starts_on BETWEEN $1 AND $2
            ORDER BY key_date_id FOR UPDATE SKIP LOCKED)
        RETURNING key_date_id, title, starts_on, ends_on""",
        today,
        until,
        now,
    )
    return sorted(map(_key_date, rows), key=lambda its: (its.starts_on, its.key_date_id))


async def between(
    tx: Transaction, first: date, last: date, *, after: UUID | None = None, most: int | None = None
) -> list[KeyDate]:
    """Those of which a day lies between these two, both included, in their order; all, or from behind `after` on.

    Raises `Invalid`.
    """
    await paging.begin_behind(tx, "SELECT FROM key_date WHERE key_date_id = $1", after)
    rows = await tx.fetch(
        """
        SELECT key_date_id, title, starts_on, ends_on FROM key_date
        WHERE starts_on <= $2 AND ends_on >= $1
            AND ($3::uuid IS NULL OR (starts_on, ends_on, title, key_date_id) >
                (SELECT starts_on, ends_on, title, key_date_id FROM key_date WHERE key_date_id = $3))
        ORDER BY starts_on, ends_on, title, key_date_id LIMIT $4""",
        first,
        last,
        after,
        most,
    )
    return list(map(_key_date, rows))


def _key_date(row: asyncpg.Record) -> KeyDate:
    return KeyDate(row["key_date_id"], row["title"], row["starts_on"], row["ends_on"])
