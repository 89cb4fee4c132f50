import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gse_platform.front_door import create, service_for
from testkit.ports import free_port


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/", "members"),
        ("/join", "members"),
        ("/join/check-answers", "members"),
        ("/cookies", "members"),
        ("/assets/govuk/main.css", "members"),
        ("/nobody-has-this-page", "members"),
        ("/members", "members"),
        ("/members/profile", "members"),
        ("/mentoring", "mentoring"),
        ("/mentoring/schemes/1/matching", "mentoring"),
        ("/events/calendar", "events"),
        ("/stories", "events"),
        ("/my", "notifications"),
        ("/get-involved", "notifications"),
        ("/subscribe", "notifications"),
        ("/notifications/inbox", "notifications"),
        ("/api/members/v1/members", "members"),
        ("/api/notifications/v1/parked", "notifications"),
        ("/schemas/members/MemberJoined.v1.json", "members"),
        ("/schemas/events/EventHosted.v1.json", "events"),
    ],
)
def test_each_address_belongs_to_one_service(path: str, service: str) -> None:
    assert service_for(path) == service


@pytest.mark.parametrize(
    "path",
    [
        "/health/live",
        "/health",
        "/metrics",
        "//health/live",
        "/members/../health/ready",
        "/members/./x",
        "/api",
        "/api/unknown/v1/x",
        "/schemas/unknown/X.v1.json",
    ],
)
def test_what_is_not_for_the_public_belongs_to_nobody(path: str) -> None:
    assert service_for(path) is None


async def test_a_request_arrives_as_it_was_sent_and_says_who_sent_it() -> None:
    async with upstream(echo) as url, front_door(url) as client:
        answer = await client.put(
            "/api/members/v1/a%2Fb?x=1&x=2",
            content=b"\x00body",
            headers={
                "Authorization": "Bearer t",
                "X-Forwarded-For": "203.0.113.9",
                "Connection": "X-Hop",
                "X-Hop": "gone",
            },
        )

    seen = answer.json()
    assert seen["method"] == "PUT"
    assert seen["target"] == "/api/members/v1/a%2Fb?x=1&x=2"
    assert seen["body"] == "\x00body"
    assert seen["headers"]["authorization"] == "Bearer t"
    assert seen["headers"]["host"] == "localhost:8000"
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert seen["headers"]["x-forwarded-proto"] == "http"
    assert seen["headers"]["x-forwarded-host"] == "localhost:8000"
    assert "x-hop" not in seen["headers"]


async def test_an_answer_comes_back_as_it_was_given_with_every_cookie() -> None:
    async def answering(_request: Request) -> Response:
        response = Response(b"\x1f\x8b raw", status_code=418, headers={"Content-Encoding": "gzip"})
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    async with upstream(answering) as url, front_door(url) as client, client.stream("GET", "/join") as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])

    assert (answer.status_code, raw) == (418, b"\x1f\x8b raw")
    assert len(answer.headers.get_list("set-cookie")) == 2


async def test_a_long_upload_goes_through_without_being_kept_in_memory() -> None:
    async def counting(request: Request) -> Response:
        return JSONResponse({"size": sum([len(chunk) async for chunk in request.stream()])})

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 20_000

    async with upstream(counting) as url, front_door(url) as client:
        answer = await client.post("/api/members/v1/imports", content=chunks())

    assert answer.json() == {"size": 2_000_000}


async def test_a_service_that_does_not_answer_is_a_plain_page_for_people_and_a_problem_for_programs() -> None:
    async with front_door(f"http://127.0.0.1:{free_port()}") as client:
        page = await client.get("/mentoring", headers={"Accept": "text/html,*/*"})
        problem = await client.get("/api/mentoring/v1/counts", headers={"Accept": "text/html"})

    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert "not available" in page.text
    assert problem.status_code == 503
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["type"] == "/problems/not-available"


async def test_health_and_metrics_are_not_passed_on_however_they_are_spelled() -> None:
    async with upstream(echo) as url, front_door(url) as client:
        answers = [await client.get(path) for path in ("/health/ready", "/metrics", "/%68ealth/live")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_an_answer_that_never_ends_is_passed_on_as_it_comes_and_left_when_the_reader_leaves() -> None:
    left = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"data: news\n\n"
                await asyncio.sleep(0.01)
        finally:
            left.set()

    async def answering(_request: Request) -> Response:
        return StreamingResponse(endless(), media_type="text/event-stream")

    async with upstream(answering) as url, upstream_of(create(services(url))) as door, httpx2.AsyncClient() as client:
        async with client.stream("GET", f"{door}/my") as answer:
            first = await anext(answer.aiter_raw())
        async with asyncio.timeout(5):
            await left.wait()

    assert first == b"data: news\n\n"


async def echo(request: Request) -> Response:
    target = request.scope["raw_path"].decode() + "?" + request.scope["query_string"].decode()
    body = (await request.body()).decode()
    return Response(
        json.dumps({"method": request.method, "target": target, "headers": dict(request.headers), "body": body}),
        media_type="application/json",
    )


def services(url: str) -> dict[str, str]:
    return dict.fromkeys(("members", "mentoring", "events", "notifications"), url)


@asynccontextmanager
async def front_door(url: str) -> AsyncIterator[httpx2.AsyncClient]:
    app = create(services(url))
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client,
    ):
        yield client


@asynccontextmanager
async def upstream(answer: Callable[[Request], Awaitable[Response]]) -> AsyncIterator[str]:
    methods = ["GET", "PUT", "POST"]
    async with upstream_of(Starlette(routes=[Route("/{path:path}", answer, methods=methods)])) as url:
        yield url


@asynccontextmanager
async def upstream_of(app: Starlette) -> AsyncIterator[str]:
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=1)
    )
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(5):
        while not server.started:  # noqa: ASYNC110 (uvicorn sets no event)
            await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving
