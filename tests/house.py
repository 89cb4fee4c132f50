"""The whole house for a journey: four services as four processes, on the session's real Kafka and PostgreSQL.

It is the platform's own plan and supervisor, so a journey meets what `./gse up` starts: the front door, an identity
provider with personas and a mail sink. A service that is killed is started again, as there.
"""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
from aiokafka import AIOKafkaConsumer, TopicPartition
from joserfc.jwk import OKPKey
from people import Person

from chassis import migrations
from chassis.browsing import Cookies
from chassis.identity import AUDIENCE, ISSUER, LIFETIME, sign
from contracts.streams import PARTITIONS, SERVICES
from gse_platform import home as homes
from gse_platform.clock import move_clock, offset
from gse_platform.given import Given
from gse_platform.home import Home
from gse_platform.platform import (
    Platform,
    front_door_part,
    identity_provider_part,
    mail_sink_part,
    plan,
    service_environment,
    service_part,
)
from gse_platform.supervisor import Supervisor
from gse_platform.tokens import token
from testkit.addresses import KafkaAddress
from testkit.databases import Databases
from testkit.eventually import eventually
from testkit.ports import free_port
from testkit.provision import provision, remove_topics

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
HEARD = ("gse.members", "gse.members.contacts", "gse.mentoring", "gse.events", "gse.notifications")


