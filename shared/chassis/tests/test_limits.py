"""What comes from outside is bounded, and what goes out carries its protections."""

import ipaddress
import re
from collections.abc import AsyncIterator
from typing import Annotated

import httpx2
import pytest
from fastapi import FastAPI, Form, Request, UploadFile

from chassis import web
from chassis.identity import TokenKeys
from chassis.limits import Limits, RateLimit, client_address
from chassis.retrying import RetryingRoute
from chassis.testing import PUBLIC_KEYS, signed_in

HERE = ("127.0.0.1", 5000)
ELSEWHERE = ("203.0.113.7", 5000)


def service(limits: Limits, front_door: str = "http://localhost:8000") -> FastAPI:
    app = FastAPI()
    app.state.token_keys = TokenKeys.of(PUBLIC_KEYS)
    app.router.route_class = RetryingRoute
    web.install(app, front_door=front_door, limits=limits)

    @app.post("/api/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    @app.post("/api/imports/{month}")
    async def take(month: str, file: UploadFile) -> int:
        return len(await file.read())

    @app.post("/pages/form")
    async def form(name: Annotated[str, Form()]) -> str:
        return name

    @app.get("/api/hello")
    async def hello() -> str:
        return "hello"

    @app.get("/health/live")
    async def live() -> str:
        return "alive"

    return app


def client_of(app: FastAPI, peer: tuple[str, int] = HERE) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app, client=peer), base_url="http://localhost:8000")


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(service(Limits(body=1000, upload=5000, uploads=["/api/imports/{month}"]))) as client:
        yield client


async def test_a_body_up_to_the_limit_is_taken(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/echo", content=b"x" * 1000)).json() == 1000


async def test_a_body_that_is_announced_too_large_is_refused_unread(client: httpx2.AsyncClient) -> None:
    read: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(b"x")
        yield b"x" * 1001

    answer = await client.post("/api/echo", content=body(), headers={"Content-Length": "1001"})
    assert read == []
    assert answer.status_code == 413
    assert answer.json()["detail"] == "Send 0.001 MB at most."
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_that_turns_out_too_large_is_refused_at_the_limit(client: httpx2.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 300

    answer = await client.post("/api/echo", content=endless())
    assert answer.status_code == 413
    form = await client.post(
        "/pages/form", content=endless(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert form.status_code == 413


async def test_a_length_that_is_no_number_is_refused(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/echo", content=b"x", headers={"Content-Length": "-1"})).status_code == 413


async def test_an_upload_has_a_limit_of_its_own(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/imports/may", files={"file": b"x" * 4000})).json() == 4000
    assert (await client.post("/api/imports/may", files={"file": b"x" * 5000})).status_code == 413


async def test_who_asks_too_often_waits() -> None:
    app = service(Limits(requests_per_second=0.5, burst=2))
    async with client_of(app) as eager:
        answers = [await eager.get("/api/hello") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["retry-after"] == "2"
        assert answers[2].headers["content-type"] == "application/problem+json"
        assert "content-security-policy" in answers[2].headers
        assert (await eager.get("/health/live")).status_code == 200
        assert (await eager.get("/api/hello", headers=signed_in())).status_code == 200
        assert (await eager.get("/api/hello", headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 200


async def test_a_caller_has_one_allowance_wherever_they_are_and_guessed_tokens_have_none() -> None:
    app = service(Limits(requests_per_second=0.5, burst=1))
    someone = signed_in()
    async with client_of(app) as here, client_of(app, ELSEWHERE) as elsewhere:
        assert (await here.get("/api/hello", headers=someone)).status_code == 200
        assert (await elsewhere.get("/api/hello", headers=someone)).status_code == 429
        assert (await elsewhere.get("/api/hello", headers={"Authorization": "Bearer one"})).status_code == 200
        assert (await elsewhere.get("/api/hello", headers={"Authorization": "Bearer two"})).status_code == 429
        # Not the front door, so what it says of others is not believed.
        assert (await elsewhere.get("/api/hello", headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 429


def test_an_allowance_grows_back_with_time_up_to_the_burst() -> None:
    now = [0.0]
    limit = RateLimit(FastAPI(), limits=Limits(requests_per_second=2, burst=2), seconds=lambda: now[0])
    assert [limit.take("someone") for _ in range(3)] == [0, 0, 0.5]
    now[0] = 0.5
    assert [limit.take("someone") for _ in range(2)] == [0, 0.5]
    now[0] = 1000.0
    assert [limit.take("someone") for _ in range(3)] == [0, 0, 0.5]


def test_the_longest_unseen_are_forgotten_so_that_strangers_fill_no_memory() -> None:
    limit = RateLimit(FastAPI(), limits=Limits(requests_per_second=1, burst=1), seconds=lambda: 0.0)
    for number in range(50_010):
        limit.take(str(number))
    assert len(limit.buckets) == 50_000
    assert "9" not in limit.buckets
    assert "50009" in limit.buckets


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1, 10.0.0.8"], "198.51.100.1"),
        ("127.0.0.1", ["not an address"], "127.0.0.1"),
        ("::1", ["2001:db8::1"], "2001:db8::1"),
    ],
)
def test_the_address_is_what_the_outermost_trusted_proxy_saw(peer: str, forwarded: list[str], address: str) -> None:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    request = Request({"type": "http", "headers": headers, "client": (peer, 1)})
    proxies = [ipaddress.ip_network(network) for network in ("127.0.0.0/8", "::1/128", "10.0.0.0/8")]
    assert client_address(request, proxies) == address


async def test_every_answer_carries_the_protections(client: httpx2.AsyncClient) -> None:
    for answer in (await client.get("/api/hello"), await client.get("/elsewhere"), await client.get("/api/echo")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "strict-transport-security" not in answer.headers


async def test_the_nonce_is_new_each_time(client: httpx2.AsyncClient) -> None:
    policies = [(await client.get("/api/hello")).headers["content-security-policy"] for _ in range(2)]
    nonces = [re.findall(r"'nonce-([\w-]{22})'", policy) for policy in policies]
    assert [len(found) for found in nonces] == [1, 1]
    assert nonces[0] != nonces[1]


async def test_behind_https_browsers_are_told_to_stay_there() -> None:
    async with client_of(service(Limits(), front_door="https://gse.example")) as client:
        assert (await client.get("/api/hello")).headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://localhost:8000"}, 200),
        ({"Origin": "http://127.0.0.1:8000", "Host": "127.0.0.1:8000"}, 200),
        ({"Origin": "http://127.0.0.1:8000"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "https://example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://example.com", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_a_form_that_another_site_sends_is_refused(
    client: httpx2.AsyncClient, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/pages/form", data={"name": "Ada"}, headers=headers)
    assert answer.status_code == status


async def test_the_api_may_be_called_from_anywhere(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/echo", content=b"x", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
