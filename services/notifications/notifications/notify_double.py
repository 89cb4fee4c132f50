"""For tests: a double of GOV.UK Notify's API, a real HTTP server that does what the test says.

It knows what this platform asks of Notify and no more: mail by one template, what became of a message by its reference,
and delivery receipts. The official client speaks with it as well.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

SERVICE: Final = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET: Final = "3d844edf-8d35-48ac-975b-e847b4f122b0"  # noqa: S105 - of a double
KEY: Final = f"of_a_double-{SERVICE}-{SECRET}"
TEMPLATE: Final = UUID("9d751e0e-f929-4891-82a1-a3e1c3c18ee3")
RECEIPT_TOKEN: Final = "a-token-of-the-receipts-of-a-double"  # noqa: S105 - of a double
CLOCKS_APART: Final = 30  # seconds that it bears
BY_THEM: Final = {"email_address", "template_id", "personalisation", "reference", "one_click_unsubscribe_url"}


class Cut(Exception):  # noqa: N818 - named for what happens
    """The connection ends here, without an answer."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: Mapping[str, Any] = field(default_factory=dict)


Reply = TypeVar("Reply")
Step = Callable[[], Awaitable[Answer | None]]


async def goes_on() -> None:
    return None


def answers(status: int, error: str = "Exception", message: str = "Internal server error") -> Step:
    async def step() -> Answer:
        return _error(status, error, message)

    return step


async def cuts() -> None:
    raise Cut


async def hangs() -> None:
    await asyncio.Event().wait()


@dataclass
class Taken:
    """A message that it took."""

    provider_id: UUID
    request: Mapping[str, Any]
    status: str = "created"


@dataclass
class NotifyDouble:
    """A double of GOV.UK Notify. A step answers, hangs or cuts the connection, before it records a message or after."""

    port: int = 0
    before: Step = goes_on
    after: Step = goes_on
    at_asking: Step = goes_on
    taken: list[Taken] = field(default_factory=list)
    asked: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def settings(self) -> dict[str, str]:
        """What a service is told that sends by it."""
        return {
            "NOTIFICATIONS_NOTIFY_KEY": KEY,
            "NOTIFICATIONS_NOTIFY_TEMPLATE": str(TEMPLATE),
            "NOTIFICATIONS_NOTIFY_URL": self.url,
            "NOTIFICATIONS_NOTIFY_RECEIPT_TOKEN": RECEIPT_TOKEN,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen, again on the same port when it listened before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
            await self._server.wait_closed()
        self._server = None

    async def send_receipt(self, post: Callable[..., Awaitable[Reply]], path: str, its: Taken, status: str) -> Reply:
        """Say what became of a message, as Notify calls back. `post` is that of an HTTP client."""
        its.status = status
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        receipt = {
            "id": str(its.provider_id),
            "reference": its.request.get("reference"),
            "to": its.request["email_address"],
            "status": status,
            "created_at": now,
            "completed_at": now,
            "sent_at": now,
            "notification_type": "email",
            "template_id": str(TEMPLATE),
            "template_version": 1,
        }
        return await post(path, json=receipt, headers={"Authorization": f"Bearer {RECEIPT_TOKEN}"})

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server's callback is a task
        self._open.add(task)
        try:
            while True:
                answer = await self._answer(*await _request(reader))
                body = json.dumps(answer.body).encode()
                head = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
                head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode("ascii") + body)
                await writer.drain()
        except (Cut, asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._open.discard(task)
            writer.close()

    async def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        url = urlsplit(target)
        if (refused := _refuse(headers.get("authorization", ""))) is not None:
            return refused
        if (method, url.path) == ("POST", "/v2/notifications/email"):
            return await self._take(body)
        if (method, url.path) == ("GET", "/v2/notifications"):
            return await self._tell(parse_qs(url.query))
        return _error(404, "NotFound", "The requested URL was not found on the server.")

    async def _take(self, body: bytes) -> Answer:
        request = json.loads(body)
        if (answer := await self.before()) is not None:
            return answer
        if (wrong := _wrong(request)) is not None:
            return wrong
        its = Taken(uuid4(), request)
        self.taken.append(its)
        if (answer := await self.after()) is not None:
            return answer
        words = request["personalisation"]
        return Answer(
            201,
            {
                "id": str(its.provider_id),
                "reference": request.get("reference"),
                "content": {"subject": words["subject"], "body": words["body"], "from_email": "gse@notify.test"},
                "uri": f"{self.url}/v2/notifications/{its.provider_id}",
                "template": {"id": str(TEMPLATE), "version": 1, "uri": f"{self.url}/v2/template/{TEMPLATE}"},
            },
        )

    async def _tell(self, query: Mapping[str, list[str]]) -> Answer:
        self.asked += 1
        if (answer := await self.at_asking()) is not None:
            return answer
        [reference] = query["reference"]
        found = [its for its in self.taken if its.request.get("reference") == reference]
        notices = [
            {"id": str(its.provider_id), "reference": reference, "type": "email", "status": its.status} for its in found
        ]
        return Answer(200, {"notifications": notices, "links": {"current": f"{self.url}/v2/notifications"}})


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return method, target, headers, await reader.readexactly(int(headers.get("content-length", "0")))


def _refuse(authorization: str) -> Answer | None:
    """None for a token that this service's secret has signed just now."""
    scheme, _, token = authorization.partition(" ")
    if scheme != "Bearer":
        return _error(401, "AuthError", "Unauthorized: authentication token must be provided")
    try:
        claims = json.loads(jws.deserialize_compact(token, OctKey.import_key(SECRET), ["HS256"]).payload)
    except (JoseError, ValueError):
        return _error(403, "AuthError", "Invalid token: API key not found")
    if claims["iss"] != SERVICE:
        return _error(403, "AuthError", "Invalid token: service not found")
    if abs(time.time() - claims["iat"]) > CLOCKS_APART:
        return _error(403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds")
    return None


def _wrong(request: Mapping[str, Any]) -> Answer | None:
    if unknown := set(request) - BY_THEM:
        return _error(400, "ValidationError", f"Additional properties are not allowed ({', '.join(unknown)})")
    if "@" not in request.get("email_address", "").strip("@"):
        return _error(400, "ValidationError", "email_address is not a valid email address")
    if request.get("template_id") != str(TEMPLATE):
        return _error(400, "BadRequestError", "Template not found")
    if missing := {"subject", "body"} - set(request.get("personalisation", ())):
        return _error(400, "BadRequestError", f"Missing personalisation: {', '.join(sorted(missing))}")
    if not request.get("one_click_unsubscribe_url", "https://").startswith("https://"):
        return _error(400, "ValidationError", "one_click_unsubscribe_url is not a valid https url")
    return None


def _error(status: int, error: str, message: str) -> Answer:
    return Answer(status, {"status_code": status, "errors": [{"error": error, "message": message}]})
