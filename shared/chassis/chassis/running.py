"""A service as it runs: its pool, its consumers, its relay and what works in the background; and how it is."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from chassis import idempotency, migrations, parked
from chassis.clock import clock_from
from chassis.consumer import Consumer
from chassis.database import Conflict, Database, Outage, connect
from chassis.hearing import Hearing, broker_of, look_at_the_store, subscribe
from chassis.migrations import Migration, WrongSchema
from chassis.relay import Relay
from chassis.sender import Sender
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.telemetry import Metrics, logger
from chassis.timers import Timer
from chassis.unbroken import unbroken

HEALTH_SECONDS = 2
DRAIN_SECONDS = 3  # for the batches in hand, and again for the broker
TASKS_SECONDS = 9
FAILED_SECONDS = 10  # for which a failure in the background is told
NO_ANSWER = "it does not answer: see that PostgreSQL runs and lets this service in"
READ_ONLY = "it is read-only: point this service at the primary, or let it take writes again"
log = logger(__name__)


@dataclass(frozen=True)
class Health:
    """How a service is. Ready tells whether it can work; lag and backlog are figures, never reasons."""

    checks: Mapping[str, str]  # "ok", or a sentence
    outbox_backlog: int | None
    lag_records: int | None
    lag_seconds: float
    parked: int | None

    @property
    def ready(self) -> bool:
        return all(answer == "ok" for answer in self.checks.values())


@dataclass
class Running:
    """One process of one service, between its start and its stop."""

    service: str
    settings: ServiceSettings
    database: Database
    metrics: Metrics
    relay: Relay
    broker: KafkaBroker
    hearings: Sequence[Hearing]
    outbox_backlog: int = 0
    wanted: Sequence[Migration] = ()
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _asking: asyncio.Task[tuple[str, int, int]] | None = None
    _failed_at: dict[str, float] = field(default_factory=dict)

    @property
    def consumers(self) -> dict[str, Consumer]:
        return {hearing.consumer.name: hearing.consumer for hearing in self.hearings}

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        """Work in the background until the stop; `name` is what readiness calls it when it ends before."""
        self._tasks.append(asyncio.create_task(self._keep(work, name)))

    async def _keep(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        """Begin it again when it fails."""
        while True:
            try:
                await work()
            except asyncio.CancelledError:
                # A cancellation within a library can get loose; only one that was asked of this task is a stop.
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                log.exception("work in the background was cancelled by nobody, and begins again", work=name)
            except Exception:
                log.exception("work in the background failed and begins again", work=name)
            else:
                return
            self._failed_at[name] = time.monotonic()
            await asyncio.sleep(1)

    @property
    def failing(self) -> list[str]:
        """The names of what has ended in the background just now, though it should not."""
        return [name for name, at in self._failed_at.items() if time.monotonic() - at < FAILED_SECONDS]

    @property
    def lost(self) -> list[str]:
        """What only a restart brings back."""
        return [f"{its.consumer.name} does not come back" for its in self.hearings if its.lost]

    async def listen(self) -> None:
        """Join the consumer groups; while Kafka is away, ask again."""
        while self.hearings:
            try:
                await unbroken(self.broker.start())
            except (KafkaError, OSError) as error:
                log.warning("waiting for Kafka", why=type(error).__name__)
                with contextlib.suppress(Exception):
                    await self.broker.stop()
                await asyncio.sleep(1)
            else:
                return

    async def keep_figures(self) -> None:
        """Once a second, the gauges; each hour, keys that are over are forgotten.

        The store is asked every other second while nothing waits to be sent.
        """
        seconds = 0
        while True:
            for ticked in await asyncio.gather(*(its.tick() for its in self.hearings), return_exceptions=True):
                if ticked is not None:
                    log.error("a consumer's figures could not be kept", exc_info=ticked)
            try:
                if self.outbox_backlog or seconds % 2 == 0:
                    await self._ask_for_figures()
                if seconds % 2 == 1:
                    await look_at_the_store(self.database, self.hearings)
                if seconds % 3600 == 0:
                    async with self.database.transaction(one_statement=True) as tx:
                        await idempotency.forget_expired(tx, datetime.now(UTC))
            except (Outage, Conflict):
                log.info("figures are not kept while the database is away")
            except Exception:
                log.exception("figures could not be kept")
            seconds += 1
            await asyncio.sleep(1)

    async def _ask_for_figures(self) -> None:
        async with self.database.transaction(one_statement=True) as tx:
            row = await tx.fetchrow(
                """
                SELECT count(*) AS events, min(written_at) AS oldest,
                       (SELECT count(*) FROM parked WHERE discarded_at IS NULL) AS parked
                FROM outbox"""
            )
        assert row is not None  # noqa: S101 - a count is always one row
        self.outbox_backlog = row["events"]
        age = (datetime.now(UTC) - row["oldest"]).total_seconds() if row["oldest"] else 0
        self.metrics.outbox_backlog.set(row["events"])
        self.metrics.outbox_oldest_age.set(max(0, age))
        self.metrics.parked.set(row["parked"])

    async def health(self) -> Health:
        """Ask every part now."""
        checks = {"database": "ok"}
        backlog = parked_records = None
        # The answer is not waited for beyond its time, nor is the end of the question, which a silent store puts off;
        # until then no second one is asked.
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_database())
        asked = self._asking
        await asyncio.wait({asked}, timeout=HEALTH_SECONDS)
        if asked.done():
            try:
                checks["database"], backlog, parked_records = asked.result()
            except (Outage, Conflict):
                checks["database"] = NO_ANSWER
        else:
            checks["database"] = NO_ANSWER
        checks["relay"] = self.relay.refusal or self.relay.trouble or "ok"
        for hearing in self.hearings:
            checks[hearing.consumer.name] = hearing.trouble or "ok"
        for name in self.failing:
            checks[name] = "it failed and begins again; the log says why"
        lags = [hearing.lag_records for hearing in self.hearings]
        return Health(
            checks=checks,
            outbox_backlog=backlog,
            lag_records=None if None in lags else sum(lag for lag in lags if lag is not None),
            lag_seconds=round(max((hearing.lag_seconds for hearing in self.hearings), default=0.0), 3),
            parked=parked_records,
        )

    async def _ask_database(self) -> tuple[str, int, int]:
        """What is the matter with it, or "ok"; what waits in the outbox; and what is parked."""
        async with self.database.transaction() as tx:
            read_only: bool = await tx.fetchval(
                "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean"
            )
            backlog: int = await tx.fetchval("SELECT count(*) FROM outbox")
            parked_records = await parked.count(tx)
        if read_only:
            # Another store may be the primary by now, and an open connection would never find out.
            await self.database.renew_connections()
            return READ_ONLY, backlog, parked_records
        try:
            await _require_schema(self.service, self.database, self.wanted)
        except WrongSchema as wrong:
            return str(wrong), backlog, parked_records
        return "ok", backlog, parked_records

    async def stop(self) -> None:
        """Finish what is in hand, take no more, close. A part that does not come to its end is not waited for."""
        await _within(DRAIN_SECONDS, "consumers", asyncio.gather(*(its.stop() for its in self.hearings)))
        for task in reversed(self._tasks):
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=TASKS_SECONDS)
            if late:
                log.error("work in the background did not end in time", count=len(late))
        if self._asking is not None:
            self._asking.cancel()
        # After the tasks: one of them may be in the midst of starting it.
        await _within(DRAIN_SECONDS, "broker", self.broker.stop())
        await self.database.close()


async def _within(seconds: float, part: str, end: Awaitable[Any]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await end
    except TimeoutError:
        log.error("a part did not stop in time", part=part)  # noqa: TRY400 - there is no more to tell
    except Exception:
        log.exception("a part failed to stop", part=part)


@asynccontextmanager
async def running(
    service: str,
    settings: ServiceSettings,
    wanted: list[Migration],
    *,
    subscriptions: Sequence[Subscription],
    timers: Sequence[Timer],
    senders: Sequence[Sender[Any, Any]],
) -> AsyncIterator[Running]:
    """Start every part of a service, and stop it in order. Raises `WrongSchema`; an outage is waited out."""
    metrics = Metrics()
    database = await _connected(service, settings)
    try:
        await _refuse_wrong_schema(service, database, wanted)
    except BaseException:
        await database.close()
        raise
    relay = Relay(service, settings, database, metrics)
    database.on_said.append(relay.wake)
    broker = broker_of(settings, f"{service}-{settings.replica}")
    # What a reaction leaves to be sent is sent now.
    woken = [sender.wake for sender in senders]
    hearings = [
        subscribe(broker, settings, Consumer(service, subscription, database, metrics, on_handled=woken), metrics)
        for subscription in subscriptions
    ]
    its = Running(service, settings, database, metrics, relay, broker, hearings, wanted=wanted)
    its.begin(relay.run, "relay")
    its.begin(its.keep_figures, "figures")
    its.begin(its.listen, "hearing")
    for timer in timers:
        its.begin(partial(timer.run, database), f"timer {timer.name}")
    for sender in senders:
        its.begin(partial(sender.run, database), f"sender {sender.name}")
    try:
        yield its
    finally:
        await its.stop()


async def _refuse_wrong_schema(service: str, database: Database, wanted: list[Migration]) -> None:
    while True:
        try:
            await _require_schema(service, database, wanted)
        except (Outage, Conflict):
            log.warning("waiting for the database")
            await asyncio.sleep(1)
        else:
            return


async def _require_schema(service: str, database: Database, wanted: Sequence[Migration]) -> None:
    """All of this code's migrations are there; a database that is newer is no matter, since migrations expand first."""
    missing = await migrations.missing(database, list(wanted))
    if missing:
        raise WrongSchema(f"{missing[0]} is not applied: run `python -m {service}.app migrate`")


async def _connected(service: str, settings: ServiceSettings) -> Database:
    while True:
        try:
            return await connect(
                settings.database_url.get_secret_value(),
                size=settings.database_pool,
                name=f"{service}-{settings.replica}",
                clock=clock_from(settings.clock_file),
            )
        except Outage:
            log.warning("waiting for the database")
            await asyncio.sleep(1)
