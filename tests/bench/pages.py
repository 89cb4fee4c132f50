"""How long each page of the site and each list of the API takes, with a profession of its full size behind it.

Ten thousand members come by an import; the strategy holds sixty commitments, there are thirty groups, and the site is
furnished so that there is something to see on every page. When everything is heard and written, one client asks for
each page and list: thirty times, after five that are not counted, each time as the persona who would open it. A round
is all of them once; what is given of each is the median of its rounds' medians, and the figure is that of the slowest.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2
from furnishing import bring_in, furnish

from bench.figures import Comparison, Finding, Series, Target, Tell
from bench.platforms import fresh_home, up
from gse_platform.demo.acting import Actors
from gse_platform.people import as_csv, people
from gse_platform.personas import PERSONAS
from gse_platform.settling import settle
from gse_platform.site_ids import known_ids
from gse_platform.site_pages import SITE_PAGES, SitePage

MEMBERS, COMMITMENTS, GROUPS, AT_WORK = 10_000, 60, 30, 30
COUNTED, BEFORE = 30, 5
SLOWEST = 200  # ms
SHOWN = 5  # of the slowest
SETTLED_SECONDS = 900
V1 = "/api/members/v1"
LISTS: tuple[tuple[str, str | None], ...] = (
    (f"{V1}/commitments", None),
    (f"{V1}/organisations", None),
    (f"{V1}/feedback-rounds", None),
    (f"{V1}/opportunities", None),
    (f"{V1}/shadow-board/seats", None),
    (f"{V1}/statistics-releases", None),
    (f"{V1}/groups", "member"),
    (f"{V1}/groups/{{group}}/meetings", "member"),
    (f"{V1}/champion-themes", "member"),
    (f"{V1}/groups/{{group}}/volunteers", "team"),
    (f"{V1}/opportunities/{{opportunity}}/interests", "team"),
    (f"{V1}/role-records", "team"),
    (f"{V1}/duplicates", "team"),
    (f"{V1}/erasures", "team"),
    (f"{V1}/dashboard", "team"),
    (f"{V1}/imports/{{import}}", "team"),
    ("/api/events/v1/events", None),
    ("/api/mentoring/v1/schemes", None),
    ("/api/notifications/v1/notices?state=sent", "team"),
    ("/api/notifications/v1/occasions", "team"),
)
SEARCHES = ('{"text": "ann"}', '{"organisation": "DEFRA", "grade": "G7"}')
OK = 200


@dataclass(frozen=True)
class Address:
    """What is asked for, as whom; `known` ids are in it. `search` is what a search sends as its JSON."""

    path: str
    persona: str | None
    search: str | None = None


def measure(rounds: int, tell: Tell) -> list[Finding]:
    with fresh_home() as home, up(home) as platform:
        medians = asyncio.run(_measured(platform.state, rounds, tell))
    slowest = sorted(medians.items(), key=lambda its: statistics.median(its[1]), reverse=True)
    series = [Series(_named(address), "ms", tuple(each)) for address, each in slowest]
    figure = Comparison(series[0], Target(at_most=SLOWEST))
    note = f"{len(series)} pages and lists, {MEMBERS:,} members"
    return [Finding("pages", (figure,), others=tuple(series[1:SHOWN]), notes=(note,))]


async def _measured(state: dict[str, Any], rounds: int, tell: Tell) -> dict[Address, list[float]]:
    async with httpx2.AsyncClient(timeout=300, trust_env=False) as client:
        actors = Actors(state, client)
        tell(f"{MEMBERS:,} members")
        everybody = people(MEMBERS, datetime.now(UTC).date())
        imported = await bring_in(actors, as_csv(everybody))
        tell("a strategy, groups, events, opportunities, rounds of feedback, figures and a scheme")
        at_work = everybody[len(PERSONAS) :][:AT_WORK]
        told = await furnish(actors, await actors.introduce(at_work), promises=COMMITMENTS)
        for number in range(GROUPS):
            form = {"title": f"Group {number}", "purpose": "Act on what members say.", "ask": "the central team"}
            await actors.post("/api/members/v1/groups", form, who="team")
        await settle(client, state, tell, seconds=SETTLED_SECONDS)
    front_door = state["front_door"]
    known = {**await known_ids(state), **told, "import": imported}
    wanted = [Address(its.address.format_map(known), its.persona) for its in SITE_PAGES if _is_opened(its, known)]
    wanted += [Address(path.format_map(known), persona) for path, persona in LISTS]
    wanted += [Address(f"{V1}/member-searches", "team", search) for search in SEARCHES]
    found: dict[Address, list[float]] = {address: [] for address in dict.fromkeys(wanted)}
    for number in range(rounds):
        for persona in dict.fromkeys(address.persona for address in found):
            tell(f"round {number + 1} of {rounds}, as {persona or 'anyone'}")
            async with httpx2.AsyncClient(base_url=front_door, timeout=30, trust_env=False) as client:
                bearer: dict[str, str] = {}
                if persona is not None:
                    await _sign_in(client, persona)
                    async with httpx2.AsyncClient(timeout=30, trust_env=False) as other:
                        bearer = await Actors(state, other).signed_in(persona)
                for address, medians in found.items():
                    if address.persona == persona:
                        medians.append(await _median(client, address, bearer))
    return found


def _named(address: Address) -> str:
    return f"{address.path} {address.search or ''}, {address.persona or 'anyone'}"


def _is_opened(its: SitePage, known: Mapping[str, str]) -> bool:
    """Whether it is a page that is there with what the bench has made, and no form that is sent."""
    try:
        its.address.format_map(known)
    except KeyError:
        return False
    return its.answers is None and its.status == OK


async def _median(client: httpx2.AsyncClient, its: Address, bearer: dict[str, str]) -> float:
    """Of the thirty, in milliseconds."""
    taken = []
    headers = bearer if its.path.startswith("/api/") else {}
    for number in range(BEFORE + COUNTED):
        begun = time.perf_counter()
        if its.search is None:
            answer = await client.get(its.path, headers=headers)
        else:
            answer = await client.post(its.path, headers=headers, json=json.loads(its.search))
        if number >= BEFORE:
            taken.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != OK:
            raise RuntimeError(f"{its.path} was answered {answer.status_code}")
    return statistics.median(taken)


async def _sign_in(client: httpx2.AsyncClient, persona: str) -> None:
    """As a browser does it; the client keeps the cookies."""
    asked = await client.get("/sign-in")
    clicked = await client.post(asked.headers["location"], data={"sub": persona})
    answer = await client.get(clicked.headers["location"])
    if not client.cookies or answer.is_error:
        raise RuntimeError(f"{persona} could not sign in: {answer.status_code}")
