from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from gse_platform.pictures import browser_of, chromium


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A real browser: the machine's own Chromium. Without one these tests are named as not run."""
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium on this machine: install the package chromium to run the browser tests")
    async with browser_of(executable) as its:
        yield its
