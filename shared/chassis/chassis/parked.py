"""Records set aside: waiting for one before them, stuck on a bug, a fork, or without a place.

A stuck record holds back what follows it in its subject, and nothing else. All is in the consumer's own table, in the
transaction that passed it; the reasons hold no personal data.
"""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from chassis.envelope import Envelope, Headers, Unreadable, open_record

Kind = Literal["waiting", "stuck", "fork", "alone"]


@dataclass  # not frozen: there is one for each record, and a frozen one takes three times as long to make
class Record:
    """A record of Kafka, or one that was parked, in the same shape."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: Headers
    value: bytes | None
    recorded_at: datetime
    envelope: Envelope | Unreadable = field(init=False)  # opened once, however many transactions try it

    def __post_init__(self) -> None:
        self.envelope = open_record(self.key, self.headers)


async def park(
    tx: Transaction,
    consumer: str,
    record: Record,
    *,
    kind: Kind,
    reason: str,
    subject: UUID | None = None,
    sequence: int | None = None,
    event_id: UUID | None = None,
    type_name: str | None = None,
) -> bool:
    """Set a record aside; False when it stands there already."""
    tag = await tx.execute(
        """
        INSERT INTO parked (consumer, topic, partition, record_offset, subject, sequence, event_id, type,
            key, headers, value, recorded_at, kind, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (consumer, topic, partition, record_offset) DO NOTHING""",
        consumer, record.topic, record.partition, record.offset, subject, sequence, event_id, type_name,
        record.key, _pack(record.headers), record.value, record.recorded_at, kind, reason,
    )  # fmt: skip
    return tag == "INSERT 0 1"


async def of_subjects(tx: Transaction, consumer: str, subjects: Iterable[UUID]) -> list[asyncpg.Record]:
    """What is set aside of subjects: subject, sequence, event_id and kind."""
    return await tx.fetch(
        """
        SELECT subject, sequence, event_id, kind FROM parked
        WHERE consumer = $1 AND subject = ANY($2) AND discarded_at IS NULL""",
        consumer,
        list(subjects),
    )


async def take(tx: Transaction, consumer: str, subject: UUID, sequence: int) -> Record:
    """Take the waiting or stuck record with this number out of the table."""
    row = await tx.fetchrow(
        """
        DELETE FROM parked
        WHERE consumer = $1 AND subject = $2 AND sequence = $3 AND kind IN ('waiting', 'stuck')
          AND discarded_at IS NULL
        RETURNING *""",
        consumer,
        subject,
        sequence,
    )
    if row is None:
        raise LookupError("a parked record vanished under its lock")
    return record_of(row)


async def drop_older(tx: Transaction, consumer: str, subject: UUID, sequence: int) -> None:
    """On a compacted stream the newest has been applied: what stood before it is of no use, and may be personal."""
    await tx.execute(
        """
        DELETE FROM parked
        WHERE consumer = $1 AND subject = $2 AND sequence <= $3 AND kind IN ('stuck', 'fork')
          AND discarded_at IS NULL""",
        consumer,
        subject,
        sequence,
    )


async def forget(tx: Transaction, consumer: str, subject: UUID) -> None:
    """Delete what stands parked of a subject, discarded or not, and what has no place but bears its key."""
    await tx.execute(
        "DELETE FROM parked WHERE consumer = $1 AND (subject = $2 OR key = convert_to($2::uuid::text, 'UTF8'))",
        consumer,
        subject,
    )


async def clear(tx: Transaction, consumer: str) -> None:
    """Delete what stands parked, since all of it will come again. What was discarded stays."""
    await tx.execute("DELETE FROM parked WHERE consumer = $1 AND discarded_at IS NULL", consumer)


async def discarded(tx: Transaction, consumer: str) -> frozenset[UUID]:
    """The events that an operator gave up, and whose subjects went on without them."""
    rows = await tx.fetch(
        "SELECT event_id FROM parked WHERE consumer = $1 AND kind = 'stuck' AND discarded_at IS NOT NULL", consumer
    )
    return frozenset(row["event_id"] for row in rows)


async def standing(tx: Transaction, *, after: int, limit: int) -> list[asyncpg.Record]:
    """What is set aside now, by id from `after`; without keys, headers and bodies."""
    return await tx.fetch(
        """
        SELECT id, consumer, topic, partition, record_offset, subject, sequence, event_id, type, kind, reason, parked_at
        FROM parked WHERE discarded_at IS NULL AND id > $1 ORDER BY id LIMIT $2""",
        after,
        limit,
    )


async def by_id(tx: Transaction, parked_id: int) -> asyncpg.Record | None:
    return await tx.fetchrow("SELECT * FROM parked WHERE id = $1 AND discarded_at IS NULL", parked_id)


async def count(tx: Transaction) -> int:
    number: int = await tx.fetchval("SELECT count(*) FROM parked WHERE discarded_at IS NULL")
    return number


async def standing_of(tx: Transaction, consumer: str) -> int:
    """How many records a consumer has set aside."""
    number: int = await tx.fetchval(
        "SELECT count(*) FROM parked WHERE discarded_at IS NULL AND consumer = $1", consumer
    )
    return number


async def discard(tx: Transaction, parked_id: int, *, by: UUID, why: str) -> None:
    """Keep the row, without the body, for the record of who discarded it and why; it holds nothing back any more."""
    await tx.execute(
        "UPDATE parked SET value = NULL, discarded_at = now(), discarded_by = $2, discarded_why = $3 WHERE id = $1",
        parked_id,
        by,
        why,
    )


def record_of(row: asyncpg.Record) -> Record:
    return Record(
        row["topic"],
        row["partition"],
        row["record_offset"],
        row["key"],
        _unpack(row["headers"]),
        row["value"],
        row["recorded_at"],
    )


def _pack(headers: Headers) -> str:
    return json.dumps([(name, None if value is None else base64.b64encode(value).decode()) for name, value in headers])


def _unpack(text: str) -> Headers:
    return [(name, None if value is None else base64.b64decode(value)) for name, value in json.loads(text)]
