"""`./gse demo`: the platform with two thousand people in it, told as it happens."""

import asyncio
import time
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


async def story(platform: Platform, progress: Progress) -> None:
    """Import the members, and follow their joining until all four services know everybody."""
    state = read_state(platform.home)
    rows = _rows(platform)
    async with httpx2.AsyncClient(timeout=300, trust_env=False) as client:
        with progress.step(f"Importing {PEOPLE:,} members"):
            report = await _import(client, state, rows)
        progress.say(f"  {report}")
        with progress.step("Every service hears of them") as tell:
            counts = await _meet(client, state, tell)
    progress.say("  " + ", ".join(f"{service} knows {count['members']:,}" for service, count in counts.items()))
    progress.say(f"  Welcome messages: {_told_mail(counts['notifications'])}")
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


async def _import(client: httpx2.AsyncClient, state: dict[str, Any], rows: str) -> str:
    answer = await client.post(
        f"{state['front_door']}/api/members/v1/imports",
        files={"file": ("members.csv", rows.encode(), "text/csv")},
        headers={"Authorization": f"Bearer {await asyncio.to_thread(token, state, 'team')}"},
    )
    if answer.is_error:
        raise CannotGoOn(f"members refused the import ({answer.status_code}): {answer.text[:300]}")
    report = answer.json()
    return ", ".join(f"{name.replace('_', ' ')}: {value:,}" for name, value in report.items() if isinstance(value, int))


async def _meet(client: httpx2.AsyncClient, state: dict[str, Any], tell: Any) -> dict[str, dict[str, Any]]:
    """The counts of the four services, once they are the same and no welcome waits."""
    deadline = time.monotonic() + MEET_SECONDS
    team = {"Authorization": f"Bearer {await asyncio.to_thread(token, state, 'team')}"}
    while True:
        asked = [client.get(f"{state['front_door']}/api/{service}/v1/counts", headers=team) for service in SERVICES]
        answers = await asyncio.gather(*asked)
        if all(answer.is_success for answer in answers):
            counts = {service: answer.json() for service, answer in zip(SERVICES, answers, strict=True)}
            known = {count["members"] for count in counts.values()}
            if len(known) == 1 and known >= {PEOPLE} and not counts["notifications"].get("waiting"):
                return counts
            told = " · ".join(f"{service} {count['members']:,}" for service, count in counts.items())
            tell(f"{told} · welcomed {counts['notifications'].get('sent', 0):,}")
        if time.monotonic() > deadline:
            raise CannotGoOn(f"The counts did not meet within {MEET_SECONDS // 60} minutes: look at ./gse status.")
        await asyncio.sleep(1)


def _told_mail(counts: dict[str, Any]) -> str:
    return ", ".join(f"{counts[kind]:,} {kind}" for kind in ("sent", "unknown", "failed", "waiting") if kind in counts)


async def _show_some(kafka: dict[str, Any], stream: str, progress: Progress) -> None:
    reach = Reach(from_beginning=True, until_end=True, limit=SHOWN)
    async for record in read(kafka, [stream], reach):
        event = cloud_event(record)
        if event is not None:
            name = event["type"].rpartition(".v")[0].rpartition(".")[2]
            progress.say(f"  {stream}: {name} of {event.get('subject')}, number {event.get('sequence')}")
