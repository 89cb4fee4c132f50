"""A database restored from a backup takes up what its service has said since, so that it may speak again.

Its streams hold events that it does not know, and others have acted on them. They are put into its event log, and the
subjects' counters after them; what was said since the restore, and waits in the outbox, gets the numbers that follow.
What those events stood for does not come back by this: it is told, for people to enter it again.

The lease, the outbox and the counters are held until the commit, so nobody leads or says something in between. A relay
that refused goes on by itself within ten seconds.
"""

import asyncio
import contextlib
import heapq
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiokafka import ConsumerRecord

from chassis import log_check, migrations
from chassis.database import Conflict, Database, Outage, Transaction, connect
from chassis.envelope import Envelope, open_record
from chassis.kafka import topic_of
from chassis.migrations import Migration, WrongSchema
from chassis.settings import ServiceSettings
from contracts.base import Visibility
from contracts.catalogue import BY_TYPE
from contracts.streams import STREAMS, internal_stream, public_stream

PATIENCE = 6  # seconds, one more than a lease


class CannotAdopt(Exception):  # noqa: N818 - named for what is the matter
    """Nothing was taken up; the sentence says why, and what to do."""


@dataclass(frozen=True)
class OnTheStream:
    """One record of ours, and what is kept of it."""

    stream: str
    envelope: Envelope
    headers: dict[str, str]
    body: str
    recorded_at: datetime

    @property
    def kind(self) -> Visibility:
        return next(its.visibility for its in STREAMS if its.name == self.stream)

    @property
    def subject(self) -> UUID:
        return self.envelope.subject

    @property
    def name(self) -> str:
        """The event's, such as MemberJoined."""
        return self.envelope.type.split(".")[-2]


@dataclass(frozen=True)
class Event:
    """An event that is taken up: its internal record, and its public one when the type has one."""

    internal: OnTheStream
    public: OnTheStream | None
    public_body: str | None

    @property
    def is_whole(self) -> bool:
        """Whether all of it is on the streams. Else its public record never got there, and is still to be sent."""
        return self.public is not None or self.public_body is None


@dataclass
class Counter:
    """How many events of a subject have been said, on each kind of stream."""

    internal: int = 0
    public: int = 0
    personal: int = 0


@dataclass(frozen=True)
class Waiting:
    """A row of the outbox that is on no stream, under the id that it has and the numbers that it gets."""

    id: int
    sequence: int
    public_sequence: int | None


async def run(service: str, settings: ServiceSettings, wanted: list[Migration], say: Callable[[str], None]) -> None:
    """The command: tells what was taken up, an event a line. Raises `CannotAdopt`, `WrongSchema`."""
    database = await connect(settings.database_url.get_secret_value(), size=2, name=f"{service}-adopt")
    try:
        missing = await migrations.missing(database, wanted)
        if missing:
            raise WrongSchema(f"{missing[0]} is not applied: run `python -m {service}.app migrate` first")
        said = await _patiently(service, settings, database)
    except log_check.LogMismatch as error:
        raise CannotAdopt(str(error)) from None
    except (Outage, Conflict) as error:
        raise CannotAdopt(f"{error}. Nothing has changed: run it again.") from None
    finally:
        await database.close()
    for its in said:
        say(f"{its.recorded_at:%Y-%m-%d %H:%M:%S}  {its.name}  {its.subject}")
    if said:
        say(
            f"{len(said)} events were said since the backup. The service speaks again; enter again what they stood for."
        )
    else:
        say("This database knows all that was said.")


async def _patiently(service: str, settings: ServiceSettings, database: Database) -> list[OnTheStream]:
    """A relay that refuses leads for a moment every ten seconds, to look again."""
    for _ in range(PATIENCE):
        with contextlib.suppress(CannotAdopt):
            return await adopt(service, settings, database)
        await asyncio.sleep(1)
    return await adopt(service, settings, database)


async def adopt(service: str, settings: ServiceSettings, database: Database) -> list[OnTheStream]:
    """Take up what the streams know and this database does not; gives it in the order in which it was said.

    Changes nothing when there is nothing to take up. Raises `CannotAdopt`, and `LogMismatch` when a stream was lost:
    then it is the stream that has to be written again.
    """
    streams = {topic_of(settings, its.name): its.name for its in STREAMS if its.service == service}
    behind = await log_check.read_behind(settings, database, list(streams.values()), lambda its: its)
    found = _in_order(behind.taken, streams)
    unknown = await log_check.unknown_of(database, [its.envelope.event_id for its in found])
    news = [its for its in found if its.envelope.event_id in unknown]
    said = [its for its in news if its.stream == internal_stream(service)]
    events = paired(said, [its for its in news if its.stream == public_stream(service)])
    async with database.transaction() as tx:
        await _hold(tx)
        counters = await _said_before(tx, found)
        count(counters, found)
        await _add(tx, events, counters)
        waiting = numbered(await _waiting(tx, found), counters)
        await _number(tx, waiting)
        await _save_counters(tx, counters)
        await _save_positions(tx, behind.ends)
    return said