@dataclass
class House:
    """One running platform of a test's own."""

    platform: Platform
    supervisor: Supervisor
    kafka: KafkaAddress
    prefix: str
    databases: dict[str, str]
    http: httpx2.AsyncClient  # through the front door

    @property
    def state(self) -> dict[str, Any]:
        """What the commands that look at a running platform read of it."""
        return {
            "front_door": self.platform.front_door,
            "services": {service: {"url": self.platform.url(service)} for service in SERVICES},
            "identity_provider": {
                "issuer": self.platform.issuer,
                "local": True,
                "client_id": "gse",
                "client_secret": self.platform.secrets["oidc-client"],
            },
            "mail_sink": {"url": self.platform.mail},
            "clock_file": str(self.platform.home.clock),
        }

    async def token(self, persona: str) -> str:
        """A bearer token, by the persona's own sign-in."""
        return await asyncio.to_thread(token, self.state, persona)

    async def signed_in(self, persona: str) -> dict[str, str]:
        """Headers of somebody who has signed in."""
        return {"Authorization": f"Bearer {await self.token(persona)}"}

    def member(self, member_id: UUID, *roles: str) -> dict[str, str]:
        """Headers of a program that speaks for a member with these roles."""
        return {"Authorization": f"Bearer {self._token(member_id, roles)}"}

    def cookie(self, member_id: UUID, *roles: str, organisation: str = "UKHSA") -> dict[str, str]:
        """The cookie of a browser at which a member with these roles has signed in."""
        name = Cookies.of(self.platform.front_door).access
        value = self._token(member_id, roles, csrf=uuid4().hex, organisation=organisation)
        return {"name": name, "value": value, "url": self.platform.front_door}

    def _token(self, member_id: UUID, roles: Iterable[str], **more: str) -> str:
        """As members signs it."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(uuid4()),
            "member_id": str(member_id),
            "organisation": "UKHSA",
            "roles": ["member", *roles],
            "iat": now,
            "exp": now + LIFETIME,
        }
        key = OKPKey.import_key(json.loads(self.platform.keys.signing.read_text()))
        return sign(claims | more, key)

    async def get(self, path: str, *, persona: str | None = None) -> httpx2.Response:
        """Ask through the front door; as a persona, or as a stranger."""
        return await self.http.get(path, headers=await self.signed_in(persona) if persona else {})

    async def post(self, path: str, form: Any = None, *, persona: str | None = None, **headers: str) -> httpx2.Response:
        """Send a form through the front door; as a persona, or as a stranger."""
        if persona:
            headers |= await self.signed_in(persona)
        return await self.http.post(path, json=form, headers=headers)

    async def join(self, person: Person, **answers: str) -> UUID:
        """A person joins by themselves."""
        answer = await self.post("/api/members/v1/members", person.form(**answers))
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["member_id"])

    async def send_import(self, file: bytes) -> httpx2.Response:
        """The team imports a file of members."""
        return await self.http.post(
            "/api/members/v1/imports",
            params={"limit": 20_000},
            files={"file": ("members.csv", file, "text/csv")},
            headers=await self.signed_in("team"),
        )

    async def counts(self, service: str) -> dict[str, int]:
        found: dict[str, int] = (await self.http.get(f"/api/{service}/v1/counts")).raise_for_status().json()
        return found

    async def members(self) -> dict[str, int]:
        """How many members each service knows."""
        return {service: (await self.counts(service))["members"] for service in SERVICES}

    async def health(self, service: str) -> dict[str, Any]:
        async with httpx2.AsyncClient(timeout=5, trust_env=False) as client:
            found: dict[str, Any] = (await client.get(f"{self.platform.url(service)}/health/status")).json()
        return found

    async def is_level(self) -> bool:
        """Whether everything said has been heard, and nothing is set aside.

        A service's own lag is what its last fetch told; here the broker is asked for the ends, and asked again after
        the outboxes were seen empty: what a reaction says is in its outbox before its offset counts.
        """
        ends = await self._ends()
        if await self._heard() != ends:
            return False
        healths = await asyncio.gather(*(self.health(service) for service in SERVICES))
        quiet = all((its["ready"], its["outbox_backlog"], its["parked"]) == (True, 0, 0) for its in healths)
        return quiet and await self._ends() == ends

    async def _ends(self) -> dict[str, int]:
        """For each stream that is heard, how many records it has."""
        consumer = AIOKafkaConsumer(**self.kafka.aiokafka(), enable_auto_commit=False)
        await consumer.start()
        try:
            topics = {self.prefix + stream for stream in HEARD}
            partitions = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
            ends = await consumer.end_offsets(partitions)
        finally:
            await consumer.stop()
        return {topic: sum(end for at, end in ends.items() if at.topic == topic) for topic in topics}

    async def _heard(self) -> dict[str, int]:
        """For each stream, how far the last of its consumers has come."""
        found: dict[str, int] = {}
        for service in SERVICES:
            connection = await asyncpg.connect(self.databases[service])
            rows = await connection.fetch(
                "SELECT topic, consumer, sum(next_offset)::bigint AS so_far FROM consumer_offset GROUP BY 1, 2"
            )
            await connection.close()
            for row in rows:
                found[row["topic"]] = min(row["so_far"], found.get(row["topic"], row["so_far"]))
        return found

    async def level(self, seconds: float = 60) -> None:
        await eventually(self.is_level, timeout=seconds)

    async def mails(self) -> list[dict[str, Any]]:
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
            found = (await client.get(f"{self.platform.mail}/messages")).raise_for_status().json()
        return list(found["messages"] if isinstance(found, dict) else found)

    async def mail_words(self, mail: dict[str, Any]) -> str:
        """The page on which the mail sink shows one of the mails."""
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
            return (await client.get(f"{self.platform.mail}/messages/{mail['number']}")).raise_for_status().text

    def now(self) -> datetime:
        """The business instant."""
        return datetime.now(UTC) + timedelta(seconds=offset(self.platform.home.clock))

    def move_clock(self, to: datetime) -> None:
        """Forwards only, for every service; so in a house that is meant for it."""
        move_clock(self.platform.home.clock, to.isoformat(), datetime.now(UTC))

    async def join_replica(self, service: str) -> None:
        """A second one of a service works beside the first; the front door does not lead there."""
        port = free_port()
        environment = service_environment(self.platform, service, self.databases[service], self.kafka)
        part = service_part(self.platform, service, environment | {"GSE_HTTP_PORT": str(port), "GSE_REPLICA": "1"})
        await self.supervisor.start(replace(part, name=f"{service} 2"))
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5, trust_env=False) as client:

            async def is_ready() -> bool:
                return (await client.get("/health/ready")).status_code == 200

            await eventually(is_ready, timeout=START_SECONDS, every=0.5)

    def kill(self, service: str) -> None:
        """SIGKILL; the supervisor starts it again."""
        self.supervisor.running[service].kill()


@contextlib.asynccontextmanager
async def lent(kafka: KafkaAddress, databases: Databases, folder: Path) -> AsyncIterator[House]:
    """A house on streams of its own, which go with it."""
    prefix = f"h{secrets.token_hex(4)}."
    provision(kafka, prefix=prefix, principals=False)
    async with built(folder, kafka, prefix, databases) as house:
        yield house
    remove_topics(kafka, prefix)


@contextlib.asynccontextmanager
async def built(folder: Path, kafka: KafkaAddress, prefix: str, databases: Databases) -> AsyncIterator[House]:
    """Everything started and ready; everything stopped at the end."""
    async with contextlib.AsyncExitStack() as stack:
        urls = {
            service: await stack.enter_async_context(databases.lend(f"house_{service}", _migrate(service)))
            for service in SERVICES
        }
        home = Home(folder)
        homes.make(home)
        given = Given(kafka=kafka, databases=urls, smtp=None, issuer=None, topic_prefix=prefix)
        platform = plan(home, given, 0)
        said: list[str] = []
        supervisor = Supervisor(say=said.append)
        stack.push_async_callback(supervisor.stop)
        await supervisor.start(identity_provider_part(platform))
        await supervisor.start(mail_sink_part(platform))
        for service in SERVICES:
            environment = service_environment(platform, service, urls[service], kafka)
            await supervisor.start(service_part(platform, service, environment))
        await supervisor.start(front_door_part(platform))
        http = await stack.enter_async_context(
            httpx2.AsyncClient(base_url=platform.front_door, timeout=60, trust_env=False)
        )
        house = House(platform, supervisor, kafka, prefix, urls, http)
        await house.level(START_SECONDS)
        await eventually(lambda: _answers(house), timeout=START_SECONDS)
        yield house


async def _answers(house: House) -> bool:
    return await house.mails() == [] and bool(await house.token("operator"))


def _migrate(service: str) -> Any:
    async def build(url: str) -> None:
        folder = ROOT / "services" / service / "migrations"
        await migrations.migrate(url, migrations.wanted(service, folder))

    return build
