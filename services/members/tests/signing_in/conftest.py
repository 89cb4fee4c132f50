from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis import testing


@pytest.fixture
def published_keys(provider: Any) -> None:
    provider.keys = [provider.key.as_dict(private=False)]
    provider.failing = False


@pytest.fixture
async def browser(running: FastAPI) -> AsyncIterator[AsyncClient]:
    """A browser with cookies of its own, which shows each redirect."""
    async with testing.client_of(running) as client:
        client.headers["accept"] = "text/html"
        yield client