def paired(said: Sequence[OnTheStream], told: Iterable[OnTheStream]) -> list[Event]:
    """Each internal record with its public one. Both stand in the order of their subject, and only the last may miss.

    Nothing in a public record leads to the internal one, on purpose; their order does.
    """
    public: dict[UUID, deque[OnTheStream]] = defaultdict(deque)
    for its in told:
        public[its.subject].append(its)
    events = []
    for its in said:
        kind = BY_TYPE.get(its.envelope.type)
        body = kind.read(its.body).public_body() if kind else None
        twin = public[its.subject].popleft() if body is not None and public[its.subject] else None
        events.append(Event(its, twin, body))
    return events


def count(counters: dict[UUID, Counter], found: Iterable[OnTheStream]) -> None:
    """Raise each subject's counters to what stands on the streams."""
    for its in found:
        counter, number = counters[its.subject], its.envelope.sequence
        if its.kind is Visibility.PERSONAL:
            counter.personal = max(counter.personal, number)
        elif its.kind is Visibility.PUBLIC:
            counter.public = max(counter.public, number)
        else:
            counter.internal = max(counter.internal, number)


def numbered(rows: Iterable[asyncpg.Record], counters: dict[UUID, Counter]) -> list[Waiting]:
    """What waits gets the numbers that follow, in its order; the counters count it."""
    waiting = []
    for row in rows:
        counter = counters[row["subject"]]
        if row["personal"]:
            counter.personal += 1
            waiting.append(Waiting(row["id"], counter.personal, None))
            continue
        counter.internal += 1
        counter.public += row["is_public"]
        waiting.append(Waiting(row["id"], counter.internal, counter.public if row["is_public"] else None))
    return waiting


def _in_order(records: Iterable[ConsumerRecord[Any, Any]], streams: dict[str, str]) -> list[OnTheStream]:
    """What can be read, each event once, by time; within a partition, and so within a subject, as it stands there."""
    partitions: dict[tuple[str, int], list[OnTheStream]] = defaultdict(list)
    seen: set[tuple[str, UUID]] = set()
    for record in records:
        envelope, stream = open_record(record.key, record.headers), streams[record.topic]
        if not isinstance(envelope, Envelope) or (stream, envelope.event_id) in seen:
            continue
        seen.add((stream, envelope.event_id))
        headers = {name: value.decode() for name, value in record.headers if value is not None}
        recorded_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        partitions[record.topic, record.partition].append(
            OnTheStream(stream, envelope, headers, (record.value or b"").decode(), recorded_at)
        )
    return list(heapq.merge(*partitions.values(), key=attrgetter("recorded_at")))


async def _hold(tx: Transaction) -> None:
    """From here to the commit nobody leads, and nobody says anything."""
    leads = await tx.fetchval("SELECT expires_at > now() FROM relay_lease FOR UPDATE")
    if leads:
        raise CannotAdopt(
            "A relay of this service leads, so its database is not behind its streams. There is nothing to take up."
        )
    await tx.execute("LOCK TABLE subject_counter, outbox IN SHARE ROW EXCLUSIVE MODE")


async def _said_before(tx: Transaction, found: Iterable[OnTheStream]) -> dict[UUID, Counter]:
    """What this database has said of these subjects, without what waits and is on no stream."""
    rows = await tx.fetch(
        """
        SELECT counter.subject, internal - count(id) FILTER (WHERE NOT outbox.personal) AS internal,
            public - count(public_id) AS public,
            counter.personal - count(id) FILTER (WHERE outbox.personal) AS personal
        FROM subject_counter AS counter
            LEFT JOIN outbox ON outbox.subject = counter.subject AND event_id <> ALL($2)
        WHERE counter.subject = ANY($1)
        GROUP BY counter.subject""",
        *_subjects_and_ids(found),
    )
    counters: dict[UUID, Counter] = defaultdict(Counter)
    counters |= {row["subject"]: Counter(row["internal"], row["public"], row["personal"]) for row in rows}
    return counters


