"""Notifications on a real database and a real broker, with a key of its own that signs tokens."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from joserfc.jwk import OKPKey
from pydantic import SecretStr

from chassis import migrations
from chassis.database import Database, connect
from chassis.identity import sign
from notifications import app
from notifications.settings import Settings
from notifications.testing import MailServerDouble
from testkit.addresses import KafkaAddress

KEY = OKPKey.generate_key("Ed25519", {"kid": "of-these-tests"})


async def _migrate(url: str) -> None:
    await migrations.migrate(url, migrations.wanted("notifications", migrations.migrations_of(app.__file__)))


@pytest.fixture
async def database_url(database: Callable[..., Awaitable[str]]) -> str:
    return await database("notifications", _migrate)


@pytest.fixture
async def notifications(database_url: str) -> AsyncIterator[Database]:
    """The service's database alone."""
    its = await connect(database_url, size=12, name="test")
    yield its
    await its.close()


@pytest.fixture
async def server() -> AsyncIterator[MailServerDouble]:
    its = MailServerDouble()
    await its.start()
    yield its
    await its.stop()


@pytest.fixture
async def running(
    database_url: str, kafka: KafkaAddress, topic_prefix: str, server: MailServerDouble, tmp_path: Path
) -> AsyncIterator[FastAPI]:
    """The whole service."""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    service = app.create(
        Settings(
            database_url=SecretStr(database_url),
            kafka_bootstrap=kafka.bootstrap,
            topic_prefix=topic_prefix,
            http_port=0,
            token_keys=keys,
            front_door="https://gse.test",
            NOTIFICATIONS_SMTP_HOST="127.0.0.1",
            NOTIFICATIONS_SMTP_PORT=server.port,
            NOTIFICATIONS_MAIL_FROM="gse@profession.test",
        )
    )
    async with service.router.lifespan_context(service):
        yield service


@pytest.fixture
async def client(running: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app=running), base_url="http://notifications.test") as asking:
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
