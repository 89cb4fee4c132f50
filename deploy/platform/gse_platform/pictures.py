"""`./gse pictures`: every page of the running platform, on a phone and on a desktop, as PNG files to look at."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, TimeoutError, async_playwright  # noqa: A004 - the browser's own

from gse_platform.home import CannotGoOn
from gse_platform.site_ids import known_ids
from gse_platform.site_pages import HEIGHTS, PHONE, SITE_PAGES, SitePage, visit

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The machine's own browser, where there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@asynccontextmanager
async def browser_of(executable: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        await browser.close()


async def pictures(state: dict[str, Any], folder: Path) -> None:
    """Take them all into `folder`, and say which could not be taken and why."""
    executable = chromium()
    if executable is None:
        raise CannotGoOn("There is no Chromium on this machine: install the package chromium to take pictures.")
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    known = await known_ids(state)
    taken = 0
    async with browser_of(executable) as browser:
        for persona in dict.fromkeys(its.persona for its in SITE_PAGES):
            if persona and not state["identity_provider"]["local"]:
                print(f"The pages of {persona} are not taken: the identity provider is not a local one")
                continue
            for width, height in HEIGHTS.items():
                context = await browser.new_context(viewport={"width": width, "height": height})
                page = await context.new_page()
                if persona:
                    await sign_in(page, state["front_door"], persona)
                for its in (each for each in SITE_PAGES if each.persona == persona):
                    what_is_missing = await _picture(page, state["front_door"], its, known, folder)
                    taken += not what_is_missing
                    if what_is_missing and width == PHONE:
                        print(f"{its.name} is not taken: {what_is_missing}")
                await context.close()
    print(f"{taken} pictures in {folder}")


async def sign_in(page: Page, front_door: str, persona: str) -> None:
    """As a persona at the local identity provider, from the site's own link."""
    await page.goto(f"{front_door}/sign-in", wait_until="domcontentloaded")
    await authorise(page, persona)
    await page.wait_for_url(f"{front_door}/**")


async def authorise(page: Page, persona: str) -> None:
    """What a person does at the local identity provider, which asks for no password."""
    await page.locator(f"button[name=sub][value={persona}]").click()


async def _picture(page: Page, front_door: str, its: SitePage, known: Mapping[str, str], folder: Path) -> str:
    """Take one; where that can't be, why."""
    try:
        status = await visit(page, front_door, its, known)
    except KeyError as missing:
        return f"there is no {missing.args[0]} yet"
    except TimeoutError:
        return "it did not come in time"
    if status != its.status:
        return f"answered with {status}"
    width = (page.viewport_size or {"width": 0})["width"]
    await page.screenshot(path=folder / f"{its.name}-{width}.png", full_page=True)
    return ""
