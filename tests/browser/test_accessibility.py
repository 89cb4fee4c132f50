"""Every page of the site, on a phone and on a desktop: nothing against WCAG 2.2 AA, nothing scrolls sideways."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

import httpx2
import pytest
import pytest_asyncio
from furnishing import bring_in, furnish, with_mistakes
from house import lent
from playwright.async_api import Browser, Page

from gse_platform.demo.acting import Actors
from gse_platform.people import as_csv, people
from gse_platform.personas import PERSONAS
from gse_platform.pictures import sign_in
from gse_platform.settling import settle
from gse_platform.site_ids import known_ids
from gse_platform.site_pages import DESKTOP, HEIGHTS, PHONE, SITE_PAGES, SitePage, overflow, visit
from testkit.addresses import KafkaAddress
from testkit.databases import Databases

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FOUND = """async tags => {
  const found = await axe.run(document, {
    runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'], selectors: false, iframes: false, preload: false
  })
  return found.violations.map(its => [its.id, its.nodes.map(node => node.html.slice(0, 120))])
}"""
MEMBERS = 42

pytestmark = pytest.mark.timeout(300)  # the first test furnishes the site


@dataclass(frozen=True)
class Site:
    """A running site with something to see, and a tab for each persona: a new one would cost a second a page."""

    front_door: str
    known: Mapping[str, str]
    browser: Browser
    tabs: dict[str | None, Page]

    async def tab(self, persona: str | None) -> Page:
        if persona not in self.tabs:
            self.tabs[persona] = await with_axe(self.browser)
            if persona:
                await sign_in(self.tabs[persona], self.front_door, persona)
        return self.tabs[persona]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(
    kafka: KafkaAddress, databases: Databases, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """In a house of its own, since its clock is moved."""
    async with (
        lent(kafka, databases, tmp_path_factory.mktemp("furnished")) as house,
        httpx2.AsyncClient(timeout=60, trust_env=False) as client,
    ):
        actors = Actors(house.state, client)
        everybody = people(MEMBERS, datetime.now(UTC).date())
        await bring_in(actors, as_csv(with_mistakes(everybody)))
        told = await furnish(actors, await actors.introduce(everybody[len(PERSONAS) :]))
        await settle(client, house.state, lambda _: None, seconds=120)
        its = Site(house.platform.front_door, {**await known_ids(house.state), **told}, browser, {})
        yield its
        for page in its.tabs.values():
            await page.context.close()


@pytest.mark.parametrize("its", SITE_PAGES, ids=lambda its: its.name)
async def test_a_page_is_accessible_and_fits_the_screen(site: Site, its: SitePage) -> None:
    page = await site.tab(its.persona)
    await page.set_viewport_size({"width": PHONE, "height": HEIGHTS[PHONE]})
    status = await visit(page, site.front_door, its, site.known)
    on_a_phone = (await against_the_rules(page), await overflow(page))
    await page.set_viewport_size({"width": DESKTOP, "height": HEIGHTS[DESKTOP]})
    on_a_desktop = (await against_the_rules(page), await overflow(page))
    headings = await page.locator("h1").count()

    assert status == its.status
    assert on_a_phone == ([], 0)
    assert on_a_desktop == ([], 0)
    assert headings == 1


async def test_a_field_without_a_label_and_pale_words_would_be_found(browser: Browser) -> None:
    page = await with_axe(browser)
    await page.goto("data:text/html,<html lang=en><title>T</title><input><p style='color: %23ccc'>Pale</p></html>")
    found = await against_the_rules(page)
    await page.context.close()

    assert [rule for rule, _ in found] == ["color-contrast", "label"]


async def with_axe(browser: Browser) -> Page:
    """A tab that has axe in each page that it opens."""
    context = await browser.new_context(bypass_csp=True)
    await context.add_init_script(AXE)
    return await context.new_page()


async def against_the_rules(page: Page) -> list[tuple[str, list[str]]]:
    """The rules that the page of such a tab breaks, each with the beginnings of what breaks it."""
    return [(rule, nodes) for rule, nodes in await page.evaluate(FOUND, TAGS)]
