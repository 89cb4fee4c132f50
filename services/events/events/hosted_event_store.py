"""The tables of hosted events: what is held, who speaks, who has a place."""

from dataclasses import astuple
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis import paging
from chassis.database import Transaction
from events.hosting import HostedEvent, Registration


async def add(tx: Transaction, its: HostedEvent) -> None:
    await tx.execute(
        """
        INSERT INTO hosted_event (hosted_event_id, title, summary, link, place, starts_at, ends_at, capacity,
            key_date_id, proposed_by, signed_off_at, published_at, hosted_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)""",
        *astuple(its),
    )


async def lock(tx: Transaction, hosted_event_id: UUID) -> HostedEvent | None:
    """A hosted event, held until the transaction ends: whatever changes it or takes a place at it locks it first."""
    row = await tx.fetchrow(f"{_HOSTED_EVENT} WHERE hosted_event_id = $1 FOR UPDATE", hosted_event_id)
    return HostedEvent(**row) if row else None


async def by_id(tx: Transaction, hosted_event_id: UUID) -> HostedEvent | None:
    row = await tx.fetchrow(f"{_HOSTED_EVENT} WHERE hosted_event_id = $1", hosted_event_id)
    return HostedEvent(**row) if row else None


async def move_on(tx: Transaction, its: HostedEvent) -> None:
    """Keep how far it has come."""
    await tx.execute(
        "UPDATE hosted_event SET signed_off_at = $2, published_at = $3, hosted_at = $4 WHERE hosted_event_id = $1",
        its.hosted_event_id,
        its.signed_off_at,
        its.published_at,
        its.hosted_at,
    )


async def published(tx: Transaction, *, after: UUID | None, limit: int) -> list[HostedEvent]:
    """What was published, the latest start first, from behind `after` on. Raises `Invalid`."""
    row = "SELECT FROM hosted_event WHERE hosted_event_id = $1 AND published_at IS NOT NULL"
    await paging.begin_behind(tx, row, after)
    rows = await tx.fetch(
        """
        SELECT hosted_event_id, title, summary, link, place, starts_at, ends_at, capacity, key_date_id, proposed_by,
            signed_off_at, published_at, hosted_at
        FROM hosted_event
        WHERE published_at IS NOT NULL AND ($1::uuid IS NULL OR (starts_at, hosted_event_id) <
            (SELECT starts_at, hosted_event_id FROM hosted_event WHERE hosted_event_id = $1))
        ORDER BY starts_at DESC, hosted_event_id DESC LIMIT $2""",
        after,
        limit,
    )
    return [HostedEvent(**row) for row in rows]


async def upcoming(tx: Transaction, now: datetime, until: datetime, *, most: int) -> list[HostedEvent]:
    """What was published, starts before `until` and is not over at `now`, the earliest start first."""
    rows = await tx.fetch(
        f"""{_HOSTED_EVENT} WHERE published_at IS NOT NULL AND ends_at > $1 AND starts_at < $2
        ORDER BY starts_at, hosted_event_id LIMIT $3""",
        now,
        until,
        most,
    )
    return [HostedEvent(**row) for row in rows]


async def add_keynote(
    tx: Transaction, keynote_id: UUID, hosted_event_id: UUID, speaker: str | None, now: datetime
) -> None:
    await tx.execute(
        "INSERT INTO keynote (keynote_id, hosted_event_id, speaker, confirmed_at) VALUES ($1, $2, $3, $4)",
        keynote_id,
        hosted_event_id,
        speaker,
        now,
    )


async def speakers(tx: Transaction, hosted_event_id: UUID) -> list[str | None]:
    """Who speaks, in the order of their confirmations; None for a name that is not known yet."""
    rows = await tx.fetch(
        "SELECT speaker FROM keynote WHERE hosted_event_id = $1 ORDER BY confirmed_at, keynote_id", hosted_event_id
    )
    return [row["speaker"] for row in rows]


async def register(tx: Transaction, its: Registration) -> None:
    await tx.execute(
        """
        INSERT INTO registration (registration_id, hosted_event_id, member_id, registered_at)
        VALUES ($1, $2, $3, $4)""",
        *astuple(its),
    )


async def has_place(tx: Transaction, hosted_event_id: UUID, member_id: UUID) -> bool:
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM registration WHERE hosted_event_id = $1 AND member_id = $2)",
        hosted_event_id,
        member_id,
    )
    return found


async def places_taken(tx: Transaction, hosted_event_ids: list[UUID]) -> dict[UUID, int]:
    """How many places are taken at each; an event where none is, is absent."""
    rows: list[asyncpg.Record] = await tx.fetch(
        """
        SELECT hosted_event_id, count(*) AS taken FROM registration
        WHERE hosted_event_id = ANY($1) GROUP BY hosted_event_id""",
        hosted_event_ids,
    )
    return {row["hosted_event_id"]: row["taken"] for row in rows}


async def give_up_places(tx: Transaction, member_id: UUID) -> None:
    """A leaver's places are free again. Their row is locked by the caller."""
    await tx.execute("DELETE FROM registration WHERE member_id = $1", member_id)


_HOSTED_EVENT = """
    SELECT hosted_event_id, title, summary, link, place, starts_at, ends_at, capacity, key_date_id, proposed_by,
        signed_off_at, published_at, hosted_at
    FROM hosted_event"""
