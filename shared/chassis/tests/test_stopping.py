"""A part that stops, is stopped while it starts, or meets silence: it ends, leaves nothing open, and says so."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError
from aiokafka.structs import TopicPartition

from chassis.consumer import Consumer
from chassis.database import Database, connect
from chassis.hearing import REFUSALS, Hearing, broker_of
from chassis.relay import Relay
from chassis.running import NO_ANSWER, Running
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.telemetry import Metrics
from chassis.unbroken import unbroken
from contracts.members import MemberJoined
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually

PLACE = TopicPartition("gse.members", 0)
PROGRAM = """
from chassis import commands, service
from chassis.settings import ServiceSettings
def create(settings):
    return service.create(settings, name="empty", package=PACKAGE, routers=[])
commands.main(ServiceSettings, create, name="empty", package="unused")
"""
UNCONFIGURED = """
from chassis.telemetry import logger
name = "Ada Lovelace"
try:
    raise ValueError(f"{name} is not a grade")
except ValueError:
    logger("ours").exception("something failed")
"""


@contextlib.asynccontextmanager
async def silence() -> AsyncIterator[int]:
    """The port of a server that takes every connection and never answers."""
    open_ones: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.append(writer)
        await reader.read()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in open_ones:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def stalling(url: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A store behind a wire; while the event is clear nothing passes."""
    flows, pumps = asyncio.Event(), set[asyncio.Task[None]]()
    flows.set()
    there = urlsplit(url)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                await flows.wait()
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(there.hostname, there.port)
        both = (asyncio.create_task(pump(reader, far_writer)), asyncio.create_task(pump(far_reader, writer)))
        pumps.update(both)
        await asyncio.wait(both)

    server = await asyncio.start_server(join, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield url.replace(f":{there.port}/", f":{port}/"), flows
    flows.set()
    server.close()
    if pumps:
        await asyncio.wait(pumps, timeout=5)


def settings_of(database_url: str, bootstrap: str, prefix: str = "") -> ServiceSettings:
    return ServiceSettings(
        database_url=database_url,
        kafka_bootstrap=bootstrap,
        topic_prefix=prefix,
        http_port=0,
        token_keys=Path("unused"),
    )


@pytest.mark.parametrize("turns", [0, 1, 3, 8])
async def test_a_relay_stopped_while_it_steps_down_ends_and_leaves_no_producer_open(
    kafka: KafkaAddress, topic_prefix: str, database_url: str, store: Database, turns: int
) -> None:
    metrics = Metrics()
    relay = Relay("members", settings_of(database_url, kafka.bootstrap, topic_prefix), store, metrics)

    def leads() -> bool:
        return metrics.registry.get_sample_value("relay_leading") == 1

    task = asyncio.create_task(relay.run())
    await eventually(leads, timeout=20)
    async with store.transaction() as tx:
        await tx.execute("UPDATE relay_lease SET holder = 'another', epoch = epoch + 1")
    await eventually(lambda: not leads(), every=0)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=8)
    if not done:
        task.cancel()
    assert done == {task}


async def test_the_lead_is_kept_while_the_streams_are_still_being_checked(database_url: str, store: Database) -> None:
    async def lease() -> Any:
        async with store.transaction() as tx:
            return await tx.fetchval("SELECT expires_at FROM relay_lease WHERE epoch = 1")

    async with silence() as port:
        task = asyncio.create_task(
            Relay("members", settings_of(database_url, f"127.0.0.1:{port}"), store, Metrics()).run()
        )
        first = await eventually(lease)

        async def renewed() -> bool:
            return bool(await lease() > first)

        await eventually(renewed, timeout=4)
        task.cancel()
        await asyncio.wait({task}, timeout=12)
        assert task.cancelled()


