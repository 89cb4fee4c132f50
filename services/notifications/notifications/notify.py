"""A conversation with GOV.UK Notify: one request a message, and an honest answer how it ended.

Until the request is written Notify certainly has nothing. From then on only its own answer counts, or what it says
when it is asked later: each message carries our id as its reference, so that an unknown end can be found out.

Its protocol is spoken here and not by its own client, which is synchronous, has no time-out for a whole request, tells
a refused connection, a lost one and a 503 alike, and logs the server's words.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import httpx2
from joserfc import jws
from joserfc.jwk import OctKey

from chassis.clock import wall_clock
from chassis.telemetry import logger
from notifications.domain import NotStarted, Outcome, Rejected, Sent, Unknown
from notifications.letters import Letter

CONNECT_SECONDS: Final = 4
CONVERSATION_SECONDS: Final = 10  # in all, well below the claim on the notice
A_MINUTE: Final = timedelta(minutes=1)
NOT_WRITTEN: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
CREATED, BAD_REQUEST, TOO_MANY = 201, 400, 429
# What we may do about an answer that refuses all that we send, whoever it is for.
MEND: Final[Mapping[int, str]] = {
    BAD_REQUEST: "see in Notify that the service is live, that the key is no team key, and that the template of "
    "NOTIFICATIONS_NOTIFY_TEMPLATE has ((subject)) and ((body)) and no other field",
    401: "check NOTIFICATIONS_NOTIFY_KEY",
    403: "check NOTIFICATIONS_NOTIFY_KEY, and that the clock of this machine is right to 30 seconds",
    404: "check NOTIFICATIONS_NOTIFY_URL",
    405: "check NOTIFICATIONS_NOTIFY_URL",
}
REDIRECTS: Final = range(300, 400)
# Its word for where a message stands; every other one says that it is on its way, or there.
FAILURES: Final[Mapping[str, Rejected]] = {
    "permanent-failure": Rejected("the mailbox refused the message for good", of_address=True),
    "temporary-failure": Rejected("the mailbox did not take the message in time"),
    "technical-failure": Rejected("Notify could not send the message"),
}
log = logger(__name__)


@dataclass
class Notify:
    """The way to GOV.UK Notify. Keeps connections between messages; `close` ends them."""

    key: str = field(repr=False)  # as Notify shows it: a name, the id of the service, the secret
    template_id: UUID
    url: str
    clock: Callable[[], datetime] = wall_clock  # Notify looks at the wall clock: never business time
    seconds: float = CONVERSATION_SECONDS
    _client: httpx2.AsyncClient = field(init=False, repr=False)
    _secret: OctKey = field(init=False, repr=False)

    def __post_init__(self) -> None:
        phases = httpx2.Timeout(self.seconds, connect=min(CONNECT_SECONDS, self.seconds / 2))
        self._client = httpx2.AsyncClient(base_url=self.url, timeout=phases)
        self._secret = OctKey.import_key(self.key[-36:])

    async def converse(self, letter: Letter) -> Outcome:
        """Hand one message over, or say what came instead. No outcome and no log holds a name or an address."""
        try:
            async with asyncio.timeout(self.seconds):
                answer = await self._client.post(
                    "/v2/notifications/email", json=self._request(letter), headers=self._authorised()
                )
        except NOT_WRITTEN as error:
            return NotStarted(f"Notify could not be reached: {type(error).__name__}", is_outage=True)
        except (httpx2.RequestError, TimeoutError) as error:
            return Unknown(f"no answer from Notify: {type(error).__name__}", is_outage=True)
        return self._meaning(answer)

    async def ask(self, reference: str) -> Outcome | None:
        """What became of the message with this reference; `NotStarted` when Notify knows none, None without an answer.

        A request that is still under way, or waits in a queue of theirs, is none to Notify: ask late enough.
        """
        try:
            async with asyncio.timeout(self.seconds):
                answer = await self._client.get(
                    "/v2/notifications", params={"reference": reference}, headers=self._authorised()
                )
            if answer.status_code != httpx2.codes.OK:
                log.warning("Notify does not say what became of a message", status=answer.status_code)
                return None
            found = [its for its in answer.json()["notifications"] if its["reference"] == reference]
            ended = [FAILURES.get(its["status"]) or Sent(UUID(its["id"])) for its in found]
        except (httpx2.RequestError, TimeoutError, ValueError, KeyError, TypeError) as error:
            log.warning("Notify does not say what became of a message", error=type(error).__name__)
            return None
        went_out = [its for its in ended if isinstance(its, Sent)]
        return next(iter([*went_out, *ended]), NotStarted("Notify does not have the message"))

    async def close(self) -> None:
        await self._client.aclose()

    def _request(self, letter: Letter) -> dict[str, Any]:
        request: dict[str, Any] = {
            "email_address": letter.email,
            "template_id": str(self.template_id),
            # Notify reads Markdown: a name must not become a link under other words.
            "personalisation": {"subject": letter.template.subject, "body": letter.text.replace("](", "] (")},
            "reference": letter.reference,  # our id and nothing else: their records are read by more people
        }
        if letter.unsubscribe_url and letter.unsubscribe_url.startswith("https://"):  # Notify refuses every other
            request["one_click_unsubscribe_url"] = letter.unsubscribe_url
        return request

    def _authorised(self) -> dict[str, str]:
        claims = {"iss": self.key[-73:-37], "iat": int(self.clock().timestamp())}
        token = jws.serialize_compact({"alg": "HS256", "typ": "JWT"}, json.dumps(claims), self._secret, ["HS256"])
        return {"Authorization": f"Bearer {token}"}

    def _meaning(self, answer: httpx2.Response) -> Outcome:
        status = answer.status_code
        kinds, of_address = _errors(answer)
        if status == CREATED:
            return Sent(_id(answer))
        if status == TOO_MANY:
            rest = self._until_midnight() if "TooManyRequestsError" in kinds else A_MINUTE
            log.warning("Notify wants no more of us for now", status=status, seconds=int(rest.total_seconds()))
            return NotStarted("Notify wants no more of us for now", rest=rest)
        if status == BAD_REQUEST and of_address:
            return Rejected("Notify takes the member's address for none", of_address=True)
        if status in MEND or status in REDIRECTS:
            log.error("Notify refuses what we send", status=status, do=MEND.get(status, MEND[404]))
            return NotStarted(f"Notify refuses what we send: status {status}", is_outage=True)
        # A 5xx is how its own outages show; what it says of one message alone is a 4xx.
        return Unknown(
            f"Notify answered {status} to the message", is_outage=status >= httpx2.codes.INTERNAL_SERVER_ERROR
        )

    def _until_midnight(self) -> timedelta:
        """Of UTC, whose day is Notify's, not of London, whose day is ours."""
        now = self.clock().astimezone(UTC)
        return datetime.combine(now.date() + timedelta(days=1), time.min, UTC) - now


def _id(answer: httpx2.Response) -> UUID | None:
    """Its id of the message. It took it, whatever else it says."""
    try:
        return UUID(answer.json()["id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _errors(answer: httpx2.Response) -> tuple[set[str], bool]:
    """The kinds of error that it names, and whether they are about the address. Its words may repeat it: not kept."""
    try:
        errors = [(str(its["error"]), str(its["message"])) for its in answer.json()["errors"]]
    except (ValueError, KeyError, TypeError):
        return set(), False
    kinds = {kind for kind, _ in errors}
    of_address = any(
        kind == "InvalidEmailError" or (kind == "ValidationError" and words.startswith("email_address "))
        for kind, words in errors
    )
    return kinds, of_address