async def _add(tx: Transaction, events: Sequence[Event], counters: dict[UUID, Counter]) -> None:
    """Into the event log, as sent. One whose public record never got out goes into the outbox.

    From there the relay sends both: the internal one is a repeat, and dropped as one.
    """
    rows = [_row(its, counters[its.internal.subject]) for its in events]
    await tx.execute(
        """
        INSERT INTO outbox (id, event_id, stream, type, schema_name, subject, sequence, body, public_id,
            public_sequence, public_body, occurred_at, written_at, correlation_id, causation_id, traceparent, personal)
        SELECT nextval('outbox_id'), event_id, stream, type, schema_name, subject, sequence, body, public_id,
            public_sequence, public_body, occurred_at, written_at, correlation_id, causation_id, traceparent, false
        FROM (
            SELECT * FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (event_id uuid, stream text, type text,
                schema_name text, subject uuid, sequence integer, body text, public_id uuid, public_sequence integer,
                public_body text, occurred_at timestamptz, written_at timestamptz, correlation_id uuid,
                causation_id uuid, traceparent text)) WITH ORDINALITY
            ORDER BY ordinality
        ) AS said""",
        json.dumps(rows),
    )
    await tx.execute(
        """
        WITH sent AS (DELETE FROM outbox WHERE event_id = ANY($1) RETURNING *)
        INSERT INTO event_log SELECT sent.*, now() FROM sent""",
        [its.internal.envelope.event_id for its in events if its.is_whole],
    )


def _row(its: Event, counter: Counter) -> dict[str, Any]:
    internal, envelope, headers = its.internal, its.internal.envelope, its.internal.headers
    public_id, public_sequence = None, None
    if its.public is not None:
        public_id, public_sequence = its.public.envelope.event_id, its.public.envelope.sequence
    elif its.public_body is not None:
        counter.public += 1
        public_id, public_sequence = uuid4(), counter.public
    return {
        "event_id": str(envelope.event_id),
        "stream": internal.stream,
        "type": envelope.type,
        "schema_name": headers["ce_dataschema"].rpartition("/schemas/")[2].removesuffix(".json"),
        "subject": str(internal.subject),
        "sequence": envelope.sequence,
        "body": internal.body,
        "public_id": str(public_id) if public_id else None,
        "public_sequence": public_sequence,
        "public_body": its.public_body,
        "occurred_at": headers["ce_time"],
        "written_at": internal.recorded_at.isoformat(),
        "correlation_id": headers["ce_correlationid"],
        "causation_id": headers.get("ce_causationid"),
        "traceparent": headers.get("traceparent"),
    }


async def _waiting(tx: Transaction, found: Iterable[OnTheStream]) -> list[asyncpg.Record]:
    """What waits about these subjects and is on no stream."""
    return await tx.fetch(
        """
        SELECT id, subject, personal, public_id IS NOT NULL AS is_public FROM outbox
        WHERE subject = ANY($1) AND event_id <> ALL($2) ORDER BY id""",
        *_subjects_and_ids(found),
    )


def _subjects_and_ids(found: Iterable[OnTheStream]) -> tuple[list[UUID], list[UUID]]:
    records = list(found)
    return list({its.subject for its in records}), [its.envelope.event_id for its in records]


async def _number(tx: Transaction, waiting: Sequence[Waiting]) -> None:
    """With their new numbers they get ids after everything else: the relay, and a rebuilt stream, go by ids."""
    drawn = await tx.fetch("SELECT nextval('outbox_id') AS id FROM generate_series(1, $1)", len(waiting))
    await tx.execute(
        """
        UPDATE outbox SET id = new.id, sequence = new.sequence, public_sequence = new.public_sequence
        FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[]) AS new (old_id, id, sequence, public_sequence)
        WHERE outbox.id = new.old_id""",
        [its.id for its in waiting],
        [row["id"] for row in drawn],
        [its.sequence for its in waiting],
        [its.public_sequence for its in waiting],
    )


async def _save_counters(tx: Transaction, counters: dict[UUID, Counter]) -> None:
    await tx.execute(
        """
        INSERT INTO subject_counter (subject, internal, public, personal)
        SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[])
        ON CONFLICT (subject) DO UPDATE SET
            internal = excluded.internal, public = excluded.public, personal = excluded.personal""",
        list(counters),
        [its.internal for its in counters.values()],
        [its.public for its in counters.values()],
        [its.personal for its in counters.values()],
    )


async def _save_positions(tx: Transaction, ends: dict[tuple[str, int], int]) -> None:
    await tx.execute(
        """
        INSERT INTO relay_position (topic, partition, next_offset)
        SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[])
        ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset""",
        [topic for topic, _ in ends],
        [partition for _, partition in ends],
        list(ends.values()),
    )
