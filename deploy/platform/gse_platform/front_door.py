"""One address for four services: a small reverse proxy for the local platform. In a cluster an ingress does this."""

import argparse
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from chassis.server import Server

SERVICES = ("members", "mentoring", "events", "notifications")
# Pages that stand at the top of the site; everything else there is members' (its 404 page too).
AT_THE_TOP = {"my": "notifications", "get-involved": "notifications", "subscribe": "notifications", "stories": "events"}
NOT_PUBLIC = frozenset({"health", "metrics"})
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
# Between two neighbours only (RFC 9110, section 7.6.1), and what only the front door may say.
OF_ONE_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade".split(),
)
OURS = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip"})
RETRY_AFTER = "2"


def service_for(path: str) -> str | None:
    """The service that owns a decoded path; None where nothing is for the public."""
    parts = path.lstrip("/").split("/")
    if any(part in {".", ".."} for part in parts) or parts[0] in NOT_PUBLIC:
        return None
    if parts[0] in {"api", "schemas"}:
        return parts[1] if len(parts) > 1 and parts[1] in SERVICES else None
    if parts[0] in SERVICES:
        return parts[0]
    return AT_THE_TOP.get(parts[0], "members")


def create(services: Mapping[str, str]) -> Starlette:
    """The proxy, with the address of each service."""
    timeout = httpx2.Timeout(60, connect=2)
    # Shorter than the services' own keep-alive, so that no request is sent on a connection that is just being closed.
    client = httpx2.AsyncClient(
        timeout=timeout,
        limits=httpx2.Limits(max_connections=400, keepalive_expiry=2),
        trust_env=False,
        # The services speak HTTP on this machine: without authorities to trust, which take a tenth of a second to load.
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )

    async def forward(request: Request) -> Response:
        service = service_for(request.scope["path"])
        if service is None:
            return told(request, 404, "Page not found", "If you typed the web address, check it is correct.")
        target = httpx2.URL(services[service]).copy_with(raw_path=raw_path(request))
        # Not by the client's own builder, which adds headers that the caller never sent.
        asked = httpx2.Request(
            request.method,
            target,
            headers=headers_for(request),
            content=request.stream() if has_body(request) else None,
            extensions={"timeout": timeout.as_dict()},
        )
        try:
            answer = await client.send(asked, stream=True)
        except httpx2.RequestError:
            return told(
                request,
                503,
                "Sorry, this part of the service is not available",
                "It should be back in a moment. Try again then; nothing else is affected.",
            )
        response = StreamingResponse(relayed(answer), status_code=answer.status_code)
        response.raw_headers = [
            (name.lower(), value) for name, value in answer.headers.raw if name.lower() not in OF_ONE_HOP
        ]
        return response

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    return Starlette(routes=[Route("/{path:path}", forward, methods=METHODS)], lifespan=lifespan)


def raw_path(request: Request) -> bytes:
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return path + b"?" + query if query else path


def has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers


def headers_for(request: Request) -> list[tuple[bytes, bytes]]:
    """The caller's headers less what was for us only, and who the caller is: nobody else may claim that."""
    named = {name.strip().lower().encode() for name in request.headers.get("connection", "").split(",")}
    kept = [
        (name, value)
        for name, value in request.headers.raw
        if name not in OF_ONE_HOP and name not in OURS and name not in named
    ]
    return [
        *kept,
        (b"x-forwarded-for", (request.client.host if request.client else "unknown").encode()),
        (b"x-forwarded-proto", request.url.scheme.encode()),
        (b"x-forwarded-host", request.headers.get("host", "localhost").encode("latin-1")),
    ]


async def relayed(answer: httpx2.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def told(request: Request, status: int, title: str, detail: str) -> Response:
    """An answer of the front door's own: a page for people, a problem for programs."""
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": RETRY_AFTER} if status == 503 else {})  # noqa: PLR2004
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        kind = "not-available" if status == 503 else "not-found"  # noqa: PLR2004
        problem = {"type": f"/problems/{kind}", "title": title, "status": status, "detail": detail}
        return JSONResponse(problem, status, headers, media_type="application/problem+json")
    style = "body{font:1.1875rem/1.5 Arial,sans-serif;margin:2rem auto;max-width:40rem;padding:0 1rem;color:#0b0c0c}"
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style><main><h1>{title}</h1><p>{detail}</p></main></html>",
        status,
        headers | {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--service", action="append", required=True, metavar="NAME=URL")
    chosen = arguments.parse_args()
    services = dict(pair.split("=", 1) for pair in chosen.service)
    config = uvicorn.Config(
        create(services),
        host="127.0.0.1",
        port=chosen.port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=10,
    )
    with contextlib.suppress(KeyboardInterrupt):  # a Ctrl-C, which uvicorn raises again after its stop
        Server(config).run()


if __name__ == "__main__":
    main()