@pytest.mark.parametrize("after", [0, 0.002, 0.02])
async def test_a_listening_broker_stopped_while_it_starts_leaves_nothing_open(
    kafka: KafkaAddress, database_url: str, after: float
) -> None:
    def producers() -> int:
        return sum(type(its) is AIOKafkaProducer for its in gc.get_objects())

    before = producers()
    broker = broker_of(settings_of(database_url, kafka.bootstrap), "test")
    task = asyncio.create_task(unbroken(broker.start()))
    await asyncio.sleep(after)
    task.cancel()
    await asyncio.wait({task})
    made = producers() - before
    await broker.stop()
    assert made == 0


def hearing(store: Database, commit: Callable[[Any], Awaitable[None]], *, end: int | None = 0) -> Hearing:
    """One that stands in its group, with a double of aiokafka's consumer behind it."""
    consumer = Consumer("test", Subscription("gse.members", {MemberJoined: _nothing}), store, Metrics())
    consumer.expected[PLACE] = 0
    kafka = SimpleNamespace(
        commit=commit,
        highwater=lambda _partition: end,
        assignment=lambda: {PLACE},
        subscription=lambda: {PLACE.topic},
        partitions_for_topic=lambda _topic: {PLACE.partition},
        _fetcher=SimpleNamespace(_fetch_task=asyncio.get_running_loop().create_future()),
    )
    subscriber = SimpleNamespace(consumer=kafka, tasks=[])
    return Hearing(consumer, Metrics(), subscriber=subscriber, assigned=frozenset({PLACE}))


async def _nothing(_event: Any, _tx: Any) -> None:
    pass


async def test_the_figures_go_on_while_kafka_does_not_answer(store: Database) -> None:
    async def never(_offsets: Any) -> None:
        await asyncio.Event().wait()

    its = hearing(store, never)
    async with asyncio.timeout(3):
        await its.tick()
    assert its.trouble is None


async def test_a_group_that_refuses_it_is_trouble_until_it_takes_it_again(store: Database) -> None:
    refuses = True

    async def answer(_offsets: Any) -> None:
        if refuses:
            raise GroupAuthorizationFailedError("test")

    its = hearing(store, answer)
    for _ in range(REFUSALS):
        assert its.trouble is None
        await its.tick()
    assert its.trouble == (
        "Kafka refuses it in its group (GroupAuthorizationFailedError): compare its rights by `./gse kafka plan`"
    )
    refuses = False
    await its.tick()
    assert its.trouble is None


async def test_kafka_is_told_where_a_consumer_is_when_that_has_changed(store: Database) -> None:
    told: list[int] = []

    async def note(offsets: Any) -> None:
        told.append(offsets[PLACE])

    its = hearing(store, note)
    for offset in (0, 0, 1, 1):
        its.consumer.expected[PLACE] = offset
        await its.tick()
    assert told == [0, 1]


async def test_the_end_of_the_task_that_asks_for_records_is_trouble(store: Database) -> None:
    its = hearing(store, _commit_nothing)
    task = asyncio.create_task(_commit_nothing(None))
    its.subscriber.tasks.append(task)
    assert its.trouble is None
    await task
    assert its.lost
    assert its.trouble == "it has ended asking for records: restart this replica"


async def test_a_stream_that_ends_before_what_was_heard_is_trouble(store: Database) -> None:
    its = hearing(store, _commit_nothing, end=40)
    its.consumer.expected[PLACE] = 41
    assert its.trouble == (
        "its stream ends before what it has heard: the stream was lost or recreated; "
        "follow “A stream was lost or recreated” in deploy/README.md"
    )


async def _commit_nothing(_offsets: Any) -> None:
    pass


async def test_health_answers_while_the_store_is_silent_and_the_stop_comes_to_its_end(database_url: str) -> None:
    async with stalling(database_url) as (url, flows):
        store = await connect(url, size=3, name="test")
        settings = settings_of(url, "127.0.0.1:1")
        relay = Relay("test", settings, store, Metrics())
        its = Running("test", settings, store, Metrics(), relay, broker_of(settings, "test"), [])
        its.begin(its.keep_figures, "figures")
        assert (await its.health()).checks["database"] == "ok"
        flows.clear()
        async with asyncio.timeout(6):
            assert (await its.health()).checks["database"] == NO_ANSWER
            assert (await its.health()).checks["database"] == NO_ANSWER
        async with asyncio.timeout(20):
            await its.stop()


