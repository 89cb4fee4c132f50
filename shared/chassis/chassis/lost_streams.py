"""Streams that Kafka has lost are written again from the event log, before anybody speaks on them.

- The same records in the order of the outbox: `records_of` makes them for the relay too, so ids, numbers and times are
  what they were. One batch a partition is under way, and nothing follows one that Kafka has refused.
- The relay's lease is held meanwhile. Until the last record is acknowledged `relay_position` says that far more was
  sent than any stream holds: after a kill the relay goes on refusing, and this may be run again. It begins at the
  first record each time; what stands there twice has its number, and the first appearances are in order.
- Personal rows are not in the event log. Of every subject that had one the newest is said anew, under a higher number.
- Whoever hears such a stream must begin it again (`hear_again`), and before it is written: what it knows is a repeat
  by its number, and where it stood means nothing on the new stream.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

from chassis import envelope, outbox
from chassis.clock import clock_from
from chassis.database import Conflict, Database, Transaction, connect
from chassis.kafka import client_options, topic_of
from chassis.records import Record, partition_of, records_of
from chassis.relay import LARGEST_BATCH, LEASE_SECONDS, RENEW_SECONDS, SETTLE_SECONDS, LostLead, give_up_lead, renew
from chassis.settings import ServiceSettings
from contracts.base import DomainEvent, Visibility
from contracts.streams import STREAMS, Stream

WORDS = ("lost-streams", "rebuild-streams", "hear-again")
BEING_WRITTEN = 10**15  # a next offset that no partition reaches
PAGE = 2_000  # rows
SUBJECTS = 500  # whose newest personal record is said in one transaction
SORT_SECONDS = 3_600
ANSWER_SECONDS = 10

Newest = Callable[[Transaction, Sequence[UUID]], Awaitable[Sequence[DomainEvent | outbox.Tombstone]]]
"""A service's own: what is to be said of these subjects on its personal stream today. It holds what it decides on."""
Say = Callable[[str], None]


class CannotRebuild(Exception):  # noqa: N818 - a sentence for the person at the terminal
    """Nothing was written; the sentence says why."""


def are_words(words: Sequence[str]) -> bool:
    """Whether these are a call of this module; `hear-again` alone takes names of streams."""
    return bool(words) and words[0] in WORDS and (words[0] == "hear-again") == (len(words) > 1)


async def run(service: str, settings: ServiceSettings, newest: Newest | None, words: Sequence[str], say: Say) -> None:
    """One of `WORDS`, from a terminal. Raises `CannotRebuild`."""
    word, streams = words[0], words[1:]
    name, clock = f"{service}-{word}", clock_from(settings.clock_file)
    database = await connect(settings.database_url.get_secret_value(), size=4, name=name, clock=clock)
    try:
        if word == "lost-streams":
            for stream in await lost_streams(service, settings, database):
                say(stream)
        elif word == "hear-again":
            partitions = await hear_again(settings, database, streams)
            say(f"{partitions} partitions are heard from their beginning again")
        else:
            await rebuild_streams(service, settings, database, newest, say)
    finally:
        await database.close()


