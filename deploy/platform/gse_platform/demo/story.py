"""`./gse demo`: the platform with two thousand people in it, and how they keep one day of the inclusion calendar.

Each chapter is one instant of the business clock: somebody does something at the front door, and what is said of it on
the streams is told event by event, with who reacts to it.
"""

import asyncio
import random
from datetime import date, datetime, timedelta

import httpx2

from gse_platform.clock import HERE
from gse_platform.demo import figures, members, moving, promises, taking_part, the_board, the_day
from gse_platform.demo.acting import Actors
from gse_platform.demo.explained import explain, notices_in
from gse_platform.demo.scene import SOON_SECONDS, Scene, all_know, at, business_now
from gse_platform.demo.telling import Listener
from gse_platform.home import read_state
from gse_platform.people import SEED, from_csv
from gse_platform.personas import PERSONAS
from gse_platform.platform import Platform
from gse_platform.progress import Progress

PEOPLE = 2000
GUESTS, PEERS = 60, 40  # of the people in the file, beside the personas
THE_DAY = (2, 11)  # International Day of Women and Girls in Science


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
    rows = members.rows(scene.platform, count)
    on = _next_day(business_now(scene.platform))
    others = from_csv(rows)[len(PERSONAS) :]
    drawn = random.Random(SEED).sample(others, min(GUESTS + moving.PEOPLE, len(others)))  # noqa: S311 (a repeatable choice)
    chosen = drawn[: -moving.PEOPLE]
    with scene.chapter("an organisation sends the list of its members"):
        await members.imported(scene, rows)
        await all_know(scene)
    guests = ["member", "volunteer", *await scene.actors.introduce(chosen)]
    peers = guests[:-1][: PEERS + 2]  # but for the one who will be forgotten
    await members.roles_and_choices(scene, guests[2:-1])
    promise = await promises.make(scene, on)
    members_at_work = [guests[0], *guests[2:-1]]
    if promise:  # the first year in this home
        await taking_part.work_together(scene, on, members_at_work)
    with scene.chapter("a day of the calendar comes near", at(on - the_day.NOTICE, 9)):
        key_date = await the_day.key_date(scene, on)
        await scene.listener.wait_for("KeyDateApproaching", key_date, seconds=SOON_SECONDS)
    hosted_event = await the_day.plan(scene, on, key_date)
    if promise:
        await moving.move(scene, on, drawn[-moving.PEOPLE :])
        await the_board.sit(scene, on, members_at_work)
    focus_group = await taking_part.apply(scene, on, members_at_work)
    await the_board.found(scene, focus_group, on - taking_part.MEETS)
    with scene.chapter(f"{len(guests)} members take a place", at(on - timedelta(days=21), 10)):
        await scene.actors.each(f"/api/events/v1/events/{hosted_event}/registrations", lambda _: None, guests)
        await all_know(scene)
    await figures.publish(scene, members_at_work, at(on - timedelta(days=20), 10))
    with scene.chapter("one of them asks to be forgotten", at(on - timedelta(days=14), 11)):
        member_id = await scene.actors.member_id(guests[-1])
        await scene.actors.post(f"/api/members/v1/members/{member_id}/erasure", who=guests[-1])
        await scene.listener.wait_for("MemberErased", str(member_id), seconds=SOON_SECONDS)
        await all_know(scene)
    if promise:
        await promises.miss(scene, promise)
        await taking_part.be_heard(scene, on, promise, members_at_work)
    with scene.chapter("who has a place is reminded", at(on - timedelta(days=1), 9)):
        await all_know(scene)
    scheme = await the_day.connect(scene, on, peers)
    with scene.chapter("the event takes place", at(on, 15.5)):
        await scene.actors.post(f"/api/events/v1/events/{hosted_event}/host", who="volunteer")
        await scene.listener.wait_for("EventHosted", hosted_event, seconds=SOON_SECONDS)
        await all_know(scene)
    await _every_message_has_its_event(scene)
    _look(scene, hosted_event, scheme)


async def _every_message_has_its_event(scene: Scene) -> None:
    """Says that every inbox is explained by events. What is on its way at the end is waited for before."""
    notices = await notices_in(scene.actors.state["postgres"]["databases"]["notifications"])
    found = explain(scene.listener.everything, notices, since=scene.listener.since)
    scene.progress.say(f"\n{found.sentence}.")


def _next_day(now: datetime) -> date:
    """The next 11 February of the business clock for which there is time to plan."""
    today = now.astimezone(HERE).date()
    this_year = date(today.year, *THE_DAY)
    return this_year if today + the_day.NOTICE / 2 < this_year else date(today.year + 1, *THE_DAY)


def _look(scene: Scene, hosted_event: str, scheme: str) -> None:
    """Where the same can be seen."""
    door, say = scene.platform.front_door, scene.progress.say
    say("\nLook at it:")
    say(f"  the event            {door}/events/{hosted_event}")
    say(f"  the calendar         {door}/events/calendar")
    say(f"  the promises         {door}/members/strategy")
    say(f"  the figures          {door}/members/figures")
    say(f"  a member's own page  {door}/my (sign in as “member”)")
    say(f"  the pairs            {door}/mentoring/schemes/{scheme}/matching (sign in as “scheme-lead”)")
    say(f"  what flows           {door}/operations (sign in as “operator”)")
    if scene.actors.state["mail_sink"]:
        say(f"  the mail             {scene.actors.state['mail_sink']['url']}")
    say("  every event          ./gse tail gse.members gse.mentoring gse.events gse.notifications --from-beginning")
