"""A request that meets another transaction's locks is run again, whole, before anybody hears of it."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message

from chassis.database import Conflict

AGAIN = 3  # further runs after the first
PAUSE = 0.05  # seconds, doubled each time; the jitter keeps two that met from meeting again


class RetryingRoute(APIRoute):
    """For `APIRouter(route_class=RetryingRoute)`: runs the handler again on `Conflict`, up to three times.

    Every run reads the same body anew. The last `Conflict` goes on and is answered with 503 and Retry-After; an
    `Outage` does so at once.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_again(request: Request) -> Response:
            body = await request.body()  # the request keeps it, for a first run that reads it in any way
            again = request
            for attempt in range(AGAIN):
                try:
                    return await handle(again)
                except Conflict:
                    await asyncio.sleep(PAUSE * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, no secret
                    again = await _fresh(request, body)
            return await handle(again)

        return handle_again


async def _fresh(request: Request, body: bytes) -> Request:
    """The same request with its body unread, and readable both as bytes and as a form."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return await request.receive()  # the client's going away is still seen
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    fresh = Request(request.scope, receive)
    await fresh.body()
    return fresh