async def lost_streams(service: str, settings: ServiceSettings, database: Database) -> list[str]:
    """Streams of this service with a partition that ends before what was sent, or that are half rebuilt."""
    own = [stream for stream in STREAMS if stream.service == service]
    rows = await _read(database, "SELECT topic, partition, next_offset FROM relay_position")
    sent = {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    async with _reader(settings) as kafka:
        ends = await kafka.end_offsets(await _partitions(kafka, settings, own))
    lost = {partition.topic for partition, end in ends.items() if end < sent.get(partition, 0)}
    return [stream.name for stream in own if topic_of(settings, stream.name) in lost]


async def hear_again(settings: ServiceSettings, database: Database, streams: Collection[str]) -> int:
    """Every consumer of this service begins these streams again; says how many partitions that are.

    A process that hears them meanwhile notices at its next batch, or within a second. What stands parked stays, and
    its repeat is dropped by its number; it only lets go of its place, which another record will take.
    """
    topics = [topic_of(settings, stream) for stream in streams]
    while True:
        with contextlib.suppress(Conflict):
            async with database.transaction() as tx:
                held = await tx.fetch(
                    """
                    SELECT FROM consumer_offset WHERE topic = ANY($1)
                    ORDER BY consumer, topic, partition FOR UPDATE""",
                    topics,
                )
                await tx.execute("UPDATE consumer_offset SET next_offset = 0 WHERE topic = ANY($1)", topics)
                await tx.execute("UPDATE parked SET record_offset = -id WHERE topic = ANY($1)", topics)
            return len(held)


async def rebuild_streams(
    service: str, settings: ServiceSettings, database: Database, newest: Newest | None, say: Say
) -> int:
    """Write what was lost; gives the number of records. Raises `CannotRebuild`, `LostLead`."""
    names = await lost_streams(service, settings, database)
    if not names:
        raise CannotRebuild(f"The streams of {service} hold all that was sent. There is nothing to rebuild.")
    lost = [stream for stream in STREAMS if stream.name in names]
    async with _leading(service, database) as (epoch, renewing):
        await _refuse_disorder(settings, lost)
        await _say_it_is_under_way(settings, database, epoch, lost)
        async with AIOKafkaProducer(
            **client_options(settings),
            client_id=f"{service}-rebuilding",
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=LARGEST_BATCH,
        ) as producer:
            topics = {topic_of(settings, stream.name): stream.partitions for stream in lost}
            writing = _Writing(service, settings, producer, topics)
            await _write_event_log(database, writing, renewing, say)
        if any(stream.visibility is Visibility.PERSONAL for stream in lost):
            if newest is None:
                raise TypeError(f"{service} has a personal stream and does not say what is newest on it")
            count = await _say_newest(database, newest)
            say(f"{count} newest personal records will be sent with what waits")
        await _say_it_is_done(settings, database, epoch, lost, writing.ends)
    say(f"{', '.join(names)}: rebuilt with {writing.records} records")
    return writing.records


@dataclass
class _Writing:
    """Records on their way to the lost topics, a batch for each partition, all acknowledged before the next."""

    service: str
    settings: ServiceSettings
    producer: AIOKafkaProducer
    topics: dict[str, int]  # and their partitions
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    records: int = 0
    _batches: dict[tuple[str, int], BatchBuilder] = field(default_factory=dict)

    async def add(self, row: asyncpg.Record) -> None:
        """Its records of these topics go with the next flush, in this order."""
        for record in records_of(row, self.service, self.settings):
            if record.topic not in self.topics:
                continue
            place = (record.topic, partition_of(record.key, self.topics[record.topic]))
            if not self._append(place, record):
                await self.flush()
                if not self._append(place, record):
                    raise RuntimeError("a record does not fit into an empty batch")

    def _append(self, place: tuple[str, int], record: Record) -> bool:
        batch = self._batches.setdefault(place, self.producer.create_batch())
        taken = batch.append(timestamp=record.timestamp_ms, key=record.key, value=record.value, headers=record.headers)
        return taken is not None

    async def flush(self) -> None:
        """Kafka has what was added. Raises what it refused; nothing is sent after that."""
        counts = {place: batch.record_count() for place, batch in self._batches.items()}
        sends = [
            await self.producer.send_batch(batch, topic, partition=number)
            for (topic, number), batch in self._batches.items()
        ]
        self._batches = {}
        for (place, count), answer in zip(counts.items(), await asyncio.gather(*sends), strict=True):
            self.ends[place] = answer.offset + count
            self.records += count


async def _write_event_log(database: Database, writing: _Writing, renewing: asyncio.Task[None], say: Say) -> None:
    async with database.transaction() as tx:
        await tx.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # Kafka may be slow
        count: int = await tx.fetchval("SELECT count(*) FROM event_log")
        done = 0
        rows = await tx.connection.cursor("SELECT * FROM event_log ORDER BY id", timeout=SORT_SECONDS)
        while page := await rows.fetch(PAGE, timeout=SORT_SECONDS):
            if renewing.done():
                renewing.result()
            for row in page:
                await writing.add(row)
            await writing.flush()
            done += len(page)
            say(f"{writing.service}: {done} of {count} events written")


async def _read(database: Database, sql: str) -> list[asyncpg.Record]:
    async with database.transaction(one_statement=True) as tx:
        return await tx.fetch(sql)


async def _say_newest(database: Database, newest: Newest) -> int:
    rows = await _read(database, "SELECT subject FROM subject_counter WHERE personal > 0 ORDER BY subject")
    subjects, first = [row["subject"] for row in rows], 0
    while first < len(subjects):
        with contextlib.suppress(Conflict):
            async with database.transaction() as tx:
                await outbox.put(tx, *await newest(tx, subjects[first : first + SUBJECTS]))
            first += SUBJECTS
    return len(subjects)


@asynccontextmanager
async def _leading(service: str, database: Database) -> AsyncIterator[tuple[int, asyncio.Task[None]]]:
    """Hold the lease. A relay that leads finds it lost at its next renewal, and is given the time to end."""
    async with database.transaction() as tx:
        led = await tx.fetchval("SELECT expires_at > now() FROM relay_lease FOR UPDATE")
        epoch: int = await tx.fetchval(
            """
            UPDATE relay_lease SET holder = $1, epoch = epoch + 1, expires_at = now() + make_interval(secs => $2)
            RETURNING epoch""",
            f"{service}-rebuilding",
            LEASE_SECONDS,
        )
    renewing = asyncio.create_task(renew(database, epoch))
    try:
        if led:
            await asyncio.sleep(2 * RENEW_SECONDS + SETTLE_SECONDS)
        yield epoch, renewing
    finally:
        renewing.cancel()
        await asyncio.wait({renewing})
        await give_up_lead(database, epoch)


async def _say_it_is_under_way(
    settings: ServiceSettings, database: Database, epoch: int, lost: Sequence[Stream]
) -> None:
    ends = {
        (topic_of(settings, stream.name), number): BEING_WRITTEN
        for stream in lost
        for number in range(stream.partitions)
    }
    async with database.transaction() as tx:
        await _save_positions(tx, epoch, [topic for topic, _ in ends], ends)


async def _say_it_is_done(
    settings: ServiceSettings, database: Database, epoch: int, lost: Sequence[Stream], ends: dict[tuple[str, int], int]
) -> None:
    async with database.transaction() as tx:
        await _save_positions(tx, epoch, [topic_of(settings, stream.name) for stream in lost], ends)


async def _save_positions(tx: Transaction, epoch: int, topics: Sequence[str], ends: dict[tuple[str, int], int]) -> None:
    if await tx.fetchval("SELECT true FROM relay_lease WHERE epoch = $1 FOR SHARE", epoch) is None:
        raise LostLead
    await tx.execute("DELETE FROM relay_position WHERE topic = ANY($1)", topics)
    await tx.execute(
        """
        INSERT INTO relay_position (topic, partition, next_offset)
        SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[])""",
        [topic for topic, _ in ends],
        [partition for _, partition in ends],
        list(ends.values()),
    )


@asynccontextmanager
async def _reader(settings: ServiceSettings) -> AsyncIterator[AIOKafkaConsumer]:
    kafka = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await kafka.start()
        yield kafka
    finally:
        await kafka.stop()


async def _partitions(
    kafka: AIOKafkaConsumer, settings: ServiceSettings, streams: Sequence[Stream]
) -> list[TopicPartition]:
    wanted = {topic_of(settings, stream.name): stream.partitions for stream in streams}
    missing = sorted(wanted.keys() - await kafka.topics())
    if missing:
        raise CannotRebuild(f"Kafka has no topic {', '.join(missing)}: make the topics first, as for a new platform.")
    return [TopicPartition(topic, number) for topic, count in wanted.items() for number in range(count)]


async def _refuse_disorder(settings: ServiceSettings, lost: Sequence[Stream]) -> None:
    """What stands on a lost stream must be its beginning; a relay that led when it was lost may have gone on there."""
    seen: dict[tuple[str, UUID], int] = {}
    async with _reader(settings) as kafka:
        partitions = await _partitions(kafka, settings, [stream for stream in lost if not stream.compacted])
        kafka.assign(partitions)
        ends = await kafka.end_offsets(partitions)
        begins = await kafka.beginning_offsets(partitions)
        behind = {partition for partition, end in ends.items() if end > begins[partition]}
        while behind:
            async with asyncio.timeout(ANSWER_SECONDS):
                found = await kafka.getmany(*behind, timeout_ms=1000)
            for record in (record for records in found.values() for record in records):
                read = envelope.open_record(record.key, record.headers)
                if not isinstance(read, envelope.Envelope):
                    continue
                last = seen.get((record.topic, read.subject), 0)
                if read.sequence > last + 1:
                    raise CannotRebuild(
                        f"{record.topic} holds records that do not begin at the first of their subject, and they would "
                        "stay before what is written now: delete the topic, make it again, and run this once more."
                    )
                seen[record.topic, read.subject] = max(last, read.sequence)
            behind -= {its for its in behind if await kafka.position(its) >= ends[its]}
