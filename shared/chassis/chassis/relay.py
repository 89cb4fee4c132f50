"""Carries the outbox to Kafka: in order, nothing lost, and what is sent twice is recognised by its sequence.

- One leader a service, by a lease row with an epoch. A late leader can only repeat: every marking names its epoch.
- No cursor. The oldest rows that are not in flight are sent next; ids commit out of order, and a cursor steps over
  what commits late. Rows are marked exactly as acknowledged, by id, both records of a row, never by range.
- The producer is idempotent and retries for ever, so an outage needs no code here. A send that fails is a bug: what
  is in flight is settled, a new producer is taken, and sending begins again at the oldest row.
- Sent rows move to the event log, from which Kafka can be rebuilt; personal rows are deleted.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.structs import RecordMetadata

from chassis import envelope, log_check
from chassis.database import Conflict, Database, Outage
from chassis.kafka import client_options, topic_of
from chassis.settings import ServiceSettings
from chassis.telemetry import Metrics, logger
from chassis.unbroken import unbroken
from contracts.base import Visibility
from contracts.streams import public_stream

BATCH = 500
IN_FLIGHT = 4  # batches; a kill repeats at most what was in flight
LEASE_SECONDS = 5
RENEW_SECONDS = 1
POLL_SECONDS = 0.2
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
        renewing = asyncio.create_task(_renew(self.database, epoch))
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
                max_batch_size=128 * 1024,
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
                await _give_up_lead(self.database, epoch)

    async def _send_until_lost(self, producer: AIOKafkaProducer, epoch: int, renewing: asyncio.Task[None]) -> None:
        in_flight: dict[asyncio.Task[None], list[int]] = {}
        try:
            while True:
                if renewing.done():
                    renewing.result()
                self._said.clear()
                busy = [row_id for ids in in_flight.values() for row_id in ids]
                rows = await _oldest(self.database, busy) if len(in_flight) < IN_FLIGHT else []
                if not rows and not in_flight:
                    self.trouble = None
                if rows:
                    # All sends of a batch are begun before the next is read: ids leave in order.
                    sends = [await self._send(producer, row) for row in rows]
                    task = asyncio.create_task(self._settle(rows, sends, epoch))
                    in_flight[task] = [row["id"] for row in rows]
                if len(rows) < BATCH:
                    await _first_of(renewing, *in_flight, event=self._said, full=len(in_flight) >= IN_FLIGHT)
                for task in [task for task in in_flight if task.done()]:
                    del in_flight[task]
                    task.result()
        finally:
            # Settle on the way out, whatever the reason: what Kafka has acknowledged is marked. What it has not by
            # then, because it is away, stays in the outbox; at worst it is sent twice.
            if in_flight:
                _, open_ones = await asyncio.wait(in_flight, timeout=SETTLE_SECONDS)
                for task in open_ones:
                    task.cancel()
                await asyncio.gather(*in_flight, return_exceptions=True)

    async def _send(self, producer: AIOKafkaProducer, row: asyncpg.Record) -> list[asyncio.Future[RecordMetadata]]:
        written_ms = int(row["written_at"].timestamp() * 1000)
        common = {"type": row["type"], "service": self.service, "subject": row["subject"]}
        schema = f"{self.settings.front_door}/schemas/{row['schema_name']}"
        key = str(row["subject"]).encode()
        sends = [
            await producer.send(
                topic_of(self.settings, row["stream"]),
                key=key,
                value=None if row["body"] is None else row["body"].encode(),
                timestamp_ms=written_ms,
                headers=envelope.headers_of(
                    **common,
                    event_id=row["event_id"],
                    sequence=row["sequence"],
                    occurred_at=row["occurred_at"],
                    dataschema=f"{schema}.json",
                    dataclassification=Visibility.PERSONAL if row["personal"] else Visibility.INTERNAL,
                    correlation_id=row["correlation_id"],
                    causation_id=row["causation_id"],
                    traceparent=row["traceparent"],
                ),
            )
        ]
        if row["public_id"] is not None:
            # Nothing here may tell who did what together: no trace, an id of its own, whole seconds.
            sends.append(
                await producer.send(
                    topic_of(self.settings, public_stream(self.service)),
                    key=key,
                    value=row["public_body"].encode(),
                    timestamp_ms=written_ms // 1000 * 1000,
                    headers=envelope.headers_of(
                        **common,
                        event_id=row["public_id"],
                        sequence=row["public_sequence"],
                        occurred_at=row["occurred_at"].replace(microsecond=0),
                        dataschema=f"{schema}.public.json",
                        dataclassification=Visibility.PUBLIC,
                    ),
                )
            )
        return sends

    async def _settle(
        self, rows: Sequence[asyncpg.Record], sends: Sequence[list[asyncio.Future[RecordMetadata]]], epoch: int
    ) -> None:
        answers = [await asyncio.gather(*both, return_exceptions=True) for both in sends]
        acknowledged: list[int] = []
        positions: dict[tuple[str, int], int] = {}
        failure: BaseException | None = None
        for row, both in zip(rows, answers, strict=True):
            failed = [answer for answer in both if isinstance(answer, BaseException)]
            if failed:
                failure = failure or failed[0]
                continue
            acknowledged.append(row["id"])
            for answer in (answer for answer in both if not isinstance(answer, BaseException)):
                place = (answer.topic, answer.partition)
                positions[place] = max(positions.get(place, 0), answer.offset + 1)
        if acknowledged:
            await _mark(self.database, epoch, acknowledged, positions)
            self.metrics.relayed.inc(sum(len(both) for both in sends))
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


async def _first_of(*tasks: asyncio.Task[Any], event: asyncio.Event, full: bool) -> None:
    """Wait for any task, for something said, or for the next poll; when the pipeline is full, for a task only."""
    if full:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return
    said = asyncio.create_task(event.wait())
    try:
        await asyncio.wait([said, *tasks], timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        said.cancel()


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


async def _renew(database: Database, epoch: int) -> None:
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


async def _give_up_lead(database: Database, epoch: int) -> None:
    async with database.transaction() as tx:
        await tx.execute("UPDATE relay_lease SET expires_at = '-infinity' WHERE epoch = $1", epoch)


async def _oldest(database: Database, in_flight: list[int]) -> list[asyncpg.Record]:
    async with database.transaction(one_statement=True) as tx:
        return await tx.fetch("SELECT * FROM outbox WHERE id <> ALL($1) ORDER BY id LIMIT $2", in_flight, BATCH)


async def _mark(database: Database, epoch: int, ids: list[int], positions: dict[tuple[str, int], int]) -> None:
    async with database.transaction() as tx:
        if await tx.fetchval("SELECT true FROM relay_lease WHERE epoch = $1 FOR SHARE", epoch) is None:
            raise LostLead
        await tx.execute(
            """
            WITH sent AS (DELETE FROM outbox WHERE id = ANY($1) RETURNING *)
            INSERT INTO event_log SELECT sent.*, now() FROM sent WHERE NOT personal""",
            ids,
        )
        await tx.execute(
            """
            INSERT INTO relay_position (topic, partition, next_offset)
            SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[])
            ON CONFLICT (topic, partition)
            DO UPDATE SET next_offset = greatest(relay_position.next_offset, excluded.next_offset)""",
            [topic for topic, _ in positions],
            [partition for _, partition in positions],
            list(positions.values()),
        )


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
