"""One process of ours, as the benches ask for it; everything it does goes through the chassis as in a service.

python -m bench.relay_process relay               only relays, until it is stopped
python -m bench.relay_process pace EVENTS RATE    relays, and says so many events a second in the same process
python -m bench.relay_process write SECONDS       relays, and writes as fast as 16 connections can
python -m bench.relay_process plain SECONDS       the same writers with one plain row instead, and no relay
python -m bench.relay_process peer EVENTS RATE URL      no relay: the same writer with a row of Debezium's outbox at URL
python -m bench.relay_process raw TOPIC RECORDS   no database: the same records from memory, by aiokafka alone
"""

import asyncio
import contextlib
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import structlog
from aiokafka import AIOKafkaProducer

from bench.outbox_places import BODY
from chassis import envelope, outbox
from chassis.database import Database, Transaction, connect
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from chassis.telemetry import Metrics
from testkit.examples import promoted

CONNECTIONS = 16
ROWS = 10_000  # of state; so many that writers seldom meet
WARM_SECONDS = 1.0
WINDOW = 2_000  # records on their way at once, as in the relay


@contextlib.asynccontextmanager
async def at_work(*, relays: bool = True) -> AsyncIterator[Database]:
    settings = ServiceSettings()
    database = await connect(settings.database_url.get_secret_value(), size=settings.database_pool, name="bench")
    relay = Relay("members", settings, database, Metrics())
    database.on_said.append(relay.wake)
    task = asyncio.create_task(relay.run() if relays else asyncio.sleep(0))
    while relays and relay.metrics.registry.get_sample_value("relay_leading") != 1:  # noqa: ASYNC110 - a gauge
        await asyncio.sleep(0.02)
    try:
        yield database
    finally:
        task.cancel()
        await asyncio.wait({task})
        await database.close()


async def relay() -> None:
    async with at_work():
        answer("ready")
        await asyncio.Event().wait()


async def pace(events: int, rate: int) -> None:
    """When the commit of each event had returned, by its subject."""
    committed: dict[str, float] = {}

    async def say(database: Database, subject: UUID) -> None:
        async with database.transaction() as tx:
            await change_state(tx)
            await outbox.put(tx, promoted(subject))
        committed[str(subject)] = time.monotonic()

    async with at_work() as database:
        await paced(events, rate, lambda subject: say(database, subject))
        await asyncio.sleep(0.5)
    answer(committed)


async def pace_for_peer(events: int, rate: int, url: str) -> None:
    committed: dict[str, float] = {}
    database = await connect(url, size=20, name="bench")

    async def say(subject: UUID) -> None:
        event = promoted(subject)
        async with database.transaction() as tx:
            await change_state(tx)
            await tx.execute(
                "INSERT INTO outbox VALUES ($1, 'members', $2, $3, $4)",
                uuid4(), subject, type(event).type_name(), event.body(),
            )  # fmt: skip
        committed[str(subject)] = time.monotonic()

    await paced(events, rate, say)
    await asyncio.sleep(0.5)
    await database.close()
    answer(committed)


async def paced(events: int, rate: int, say: Callable[[UUID], Awaitable[None]]) -> None:
    """Calls at even instants, whether or not the one before has come back."""
    started = time.monotonic()
    async with asyncio.TaskGroup() as under_way:
        for number in range(events):
            await asyncio.sleep(started + number / rate - time.monotonic())
            under_way.create_task(_whole(say(uuid4())))


async def _whole(work: Awaitable[None]) -> None:
    await work


async def write(seconds: float, *, plain: bool) -> None:
    async with at_work(relays=not plain) as database:
        await _commits(database, WARM_SECONDS, plain=plain)
        answer(await _commits(database, seconds, plain=plain) / seconds)


async def _commits(database: Database, seconds: float, *, plain: bool) -> int:
    end = time.monotonic() + seconds

    async def one_connection() -> int:
        commits = 0
        while time.monotonic() < end:
            async with database.transaction() as tx:
                await change_state(tx)
                await (_say_plainly(tx) if plain else outbox.put(tx, promoted(uuid4())))
            commits += 1
        return commits

    return sum(await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS))))


async def change_state(tx: Transaction) -> None:
    await tx.execute(
        """
        INSERT INTO state AS its (id, changes) VALUES ($1, 1)
        ON CONFLICT (id) DO UPDATE SET changes = its.changes + 1""",
        random.randrange(ROWS),
    )


async def _say_plainly(tx: Transaction) -> None:
    event = promoted(uuid4())
    await tx.execute(
        "INSERT INTO plain_outbox (event_id, type, subject, body, written_at) VALUES ($1, $2, $3, $4, $5)",
        uuid4(), type(event).type_name(), event.subject, event.body(), tx.now,
    )  # fmt: skip


async def raw(topic: str, records: int) -> None:
    """Seconds for so many records of the relay's size and headers, made before; a window of them on their way."""
    now, body = datetime.now(UTC), b"." * BODY
    made = [(str(subject).encode(), _headers(subject, now)) for subject in (uuid4() for _ in range(records))]
    settings = ServiceSettings()
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap, acks="all", enable_idempotence=True, linger_ms=0,
        max_batch_size=128 * 1024,
    )  # fmt: skip
    await producer.start()
    await producer.send_and_wait(topic, body, key=b"warm")
    began = time.monotonic()
    sent = []
    for number, (key, headers) in enumerate(made):
        sent.append(await producer.send(topic, body, key=key, headers=headers))
        if number >= WINDOW:
            await sent[number - WINDOW]
    for future in sent[-WINDOW:]:
        await future
    answer(time.monotonic() - began)
    await producer.stop()


def _headers(subject: UUID, now: datetime) -> list[tuple[str, bytes]]:
    return envelope.headers_of(
        event_id=uuid4(), type="uk.gov.gse.members.RoleGranted.v1", service="members", subject=subject, sequence=1,
        occurred_at=now, dataschema="http://localhost:8000/schemas/members/RoleGranted.v1.json",
        dataclassification="internal", correlation_id=uuid4(), traceparent="00-" + "1" * 32 + "-" + "1" * 16 + "-01",
    )  # fmt: skip


def answer(said: object) -> None:
    print(json.dumps(said), flush=True)


def main(command: str, *arguments: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is for the answer
    works: dict[str, Callable[[], Awaitable[None]]] = {
        "relay": relay,
        "pace": lambda: pace(int(arguments[0]), int(arguments[1])),
        "peer": lambda: pace_for_peer(int(arguments[0]), int(arguments[1]), arguments[2]),
        "write": lambda: write(float(arguments[0]), plain=False),
        "plain": lambda: write(float(arguments[0]), plain=True),
        "raw": lambda: raw(arguments[0], int(arguments[1])),
    }
    asyncio.run(_whole(works[command]()))


if __name__ == "__main__":
    main(*sys.argv[1:])
