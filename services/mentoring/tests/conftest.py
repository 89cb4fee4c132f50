"""Mentoring on a real database and a real broker, with a key of its own that signs tokens."""

import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from joserfc.jwk import OKPKey
from pydantic import SecretStr

from chassis import migrations
from chassis.database import Database, connect
from chassis.identity import sign
from mentoring import app
from mentoring.settings import Settings
from testkit.addresses import KafkaAddress
from testkit.databases import Databases
from testkit.provision import provision, remove_topics

KEY = OKPKey.generate_key("Ed25519", {"kid": "of-these-tests"})


async def _migrate(url: str) -> None:
    await migrations.migrate(url, migrations.wanted("mentoring", migrations.migrations_of(app.__file__)))


@pytest.fixture
async def database_url(database: Callable[..., Awaitable[str]]) -> str:
    return await database("mentoring", _migrate)


@pytest.fixture
async def mentoring(database_url: str) -> AsyncIterator[Database]:
    """The service's database alone."""
    its = await connect(database_url, size=4, name="test")
    yield its
    await its.close()


@pytest.fixture(scope="module")
def prefix(kafka: KafkaAddress) -> Iterator[str]:
    its = f"mentoring{secrets.token_hex(4)}."
    provision(kafka, prefix=its, principals=False)
    yield its
    remove_topics(kafka, its)


@pytest.fixture(scope="module")
async def running(
    databases: Databases, kafka: KafkaAddress, prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FastAPI]:
    """The whole service, for all tests of a module: each has members of its own."""
    keys = tmp_path_factory.mktemp("mentoring") / "keys.json"
    keys.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    async with databases.lend("mentoring", _migrate) as url:
        service = app.create(
            Settings(
                database_url=SecretStr(url),
                kafka_bootstrap=kafka.bootstrap,
                topic_prefix=prefix,
                http_port=0,
                token_keys=keys,
            )
        )
        async with service.router.lifespan_context(service):
            yield service


@pytest.fixture(scope="module")
async def client(running: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app=running), base_url="http://mentoring.test") as asking:
        yield asking


@pytest.fixture
def signed_in() -> Callable[..., dict[str, str]]:
    """The header of a caller: `signed_in("team")`, `signed_in("member", member_id=ADA)`."""

    def header(*roles: str, member_id: UUID | None = None, organisation: str | None = None) -> dict[str, str]:
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": "gse-members",
            "aud": "gse",
            "sub": str(uuid4()),
            "member_id": str(member_id) if member_id else None,
            "organisation": organisation,
            "roles": list(roles),
            "iat": now,
            "exp": now + 600,
        }
        return {"authorization": f"Bearer {sign(claims, KEY)}"}

    return header
