"""The SQL of what the team sees: what went out, by day and by event. Nothing here reads a name or an address."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from chassis.database import Transaction

_OUTCOME: Final = "CASE WHEN state = 'sent' AND channel = 'inbox' THEN 'inbox' ELSE state END"
_HAS_SOME: Final = "EXISTS (SELECT FROM notice WHERE notice.event_id = occasion.event_id AND state = $5)"


async def volumes(tx: Transaction, days: Sequence[datetime]) -> list[asyncpg.Record]:
    """How many notices ended how, by the day on which they were to go out and by how many whole seconds later mail did.

    `days` are the beginnings of the days and the end of the last one; a day is told by its place, from 1. `seconds` is
    only of what went out by mail. What a digest held counts, the digest does not.
    """
    # Day by day, so that no sort is large where a bulk has made old statistics wrong.
    return await tx.fetch(
        f"""
        SELECT day, its.* FROM unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY AS of (begins, ends, day),
        LATERAL (
            SELECT {_OUTCOME} AS outcome, CASE WHEN state = 'sent' AND channel IS DISTINCT FROM 'inbox'
                THEN greatest(0, floor(date_part('epoch', sent_at - wanted_at))::bigint) END AS seconds,
                count(*) AS notices
            FROM notice
            WHERE state IN ('sent', 'failed', 'unknown', 'suppressed') AND template <> 'digest'
                AND wanted_at >= begins AND wanted_at < ends
            GROUP BY 2, 1
        ) AS its""",  # noqa: S608 (parts of ours)
        days[:-1],
        days[1:],
    )


async def occasions(
    tx: Transaction,
    *,
    types: Sequence[str] | None,
    state: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """What notices tell of, newest first, with how many ended how; `types` and `state` choose among them."""
    return await tx.fetch(
        f"""
        SELECT event_id, type, heard_at FROM occasion
        WHERE true
            {"AND type = ANY($2)" if types is not None else "AND $2::text[] IS NULL"}
            {"AND (heard_at, event_id) < ($3, $4)" if before else "AND $3::timestamptz IS NULL AND $4::uuid IS NULL"}
            AND {_HAS_SOME if state is not None else "$5::text IS NULL"}
        ORDER BY heard_at DESC, event_id DESC LIMIT $1""",  # noqa: S608 (parts of ours)
        limit,
        types,
        *(before or (None, None)),
        state,
    )


async def counts_of(tx: Transaction, events: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """How many notices of each event ended how."""
    rows = await tx.fetch(
        f"""
        SELECT asked.event_id, its.* FROM unnest($1::uuid[]) AS asked (event_id), LATERAL (
            SELECT {_OUTCOME} AS outcome, count(*) AS notices FROM notice
            WHERE notice.event_id = asked.event_id GROUP BY 1
        ) AS its""",  # noqa: S608 (parts of ours)
        events,
    )
    found: dict[UUID, dict[str, int]] = {event_id: {} for event_id in events}
    for row in rows:
        found[row["event_id"]][row["outcome"]] = row["notices"]
    return found


async def occasion_of(tx: Transaction, event_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT event_id, type, heard_at FROM occasion WHERE event_id = $1", event_id)


async def reasons_of(tx: Transaction, event_id: UUID) -> list[asyncpg.Record]:
    """Of one event, how many notices stand where and why, the most first."""
    return await tx.fetch(
        f"""
        SELECT state, {_OUTCOME} AS outcome, reason, count(*) AS notices FROM notice
        WHERE event_id = $1 GROUP BY 1, 2, 3 ORDER BY notices DESC, outcome, reason""",  # noqa: S608 (parts of ours)
        event_id,
    )


_STANDING: Final = """
    SELECT number, notice_id, event_id, member_id, state, reason, category, template, template_version, channel,
        attempts, redeliveries, message_id, created_at, due_at, begun_at, sent_at FROM notice"""


async def notices_of(
    tx: Transaction, event_id: UUID, *, state: str | None, after: int, limit: int
) -> list[asyncpg.Record]:
    """The notices of an event, oldest first, in one state or in any."""
    return await tx.fetch(
        f"""
        {_STANDING} WHERE event_id = $1 AND number > $2 {"AND state = $4" if state else "AND $4::text IS NULL"}
        ORDER BY number LIMIT $3""",
        event_id,
        after,
        limit,
        state,
    )


async def in_state(tx: Transaction, state: str, *, after: int, limit: int) -> list[asyncpg.Record]:
    """The notices in one state, oldest first."""
    return await tx.fetch(f"{_STANDING} WHERE state = $1 AND number > $2 ORDER BY number LIMIT $3", state, after, limit)


async def one(tx: Transaction, notice_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(f"{_STANDING} WHERE notice_id = $1", notice_id)


async def newest_unknown(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """What may or may not have gone out, newest first, without digests: what they held is unknown with them."""
    return await tx.fetch(
        f"{_STANDING} WHERE state = 'unknown' AND template <> 'digest' ORDER BY number DESC LIMIT $1", limit
    )


async def needs_attention(tx: Transaction, late: datetime, without_address: datetime) -> asyncpg.Record:
    """What somebody may have to see to. `late` and `without_address` say since when it counts."""
    row = await tx.fetchrow(
        """
        SELECT (SELECT count(*) FROM notice WHERE state = 'unknown' AND template <> 'digest') AS unknown,
            (SELECT count(*) FROM recipient WHERE address_failed IS NOT NULL) AS not_reached,
            (SELECT count(*) FROM notice WHERE state = 'due' AND wanted_at <= $1) AS late,
            (SELECT count(*) FROM notice WHERE state = 'waiting' AND wanted_at <= $2) AS without_address""",
        late,
        without_address,
    )
    if row is None:
        raise LookupError("four numbers are one row")
    return row
