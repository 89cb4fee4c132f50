"""Carries the outbox to Kafka: in order, nothing lost, and what is sent twice is recognised by its sequence.

- One leader a service, by a lease row with an epoch. A late leader can only repeat: every marking names its epoch.
- No cursor. The oldest rows that are not in flight are sent next; ids commit out of order, and a cursor steps over
  what commits late. Rows are marked exactly as acknowledged, by id, both records of a row, never by range.
- Kafka has one batch of a partition at a time. The producer is idempotent and retries for ever, so an outage needs no
  code here. A send that fails is a bug, and nothing follows it: what is in flight is settled, a new producer is taken,
  and sending begins again at the oldest row.
- Sent rows move to the event log, from which Kafka can be rebuilt; personal rows are deleted.
"""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from chassis import log_check
from chassis.database import Conflict, Database, Outage
from chassis.kafka import client_options
from chassis.records import Record, partition_of, records_of
from chassis.settings import ServiceSettings
from chassis.telemetry import Metrics, logger
from chassis.unbroken import unbroken

AHEAD = 1_000  # rows read at once; each read steps over the rows in flight, so few large ones cost less
BATCH = 500  # rows sent at once; packing them is the longest that requests of this process wait
IN_FLIGHT = 2_000  # rows sent and not yet marked: what a kill repeats at most
LARGEST_BATCH = 900_000  # bytes; all of a batch may be of one partition, and the broker takes 1 MB at once
AROUND_A_BODY = 1_000  # bytes; key and headers are always fewer
LEASE_SECONDS = 5
RENEW_SECONDS = 1
POLL_SECONDS = 0.2  # what another replica says is found by a poll
CALM_SECONDS = 0.5  # the same, when nothing was said for a few seconds
SETTLE_SECONDS = 3
log = logger(__name__)


class LostLead(Exception):  # noqa: N818 - named for what happened
    """Another replica leads; what we sent since is repeated by it and dropped by sequence."""


