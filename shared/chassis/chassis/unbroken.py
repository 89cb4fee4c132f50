"""For starts of others that leave a socket open when they are cancelled half way."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")
SECONDS = 5


async def unbroken(work: Awaitable[T]) -> T:
    """Await `work`; a cancellation takes effect once it has come to its end, or after five seconds."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await asyncio.wait({task}, timeout=SECONDS)
        finally:
            task.cancel()
        await asyncio.wait({task}, timeout=1)
        if task.done() and not task.cancelled():
            task.exception()  # it was seen; the cancellation is what counts now
        raise
