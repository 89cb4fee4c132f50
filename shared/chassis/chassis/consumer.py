"""Hears a stream: each event's effect exactly once, in the order of its subject, whatever is delivered how often.

One transaction holds a batch's effects, the progress of its subjects, what was parked, what the reactions said, and
the next offset of each partition. Its first statement locks those offset rows and compares them with what this
process expects: a zombie, a lost commit answer or a restored store shows there, and the partition is sought anew.
So owning the offset row is owning the partition's subjects, and Kafka's own offsets are for lag tools only.

    the next of its subject    applied, and what waited for it after it
    a repeat                   dropped and counted
    a hole before it           parked as waiting; applied in order when the hole is filled
    a fork                     parked: two events under one number
    a bug or a bad body        tried three times, then parked; what follows it in its subject waits behind it
    no subject to be found     parked alone, by its position
    a conflict                 rolled back and run again, without end
    an outage                  waited out, a moment at a time
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis import offsets, outbox, parked
from chassis.causes import Cause, new_cause
from chassis.database import Conflict, Database, Outage, Transaction, is_transient
from chassis.envelope import Envelope, open_record
from chassis.ordering import Line, Verdict, decide, decide_newest
from chassis.parked import Kind, Record
from chassis.subscription import CannotRead, Subscription
from chassis.telemetry import Metrics, logger

BATCH_SECONDS = 0.05
TRIES = 3
log = logger(__name__)

Place = tuple[UUID, int]  # a subject and a number


class Culprit(Exception):  # noqa: N818 - named for what it points at
    """A reaction raised, or a body could not be read: which record of the batch, and which event."""

    def __init__(self, index: int, place: Place, reason: str) -> None:
        super().__init__(reason)
        self.index, self.place, self.reason = index, place, reason


class Elsewhere(Exception):  # noqa: N818 - named for what is the matter
    """The store does not stand where this process expects it; `stored` says where, for each partition."""

    def __init__(self, stored: dict[tuple[str, int], int]) -> None:
        super().__init__()
        self.stored = stored


@dataclass
class Consumer:
    """One subscription of one replica. `handle` takes what aiokafka delivered; it does not know who polls."""

    service: str
    subscription: Subscription
    database: Database
    metrics: Metrics
    expected: dict[TopicPartition, int] = field(default_factory=dict)  # next offset of each partition that is ready
    hurry: bool = False  # a revocation or a stop waits for this batch
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.name = self.subscription.consumer(self.service)
        self.idle.set()

    async def handle(self, kafka: AIOKafkaConsumer, delivered: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Handle a delivery; afterwards the consumer stands where the store says, whatever happened."""
        self.idle.clear()
        try:
            records = await self._fresh(kafka, delivered)
            while records and not self.hurry:
                records = await self._advance(records)
            self._rewind(kafka, records)
        except Elsewhere as its:
            # The whole delivery goes: what is left of such a partition would step over records not delivered yet.
            log.warning("the store stands elsewhere", consumer=self.name, partitions=len(its.stored))
            self._expect(its.stored)
            self._rewind(kafka, [_record(its) for its in delivered])
        except Outage as error:
            log.warning("waiting for the database", consumer=self.name, why=str(error))
            await asyncio.sleep(random.uniform(0.5, 2))  # noqa: S311 - jitter
            self._rewind(kafka, [_record(its) for its in delivered])
        except Exception:
            log.exception("a batch failed and will be run again", consumer=self.name)
            await asyncio.sleep(1)
            self._rewind(kafka, [_record(its) for its in delivered])
        finally:
            self.idle.set()

    async def _fresh(self, kafka: AIOKafkaConsumer, delivered: Sequence[ConsumerRecord[Any, Any]]) -> list[Record]:
        """What may be handled: of partitions that are ready, and not from before a seek that came in between."""
        ends = {TopicPartition(its.topic, its.partition): its.offset for its in delivered}
        ready = {
            partition: self.expected[partition]
            for partition, last in ends.items()
            if partition in self.expected and await kafka.position(partition) > last
        }
        return [
            _record(its)
            for its in delivered
            if its.offset >= ready.get(TopicPartition(its.topic, its.partition), its.offset + 1)
        ]

    def _rewind(self, kafka: AIOKafkaConsumer, records: Sequence[Record]) -> None:
        """Deliver again from what the store expects next, for each partition of these records."""
        for partition in {TopicPartition(record.topic, record.partition) for record in records}:
            if partition in self.expected and partition in kafka.assignment():
                kafka.seek(partition, self.expected[partition])

    async def _advance(self, records: list[Record]) -> list[Record]:
        """Commit as much of a delivery as one transaction takes; gives what is left of it."""
        try:
            return await self._commit(records, {})
        except Conflict:
            await asyncio.sleep(random.uniform(0.01, 0.1))  # noqa: S311 - jitter
            return records
        except Culprit as culprit:
            if culprit.index:
                done, rest = records[: culprit.index], records[culprit.index :]
                return await self._advance(done) + rest
            return await self._try_alone(records, culprit)
        except (Outage, Elsewhere):
            raise
        except Exception as error:
            # At a statement of ours or at the commit, so no reaction can be named: the half that holds it is found.
            log.exception("a batch failed", consumer=self.name, records=len(records))
            if len(records) > 1:
                half = len(records) // 2
                return await self._advance(records[:half]) + records[half:]
            return await self._try_alone(records, _culprit(records[0], error))

    async def _try_alone(self, records: list[Record], first: Culprit) -> list[Record]:
        """The first record made something raise: try it a few times, then commit it with the culprit parked."""
        tries = Counter([first.place])
        park: dict[Place, str] = {}
        while not self.hurry:
            try:
                return await self._commit(records[:1], park) + records[1:]
            except Conflict:
                await asyncio.sleep(random.uniform(0.01, 0.1))  # noqa: S311 - jitter
            except (Outage, Elsewhere):
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, it is parked under its class, or raised again
                culprit = error if isinstance(error, Culprit) else _culprit(records[0], error)
                tries[culprit.place] += 1
                if tries[culprit.place] >= TRIES:
                    park[culprit.place] = culprit.reason
                else:
                    await asyncio.sleep(0.1 * tries[culprit.place])
        return records

    async def _commit(self, records: list[Record], park: dict[Place, str]) -> list[Record]:
        async with self.database.transaction(collects=True) as tx:
            stored = await offsets.lock(tx, self.name, sorted({(record.topic, record.partition) for record in records}))
            elsewhere = {
                at: offset for at, offset in stored.items() if self.expected.get(TopicPartition(*at)) != offset
            }
            if elsewhere:
                raise Elsewhere(elsewhere)
            batch = Batch(self.subscription, self.name, tx, park)
            handled = await batch.run(records)
            await outbox.flush(tx)
        self._expect(batch.next_offsets)
        self._count(batch)
        return records[handled:]

    def _expect(self, next_offsets: dict[tuple[str, int], int]) -> None:
        for at, offset in next_offsets.items():
            if TopicPartition(*at) in self.expected:
                self.expected[TopicPartition(*at)] = offset

    def _count(self, batch: "Batch") -> None:
        """Only what was committed counts."""
        name = self.name
        self.metrics.applied.labels(name).inc(len(batch.applied))
        self.metrics.duplicates.labels(name).inc(batch.repeats)
        self.metrics.gaps.labels(name).inc(batch.gaps)
        for kind, count in batch.parked.items():
            self.metrics.parked_total.labels(name, kind).inc(count)
        now = datetime.now(UTC)
        for recorded_at in batch.applied:
            self.metrics.end_to_end.labels(name).observe((now - recorded_at).total_seconds())