@dataclass
class Relay:
    """The relay of one replica. `run` never ends by itself; cancel it and it settles what is in flight."""

    service: str
    settings: ServiceSettings
    database: Database
    metrics: Metrics
    refusal: str | None = None  # why this replica will not send; shown by readiness
    trouble: str | None = None  # why it cannot, for now; Kafka's being away is no reason
    _said: asyncio.Event = field(default_factory=asyncio.Event)
    _partitions: dict[str, int] = field(default_factory=dict)

    def wake(self) -> None:
        """Something was said in this process; don't wait for the next poll."""
        self._said.set()

    async def run(self) -> None:
        while True:
            try:
                epoch = await _take_lead(self.database, self._holder)
                if epoch is None:
                    self.trouble = None
                    await asyncio.sleep(RENEW_SECONDS)
                    continue
                await self._lead(epoch)
            except (Outage, Conflict, LostLead, ConnectionError, KafkaConnectionError) as error:
                log.warning("relay paused", why=type(error).__name__)
                await asyncio.sleep(RENEW_SECONDS)
            except log_check.LogMismatch as error:
                self.refusal = str(error)
                log.error("relay refuses to send", why=self.refusal)  # noqa: TRY400 - the sentence is the news
                await asyncio.sleep(2 * LEASE_SECONDS)
            except log_check.NoStream as error:
                self.trouble = f"{error}: compare both by `./gse kafka plan`"
                log.error("relay cannot send", why=self.trouble)  # noqa: TRY400 - as above
                await asyncio.sleep(RENEW_SECONDS)
            except Exception as error:
                log.exception("relay failed and begins again")
                self.trouble = _in_words(error)
                self.metrics.relay_failures.inc()
                await asyncio.sleep(RENEW_SECONDS)

    @property
    def _holder(self) -> str:
        return f"{self.service}-{self.settings.replica}"

    async def _lead(self, epoch: int) -> None:
        producer: AIOKafkaProducer | None = None
        # From the first: if the check outlives the lease, two replicas would take it from each other for ever.
        renewing = asyncio.create_task(renew(self.database, epoch))
        try:
            await _prepare_event_log(self.database)
            await log_check.check(self.service, self.settings, self.database)
            self.refusal = None
            producer = AIOKafkaProducer(
                **client_options(self.settings),
                client_id=f"{self._holder}-relay",
                acks="all",
                enable_idempotence=True,
                linger_ms=0,
                max_batch_size=LARGEST_BATCH,
            )
            await unbroken(producer.start())
            self.metrics.relay_leading.set(1)
            log.info("relay leads", epoch=epoch)
            await self._send_until_lost(producer, epoch, renewing)
        finally:
            self.metrics.relay_leading.set(0)
            # A stop that comes now must neither be forgotten nor leave the producer open.
            await unbroken(self._step_down(producer, renewing, epoch))

    async def _step_down(self, producer: AIOKafkaProducer | None, renewing: asyncio.Task[None], epoch: int) -> None:
        """Close the producer, then give up the lead: what is flushed late would stand behind the next one's records."""
        if producer is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_SECONDS):
                    await producer.stop()
        renewing.cancel()
        await asyncio.wait({renewing}, timeout=1)
        if renewing.done() and not renewing.cancelled():
            renewing.exception()  # that it was lost is known by now
        with contextlib.suppress(Outage, Conflict, TimeoutError):
            async with asyncio.timeout(1):
                await give_up_lead(self.database, epoch)

    async def _send_until_lost(self, producer: AIOKafkaProducer, epoch: int, renewing: asyncio.Task[None]) -> None:
        window, pause = _Window(), POLL_SECONDS
        renewing.add_done_callback(lambda _: self.wake())
        try:
            while True:
                window.raise_failure(renewing)
                if waits := window.waits_for():
                    await _first_of(renewing, *waits)
                    continue
                if not window.ahead:
                    self._said.clear()
                    window.ahead = await _oldest(self.database, list(window.in_flight))
                    window.more = len(window.ahead) == AHEAD
                if window.ahead:
                    pause = POLL_SECONDS
                    await self._send(window, producer, epoch, renewing)
                elif not window.in_flight:
                    self.trouble = None
                if not window.ahead and not window.more:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(pause):
                            await self._said.wait()
                    pause = min(1.1 * pause, CALM_SECONDS)
        finally:
            # Settle on the way out, whatever the reason: what Kafka has acknowledged is marked. What it has not by
            # then, because it is away, stays in the outbox; at worst it is sent twice.
            if window.settling:
                _, open_ones = await asyncio.wait(window.settling, timeout=SETTLE_SECONDS)
                for task in open_ones:
                    task.cancel()
                await asyncio.gather(*window.settling, return_exceptions=True)

    async def _send(
        self, window: "_Window", producer: AIOKafkaProducer, epoch: int, renewing: asyncio.Task[None]
    ) -> None:
        """Send a batch of what was read; its settling is under way afterwards."""
        batches, ids = await self._packed(producer, window.ahead[:BATCH])
        # Kafka has one batch of a partition at a time; the next is packed meanwhile.
        if not window.answered.done():
            await _first_of(renewing, window.answered)
        window.raise_failure(renewing)
        window.ahead = window.ahead[len(ids) :]
        window.in_flight.update(ids)
        window.answered = asyncio.gather(
            *[await producer.send_batch(its.records, its.topic, partition=its.partition) for its in batches],
            return_exceptions=True,
        )
        task = asyncio.create_task(self._settle(window, batches, ids, epoch))
        task.add_done_callback(self._wake_for_failure)
        window.settling.add(task)

    def _wake_for_failure(self, settled: asyncio.Task[None]) -> None:
        if not settled.cancelled() and settled.exception() is not None:
            self.wake()

    async def _packed(
        self, producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]
    ) -> tuple[list["_Batch"], list[int]]:
        """The records of these rows by partition, and the ids of the rows: of all, or of the first that are enough."""
        batches: dict[tuple[str, int], _Batch] = {}
        ids: list[int] = []
        room = LARGEST_BATCH
        for row in rows:
            records = records_of(row, self.service, self.settings)
            room -= sum(len(its.value or b"") + AROUND_A_BODY for its in records)
            if room < 0 and ids:
                break
            for its in records:
                place = (its.topic, await self._partition(producer, its))
                if place not in batches:
                    batches[place] = _Batch(*place, producer.create_batch())
                batches[place].add(row["id"], its)
            ids.append(row["id"])
        return list(batches.values()), ids

    async def _partition(self, producer: AIOKafkaProducer, record: Record) -> int:
        if record.topic not in self._partitions:
            self._partitions[record.topic] = len(await producer.partitions_for(record.topic))
        return partition_of(record.key, self._partitions[record.topic])

    async def _settle(self, window: "_Window", batches: Sequence["_Batch"], ids: Sequence[int], epoch: int) -> None:
        answers = await window.answered
        failed: set[int] = set()
        failure: BaseException | None = None
        for batch, answer in zip(batches, answers, strict=True):
            if isinstance(answer, BaseException):
                failure = failure or answer
                failed.update(batch.ids)
            else:
                place = (batch.topic, batch.partition)
                window.positions[place] = max(window.positions.get(place, 0), answer.offset + len(batch.ids))
                self.metrics.relayed.inc(len(batch.ids))
        window.acknowledged += [row_id for row_id in ids if row_id not in failed]
        async with window.marking:  # who waited here finds its rows marked by the one before
            acknowledged, positions = window.take()
            if acknowledged:
                await _mark(self.database, epoch, acknowledged, positions)
                window.in_flight.difference_update(acknowledged)
        if failure is not None:
            raise failure
        self.trouble = None


