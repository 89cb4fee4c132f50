"""Before a relay sends: is our database as new as what it has already said?

A database restored from a backup would give numbers again that are out in the world. So whatever stands on our own
streams behind the last offset that Kafka acknowledged to this database must be known here, in the outbox or in the
event log; and a stream that ends before that offset was lost or recreated. In both cases nothing is sent.
(The last record alone would not do: the repeats of a late leader put an old record last.)
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis import envelope
from chassis.database import Database
from chassis.kafka import client_options, topic_of
from chassis.settings import ServiceSettings
from chassis.unbroken import unbroken
from contracts.streams import internal_stream, public_stream

RUNBOOK = "follow “A store was restored” in deploy/README.md"
LOST_RUNBOOK = "follow “A stream was lost or recreated” in deploy/README.md"
ANSWER_SECONDS = 10


class LogMismatch(Exception):  # noqa: N818 - named for what is the matter
    """The streams and this database do not belong together; the text says how and what to do."""


class NoStream(Exception):  # noqa: N818 - as above
    """A stream of ours is not there, or we may not see it."""


T = TypeVar("T")


@dataclass(frozen=True)
class Behind(Generic[T]):
    """What stands on streams of ours behind the last offset that Kafka acknowledged to this database."""

    taken: list[T]  # of each record, in the order of its partition
    ends: dict[tuple[str, int], int]  # of each partition


async def check(service: str, settings: ServiceSettings, database: Database) -> None:
    """Raises `LogMismatch`. Personal records are left out: they are rebuilt from their table."""
    behind = await read_behind(settings, database, [internal_stream(service), public_stream(service)], _id_of)
    unknown = len(await unknown_of(database, [its for its in behind.taken if its is not None]))
    if unknown:
        raise LogMismatch(f"{unknown} records on the streams are unknown to this database: it is older; {RUNBOOK}")


async def read_behind(
    settings: ServiceSettings,
    database: Database,
    streams: Sequence[str],
    take: Callable[[ConsumerRecord[Any, Any]], T],
) -> Behind[T]:
    """Take what is needed of each such record. Raises `LogMismatch` when a stream ends before that offset."""
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await unbroken(consumer.start())
        topics = [topic_of(settings, stream) for stream in streams]
        partitions = [
            TopicPartition(topic, number) for topic in topics for number in await _partitions_of(consumer, topic)
        ]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        sent = await _positions(database)
        begins = {partition: sent.get((partition.topic, partition.partition), 0) for partition in partitions}
        for partition, begin in begins.items():
            if ends[partition] < begin:
                raise LogMismatch(
                    f"{partition.topic} ends at {ends[partition]} and we have sent up to {begin}: "
                    f"the stream was lost or recreated; {LOST_RUNBOOK}"
                )
            consumer.seek(partition, begin)
        behind = {partition for partition, begin in begins.items() if ends[partition] > begin}
        taken = await _read(consumer, behind, ends, take)
    finally:
        await consumer.stop()
    return Behind(taken, {(its.topic, its.partition): end for its, end in ends.items()})


async def unknown_of(database: Database, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that neither the outbox nor the event log knows."""
    if not ids:
        return set()
    async with database.transaction() as tx:
        rows = await tx.fetch(
            """
            SELECT on_log.id FROM unnest($1::uuid[]) AS on_log (id)
            WHERE NOT EXISTS (SELECT FROM outbox WHERE on_log.id IN (event_id, public_id))
              AND NOT EXISTS (SELECT FROM event_log WHERE event_id = on_log.id)
              AND NOT EXISTS (SELECT FROM event_log WHERE public_id = on_log.id)""",
            ids,
        )
    return {row["id"] for row in rows}


def _id_of(record: ConsumerRecord[Any, Any]) -> UUID | None:
    read = envelope.open_record(record.key, record.headers)
    return read.event_id if isinstance(read, envelope.Envelope) else None


async def _partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[int]:
    await consumer._client.set_topics([topic])  # noqa: SLF001 - the public call answers from a cache that may be empty
    found = consumer.partitions_for_topic(topic)
    if not found:
        raise NoStream(f"{topic} does not exist, or this service may not read it")
    return sorted(found)


async def _read(
    consumer: AIOKafkaConsumer,
    behind: set[TopicPartition],
    ends: dict[TopicPartition, int],
    take: Callable[[ConsumerRecord[Any, Any]], T],
) -> list[T]:
    taken: list[T] = []
    while behind:
        async with asyncio.timeout(ANSWER_SECONDS):
            found = await consumer.getmany(*behind, timeout_ms=1000)
        for records in found.values():
            taken += map(take, records)
        for partition in list(behind):
            if await consumer.position(partition) >= ends[partition]:
                behind.discard(partition)
    return taken


async def _positions(database: Database) -> dict[tuple[str, int], int]:
    async with database.transaction() as tx:
        rows = await tx.fetch("SELECT topic, partition, next_offset FROM relay_position")
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