@dataclass
class Batch:
    """One transaction's work on some records of one stream."""

    subscription: Subscription
    consumer: str
    tx: Transaction
    park: dict[Place, str]  # what to set aside instead of trying it, and why
    lines: dict[UUID, Line] = field(default_factory=dict)
    moved: set[UUID] = field(default_factory=set)
    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    applied: list[datetime] = field(default_factory=list)
    repeats: int = 0
    gaps: int = 0
    parked: Counter[str] = field(default_factory=Counter)

    async def run(self, records: Sequence[Record]) -> int:
        """Handle records in their order until the batch's time is up; gives how many. Raises `Culprit`."""
        read = [open_record(record.key, record.headers) for record in records]
        self.lines = await load_lines(
            self.tx, self.consumer, {its.subject for its in read if isinstance(its, Envelope)}
        )
        begun, handled = time.monotonic(), 0
        for index, (record, envelope) in enumerate(zip(records, read, strict=True)):
            if isinstance(envelope, Envelope):
                await self._place(index, record, envelope)
            else:
                await self._set_aside(record, None, "alone", envelope.reason)
            self.next_offsets[record.topic, record.partition] = record.offset + 1
            handled += 1
            if time.monotonic() - begun > BATCH_SECONDS:
                break
        await self.save()
        return handled

    async def save(self) -> None:
        """Write the progress of the subjects that moved and the next offsets."""
        moved = {subject: self.lines[subject] for subject in sorted(self.moved)}
        await offsets.save_progress(self.tx, self.consumer, moved)
        await offsets.save(self.tx, self.consumer, self.next_offsets)

    async def _place(self, index: int, record: Record, envelope: Envelope) -> None:
        line = self.lines[envelope.subject]
        newest = self.subscription.compacted
        verdict = (decide_newest if newest else decide)(line, envelope.sequence, envelope.event_id)
        if verdict is Verdict.REPEAT:
            self.repeats += 1
        elif verdict is Verdict.FORK:
            log.error("two events under one number", consumer=self.consumer, subject=str(envelope.subject))
            await self._set_aside(record, envelope, "fork", "another event has this number")
        elif verdict is Verdict.WAIT:
            self.gaps += not (line.waiting or line.stuck)
            # In the table first: a later record of this very batch may fill the hole.
            await self._set_aside(record, envelope, "waiting", f"waiting for number {line.last_sequence + 1}")
            line.waiting[envelope.sequence] = envelope.event_id
        else:
            await self.apply(index, record, envelope)

    async def apply(self, index: int, record: Record, envelope: Envelope) -> None:
        """The reaction to the next event of its subject, and to those that waited for it. Raises `Culprit`."""
        line = self.lines[envelope.subject]
        if not await self._react(index, record, envelope):
            line.stuck[envelope.sequence] = envelope.event_id
            return
        await self.go_on(index, envelope)

    async def go_on(self, index: int, envelope: Envelope) -> None:
        """The event is done with: its line moves on, and what waited for it follows. Raises `Culprit`."""
        line = self.lines[envelope.subject]
        line.apply(envelope.sequence, envelope.event_id)
        self.moved.add(envelope.subject)
        if self.subscription.compacted:
            await parked.drop_older(self.tx, self.consumer, envelope.subject, envelope.sequence)
        while (following := line.follower()) is not None:
            waiting = await parked.take(self.tx, self.consumer, envelope.subject, following)
            its = open_record(waiting.key, waiting.headers)
            if not isinstance(its, Envelope):
                raise TypeError("a waiting record lost its place")
            if not await self._react(index, waiting, its):
                line.waiting.pop(following)
                line.stuck[following] = its.event_id
                return
            line.apply(following, its.event_id)

    async def _react(self, index: int, record: Record, envelope: Envelope) -> bool:
        """Run the reaction; False when the event was set aside instead."""
        place = (envelope.subject, envelope.sequence)
        if place in self.park:
            await self._set_aside(record, envelope, "stuck", self.park[place])
            return False
        try:
            found = self.subscription.read(envelope.type, record.value)
        except CannotRead as error:
            await self._set_aside(record, envelope, "stuck", str(error))
            return False
        if found is None:
            return True
        reaction, event = found
        self.tx.cause = _cause(envelope)
        try:
            await reaction(event, self.tx)
        except Exception as error:
            if is_transient(error):
                raise
            log.exception(
                "a reaction failed", consumer=self.consumer, type=envelope.type, subject=str(envelope.subject)
            )
            raise Culprit(index, place, f"{event.event_name}: {type(error).__name__}") from None
        self.applied.append(record.recorded_at)
        return True

    async def _set_aside(self, record: Record, envelope: Envelope | None, kind: Kind, reason: str) -> None:
        place: dict[str, Any] = {}
        if envelope is not None:
            place = {
                "subject": envelope.subject,
                "sequence": envelope.sequence,
                "event_id": envelope.event_id,
                "type_name": envelope.type[:200],
            }
        if await parked.park(self.tx, self.consumer, record, kind=kind, reason=reason, **place):
            self.parked[kind] += 1


