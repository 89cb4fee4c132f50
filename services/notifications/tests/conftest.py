"""Notifications on a real database and a real broker."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pydantic import SecretStr

from chassis import testing
from chassis.database import Database
from notifications import app
from notifications.notify_double import NotifyDouble
from notifications.settings import Settings
from notifications.testing import ADDRESS_KEY, BusinessClock, MailServerDouble, joins, rows
from testkit.addresses import KafkaAddress

ADA: Final = UUID("00000000-0000-4000-8000-00000000000a")
WEDNESDAY: Final = datetime(2027, 1, 13, 10, 0, tzinfo=UTC)
migrate = testing.migrating("notifications", app.__file__)


@pytest.fixture
async def database_url(database: Callable[..., Awaitable[str]]) -> str:
    return await database("notifications", migrate)


@pytest.fixture
async def notifications(database_url: str) -> AsyncIterator[Database]:
    """The service's database alone."""
    async with testing.connected(database_url, size=12) as its:
        yield its


@pytest.fixture
async def server() -> AsyncIterator[MailServerDouble]:
    its = MailServerDouble()
    await its.start()
    yield its
    await its.stop()


@pytest.fixture
async def notify() -> AsyncIterator[NotifyDouble]:
    its = NotifyDouble()
    await its.start()
    yield its
    await its.stop()


@pytest.fixture
def more_settings() -> dict[str, Any]:
    """For tests that want the service to be told more."""
    return {}


@pytest.fixture
async def running(  # noqa: PLR0917 (what a whole service needs)
    database_url: str,
    kafka: KafkaAddress,
    topic_prefix: str,
    server: MailServerDouble,
    tmp_path: Path,
    more_settings: dict[str, Any],
) -> AsyncIterator[FastAPI]:
    """The whole service."""
    service = app.create(
        Settings(
            database_url=SecretStr(database_url),
            kafka_bootstrap=kafka.bootstrap,
            topic_prefix=topic_prefix,
            http_port=0,
            token_keys=testing.token_keys(tmp_path),
            front_door="https://gse.test",
            address_key=SecretStr(ADDRESS_KEY),
            NOTIFICATIONS_SMTP_HOST="127.0.0.1",
            NOTIFICATIONS_SMTP_PORT=server.port,
            NOTIFICATIONS_MAIL_FROM="gse@profession.test",
            **more_settings,
        )
    )
    async with service.router.lifespan_context(service):
        yield service


@pytest.fixture
async def client(running: FastAPI) -> AsyncIterator[AsyncClient]:
    async with testing.client_of(running) as asking:
        yield asking


@pytest.fixture
def signed_in() -> Callable[..., dict[str, str]]:
    """The header of a caller: `signed_in("team")`, `signed_in("member", member_id=ADA)`."""
    return testing.signed_in


@pytest.fixture
def clock(notifications: Database) -> BusinessClock:
    its = BusinessClock(WEDNESDAY)
    notifications.clock = its
    return its


@pytest.fixture
async def ada(notifications: Database, clock: BusinessClock) -> Database:
    """Ada is a member, and her welcome is gone."""
    assert clock() == WEDNESDAY
    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await rows(notifications, "DELETE FROM notice RETURNING 1")
    return notifications