def _in_words(error: Exception) -> str:
    name = type(error).__name__
    if isinstance(error, KafkaError):
        return (
            f"Kafka does not take what it sends ({name}): compare its rights by `./gse kafka plan`; the log says more"
        )
    return f"it failed ({name}) and begins again; the log says more"


@dataclass
class _Batch:
    """Records of one partition, in order, and the row that each is of."""

    topic: str
    partition: int
    records: BatchBuilder
    ids: list[int] = field(default_factory=list)

    def add(self, row_id: int, record: Record) -> None:
        taken = self.records.append(
            timestamp=record.timestamp_ms, key=record.key, value=record.value, headers=record.headers
        )
        if taken is None:
            raise RuntimeError("a record did not fit into a batch that has room for all")
        self.ids.append(row_id)


@dataclass
class _Window:
    """What is between outbox and event log: read, sent, perhaps acknowledged, not marked."""

    ahead: list[asyncpg.Record] = field(default_factory=list)  # read, and sent next
    more: bool = True  # there may be rows behind those
    in_flight: set[int] = field(default_factory=set)
    acknowledged: list[int] = field(default_factory=list)
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    answered: asyncio.Future[list[Any]] = field(default_factory=asyncio.Future)  # Kafka has answered the newest batch
    marking: asyncio.Lock = field(default_factory=asyncio.Lock)
    settling: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.answered.set_result([])

    def waits_for(self) -> Collection[asyncio.Future[Any]]:
        """What has to end before more is read or sent."""
        if len(self.in_flight) > IN_FLIGHT - BATCH:
            return self.settling
        if not self.ahead and not self.more and not self.answered.done():
            # No backlog: what is said until Kafka has answered goes along, in fewer and larger batches.
            return [self.answered, *self.settling]
        return []

    def raise_failure(self, renewing: asyncio.Task[None]) -> None:
        """What failed ends the lead. Nothing follows a batch that Kafka refused: it would overtake that one."""
        for answer in self.answered.result() if self.answered.done() else []:
            if isinstance(answer, BaseException):
                raise answer
        for task in [renewing, *self.settling]:
            if task.done():
                self.settling.discard(task)
                task.result()

    def take(self) -> tuple[list[int], dict[tuple[str, int], int]]:
        """What is acknowledged and nobody marks yet."""
        taken = self.acknowledged, self.positions
        self.acknowledged, self.positions = [], {}
        return taken


