"""What the benches of saying share: a broker, a database with the chassis's tables, and the process that relays.

Broker and stores are this machine's own processes, as the tests have them, with their data on disk and `fsync` on.
Ours is the real `chassis.relay.Relay` in a process of its own (`relay_process`), told where things are as a service
is. A backlog is one event said by the real `outbox.put`, then copied by one statement, each copy with ids, a subject
and a place of its own: 100,000 calls would only make the bench longer.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.figures import Tell
from chassis import migrations, outbox
from chassis.database import connect
from chassis.migrations import CHASSIS, read
from contracts.members import Role, RoleGranted
from testkit import children
from testkit.addresses import KafkaAddress
from testkit.examples import promoted
from testkit.kafka_process import start_kafka
from testkit.postgres_process import PostgresProcess, start_postgres
from testkit.provision import provision

INTERNAL, PUBLIC = "gse.members", "gse.members.public"
PARTITIONS = 12
BODY = 463  # bytes; what an event with a title and a summary comes to
SUBJECTS = 20_000
PATIENCE_SECONDS = 180
LOOK_SECONDS = 0.01
TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Places:
    """Where the bench runs: `ours` is a database with the chassis's tables and a table of state."""

    folder: Path
    kafka: KafkaAddress
    ours: str

    def environment(self) -> dict[str, str]:
        """What a process of ours is told, in the words of a service's settings."""
        return os.environ | {
            "GSE_DATABASE_URL": self.ours,
            "GSE_DATABASE_POOL": "20",
            "GSE_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "GSE_HTTP_PORT": "0",
            "GSE_TOKEN_KEYS": "unused",
            "PYTHONPATH": str(TESTS),
        }


@contextmanager
def places(tell: Tell) -> Iterator[Places]:
    with tempfile.TemporaryDirectory(prefix="gse-bench-") as name:
        folder = Path(name)
        kafka = start_kafka(folder / "kafka", progress=tell)
        try:
            with postgres(folder / "ours", tell) as store:
                url = store.create_database("ours", "ours", "ours")
                asyncio.run(_make_tables(url))
                for prefix in ("", "raw.", "debezium."):
                    provision(kafka.address_for(), prefix=prefix, principals=False)
                yield Places(folder, kafka.address_for(), url)
        finally:
            kafka.stop()


@contextmanager
def postgres(home: Path, tell: Tell, **settings: str) -> Iterator[PostgresProcess]:
    """A cluster of its own, with these settings on top of those that every local one has."""
    store = start_postgres(home, progress=tell)
    try:
        if settings:
            asyncio.run(_set(store.admin_url, settings))
            store.stop()
            store = start_postgres(home, progress=tell)
        yield store
    finally:
        store.stop()
        children.remove(store.folder)


async def say_backlog(url: str, events: int, *, public: bool) -> None:
    """So many events of one type, all at once: those of a subject far apart and in order."""
    store = await connect(url, size=1, name="bench")
    kind = promoted(uuid4()) if public else RoleGranted(member_id=uuid4(), role=Role.TEAM)
    async with store.transaction() as tx:
        await outbox.put(tx, kind)
        await tx.execute(
            """
            CREATE TEMPORARY TABLE subject ON COMMIT DROP AS
                SELECT number, gen_random_uuid() AS id FROM generate_series(0, $1 - 1) AS number""",
            SUBJECTS,
        )
        await tx.execute(
            """
            INSERT INTO outbox (id, event_id, stream, type, schema_name, subject, sequence, body, public_id,
                public_sequence, public_body, personal, occurred_at, written_at, correlation_id, traceparent)
            SELECT nextval('outbox_id'), gen_random_uuid(), stream, type, schema_name, subject.id, place / $2 + 1,
                rpad(body, $3 - 2, '.') || '"}', CASE WHEN public_id IS NOT NULL THEN gen_random_uuid() END,
                CASE WHEN public_id IS NOT NULL THEN place / $2 + 1 END, public_body, personal, occurred_at,
                clock_timestamp(), gen_random_uuid(), traceparent
            FROM outbox CROSS JOIN generate_series(0, $1 - 1) AS place JOIN subject ON number = place % $2
            ORDER BY place""",
            events,
            SUBJECTS,
            BODY,
        )
        await tx.execute("DELETE FROM outbox WHERE id = (SELECT min(id) FROM outbox)")
    await store.close()


@contextmanager
def relaying(at: Places, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The process that relays, and what else it is asked for; its answer is one line of JSON."""
    command = [sys.executable, "-P", "-m", "bench.relay_process", *arguments]
    log = (at.folder / "relay.log").open("a")
    with log, subprocess.Popen(command, env=at.environment(), stdout=subprocess.PIPE, stderr=log, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)


def answer_of(process: subprocess.Popen[str]) -> str:
    """The line that the process says when it has measured what it was asked for."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the process that relays ended with {process.wait()}; its log says why")
    return line


def resident_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


class Ends:
    """How many records topics hold, seen from outside by a client that joins no group."""

    def __init__(self, kafka: KafkaAddress, *topics: str) -> None:
        self._consumer = AIOKafkaConsumer(**kafka.aiokafka())
        self._partitions = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def count(self) -> int:
        return sum((await self._consumer.end_offsets(self._partitions)).values())

    async def seconds_of(self, records: int, before: int) -> float:
        """From the first of so many new records to the last."""
        first: float | None = None
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (there := await self.count() - before) < records:
            now = time.monotonic()
            first = now if first is None and there > 0 else first
            if now > deadline:
                raise TimeoutError(f"{there} of {records} records after {PATIENCE_SECONDS} s")
            await asyncio.sleep(LOOK_SECONDS)
        return time.monotonic() - (first or deadline)


async def _make_tables(url: str) -> None:
    await migrations.migrate(url, read("chassis", CHASSIS))
    connection = await asyncpg.connect(url)
    await connection.execute(
        """
        CREATE TABLE state (id integer PRIMARY KEY, changes integer NOT NULL);
        CREATE TABLE plain_outbox (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL, type text NOT NULL,
            subject uuid NOT NULL, body text NOT NULL, written_at timestamptz NOT NULL)"""
    )
    await connection.close()


async def _set(url: str, settings: dict[str, str]) -> None:
    connection = await asyncpg.connect(url)
    for name, value in settings.items():
        await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    await connection.close()