async def test_work_that_fails_or_is_cancelled_by_nobody_is_told_and_begun_again(
    store: Database, database_url: str
) -> None:
    ends = iter([asyncio.CancelledError(), ZeroDivisionError()])

    async def work() -> None:
        for end in ends:
            raise end
        await asyncio.Event().wait()

    settings = settings_of(database_url, "127.0.0.1:1")
    relay = Relay("test", settings, store, Metrics())
    its = Running("test", settings, store, Metrics(), relay, broker_of(settings, "test"), [])
    its.begin(work, "timer nudges")
    await asyncio.sleep(0.1)
    assert (await its.health()).checks["timer nudges"] == "it failed and begins again; the log says why"
    await eventually(lambda: next(ends, None) is None, every=0.5)
    async with asyncio.timeout(5):
        await its.stop()


async def test_offsets_that_cannot_be_read_for_an_unforeseen_reason_are_read_again(
    store: Database, database_url: str
) -> None:
    its = hearing(store, _commit_nothing)
    its.consumer.expected.clear()
    kafka = its.subscriber.consumer
    kafka.pause = kafka.seek = kafka.resume = lambda *_: None
    kafka._fetcher = SimpleNamespace()
    bare = await asyncpg.connect(database_url)
    await bare.execute("ALTER TABLE consumer_offset RENAME TO away")
    await its.on_partitions_assigned({PLACE})
    await asyncio.sleep(0.2)
    await bare.execute("ALTER TABLE away RENAME TO consumer_offset")
    await bare.close()
    await eventually(lambda: its.ready, timeout=5)


async def _program(tmp_path: Path, database_url: str, *commands: str) -> asyncio.subprocess.Process:
    """A service of nothing but the chassis, as a process, whose Kafka is away."""
    keys = tmp_path / "keys.json"
    keys.write_text(
        '{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}'
    )
    (tmp_path / "migrations").mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "GSE_DATABASE_URL": database_url,
        "GSE_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "GSE_HTTP_PORT": "0",
        "GSE_TOKEN_KEYS": str(keys),
    }
    program = PROGRAM.replace("PACKAGE", repr(str(tmp_path / "app.py")))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        *commands,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_a_service_told_to_stop_while_it_waits_for_its_store_stops(tmp_path: Path) -> None:
    process = await _program(tmp_path, "postgresql://a:b@127.0.0.1:1/none", "serve")
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while b"waiting for the database" not in await process.stdout.readline():
            pass
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(8):
                await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
    assert process.returncode == 0


async def test_one_process_brings_its_tables_up_to_date_and_then_serves(
    tmp_path: Path, database: Callable[..., Awaitable[str]]
) -> None:
    url = await database("empty", lambda _: asyncio.sleep(0))
    process = await _program(tmp_path, url, "migrate", "serve")
    assert process.stdout is not None
    said = b""
    async with asyncio.timeout(60):
        while b"Kafka" not in said:  # which is the first that it misses once it runs
            said += await process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert b"empty: 3 migrations applied" in said
    assert process.returncode == 0


async def test_a_process_that_finds_tables_of_another_build_ends_and_says_which(
    tmp_path: Path, database_url: str
) -> None:
    bare = await asyncpg.connect(database_url)
    await bare.execute("UPDATE schema_migration SET checksum = 'another'")
    await bare.close()
    process = await _program(tmp_path, database_url, "migrate", "serve")
    _, words = await process.communicate()
    assert words.startswith(b"empty: chassis/0001_chassis.sql was applied with other contents")
    assert process.returncode == 1


async def test_a_program_that_has_not_said_how_it_logs_prints_no_values() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", UNCONFIGURED, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed, _ = await process.communicate()
    assert b"ValueError" in printed
    assert b"Lovelace" not in printed
