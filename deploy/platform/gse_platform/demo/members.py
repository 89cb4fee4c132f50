"""Who is in the story: the members of a file, and how some of them want to hear."""

import asyncio
from datetime import UTC, datetime

import httpx2

from gse_platform.demo.scene import Scene, all_know
from gse_platform.home import CannotGoOn, write_privately
from gse_platform.people import as_csv, people
from gse_platform.platform import Platform
from gse_platform.who_hears import CATEGORIES as CATEGORY_OF

CATEGORIES = sorted(set(CATEGORY_OF.values()))
AT_FIRST = {"opportunities": "weekly"}  # what who does not choose gets; every other category at once
DAILY, NEVER = 4, 3  # of the guests who choose
CHOICES: dict[str, dict[str, str]] = {
    "daily": dict.fromkeys(("mentoring", "events"), "daily"),
    "never": {"events": "never"},
    "work together": {"work": "weekly"},
}


def rows(platform: Platform, count: int) -> str:
    """The file of the first demo in this home: the same on every later one."""
    file = platform.home.path / "members.csv"
    if not file.exists():
        write_privately(file, as_csv(people(count, datetime.now(UTC).date())))
    return file.read_text()


async def imported(scene: Scene, rows: str) -> None:
    """Send the file as the central team does, and wait for the report."""
    client, front_door = scene.actors.client, scene.actors.state["front_door"]
    with scene.progress.step("Importing the members") as tell:
        bearer = await scene.actors.signed_in("team")
        file = {"file": ("members.csv", rows.encode(), "text/csv")}
        answer = await client.post(f"{front_door}/api/members/v1/imports", files=file, headers=bearer)
        while answer.status_code == httpx2.codes.ACCEPTED or (answer.is_success and answer.json()["state"] != "done"):
            report = answer.json()
            tell(f"{report['joined'] + report['already_members'] + report['refused']:,} of {report['rows']:,} rows")
            await asyncio.sleep(1)
            place = f"{front_door}/api/members/v1/imports/{report['import_id']}"
            answer = await client.get(place, headers=bearer)
    if answer.is_error:
        raise CannotGoOn(f"members refused the import ({answer.status_code}): {answer.text[:300]}")
    report = answer.json()
    if report["refused"]:
        place = f"{front_door}/members/imports/{report['import_id']}"
        raise CannotGoOn(f"members refused {report['refused']} rows of the import; {place} says which, to the team")
    scene.progress.say(f"  {report['joined']:,} joined, {report['already_members']:,} were members already")


async def roles_and_choices(scene: Scene, guests: list[str]) -> None:
    """The team makes somebody a volunteer, who hears of days that come near; members choose how they want to hear."""
    with scene.chapter("the team gives a role, and members choose how they want to hear"):
        volunteer = await scene.actors.member_id("volunteer")
        await scene.actors.post(f"/api/members/v1/members/{volunteer}/role-grants", {"role": "volunteer"}, who="team")
        choices = {"volunteer": CHOICES["work together"]}
        choices |= dict.fromkeys(guests[:DAILY], CHOICES["daily"])
        choices |= dict.fromkeys(guests[DAILY : DAILY + NEVER], CHOICES["never"])
        for who, chosen in choices.items():
            place = f"/api/notifications/v1/members/{await scene.actors.member_id(who)}/preferences"
            wanted = {
                its: {"email": chosen.get(its, AT_FIRST.get(its, "immediate")), "inbox": True} for its in CATEGORIES
            }
            await scene.actors.post(place, wanted | {"when": "any"}, who=who, method="PUT")
        await all_know(scene)
