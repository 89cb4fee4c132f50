"""Waiting for something that other processes will make true."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(probe: Callable[[], Awaitable[T]], *, timeout: float = 10, every: float = 0.05) -> T: ...  # noqa: ASYNC109 - see below


@overload
async def eventually(probe: Callable[[], T], *, timeout: float = 10, every: float = 0.05) -> T: ...  # noqa: ASYNC109 - see below


async def eventually(
    probe: Callable[[], Any],
    *,
    timeout: float = 10,  # noqa: ASYNC109 - what is waited for is somebody else's work: there is nothing to cancel
    every: float = 0.05,
) -> Any:
    """The first truthy answer of the probe, asked again and again; an exception counts as "not yet".

    After the time-out AssertionError says the last answer, or is raised from the last exception.
    """
    deadline = time.monotonic() + timeout
    while True:
        failure: Exception | None = None
        answer: object = None
        try:
            found = probe()
            answer = await found if inspect.isawaitable(found) else found
            if answer:
                return answer
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised below when the time is over
            failure = error
        if time.monotonic() > deadline:
            last = f"{type(failure).__name__}: {failure}" if failure else repr(answer)
            raise AssertionError(f"not within {timeout} seconds; the last answer was {last}") from failure
        await asyncio.sleep(every)
