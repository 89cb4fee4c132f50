"""Members on a real database and a real broker, and a provider that signs what a test asks."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from joserfc import jwt
from joserfc.jwk import RSAKey

from chassis import testing
from members import app
from members.settings import Settings
from testkit.addresses import KafkaAddress
from testkit.databases import Databases
from testkit.provision import provision, remove_topics

ADDRESS_KEY = "a key that members and notifications share"


class Published:
    """A department's provider as far as members asks it: who it is, the keys it signs with, tokens for its codes."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.name = self.issuer
        self.keys: list[dict[str, Any]] = []
        self.asked = 0
        self.codes: dict[str, tuple[str, str]] = {}  # code → (PKCE's challenge, ID token)
        self.exchanges: list[tuple[str | None, dict[str, str]]] = []  # what proved the client, what it said
        self.failing = False
        self.key = RSAKey.generate_key(2048, {"kid": "rsa"})

    def clicked(self, asked: dict[str, str], **changed: Any) -> str:
        """The code for somebody who has signed in there; a change to `...` takes a claim away."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "gse",
            "sub": uuid4().hex,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 3600,
        } | changed
        claims = {name: value for name, value in claims.items() if value is not ...}
        code = uuid4().hex
        token = jwt.encode({"alg": "RS256", "kid": "rsa"}, claims, self.key, algorithms=["RS256"])
        self.codes[code] = (asked["code_challenge"], token)
        return code

    def exchange(self, proof: str | None, body: str) -> tuple[int, dict[str, Any]]:
        said = dict(parse_qsl(body))
        self.exchanges.append((proof, said))
        if self.failing:
            return 500, {}
        challenge, id_token = self.codes.pop(said["code"], ("", ""))
        digest = hashlib.sha256(said["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != challenge:
            return 400, {"error": "invalid_grant"}
        return 200, {"id_token": id_token, "access_token": "opaque", "token_type": "Bearer"}

    def answer(self, path: str) -> dict[str, Any] | None:
        self.asked += 1
        pages: dict[str, dict[str, Any]] = {
            "/.well-known/openid-configuration": {
                "issuer": self.name,
                "jwks_uri": f"{self.issuer}/keys",
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
            },
            "/keys": {"keys": self.keys},
        }
        return pages.get(path)


@pytest.fixture(scope="module")
def provider() -> Iterator[Published]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = published.answer(self.path)
            self.send_response(200 if page else 404)
            self.end_headers()
            self.wfile.write(json.dumps(page).encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            status, page = published.exchange(self.headers["authorization"], body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(page).encode())

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        published = Published(server.server_port)
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        yield published
        server.shutdown()
        serving.join()


@pytest.fixture(scope="module")
async def database_url(databases: Databases) -> AsyncIterator[str]:
    async with databases.lend("members", testing.migrating("members", app.__file__)) as url:
        yield url


@pytest.fixture
async def alone(databases: Databases) -> AsyncIterator[str]:
    """A database of which no running service takes anything."""
    async with databases.lend("members", testing.migrating("members", app.__file__)) as url:
        yield url


@pytest.fixture(scope="module")
def topics(kafka: KafkaAddress) -> Iterator[str]:
    """The prefix of this module's topics."""
    prefix = f"t{secrets.token_hex(4)}."
    provision(kafka, prefix=prefix, principals=False)
    yield prefix
    remove_topics(kafka, prefix)


@pytest.fixture(scope="module")
def environment(
    database_url: str, kafka: KafkaAddress, topics: str, provider: Published, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What the service is told, as a process would be."""
    keys = tmp_path_factory.mktemp("keys")
    signing_key = keys / "signing_key.json"
    signing_key.write_text(json.dumps(testing.KEY.as_dict(private=True)))
    monitoring_key = keys / "monitoring_key"
    monitoring_key.write_text(secrets.token_hex(32))
    roles = [
        {"subject": "helen", "role": "team"},
        {"subject": "gareth", "role": "hosep", "organisation": "Defra"},
        {"subject": "gareth", "role": "volunteer"},
    ]
    return {
        "GSE_DATABASE_URL": database_url,
        "GSE_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "GSE_TOPIC_PREFIX": topics,
        "GSE_HTTP_PORT": "0",
        "GSE_TOKEN_KEYS": str(testing.token_keys(keys)),
        "GSE_ADDRESS_KEY": ADDRESS_KEY,
        "MEMBERS_SIGNING_KEY": str(signing_key),
        "MEMBERS_MONITORING_KEY": str(monitoring_key),
        "MEMBERS_OIDC_ISSUER": provider.issuer,
        "MEMBERS_OIDC_CLIENT_ID": "gse",
        "MEMBERS_OIDC_CLIENT_SECRET": "s3cret",
        "MEMBERS_FEEDBACK_KEY": "only-these-tests-keep-feedback-secret-so",
        "MEMBERS_BOOTSTRAP_ROLES": json.dumps(roles),
    }


@pytest.fixture(scope="module")
async def running(environment: dict[str, str]) -> AsyncIterator[FastAPI]:
    """The whole service, for the tests of one module: each brings people of its own."""
    with pytest.MonkeyPatch.context() as told:
        for name, value in environment.items():
            told.setenv(name, value)
        service = app.create(Settings())
    async with service.router.lifespan_context(service):
        yield service


@pytest.fixture(scope="module")
async def client(running: FastAPI) -> AsyncIterator[AsyncClient]:
    async with testing.client_of(running) as asking:
        yield asking


@pytest.fixture(scope="module")
def said(running: FastAPI) -> Callable[..., Any]:
    """What was said of a member and may stay: `await said(member_id)` gives names and bodies, in their order."""

    async def of(member_id: str) -> list[tuple[str, dict[str, Any]]]:
        async with running.state.running.database.transaction() as tx:
            rows = await tx.fetch(
                """
                SELECT type, body FROM
                    (SELECT id, subject, type, body, personal FROM outbox
                     UNION SELECT id, subject, type, body, personal FROM event_log) AS every
                WHERE subject = $1 AND NOT personal ORDER BY id
                """,
                UUID(member_id),
            )
        return [(row["type"].split(".")[-2], json.loads(row["body"])) for row in rows]

    return of


@pytest.fixture
def signed_in() -> Callable[..., dict[str, str]]:
    """The header of a caller: `signed_in("team")`, `signed_in("member", member_id=ADA)`."""
    return testing.signed_in


@pytest.fixture
def waits_for_a_lock(running: FastAPI) -> Callable[[], Awaitable[bool]]:
    """Whether something in the service stands before another's lock."""

    async def of_the_service() -> bool:
        async with running.state.running.database.transaction() as tx:
            sql = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            return bool(await tx.fetch(sql))

    return of_the_service
