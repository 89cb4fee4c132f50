"""Hearing a stream: events applied a second by the real consumer, beside what its SQL alone takes, and FastStream.

One topic holds `RECORDS` events that members would say of as many joiners: the real contract, envelope and key, 12
partitions. Each measurement is a process of its own with a fresh database (`fsync` on), and runs from the first record
it gets to the last commit. Rounds take all of them in turn.

    ours, a set      `Hearing`, `Consumer` and a subscription whose reaction upserts the joiners of a batch at once
    ours, ordinary   the same with a reaction that upserts one joiner
    SQL alone        the statements of `ours, a set`, in batches of the same size, from memory, by one connection
    FastStream       one transaction with the same upsert, and one commit to Kafka (`NACK_ON_ERROR`), for each message

Order, progress and repeats are ours to keep and not FastStream's, which upserts whatever comes, in whatever order.
The broker answers a commit at once (`group.coordinator.append.linger.ms=0`): with its default FastStream is six times
as slow. The slow ones hear the first part of the stream.
"""

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from bench.figures import Comparison, Finding, Series, Target, Tell
from chassis import migrations
from chassis.causes import new_cause
from chassis.envelope import headers_of
from contracts.members import Grade, GradeBand, MemberJoined
from testkit import children
from testkit.addresses import KafkaAddress
from testkit.kafka_process import start_kafka
from testkit.postgres_process import PostgresProcess, start_postgres
from testkit.provision import provision

RECORDS = 40_000
# How many records each hears.
MEASURED = {"set": RECORDS, "ordinary": 12_000, "sql": RECORDS, "sql-by-three": RECORDS, "faststream": 2_000}
TOPIC = "gse.members"
TABLE = """
    CREATE TABLE colleague (
        member_id uuid PRIMARY KEY, organisation text NOT NULL, grade text NOT NULL, joined_on date NOT NULL
    )"""


@dataclass(frozen=True)
class Place:
    """What a measuring process is told."""

    what: str
    records: int
    kafka: str
    database: str


def measure(rounds: int, tell: Tell) -> list[Finding]:
    """Start a broker and a cluster, fill the stream once, and measure everything in turn."""
    with TemporaryDirectory(prefix="gse-bench-") as home:
        tell("starting Kafka and PostgreSQL")
        postgres = start_postgres(Path(home) / "postgres")
        try:
            kafka = start_kafka(Path(home) / "kafka")
            try:
                provision(kafka.address_for(), principals=False)
                tell(f"saying {RECORDS} events")
                size = asyncio.run(_fill(kafka.address_for()))
                series = _measure(kafka.bootstrap, postgres, rounds, tell)
            finally:
                kafka.kill()
        finally:
            postgres.kill()
            children.remove(postgres.folder)
    return _findings(series, size)


def _measure(bootstrap: str, postgres: PostgresProcess, rounds: int, tell: Tell) -> dict[str, Series]:
    found: dict[str, list[float]] = {what: [] for what in MEASURED}
    for turn in range(rounds):
        for what, records in MEASURED.items():
            tell(f"round {turn + 1} of {rounds}: {what}")
            name = f"bench_{what.replace('-', '_')}_{turn}"
            url = postgres.create_database(name, name, uuid4().hex)
            asyncio.run(migrations.migrate(url, migrations.read("chassis", migrations.CHASSIS)))
            found[what].append(_in_a_process(Place(what, records, bootstrap, url)))
    names = {
        "set": "ours, a set",
        "ordinary": "ours, ordinary",
        "sql": "SQL alone",
        "sql-by-three": "SQL alone, by 3 connections",
        "faststream": "FastStream",
    }
    return {what: Series(names[what], "events/s", tuple(rates)) for what, rates in found.items()}


def _in_a_process(place: Place) -> float:
    """Events a second, as the process that measured them says on its last line."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bench.consumer_process", json.dumps(place.__dict__)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        raise RuntimeError(f"{place.what} failed: {done.stderr[-2000:]}{done.stdout[-2000:]}")
    return float(json.loads(done.stdout.splitlines()[-1])["rate"])


def _findings(series: dict[str, Series], size: float) -> list[Finding]:
    ours, ordinary, sql, peer = (series[what] for what in ("set", "ordinary", "sql", "faststream"))
    about = f"{size:.0f} bytes a record with its headers; SQL alone: one connection"
    return [
        Finding(
            "consumer, set",
            (Comparison(ours, Target(at_least=0.6), sql), Comparison(ours, Target(at_least=50), peer)),
            (series["sql-by-three"],),
            (about,),
        ),
        Finding("consumer, ordinary", (Comparison(ordinary, Target(at_least=8), peer),)),
    ]


def joiners(count: int) -> list[MemberJoined]:
    """The same people in every run."""
    random = Random(1)
    return [
        MemberJoined(
            member_id=UUID(int=random.getrandbits(128), version=4),
            organisation="UKHSA",
            grade_band=GradeBand.HEO_SEO,
            grade=Grade.HEO,
            joined_on=date(2026, 2, 11),
        )
        for _ in range(count)
    ]


async def _fill(kafka: KafkaAddress) -> float:
    """Say all events; gives the mean size of a record in bytes."""
    options: dict[str, Any] = {**kafka.aiokafka(), "linger_ms": 5, "max_batch_size": 131_072}
    size = 0
    async with AIOKafkaProducer(**options) as producer:
        sent = []
        for event in joiners(RECORDS):
            cause = new_cause()
            headers = headers_of(
                event_id=uuid4(),
                type=event.type_name(),
                service=event.service,
                subject=event.subject,
                sequence=1,
                occurred_at=datetime.now(UTC),
                dataschema=f"http://localhost:8000/schemas/{event.schema_name()}.json",
                dataclassification="internal",
                correlation_id=cause.correlation_id,
                traceparent=cause.traceparent,
            )
            key, value = str(event.subject).encode(), event.body().encode()
            size += len(key) + len(value) + sum(len(name) + len(text) for name, text in headers)
            sent.append(await producer.send(TOPIC, value=value, key=key, headers=headers))
        await asyncio.gather(*sent)
    return size / RECORDS
