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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis import offsets, outbox
from chassis.batch import Batch, Culprit, Place
from chassis.database import Conflict, Database, Outage
from chassis.envelope import Envelope
from chassis.parked import Record
from chassis.subscription import Subscription
from chassis.telemetry import Metrics, logger

TRIES = 3
log = logger(__name__)


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
    on_handled: Sequence[Callable[[], None]] = ()  # called after each commit
    hurry: bool = False  # a revocation or a stop waits for this batch
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    deliveries: int = 0  # begun so far
    _trying_since: float | None = None  # a transaction of its reactions

    def __post_init__(self) -> None:
        self.name = self.subscription.consumer(self.service)
        self.idle.set()

    @property
    def trying_seconds(self) -> float:
        """How long the transaction in hand has been open; one that is begun again, in a conflict, counts anew."""
        return 0.0 if self._trying_since is None else time.monotonic() - self._trying_since

    async def handle(self, kafka: AIOKafkaConsumer, delivered: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Handle a delivery; afterwards the consumer stands where the store says, whatever happened."""
        self.idle.clear()
        self.deliveries += 1
        try:
            records = await self._fresh(kafka, delivered)
            while records and not self.hurry:
                records = await self._advance(records)
            self._rewind(kafka, records)
        except Elsewhere as its:
            # The whole delivery goes: what is left of such a partition would step over records not delivered yet.
            log.warning("the store stands elsewhere", consumer=self.name, partitions=len(its.stored))
            self._expect(its.stored)
            self._rewind(kafka, delivered)
        except Outage as error:
            log.warning("waiting for the database", consumer=self.name, why=str(error))
            await asyncio.sleep(random.uniform(0.5, 2))  # noqa: S311 - jitter
            self._rewind(kafka, delivered)
        except Exception:
            log.exception("a batch failed and will be run again", consumer=self.name)
            await asyncio.sleep(1)
            self._rewind(kafka, delivered)
        finally:
            self._trying_since = None
            self.idle.set()

    def follow_the_store(self, kafka: AIOKafkaConsumer, stored: Mapping[tuple[str, int], int]) -> None:
        """Go where the store stands, with nothing in hand."""
        if self.hurry or not self.idle.is_set():
            return  # a batch or a change of the group came in between, and knows better
        elsewhere = {
            (its.topic, its.partition): found
            for its, offset in self.expected.items()
            if (found := stored.get((its.topic, its.partition), 0)) != offset
        }
        if elsewhere:
            log.warning("the store stands elsewhere", consumer=self.name, partitions=len(elsewhere))
            self._expect(elsewhere)
            for partition in (TopicPartition(*at) for at in elsewhere):
                if partition in kafka.assignment():
                    kafka.seek(partition, self.expected[partition])

    async def _fresh(self, kafka: AIOKafkaConsumer, delivered: Sequence[ConsumerRecord[Any, Any]]) -> list[Record]:
        """What may be handled: of partitions that are ready, and not from before a seek that came in between."""
        ends = {(its.topic, its.partition): its.offset for its in delivered}
        ready = {
            at: self.expected[partition]
            for at, last in ends.items()
            if (partition := TopicPartition(*at)) in self.expected and await kafka.position(partition) > last
        }
        return [
            as_record(its) for its in delivered if its.offset >= ready.get((its.topic, its.partition), its.offset + 1)
        ]

    def _rewind(self, kafka: AIOKafkaConsumer, records: Sequence[Record | ConsumerRecord[Any, Any]]) -> None:
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
        self._trying_since = time.monotonic()
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
        for wake in self.on_handled:
            wake()
        return records[handled:]

    def _expect(self, next_offsets: dict[tuple[str, int], int]) -> None:
        for at, offset in next_offsets.items():
            if TopicPartition(*at) in self.expected:
                self.expected[TopicPartition(*at)] = offset

    def _count(self, batch: Batch) -> None:
        """Only what was committed counts."""
        name = self.name
        self.metrics.applied.labels(name).inc(len(batch.applied))
        self.metrics.duplicates.labels(name).inc(batch.repeats)
        self.metrics.gaps.labels(name).inc(batch.gaps)
        for kind, count in batch.parked.items():
            self.metrics.parked_total.labels(name, kind).inc(count)
        now, end_to_end = datetime.now(UTC), self.metrics.end_to_end.labels(name)
        for recorded_at in batch.applied:
            end_to_end.observe((now - recorded_at).total_seconds())


def as_record(its: ConsumerRecord[Any, Any]) -> Record:
    """What Kafka delivered, in the shape that a batch takes."""
    recorded_at = datetime.fromtimestamp(its.timestamp / 1000, UTC)
    return Record(its.topic, its.partition, its.offset, its.key, its.headers, its.value, recorded_at)


def _culprit(record: Record, error: Exception) -> Culprit:
    """A record that fails alone is the culprit; one without a place can't be, so the error is raised again."""
    if not isinstance(record.envelope, Envelope):
        raise error
    return Culprit(
        0, (record.envelope.subject, record.envelope.sequence), f"its effects were not taken: {type(error).__name__}"
    )