async def _first_of(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


async def _take_lead(database: Database, holder: str) -> int | None:
    """The new epoch, or None while another leads. Database time decides; a restarted holder follows itself at once."""
    async with database.transaction() as tx:
        epoch: int | None = await tx.fetchval(
            """
            UPDATE relay_lease SET holder = $1, epoch = epoch + 1, expires_at = now() + make_interval(secs => $2)
            WHERE expires_at < now() OR holder = $1
            RETURNING epoch""",
            holder,
            LEASE_SECONDS,
        )
    return epoch


async def renew(database: Database, epoch: int) -> None:
    """Keep the lead for as long as this runs. Raises `LostLead`."""
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        async with database.transaction(one_statement=True) as tx:
            tag = await tx.execute(
                "UPDATE relay_lease SET expires_at = now() + make_interval(secs => $2) WHERE epoch = $1",
                epoch,
                LEASE_SECONDS,
            )
        if tag == "UPDATE 0":
            raise LostLead


async def give_up_lead(database: Database, epoch: int) -> None:
    async with database.transaction() as tx:
        await tx.execute("UPDATE relay_lease SET expires_at = '-infinity' WHERE epoch = $1", epoch)


async def _oldest(database: Database, in_flight: list[int]) -> list[asyncpg.Record]:
    # Hashed whichever plan the server keeps; `<> ALL` compares each row with each id once it plans for any array.
    async with database.transaction(one_statement=True) as tx:
        return await tx.fetch(
            "SELECT * FROM outbox WHERE id NOT IN (SELECT unnest($1::bigint[])) ORDER BY id LIMIT $2", in_flight, AHEAD
        )


async def _mark(database: Database, epoch: int, ids: list[int], positions: dict[tuple[str, int], int]) -> None:
    """All in one statement: a round trip, and no longer than it takes does it hold the positions' rows."""
    async with database.transaction(one_statement=True) as tx:
        leads = await tx.fetchval(
            """
            WITH mine AS MATERIALIZED (SELECT true FROM relay_lease WHERE epoch = $1 FOR SHARE),
            sent AS (DELETE FROM outbox WHERE id = ANY($2::bigint[]) AND EXISTS (SELECT FROM mine) RETURNING *),
            logged AS (INSERT INTO event_log SELECT sent.*, now() FROM sent WHERE NOT personal),
            placed AS (
                INSERT INTO relay_position (topic, partition, next_offset)
                SELECT its.* FROM unnest($3::text[], $4::int[], $5::bigint[]) AS its WHERE EXISTS (SELECT FROM mine)
                ON CONFLICT (topic, partition)
                DO UPDATE SET next_offset = greatest(relay_position.next_offset, excluded.next_offset)
            )
            SELECT EXISTS (SELECT FROM mine)""",
            epoch,
            ids,
            [topic for topic, _ in positions],
            [partition for _, partition in positions],
            list(positions.values()),
        )
    if not leads:
        raise LostLead


async def _prepare_event_log(database: Database) -> None:
    """Make the partitions of this month and the next; a default one takes what comes without."""
    first = datetime.now(UTC).date().replace(day=1)
    for _ in range(2):
        following = (first + timedelta(days=31)).replace(day=1)
        async with database.transaction() as tx:
            await tx.execute(
                f"CREATE TABLE IF NOT EXISTS event_log_{first:%Y_%m} PARTITION OF event_log "
                f"FOR VALUES FROM ('{first}') TO ('{following}')"
            )
        first = following
