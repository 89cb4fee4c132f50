"""What a service says, written in the same transaction as what it did.

Invariants, on which relay and consumers stand:
- Events of one subject get the numbers 1, 2, 3 … in the order of their commits, without holes: the subject's counter
  row is locked until the commit, and a rollback takes the number back.
- Ids of the outbox are drawn after those locks, so that a later event of a subject has the higher id.
- The locks of one transaction are taken in one statement, in the order of the subjects. So two writers never wait for
  each other; that holds only while everyone puts once, last, after the state. A second `put` raises.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from chassis.database import Said, Transaction
from contracts.base import DomainEvent, Visibility
from contracts.streams import stream_of

LARGEST_BODY = 64 * 1024  # bytes; Kafka refuses 1 MB, and one refused record would stop the relay


class SaidTooMuch(Exception):  # noqa: N818 - named for what happened
    """A bug: a second `put` in one transaction, a body above the bound, or a reaction to a set that says something."""


@dataclass(frozen=True)
class Tombstone:
    """Takes back the newest record of a subject on a compacted stream: the type's record without a body."""

    of: type[DomainEvent]
    subject: UUID


async def put(tx: Transaction, *events: DomainEvent | Tombstone) -> None:
    """Say these events when the transaction commits, in this order. Call it once, last.

    In a consumer's batch it only collects; the batch is written by one statement after its last reaction.
    Raises `SaidTooMuch`.
    """
    if tx.event_ids:
        raise SaidTooMuch("a reaction to a set says nothing: what is said names the one event that led to it")
    rows = [_row(event, tx) for event in events]
    if tx.collects:
        tx.said.extend(rows)
        return
    if tx.has_put:
        raise SaidTooMuch("outbox.put was called twice in one transaction: say all events in one call, last")
    await _write(tx, rows)


async def flush(tx: Transaction) -> None:
    """Write what the reactions of a batch have said."""
    await _write(tx, tx.said)


async def oldest(tx: Transaction) -> datetime | None:
    """When the oldest event that is not on Kafka yet was written; None when all are."""
    written_at: datetime | None = await tx.fetchval("SELECT min(written_at) FROM outbox")
    return written_at


async def sent(tx: Transaction) -> dict[str, int]:
    """How many records of each topic of ours Kafka has acknowledged, since the topic was made."""
    rows = await tx.fetch("SELECT topic, sum(next_offset)::bigint AS records FROM relay_position GROUP BY topic")
    return {row["topic"]: row["records"] for row in rows}


def _row(event: DomainEvent | Tombstone, tx: Transaction) -> Said:
    kind = event.of if isinstance(event, Tombstone) else type(event)
    body = None if isinstance(event, Tombstone) else event.body()
    public_body = None if isinstance(event, Tombstone) else event.public_body()
    if body is not None and len(body.encode()) > LARGEST_BODY:
        raise SaidTooMuch(f"{kind.event_name}: the body is above {LARGEST_BODY} bytes")
    return Said(
        event_id=uuid4(),
        stream=stream_of(kind),
        type=kind.type_name(),
        schema_name=kind.schema_name(),
        subject=event.subject,
        body=body,
        public_id=uuid4() if public_body else None,
        public_body=public_body,
        personal=kind.visibility is Visibility.PERSONAL,
        occurred_at=tx.now,
        cause=tx.cause,
    )


async def _write(tx: Transaction, rows: list[Said]) -> None:
    if not rows:
        return
    tx.has_put = True
    if len(rows) == 1:
        await tx.execute(_PUT_ONE, *_values(rows[0]))
    else:
        await tx.execute(_PUT_MANY, *(list(column) for column in zip(*map(_values, rows), strict=True)))


def _values(row: Said) -> tuple[object, ...]:
    return (
        row.event_id, row.stream, row.type, row.schema_name, row.subject, row.body, row.public_id, row.public_body,
        row.personal, row.occurred_at, row.cause.correlation_id, row.cause.event_id, row.cause.traceparent,
    )  # fmt: skip


# One event: its counter is the only lock, and the id is drawn for the row that the counter gives back. (0.83 of a
# plain insert's commits/s; the general statement 0.63.)
_PUT_ONE = """
    WITH counter AS (
        INSERT INTO subject_counter AS counter (subject, internal, public, personal)
        VALUES ($5, (NOT $9::boolean)::int, ($7::uuid IS NOT NULL)::int, ($9::boolean)::int)
        ON CONFLICT (subject) DO UPDATE SET
            internal = counter.internal + excluded.internal,
            public = counter.public + excluded.public,
            personal = counter.personal + excluded.personal
        RETURNING internal, public, personal
    )
    INSERT INTO outbox (id, event_id, stream, type, schema_name, subject, sequence, body, public_id, public_sequence,
        public_body, personal, occurred_at, written_at, correlation_id, causation_id, traceparent)
    SELECT nextval('outbox_id'), $1, $2, $3, $4, $5, CASE WHEN $9 THEN personal ELSE internal END, $6,
        $7, CASE WHEN $7 IS NOT NULL THEN public END, $8, $9, $10::timestamptz,
        clock_timestamp(), $11::uuid, $12::uuid, $13
    FROM counter"""

# Several: all counters are locked in the order of the subjects; the sort makes every lock come before the first id.
_PUT_MANY = """
    WITH said AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::uuid[],
            $8::text[], $9::boolean[], $10::timestamptz[], $11::uuid[], $12::uuid[], $13::text[]) WITH ORDINALITY
            AS said (event_id, stream, type, schema_name, subject, body, public_id, public_body, personal, occurred_at,
                correlation_id, causation_id, traceparent, place)
    ), numbered AS (
        SELECT said.*,
            count(*) OVER later AS events_from_here,
            count(public_id) OVER later AS public_from_here
        FROM said
        WINDOW later AS (PARTITION BY subject, personal ORDER BY place ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
    ), counter AS (
        INSERT INTO subject_counter AS counter (subject, internal, public, personal)
        SELECT subject, count(*) FILTER (WHERE NOT personal), count(public_id), count(*) FILTER (WHERE personal)
        FROM said GROUP BY subject ORDER BY subject
        ON CONFLICT (subject) DO UPDATE SET
            internal = counter.internal + excluded.internal,
            public = counter.public + excluded.public,
            personal = counter.personal + excluded.personal
        RETURNING subject, internal, public, personal
    ), placed AS (
        SELECT numbered.*,
            CASE WHEN numbered.personal THEN counter.personal ELSE counter.internal END - events_from_here + 1
                AS sequence,
            CASE WHEN public_id IS NOT NULL THEN counter.public - public_from_here + 1 END AS public_sequence
        FROM numbered JOIN counter USING (subject)
        ORDER BY place
    )
    INSERT INTO outbox (id, event_id, stream, type, schema_name, subject, sequence, body, public_id, public_sequence,
        public_body, personal, occurred_at, written_at, correlation_id, causation_id, traceparent)
    SELECT nextval('outbox_id'), event_id, stream, type, schema_name, subject, sequence, body, public_id,
        public_sequence, public_body, personal, occurred_at, clock_timestamp(), correlation_id, causation_id,
        traceparent
    FROM placed"""
