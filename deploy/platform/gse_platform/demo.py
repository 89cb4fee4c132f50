"""`./gse demo`: the platform with two thousand people in it, and how they keep one day of the inclusion calendar.

Each chapter is one instant of the business clock: somebody does something at the front door, and what is said of it on
the streams is told event by event, with who reacts to it.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day

import httpx2

from contracts.streams import SERVICES
from gse_platform.acting import Actors
from gse_platform.clock import HERE, move_clock, offset, wall_clock
from gse_platform.explained import explain, notices_in
from gse_platform.home import CannotGoOn, read_state, write_privately
from gse_platform.people import SEED, as_csv, from_csv, people
from gse_platform.personas import PERSONAS
from gse_platform.platform import Platform
from gse_platform.progress import Progress
from gse_platform.telling import Listener, chapter
from gse_platform.who_hears import CATEGORIES as CATEGORY_OF

PEOPLE = 2000
GUESTS, PEERS = 60, 40  # of the people in the file, beside the personas
MEET_SECONDS = 600
SOON_SECONDS = 60
THE_DAY = (2, 11)  # International Day of Women and Girls in Science
NOTICE = timedelta(days=60)
EVENT = {
    "title": "Women and girls in science: what brought us here",
    "summary": "Scientists and engineers from across government tell how they came to their work.",
    "link": "https://gse.example/women-in-science",
    "place": "Online",
    "capacity": 200,
}
SCHEME = {
    "title": "GSE Connect",
    "summary": "A pilot in which members help each other, as peers, to reach their potential.",
    "link": "https://gse.example/gse-connect",
}
SKILLS = ("statistics", "project management", "data science", "public speaking", "policy making", "applying for jobs")
DAILY, NEVER = 4, 3  # of the guests who choose
CHOICES: dict[str, dict[str, str]] = {
    "daily": dict.fromkeys(("mentoring", "events"), "daily"),
    "never": {"events": "never"},
    "work together": {"work": "weekly"},
}
SPEAKER = "Professor Ifeoma Castellan, Chief Scientific Adviser"

CATEGORIES = sorted(set(CATEGORY_OF.values()))

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Scene:
    """What every chapter needs."""

    platform: Platform
    progress: Progress
    actors: Actors
    listener: Listener

    @contextlib.contextmanager
    def chapter(self, title: str, at: datetime | None = None) -> Iterator[None]:
        """Move the business clock to an instant that is still to come, then tell what is heard in the block."""
        if at is not None and at > business_now(self.platform):
            move_clock(self.platform.home.clock, at.isoformat(), wall_clock())
        self.progress.say(chapter(business_now(self.platform), title))
        yield
        self.listener.tell(self.progress.say)


async def story(platform: Platform, progress: Progress, *, count: int = PEOPLE) -> None:
    """Import so many members; then one day of the calendar, from the notice of it to the thanks."""
    state = read_state(platform.home)
    async with httpx2.AsyncClient(timeout=300, trust_env=False) as client:
        is_first = not (platform.home.path / "members.csv").exists()
        listener = Listener(state["kafka"], since=None if is_first else business_now(platform))
        scene = Scene(platform, progress, Actors(state, client), listener)
        listening = asyncio.create_task(listener.listen())
        try:
            await _one_year(scene, count)
        finally:
            listening.cancel()
            await asyncio.wait({listening})


async def _one_year(scene: Scene, count: int) -> None:
    rows = _rows(scene.platform, count)
    the_day = _next_day(business_now(scene.platform))
    others = from_csv(rows)[len(PERSONAS) :]
    chosen = random.Random(SEED).sample(others, min(GUESTS, len(others)))  # noqa: S311 (a repeatable choice)
    with scene.chapter("an organisation sends the list of its members"):
        await _import(scene, rows)
        await _all_know(scene)
    guests = ["member", "volunteer", *await scene.actors.introduce(chosen)]
    peers = guests[:-1][: PEERS + 2]  # but for the one who will be forgotten
    await _roles_and_choices(scene, guests[2:-1])
    with scene.chapter("a day of the calendar comes near", _at(the_day - NOTICE, 9)):
        key_date = await _key_date(scene, the_day)
        await scene.listener.wait_for("KeyDateApproaching", key_date, seconds=SOON_SECONDS)
    hosted_event = await _plan(scene, the_day, key_date)
    with scene.chapter(f"{len(guests)} members take a place", _at(the_day - timedelta(days=21), 10)):
        await scene.actors.each(f"/api/events/v1/events/{hosted_event}/registrations", lambda _: None, guests)
        await _all_know(scene)
    with scene.chapter("one of them asks to be forgotten", _at(the_day - timedelta(days=14), 11)):
        member_id = await scene.actors.member_id(guests[-1])
        await scene.actors.post(f"/api/members/v1/members/{member_id}/erasure", who=guests[-1])
        await scene.listener.wait_for("MemberErased", str(member_id), seconds=SOON_SECONDS)
        await _all_know(scene)
    with scene.chapter("who has a place is reminded", _at(the_day - timedelta(days=1), 9)):
        await _all_know(scene)
    scheme = await _connect(scene, the_day, peers)
    with scene.chapter("the event takes place", _at(the_day, 15.5)):
        await scene.actors.post(f"/api/events/v1/events/{hosted_event}/host", who="volunteer")
        await scene.listener.wait_for("EventHosted", hosted_event, seconds=SOON_SECONDS)
        await _all_know(scene)
    await _every_message_has_its_event(scene)
    _look(scene, hosted_event, scheme)


async def _roles_and_choices(scene: Scene, guests: list[str]) -> None:
    """The team makes somebody a volunteer, who hears of days that come near; members choose how they want to hear."""
    with scene.chapter("the team gives a role, and members choose how they want to hear"):
        volunteer = await scene.actors.member_id("volunteer")
        await scene.actors.post(f"/api/members/v1/members/{volunteer}/role-grants", {"role": "volunteer"}, who="team")
        choices = {"volunteer": CHOICES["work together"]}
        choices |= dict.fromkeys(guests[:DAILY], CHOICES["daily"])
        choices |= dict.fromkeys(guests[DAILY : DAILY + NEVER], CHOICES["never"])
        for who, chosen in choices.items():
            place = f"/api/notifications/v1/members/{await scene.actors.member_id(who)}/preferences"
            wanted = {category: {"email": chosen.get(category, "immediate"), "inbox": True} for category in CATEGORIES}
            await scene.actors.post(place, wanted | {"when": "any"}, who=who, method="PUT")
        await _all_know(scene)


async def _every_message_has_its_event(scene: Scene) -> None:
    """Says that every inbox is explained by events. What is on its way at the end is waited for before."""
    notices = await notices_in(scene.actors.state["postgres"]["databases"]["notifications"])
    found = explain(scene.listener.everything, notices, since=scene.listener.since)
    scene.progress.say(f"\n{found.sentence}.")


async def _key_date(scene: Scene, the_day: date) -> str:
    found = await scene.actors.get(f"/api/events/v1/key-dates?from={the_day}&to={the_day}")
    return next(str(its["key_date_id"]) for its in found["key_dates"] if "Women and Girls" in its["title"])


async def _plan(scene: Scene, the_day: date, key_date: str) -> str:
    """A volunteer plans an event for the day; the team signs it off; it is announced. Gives its id."""
    with scene.chapter("a volunteer plans an event for it"):
        form = EVENT | {
            "key_date_id": key_date,
            "starts_at": _at(the_day, 14).isoformat(),
            "ends_at": _at(the_day, 15.5).isoformat(),
        }
        proposed = await scene.actors.post("/api/events/v1/events", form, who="volunteer")
        its: str = proposed["hosted_event_id"]
        place = f"/api/events/v1/events/{its}"
        await scene.actors.post(f"{place}/sign-off", who="team")
        await scene.actors.post(f"{place}/keynotes", {"speaker": SPEAKER}, who="volunteer")
        await scene.actors.post(f"{place}/publish", who="volunteer")
        await _all_know(scene)
    return its


async def _connect(scene: Scene, the_day: date, peers: list[str]) -> str:
    """GSE Connect opens, members enrol, the best pairs are found and both of each are introduced. Gives the scheme."""
    form = SCHEME | {"opens_on": the_day.isoformat()}
    made = await scene.actors.post("/api/mentoring/v1/schemes", form, who="scheme-lead")
    scheme: str = made["scheme_id"]
    with scene.chapter("GSE Connect opens", _at(the_day, 9)):
        await scene.listener.wait_for("MentoringSchemeOpened", scheme, seconds=SOON_SECONDS)
    chance = random.Random(SEED)  # noqa: S311 (a repeatable choice is the point)
    with scene.chapter(f"{len(peers)} members enrol, and are paired", _at(the_day, 10)):

        def wishes(_: str) -> dict[str, object]:
            offers, seeks = chance.sample(SKILLS, 2), chance.sample(SKILLS, 2)
            return {"attestation": True, "goals": ["take the next step"], "offers": offers, "seeks": seeks}

        await scene.actors.each(f"/api/mentoring/v1/schemes/{scheme}/enrolments", wishes, peers)
        run = await scene.actors.post(f"/api/mentoring/v1/schemes/{scheme}/match-runs", who="scheme-lead")
        await scene.actors.post(f"/api/mentoring/v1/match-runs/{run['run_id']}/publish", who="scheme-lead")
        await _all_know(scene)
    return scheme


def _rows(platform: Platform, count: int) -> str:
    """The file of the first demo in this home: the same on every later one."""
    file = platform.home.path / "members.csv"
    if not file.exists():
        write_privately(file, as_csv(people(count, datetime.now(UTC).date())))
    return file.read_text()


async def _import(scene: Scene, rows: str) -> None:
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
        first = next(row for row in report["report"] if row["outcome"] == "refused")
        raise CannotGoOn(f"members refused {report['refused']} rows of the import, the first in line {first['line']}")
    scene.progress.say(f"  {report['joined']:,} joined, {report['already_members']:,} were members already")


async def _all_know(scene: Scene) -> None:
    """Until all that was said is heard everywhere and no message is under way; says what has become of the mail."""
    deadline = time.monotonic() + MEET_SECONDS
    with scene.progress.step("Every service hears of it") as tell:
        quiet = 0
        while quiet < 2:  # noqa: PLR2004 (what a last reaction says is seen at the second look)
            standing = await _standing(scene.actors.client, scene.platform)
            tell(standing.words)
            quiet = quiet + 1 if standing.settled else 0
            if time.monotonic() > deadline:
                raise CannotGoOn(f"Not settled within {MEET_SECONDS // 60} minutes: look at ./gse status.")
            await asyncio.sleep(0.3)


@dataclass(frozen=True)
class Standing:
    """How far the platform is with what was said."""

    words: str
    settled: bool


async def _standing(client: httpx2.AsyncClient, platform: Platform) -> Standing:
    asked = [client.get(f"{platform.url(service)}/health/status") for service in SERVICES]
    *healths, mail = await asyncio.gather(*asked, client.get(f"{platform.front_door}/api/notifications/v1/counts"))
    if not all(answer.is_success for answer in (*healths, mail)):
        return Standing("waiting for a service", settled=False)
    behind = sum(int(its.json()[figure] or 0) for its in healths for figure in ("outbox_backlog", "lag_records"))
    counts = mail.json()
    under_way = counts["waiting"] + counts["due"] + counts["sending"]
    words = f"{behind:,} events and {under_way:,} messages under way, {counts['sent']:,} messages sent"
    return Standing(words, settled=not behind and not under_way)


def business_now(platform: Platform) -> datetime:
    return wall_clock() + timedelta(seconds=offset(platform.home.clock))


def _next_day(now: datetime) -> date:
    """The next 11 February of the business clock for which there is time to plan."""
    today = now.astimezone(HERE).date()
    this_year = date(today.year, *THE_DAY)
    return this_year if today + NOTICE / 2 < this_year else date(today.year + 1, *THE_DAY)


def _at(on: date, hour: float) -> datetime:
    """An instant in London: 15.5 is half past three."""
    return datetime.combine(on, time_of_day(int(hour), int(hour % 1 * 60)), HERE)


def _look(scene: Scene, hosted_event: str, scheme: str) -> None:
    """Where the same can be seen."""
    door, say = scene.platform.front_door, scene.progress.say
    say("\nLook at it:")
    say(f"  the event            {door}/events/{hosted_event}")
    say(f"  the calendar         {door}/events/calendar")
    say(f"  a member's own page  {door}/my (sign in as “member”)")
    say(f"  the pairs            {door}/mentoring/schemes/{scheme}/matching (sign in as “scheme-lead”)")
    say(f"  what flows           {door}/operations (sign in as “operator”)")
    if scene.actors.state["mail_sink"]:
        say(f"  the mail             {scene.actors.state['mail_sink']['url']}")
    say("  every event          ./gse tail gse.members gse.mentoring gse.events gse.notifications --from-beginning")
