"""Mentoring on a real database and a real broker."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pydantic import SecretStr

from chassis import testing
from chassis.database import Database
from mentoring import app
from mentoring.settings import Settings
from testkit.addresses import KafkaAddress
from testkit.databases import Databases
from testkit.provision import provision, remove_topics

migrate = testing.migrating("mentoring", app.__file__)


@pytest.fixture
async def database_url(database: Callable[..., Awaitable[str]]) -> str:
    return await database("mentoring", migrate)


@pytest.fixture
async def mentoring(database_url: str) -> AsyncIterator[Database]:
    """The service's database alone."""
    async with testing.connected(database_url) as its:
        yield its


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
    async with databases.lend("mentoring", migrate) as url:
        service = app.create(
            Settings(
                database_url=SecretStr(url),
                kafka_bootstrap=kafka.bootstrap,
                topic_prefix=prefix,
                http_port=0,
                token_keys=testing.token_keys(tmp_path_factory.mktemp("mentoring")),
            )
        )
        async with service.router.lifespan_context(service):
            yield service


@pytest.fixture(scope="module")
async def client(running: FastAPI) -> AsyncIterator[AsyncClient]:
    async with testing.client_of(running) as asking:
        yield asking


@pytest.fixture
def signed_in() -> Callable[..., dict[str, str]]:
    """The header of a caller: `signed_in("team")`, `signed_in("member", member_id=ADA)`."""
    return testing.signed_in
