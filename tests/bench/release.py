"""How long the figures of a quarter take: 10,000 members, of whom 8,000 have answered, from the request to its answer.

Everybody comes by an import and answers through the API, each with a token of their own. A round is a quarter, of which
there are six at least, and each has to keep to the limit: the business clock goes to its end, some change what they
answered and some leave, and the team publishes. So from the second round on each release is weighed against those
before that its figures look back to. What stands around members is stopped where it is. Processor time is that of the
service and the database together, and tells more than the clock does where others share the machine.
"""

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2

from bench.figures import Comparison, Finding, Series, Target, Tell
from bench.joining import OTHERS
from bench.platforms import Up, fresh_home, taken, up
from gse_platform.clock import move_clock, wall_clock
from gse_platform.people import as_csv, people

MEMBERS, ANSWER, CHANGE, LEAVE = 10_000, 8_000, 200, 40
MOST_SECONDS = 2.0
QUARTERS = 6
AT_ONCE = 8
PAGE = 1_000
SEED = 20_160_301
V1 = "/api/members/v1"


def measure(rounds: int, tell: Tell) -> list[Finding]:
    with fresh_home() as home, up(home) as platform:
        platform.pause(*OTHERS)
        quarters = asyncio.run(_measured(platform, max(rounds, QUARTERS), tell))
    named = [(f"quarter {number}", *its) for number, its in enumerate(quarters, 1)]
    limit = Target(at_most=MOST_SECONDS)
    return [
        Finding(
            "release",
            tuple(Comparison(Series(f"{name}, {MEMBERS:,} members", "s", (took,)), limit) for name, took, _ in named),
            tuple(Series(f"{name}: processor", "s", (spent,)) for name, _, spent in named),
        )
    ]


async def _measured(platform: Up, rounds: int, tell: Tell) -> list[tuple[float, float]]:
    url = platform.state["services"]["members"]["url"]
    chance = random.Random(SEED)
    # Given up before the service does it, which a request could meet.
    limits = httpx2.Limits(keepalive_expiry=2)
    async with httpx2.AsyncClient(base_url=url, timeout=120, trust_env=False, limits=limits) as http:
        tell(f"{MEMBERS:,} members")
        members = await _import(platform, http)
        asked = (await http.get(f"{V1}/monitoring-questions")).raise_for_status().json()["questions"]
        tell(f"{ANSWER:,} answer")
        await _answer(platform, http, members[:ANSWER], asked, chance)
        found, today = list[tuple[float, float]](), wall_clock().date()
        for number in range(rounds):
            tell(f"round {number + 1} of {rounds}")
            today, period = _next_quarter(today)
            move_clock(platform.home / "clock", f"{today}T09:00", wall_clock())
            leaving, members = members[:LEAVE], members[LEAVE:]
            await _answer(platform, http, chance.sample(members, CHANGE), asked, chance)
            await _each(leaving, lambda its: _leave(platform, http, its))
            spent, begun = _processor_seconds(platform), time.perf_counter()
            answer = await http.post(f"{V1}/statistics-releases", json={"period": period}, headers=_team(platform))
            found.append((time.perf_counter() - begun, _processor_seconds(platform) - spent))
            tell(f"round {number + 1} of {rounds}: {found[-1][0]:.2f} s, of the processor {found[-1][1]:.2f} s")
            answer.raise_for_status()
        return found


def _processor_seconds(platform: Up) -> float:
    spent = taken(platform.process.pid).cpu_seconds
    return spent["members.app"] + spent["PostgreSQL"]


def _next_quarter(today: date) -> tuple[date, str]:
    """The first day after the quarter of `today`, and that quarter's code."""
    number = (today.month - 1) // 3 + 1
    first = date(today.year, 3 * number - 2, 1)
    after = (first + timedelta(days=100)).replace(day=1)
    return after, f"{today.year}-Q{number}"


def _team(platform: Up) -> dict[str, str]:
    return platform.tokens().headers(uuid4(), "team")


async def _import(platform: Up, http: httpx2.AsyncClient) -> list[UUID]:
    file = {"file": ("members.csv", as_csv(people(MEMBERS, wall_clock().date())).encode(), "text/csv")}
    answer = await http.post(f"{V1}/imports", files=file, headers=_team(platform))
    while answer.raise_for_status().json()["state"] != "done":
        await asyncio.sleep(0.5)
        answer = await http.get(f"{V1}/imports/{answer.json()['import_id']}", headers=_team(platform))
    place, found = f"{V1}/imports/{answer.json()['import_id']}", list[UUID]()
    after: int | None = 0
    while after is not None:
        page = await http.get(place, params={"after": after, "limit": PAGE}, headers=_team(platform))
        found += [UUID(row["member_id"]) for row in page.raise_for_status().json()["report"]]
        after = page.json()["next"]
    return found


async def _answer(
    platform: Up, http: httpx2.AsyncClient, members: Sequence[UUID], asked: Sequence[Any], chance: random.Random
) -> None:
    answers = {
        its: {question["code"]: chance.choice(question["options"])["code"] for question in asked} for its in members
    }

    async def one(its: UUID) -> None:
        headers = platform.tokens().headers(uuid4(), "member", member_id=str(its))
        place = f"{V1}/members/{its}/monitoring-answers"
        (await http.put(place, json={"answers": answers[its]}, headers=headers)).raise_for_status()

    await _each(members, one)


async def _leave(platform: Up, http: httpx2.AsyncClient, its: UUID) -> None:
    place = f"{V1}/members/{its}/departures"
    (await http.post(place, headers=_team(platform))).raise_for_status()


async def _each(members: Iterable[UUID], do: Any) -> None:
    """For everybody, a few at once."""
    todo = list(members)
    for at in range(0, len(todo), AT_ONCE):
        await asyncio.gather(*map(do, todo[at : at + AT_ONCE]))
