"""Two hundred want to be in a focus group of twelve: who was in time is drawn from, and all find the same twelve."""

import asyncio
import csv
import io
import sys
from collections import Counter
from datetime import datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from house import House
from people import Person, as_file, planted
from visitor import Visitor, words

from testkit.eventually import eventually
from testkit.records import read_all

MEMBERS = "/api/members/v1"
HERE = "/members/opportunities"
LONDON = ZoneInfo("Europe/London")
ORGANISATIONS = ("UKHSA", "MOD", "DSTL", "NPL")
GRADES = ("EO", "EO", "HEO", "G7")  # of a hundred: 50, 25 and 25
AT_ONCE = 20
CHOSEN, NOT_CHOSEN = "You have a place", "You do not have a place this time"


async def _members(house: House, people: list[Person]) -> list[UUID]:
    """By one import: of any four one after the other all grades, of any sixteen all organisations."""
    lines = as_file([]).splitlines()
    for number, person in enumerate(people):
        grade, organisation = GRADES[number % 4], ORGANISATIONS[number // 4 % 4]
        lines += as_file([person], organisation=organisation, grade=grade).splitlines()[1:]
    report = (await house.send_import(b"\n".join(lines))).raise_for_status().json()
    assert report["joined"] == len(people)
    return [UUID(row["member_id"]) for row in sorted(report["report"], key=lambda row: row["line"])]


async def _all_apply(house: House, path: str, members: list[UUID]) -> Counter[tuple[int, str]]:
    """Each by a program that speaks for them: how often which answer came."""
    few = asyncio.Semaphore(AT_ONCE)

    async def applies(member_id: UUID) -> tuple[int, str]:
        async with few:
            answer = await house.http.post(f"{path}/interests", json={}, headers=house.member(member_id))
            while answer.status_code == 503:  # busy: they wait and ask again
                answer = await house.http.post(f"{path}/interests", json={}, headers=house.member(member_id))
        return answer.status_code, answer.json().get("type", "")

    return Counter(await asyncio.gather(*map(applies, members)))


async def _every(house: House, path: str, what: str) -> list[dict[str, Any]]:
    """A list of the API, with all its pages."""
    found, after = list[dict[str, Any]](), ""
    while True:
        page = (await house.get(path + after, persona="team")).raise_for_status().json()
        found += page[what]
        if page["next"] is None:
            return found
        after = f"?after={page['next']}"


def redrawn(drawn: list[dict[str, str]], seed: str, places: int) -> set[str]:
    """Who has a place, by the method as the page's program describes it in words: written anew for this test."""

    def lot(text: str) -> str:
        return sha256(f"{seed}:{text}".encode()).hexdigest()

    of_band = Counter(its["band"] for its in drawn)
    left = {band: places * count // len(drawn) for band, count in of_band.items()}
    remainders = sorted(of_band, key=lambda band: (-(places * of_band[band] % len(drawn)), lot(band)))
    for band in remainders[: places - sum(left.values())]:
        left[band] += 1
    chosen, given = set[str](), Counter[str]()
    while any(left.values()):
        waiting = [its for its in drawn if left[its["band"]] and its["number"] not in chosen]
        its = min(waiting, key=lambda its: (given[its["organisation"]], lot(its["number"])))
        chosen.add(its["number"])
        given[its["organisation"]] += 1
        left[its["band"]] -= 1
    return chosen


async def _drawn_by_the_program(page: Visitor, here: str, folder: Path, *words: str) -> set[str]:
    """The page's program on the page's list, with Python and nothing else."""
    for address, name in ((f"{here}/draw.csv", "draw.csv"), (f"{HERE}/drawing.py", "drawing.py")):
        (folder / name).write_bytes((await page.look(address)).raise_for_status().content)
    arguments = ["-I", "drawing.py", "draw.csv", *words]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, env={}
    )
    told, _ = await process.communicate()
    assert process.returncode == 0
    return set(told.decode().split())


@pytest.mark.timeout(240)
async def test_of_two_hundred_the_hundred_in_time_are_drawn_from_and_anybody_finds_the_same_twelve(
    moving_house: House, tmp_path: Path
) -> None:
    house = moving_house
    people = planted(200)
    members = await _members(house, people)
    closes_at = datetime.combine(house.now().astimezone(LONDON).date() + timedelta(days=2), time(12), LONDON)
    form = {
        "kind": "focus-group",
        "title": f"How we recruit {uuid4().hex[:6]}",
        "summary": "Two hours on how we find people.",
        "closes_at": closes_at.isoformat(),
        "capacity": 12,
    }
    opened = (await house.post(f"{MEMBERS}/opportunities", form, persona="team")).raise_for_status().json()
    here, path = f"{HERE}/{opened['opportunity_id']}", f"{MEMBERS}/opportunities/{opened['opportunity_id']}"
    house.move_clock(closes_at - timedelta(minutes=2))

    in_time = await _all_apply(house, path, members[:100])
    house.move_clock(closes_at)
    late = await _all_apply(house, path, members[100:])

    assert in_time == {(201, ""): 100}
    assert late == {(409, "/problems/opportunity-is-closed"): 100}

    async def is_drawn() -> bool:
        return bool((await house.get(f"{path}/draw")).is_success)

    await eventually(is_drawn, timeout=30)
    applicants = await _every(house, f"{path}/interests", "applicants")
    chosen = {its["number"]: its for its in applicants if its["state"] == "chosen"}
    assert {its["member_id"] for its in applicants} == {str(its) for its in members[:100]}
    assert Counter(its["state"] for its in applicants) == {"chosen": 12, "not-chosen": 88}
    assert Counter(its["grade"] for its in chosen.values()) == {"EO": 6, "HEO": 3, "G7": 3}
    assert Counter(its["organisation"] for its in chosen.values()) == dict.fromkeys(ORGANISATIONS, 3)

    stranger = Visitor(house)
    told = (await house.get(f"{path}/draw")).json()
    file = (await stranger.look(f"{here}/draw.csv")).text
    rows = list(csv.DictReader(io.StringIO(file)))
    assert (len(rows), sha256(told["seed"].encode()).hexdigest()) == (100, opened["seed_digest"])
    assert redrawn(rows, told["seed"], 12) == set(chosen)
    program = await _drawn_by_the_program(stranger, here, tmp_path, told["seed"], "12", opened["seed_digest"])
    assert program == set(chosen)
    page = (await stranger.look(f"{here}/draw")).raise_for_status().text
    assert told["seed"] in words(page)
    assert not any(str(its) in page + file for its in members)

    async def letters() -> Counter[str]:
        ours = {person.email for person in people}
        subjects = Counter(its["subject"] for its in await house.mails() if its["to"] in ours)
        return Counter({subject: subjects[subject] for subject in (CHOSEN, NOT_CHOSEN)})

    async def all_have_heard() -> bool:
        return (await letters()).total() >= 100

    await eventually(all_have_heard, timeout=60, every=0.5)
    await house.level()
    assert await letters() == {CHOSEN: 12, NOT_CHOSEN: 88}
    records = await read_all(house.kafka, f"{house.prefix}gse.members.public")
    ours = [its for its in records if its.key == opened["opportunity_id"].encode()]
    assert [(its.header("ce_type") or "").split(".")[-2] for its in ours] == ["OpportunityOpened", "OpportunityClosed"]
