"""One small service that runs, on a broker with rights and a database of its own: for something to befall it."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from fastapi import APIRouter, FastAPI
from httpx2 import AsyncClient
from pydantic import SecretStr

from chassis import outbox, service
from chassis.database import Database, Transaction
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.testing import client_of, migrating, said, token_keys
from chassis.timers import Timer
from contracts.members import MemberJoined
from contracts.mentoring import MatchRunCompleted
from testkit.access import Right
from testkit.addresses import KafkaAddress
from testkit.cluster import allow, make_topics
from testkit.databases import Databases
from testkit.eventually import eventually
from testkit.examples import joined
from testkit.kafka_process import KafkaProcess

OURS = ("gse.mentoring", "gse.mentoring.public")
SECONDS = 30  # within which the right answer is there


@dataclass
class Told:
    """What a service said in its state: readiness with every part that is not well, and liveness."""

    ready: int
    wrong: dict[str, str]
    live: int = 200


@dataclass
class Subject:
    """One service that something befalls, with a user, streams and a database of its own."""

    name: str
    operator: KafkaAddress
    admin_url: str
    url: str
    kafka: KafkaProcess
    app: FastAPI
    client: AsyncClient
    reacts: asyncio.Event = field(default_factory=asyncio.Event)
    dies: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def prefix(self) -> str:
        return f"{self.name}."

    @property
    def running(self) -> Any:
        return self.app.state.running

    async def told(self) -> Told:
        ready = await self.client.get("/health/ready")
        wrong = {part: answer for part, answer in ready.json()["checks"].items() if answer != "ok"}
        return Told(ready.status_code, wrong, (await self.client.get("/health/live")).status_code)

    async def saying(self, expected: Told) -> Told:
        """What it says once it says what is expected; what it says instead, when the time for that is over."""

        async def says_it() -> bool:
            return await self.told() == expected

        with contextlib.suppress(AssertionError):
            await eventually(says_it, timeout=SECONDS, every=0.5)
            return expected
        return await self.told()

    async def well(self) -> None:
        async def is_well() -> bool:
            return await self.told() == Told(200, {})

        await eventually(is_well, timeout=SECONDS, every=0.5)

    async def administer(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.admin_url)
        for statement in statements:
            await connection.execute(statement.format(database=urlsplit(self.url).path[1:]))
        await connection.close()

    async def change(self, *statements: str) -> None:
        async with self.running.database.transaction() as tx:
            for statement in statements:
                await tx.execute(statement)

    async def say(self) -> None:
        async with self.running.database.transaction() as tx:
            await outbox.put(tx, MatchRunCompleted(run_id=uuid4(), published_at=datetime(2026, 2, 11, tzinfo=UTC)))

    async def hear(self) -> None:
        """Somebody joins."""
        async with AIOKafkaProducer(**self.operator.aiokafka()) as producer:
            its = said(joined(), 1)
            topic = f"{self.prefix}gse.members"
            await producer.send_and_wait(topic, its.value, key=its.key, headers=its.headers, partition=0)

    async def drained(self) -> None:
        async def is_empty() -> bool:
            async with self.running.database.transaction() as tx:
                return not await tx.fetchval("SELECT count(*) FROM outbox")

        await eventually(is_empty, timeout=SECONDS)

    async def heard(self) -> None:
        async def has_heard() -> bool:
            return bool(await self.fetchval("SELECT sum(next_offset) = 1 FROM consumer_offset"))

        await eventually(has_heard, timeout=SECONDS)

    async def fetchval(self, sql: str) -> Any:
        async with self.running.database.transaction() as tx:
            return await tx.fetchval(sql)

    def rights(self, operation: str, kind: str, *names: str) -> list[Right]:
        pattern = "PREFIXED" if kind == "GROUP" else "LITERAL"
        return [Right(f"User:{self.name}", operation, kind, self.prefix + name, pattern) for name in names]

    async def with_admin(self, work: Callable[..., None], *what: Any) -> None:
        await asyncio.to_thread(work, AdminClient(self.operator.confluent()), *what)


def service_under_test(name: str, its: dict[str, asyncio.Event], settings: ServiceSettings, package: str) -> FastAPI:
    router = APIRouter()

    @router.get("/api/mentoring/v1/notes")
    @router.post("/api/mentoring/v1/notes")
    async def notes() -> str:
        return name

    async def react(_event: MemberJoined, _tx: Transaction) -> None:
        await its["reacts"].wait()

    async def nudge(_database: Database) -> int:
        if its["dies"].is_set():
            raise asyncio.CancelledError
        return 0

    return service.create(
        settings,
        name="mentoring",
        package=package,
        routers=[router],
        subscriptions=[Subscription("gse.members", {MemberJoined: react})],
        timers=[Timer("nudges", nudge, seconds=0.2)],
    )


async def befallen(
    stack: AsyncExitStack, kafka: KafkaProcess, user: str | None, stores: tuple[Databases, str], folder: Path
) -> Subject:
    """A service that runs and is well. Without a user its broker has none."""
    name, (databases, admin_url) = user or "away", stores
    operator = kafka.address_for("operator" if user else None)
    await asyncio.to_thread(
        make_topics,
        AdminClient(operator.confluent()),
        [NewTopic(f"{name}.{stream}", 1) for stream in ("gse.members", *OURS)],
    )
    package = str(folder / "mentoring" / "app.py")
    url = await stack.enter_async_context(databases.lend("chassis_alone", migrating("mentoring", package)))
    settings = ServiceSettings(
        database_url=SecretStr(url),
        database_pool=4,
        kafka_bootstrap=kafka.bootstrap,
        kafka_security_protocol="SASL_PLAINTEXT" if user else "PLAINTEXT",
        kafka_username=user or "",
        kafka_password=SecretStr((kafka.users or {}).get(name, "")),
        topic_prefix=f"{name}.",
        http_port=0,
        token_keys=token_keys(folder),
        outbox_bound=1,
    )
    events = {"reacts": asyncio.Event(), "dies": asyncio.Event()}
    events["reacts"].set()
    app = service_under_test(name, events, settings, package)
    await stack.enter_async_context(app.router.lifespan_context(app))
    client = await stack.enter_async_context(client_of(app))
    its = Subject(name, operator, admin_url, url, kafka, app, client, events["reacts"], events["dies"])
    if user:
        await its.with_admin(
            allow,
            [
                *its.rights("WRITE", "TOPIC", *OURS),
                *its.rights("READ", "TOPIC", "gse.members", *OURS),
                *its.rights("READ", "GROUP", "mentoring."),
            ],
        )
    await its.well()
    return its