async def load_lines(tx: Transaction, consumer: str, subjects: set[UUID]) -> dict[UUID, Line]:
    """Where each subject stands. The caller holds the offset rows of their partitions."""
    lines = {subject: Line() for subject in subjects}
    for row in await offsets.progress_of(tx, consumer, subjects):
        lines[row["subject"]].last_sequence = row["last_sequence"]
        lines[row["subject"]].last_event_id = row["last_event_id"]
    for row in await parked.of_subjects(tx, consumer, subjects):
        line = lines[row["subject"]]
        (line.waiting if row["kind"] == "waiting" else line.stuck)[row["sequence"]] = row["event_id"]
    return lines


def _record(its: ConsumerRecord[Any, Any]) -> Record:
    recorded_at = datetime.fromtimestamp(its.timestamp / 1000, UTC)
    return Record(its.topic, its.partition, its.offset, its.key, its.headers, its.value, recorded_at)


def _culprit(record: Record, error: Exception) -> Culprit:
    """A record that fails alone is the culprit; one without a place can't be, so the error is raised again."""
    envelope = open_record(record.key, record.headers)
    if not isinstance(envelope, Envelope):
        raise error
    return Culprit(0, (envelope.subject, envelope.sequence), f"its effects were not taken: {type(error).__name__}")


def _cause(envelope: Envelope) -> Cause:
    fresh = new_cause(envelope.traceparent)
    return Cause(envelope.correlation_id or fresh.correlation_id, fresh.traceparent, envelope.event_id)
