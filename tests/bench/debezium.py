"""The peer: Debezium's outbox event router in Kafka Connect, tuned, warm, and on a PostgreSQL of its own.

Set up for speed by its own documentation: pgoutput, a publication of the outbox table alone, no snapshot, texts passed
on as they are, batches of 4,096, a queue of 16,384, a producer with acks=all and idempotence. It keeps no account of
what it sent but its place in the log, and its table is not emptied. A record bears two headers where ours bears twelve.
"""

import asyncio
import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from bench.figures import Tell
from bench.outbox_places import BODY, SUBJECTS, Ends, Places, postgres, resident_mib
from testkit import children
from testkit.jars import _once, fetch, listed
from testkit.java import find_java
from testkit.ports import HOST, free_port

JARS = Path(__file__).with_name("debezium.jars")
TOPIC = "debezium.gse.members"
CONNECTOR = "outbox"
START_SECONDS = 90
HEAP = ("-Xms512m", "-Xmx1g")
FOR_A_BACKLOG = {"poll.interval.ms": "10", "producer.override.linger.ms": "5"}
FOR_ONE_EVENT = {"poll.interval.ms": "1", "producer.override.linger.ms": "0"}


@dataclass
class Debezium:
    """A running Connect worker with one connector, and the database whose outbox it reads."""

    url: str
    rest: str
    process: Popen[bytes]
    log: Path

    def memory_mib(self) -> float:
        return resident_mib(self.process.pid)

    def configure(self, tuning: dict[str, str]) -> None:
        """Makes or changes the connector, and waits until it runs."""
        self._ask("PUT", f"/{CONNECTOR}/config", _connector(self.url) | tuning)
        self._until("RUNNING")

    async def drained(self, at: Places, events: int) -> float:
        """Seconds from the first record to the last of a backlog that was committed, event by event, while it stood."""
        self._ask("PUT", f"/{CONNECTOR}/stop")
        self._until("STOPPED")
        await _say_backlog(self.url, events)
        async with Ends(at.kafka, TOPIC) as ends:
            before = await ends.count()
            self._ask("PUT", f"/{CONNECTOR}/resume")
            return await ends.seconds_of(events, before)

    def _until(self, state: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            its = self._ask("GET", f"/{CONNECTOR}/status")
            states = {part["state"] for part in [its["connector"], *its["tasks"]]} if its else set()
            if states == {state} and (its["tasks"] or state == "STOPPED"):
                return
            if time.monotonic() > deadline or "FAILED" in states:
                raise RuntimeError(f"Debezium is {states or 'silent'} and not {state}: see {self.log}")
            time.sleep(0.1)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - its own port on this machine
            f"{self.rest}/connectors{path}",
            method=method,
            data=json.dumps(body).encode() if body else b"" if method == "PUT" else None,
            headers={"Content-Type": "application/json"},
        )
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")
        return None


@contextmanager
def debezium(at: Places, tell: Tell) -> Iterator[Debezium]:
    """Raises `Unavailable`, with a sentence, when its packages or a Java for it cannot be fetched."""
    packages = listed(JARS)

    def make(folder: Path) -> None:
        fetch(packages, folder, tell, "Fetching Debezium")

    jars = _once("debezium", packages, make)
    java = find_java(progress=tell)
    home = at.folder / "debezium"
    home.mkdir()
    with postgres(at.folder / "peer", tell, wal_level="logical") as store:
        store.create_database("peer", "peer", "peer")
        url = store.url("peer", "postgres", store.password)
        asyncio.run(_make_tables(url))
        port = free_port()
        config = home / "worker.properties"
        config.write_text("".join(f"{name}={value}\n" for name, value in _worker(at, home, port).items()))
        tell("Starting Debezium")
        command: list[str | Path] = [
            java,
            *HEAP,
            "-cp",
            f"{jars}/*",
            "org.apache.kafka.connect.cli.ConnectStandalone",
            config,
        ]
        process = children.start(command, log=home / "debezium.log", cwd=home)
        its = Debezium(url, f"http://{HOST}:{port}", process, home / "debezium.log")
        try:
            _wait(its)
            its.configure(FOR_A_BACKLOG)
            yield its
        finally:
            children.kill(process)


def _wait(its: Debezium) -> None:
    deadline = time.monotonic() + START_SECONDS
    while its._ask("GET", "") is None:
        if its.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Debezium did not start: see {its.log}")
        time.sleep(0.1)


def _worker(at: Places, home: Path, port: int) -> dict[str, str]:
    converter = "org.apache.kafka.connect.storage.StringConverter"
    return {
        "bootstrap.servers": at.kafka.bootstrap,
        "listeners": f"http://{HOST}:{port}",
        "key.converter": converter,
        "value.converter": converter,
        "offset.storage.file.filename": str(home / "offsets"),
        "producer.acks": "all",
        "producer.enable.idempotence": "true",
        "producer.batch.size": "131072",
    }


def _connector(url: str) -> dict[str, str]:
    place = urlsplit(url)
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        "database.hostname": str(place.hostname),
        "database.port": str(place.port),
        "database.user": str(place.username),
        "database.password": str(place.password),
        "database.dbname": "peer",
        "topic.prefix": "peer",
        "plugin.name": "pgoutput",
        "table.include.list": "public.outbox",
        "publication.autocreate.mode": "filtered",
        "snapshot.mode": "no_data",
        "tombstones.on.delete": "false",
        "max.batch.size": "4096",
        "max.queue.size": "16384",
        "transforms": "router",
        "transforms.router.type": "io.debezium.transforms.outbox.EventRouter",
        "transforms.router.route.topic.replacement": TOPIC,
    }


async def _make_tables(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        """
        CREATE TABLE state (id integer PRIMARY KEY, changes integer NOT NULL);
        CREATE TABLE outbox (
            id uuid PRIMARY KEY, aggregatetype text NOT NULL, aggregateid uuid NOT NULL, type text NOT NULL,
            payload text NOT NULL)"""
    )
    await connection.close()


async def _say_backlog(url: str, events: int) -> None:
    """Each event in a transaction of its own; that they are quick to write is no part of what is measured."""
    connection = await asyncpg.connect(url)
    await connection.execute("SET synchronous_commit = off")
    await connection.execute(
        f"""
        DO $$ BEGIN
            FOR place IN 1 .. {events} LOOP
                INSERT INTO outbox VALUES (gen_random_uuid(), 'members', md5((place % {SUBJECTS})::text)::uuid,
                    'RoleGranted', rpad('', {BODY}, '.'));
                COMMIT;
            END LOOP;
        END $$"""  # noqa: S608 - our own numbers
    )
    await connection.execute("SET synchronous_commit = on")
    await connection.execute("CHECKPOINT")
    await connection.close()
