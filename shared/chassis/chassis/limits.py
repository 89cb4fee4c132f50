"""What a service takes from outside and what it always sends along: sizes, rates, origins and security headers.

Plain ASGI, from the outside in:

    SecureAnswers     a policy for browsers on every answer, and a nonce for the one inline script of a page
    UnexpectedErrors  (chassis.problems)
    RateLimit         429 with Retry-After, for each caller, else for each address
    BodyLimit         413 before or while a body arrives
    SameOriginPosts   403 for a form that another site sent
"""

import ipaddress
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.identity import whoever
from chassis.problems import Problem, response

MEGABYTE = 1_000_000
UNLIMITED_PATHS = ("/health/", "/metrics", "/assets/")
MOST_BUCKETS = 50_000  # about 10 MB; beyond it the longest unseen are forgotten, which only favours them


@dataclass(frozen=True)
class Limits:
    """How much of everything. Sizes in bytes; `uploads` are path templates such as `/api/members/v1/imports`."""

    body: int = MEGABYTE
    upload: int = 8 * MEGABYTE
    uploads: Sequence[str] = ()
    requests_per_second: float = 200
    """For each caller or address, over any length of time; 0 turns the limit off."""
    burst: int = 2000
    proxies: Sequence[str] = field(default_factory=lambda: ["127.0.0.0/8", "::1/128"])
    """Networks of the front door: only its X-Forwarded-For is believed."""


class SecureAnswers:
    """Puts the security headers on every answer. Nothing is cached unless the answer itself says so."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["csp_nonce"] = nonce

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers(nonce).items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _headers(self, nonce: str) -> Mapping[str, str]:
        policy = (
            "default-src 'none'; base-uri 'none'; connect-src 'self'; font-src 'self'; form-action 'self'; "
            f"frame-ancestors 'none'; img-src 'self' data:; manifest-src 'self'; script-src 'self' 'nonce-{nonce}'; "
            "style-src 'self'"
        )
        headers = {
            "Content-Security-Policy": policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            # Not no-referrer: browsers would then send `Origin: null` with our own forms.
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        return headers | {"Strict-Transport-Security": "max-age=31536000"} if self.https else headers


class RateLimit:
    """A token bucket for each caller; without a valid token, for each address. Kept in this process only."""

    def __init__(self, app: ASGIApp, *, limits: Limits, seconds: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self.rate, self.burst = limits.requests_per_second, limits.burst
        self.proxies = [ipaddress.ip_network(network) for network in limits.proxies]
        self.seconds = seconds
        self.buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # whose → (tokens, at)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self.rate or scope["path"].startswith(UNLIMITED_PATHS):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        wait = self.take(self.whose(request))
        if wait <= 0:
            await self.app(scope, receive, send)
            return
        headers = {"Retry-After": str(math.ceil(wait))}
        problem = Problem(429, "You have sent too many requests. Wait a moment and try again.", headers=headers)
        await response(request, problem)(scope, receive, send)

    def take(self, whose: str) -> float:
        """Takes one token; gives the seconds to wait for it, 0 when it was there."""
        now = self.seconds()
        tokens, at = self.buckets.pop(whose, (float(self.burst), now))
        tokens = min(float(self.burst), tokens + (now - at) * self.rate)
        self.buckets[whose] = (tokens - 1 if tokens >= 1 else tokens, now)
        if len(self.buckets) > MOST_BUCKETS:
            self.buckets.popitem(last=False)
        return 0 if tokens >= 1 else (1 - tokens) / self.rate

    def whose(self, request: Request) -> str:
        caller = whoever(request)  # who guesses tokens is an address here, and is answered further in
        return f"account {caller.account_id}" if caller else f"address {client_address(request, self.proxies)}"


def client_address(request: Request, proxies: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> str:
    """The address that the outermost trusted proxy saw. What stands left of it in the header anybody could write."""
    seen = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while _within(seen, proxies) and forwarded and _is_address(forwarded[-1].strip()):
        seen = forwarded.pop().strip()
    return seen


class BodyLimit:
    """Answers 413 as soon as a body is known to be too large; no more than the limit is ever read."""

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self.app = app
        self.limits = limits
        self.uploads = [compile_path(path)[0] for path in limits.uploads]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limits.upload if any(path.match(scope["path"]) for path in self.uploads) else self.limits.body
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > limit:
            await response(Request(scope, receive), Problem(413, _too_large(limit)))(scope, receive, send)
            return
        read = 0

        async def receive_within() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise HTTPException(413, _too_large(limit))  # the one kind that body parsing lets through
            return message

        await self.app(scope, receive_within, send)


class SameOriginPosts:
    """Refuses what another site makes a person's browser send to a page.

    Browsers say where a request comes from (Sec-Fetch-Site, or Origin); a client that says neither is no browser and
    holds nobody's session. The API takes bearer tokens only, which no browser adds by itself, so it is left alone.
    """

    def __init__(self, app: ASGIApp, *, front_door: str) -> None:
        self.app = app
        self.front_door = _origin(front_door)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS") or self._is_ours(scope):
            await self.app(scope, receive, send)
            return
        problem = Problem(403, "The form was sent from another site. Open the page here and try again.")
        await response(Request(scope, receive), problem)(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if scope["path"].startswith("/api/") or headers.get("origin") == self.front_door:
            return True
        if site := headers.get("sec-fetch-site"):
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc == headers.get("host")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _too_large(limit: int) -> str:
    return f"Send {limit / MEGABYTE:g} MB at most."


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _within(address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return _is_address(address) and any(ipaddress.ip_address(address) in network for network in networks)
