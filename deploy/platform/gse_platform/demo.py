"""`./gse demo`: the platform with two thousand people in it, told as it happens."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2

from contracts.streams import SERVICES
from gse_platform.home import CannotGoOn, read_state, write_privately
from gse_platform.people import as_csv, people
from gse_platform.platform import Platform
from gse_platform.progress import Progress
from gse_platform.tail import Reach, cloud_event, read
from gse_platform.tokens import token

PEOPLE = 2000
MEET_SECONDS = 600
SHOWN = 4

Tell = Callable[[str], None]


async def story(platform: Platform, progress: Progress) -> None:
    """Import the members, and follow their joining until all four services know everybody."""
    state = read_state(platform.home)
    rows = _rows(platform)
    async with httpx2.AsyncClient(timeout=300, trust_env=False) as client:
        with progress.step(f"Importing {PEOPLE:,} members") as tell:
            report = await _import(client, state, rows, tell)
        progress.say(f"  {report['joined']:,} joined, {report['already_members']:,} were members already")
        with progress.step("Every service hears of them") as tell:
            counts = await _meet(client, state, tell)
    progress.say("  " + ", ".join(f"{service} knows {count['members']:,}" for service, count in counts.items()))
    mail = counts["notifications"]
    progress.say(f"  Welcome messages: {mail['sent']:,} sent, {mail['unknown']:,} unknown, {mail['failed']:,} failed")
    progress.say("What the streams carry (./gse tail gse.members --from-beginning shows it all):")
    for stream in ("gse.members", "gse.notifications"):
        await _show_some(state["kafka"], stream, progress)
    if state["mail_sink"]:
        progress.say(f"The welcome messages are at {state['mail_sink']['url']}")


def _rows(platform: Platform) -> str:
    """The file of the first demo in this home: the same on every later one."""
    file = platform.home.path / "members.csv"
    if not file.exists():
        write_privately(file, as_csv(people(PEOPLE, datetime.now(UTC).date())))
    return file.read_text()


async def _import(client: httpx2.AsyncClient, state: dict[str, Any], rows: str, tell: Tell) -> dict[str, Any]:
    """Send the file as the central team does, and wait for the report."""
    bearer = {"Authorization": f"Bearer {await asyncio.to_thread(token, state, 'team')}"}
    file = {"file": ("members.csv", rows.encode(), "text/csv")}
    answer = await client.post(f"{state['front_door']}/api/members/v1/imports", files=file, headers=bearer)
    while answer.status_code == httpx2.codes.ACCEPTED or (answer.is_success and answer.json()["state"] != "done"):
        report = answer.json()
        tell(f"{report['joined'] + report['already_members'] + report['refused']:,} of {report['rows']:,} rows")
        await asyncio.sleep(1)
        place = f"{state['front_door']}/api/members/v1/imports/{report['import_id']}"
        answer = await client.get(place, headers=bearer)
    if answer.is_error:
        raise CannotGoOn(f"members refused the import ({answer.status_code}): {answer.text[:300]}")
    report = answer.json()
    if report["refused"]:
        first = next(row for row in report["report"] if row["outcome"] == "refused")
        raise CannotGoOn(f"members refused {report['refused']} rows of the import, the first in line {first['line']}")
    return dict(report)


async def _meet(client: httpx2.AsyncClient, state: dict[str, Any], tell: Tell) -> dict[str, dict[str, int]]:
    """The counts of the four services, once all know as many members and no welcome is under way."""
    deadline = time.monotonic() + MEET_SECONDS
    while True:
        asked = [client.get(f"{state['front_door']}/api/{service}/v1/counts") for service in SERVICES]
        answers = await asyncio.gather(*asked)
        if all(answer.is_success for answer in answers):
            counts = {service: answer.json() for service, answer in zip(SERVICES, answers, strict=True)}
            mail = counts["notifications"]
            told = " · ".join(f"{service} {count['members']:,}" for service, count in counts.items())
            tell(f"{told} · welcomes sent {mail['sent']:,}")
            under_way = mail["waiting"] + mail["due"] + mail["sending"]
            if len({count["members"] for count in counts.values()}) == 1 and not under_way:
                return counts
        if time.monotonic() > deadline:
            raise CannotGoOn(f"The counts did not meet within {MEET_SECONDS // 60} minutes: look at ./gse status.")
        await asyncio.sleep(1)


async def _show_some(kafka: dict[str, Any], stream: str, progress: Progress) -> None:
    reach = Reach(from_beginning=True, until_end=True, limit=SHOWN)
    async for record in read(kafka, [stream], reach):
        event = cloud_event(record)
        if event is not None:
            name = event["type"].rpartition(".v")[0].rpartition(".")[2]
            progress.say(f"  {stream}: {name} of {event.get('subject')}, number {event.get('sequence')}")
