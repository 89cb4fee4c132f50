"""Members work together and are heard: a group and its champion, a focus group by lot, and a round of feedback."""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import date, timedelta

from gse_platform.demo.promises import Commitment
from gse_platform.demo.scene import SOON_SECONDS, Scene, all_know, at
from gse_platform.home import CannotGoOn
from gse_platform.people import SEED

MEMBERS = "/api/members/v1"
VOLUNTEERS, APPLICANTS, PLACES = 8, 30, 12
MEETS = timedelta(days=40)  # before the day
GROUP = {
    "title": "Diversity and Inclusion Action Group",
    "purpose": "Volunteers from across the profession who celebrate its key dates, share best practice and act on"
    " what members say.",
    "ask": "The central team",
}
THEME = {
    "title": "Women in science and engineering",
    "purpose": "Somebody to turn to, who speaks for the theme where decisions are made.",
    "ask": "The central team",
}
TASK = {
    "title": "Survey of skills",
    "purpose": "To know which skills the profession has, and which it will need.",
    "charter": "It asks every department once, and publishes nothing about a person.",
    "deliverables": ["Questions that departments agree on", "A report to the board"],
    "ask": "The central team",
}
OPPORTUNITY = {
    "kind": "focus-group",
    "title": "How we recruit scientists and engineers",
    "summary": "Two hours on what helps people to apply, and what keeps them away.",
    "capacity": PLACES,
}
ASKED = {"title": "Is there somebody in your department's human resources team whom you can ask?", "must_hear": ["EO"]}
RATINGS = ("well", "partly", "not-at-all")


async def work_together(scene: Scene, the_day: date, members: Sequence[str]) -> None:
    """The team sets a group up; members join it, meet, and one becomes a champion."""
    with scene.chapter("a group is set up, and members join it"):
        group = await scene.actors.post(f"{MEMBERS}/groups", GROUP, who="team")
        place = f"{MEMBERS}/groups/{group['group_id']}"
        hours = {"hours_per_month": 4}
        await scene.actors.each(f"{place}/volunteers", lambda _: hours, members[:VOLUNTEERS])
        charter = TASK | {"ends_on": str(the_day + timedelta(days=60))}
        task = await scene.actors.post(f"{MEMBERS}/task-groups", charter, who="team")
        await scene.actors.post(f"{MEMBERS}/groups/{task['group_id']}/volunteers", hours, who=members[0])
        met = f"{MEMBERS}/groups/{task['group_id']}/deliverables/{task['deliverables'][0]['deliverable_id']}/completion"
        await scene.actors.post(met, who="team")
        theme = await scene.actors.post(f"{MEMBERS}/champion-themes", THEME, who="team")
        term = {"member_id": str(await scene.actors.member_id(members[0])), "ends_on": str(the_day.replace(month=12))}
        await scene.actors.post(f"{MEMBERS}/champion-themes/{theme['theme_id']}/champions", term, who="team")
        await all_know(scene)
        meeting = {
            "title": "What we do on 11 February",
            "place": "Online",
            "starts_at": at(the_day - timedelta(days=30), 10).isoformat(),
            "ends_at": at(the_day - timedelta(days=30), 11).isoformat(),
            "agenda": "Who speaks, who invites, who thanks.",
        }
        await scene.actors.post(f"{place}/meetings", meeting, who="team")
        await all_know(scene)


async def apply(scene: Scene, the_day: date, members: Sequence[str]) -> str:
    """A focus group of twelve, for which more apply than there is room for; the lot decides when it closes.

    Gives its id. It meets forty days before the day.
    """
    closes = at(the_day - timedelta(days=50), 17)
    with scene.chapter(f"{len(members[:APPLICANTS])} members apply for a focus group of {PLACES}"):
        form = OPPORTUNITY | {"closes_at": closes.isoformat(), "meets_on": str(the_day - MEETS)}
        opened = await scene.actors.post(f"{MEMBERS}/opportunities", form, who="team")
        place = f"{MEMBERS}/opportunities/{opened['opportunity_id']}"
        await scene.actors.each(f"{place}/interests", lambda _: {}, members[:APPLICANTS])
        await all_know(scene)
    with scene.chapter("it closes, and a lot gives the places", closes):
        await scene.listener.wait_for("ParticipantsSelected", opened["opportunity_id"], seconds=SOON_SECONDS)
        await all_know(scene)
    its: str = opened["opportunity_id"]
    return its


async def be_heard(scene: Scene, the_day: date, promise: Commitment, members: Sequence[str]) -> None:
    """Members are asked about the promise that was missed, answer without a name, and are told what came of it."""
    closes_on = the_day - timedelta(days=4)
    with scene.chapter("members are asked about it, and answer"):
        form = ASKED | {"commitment_id": promise["commitment_id"], "closes_on": str(closes_on)}
        asked = await scene.actors.post(f"{MEMBERS}/feedback-rounds", form, who="team")
        place = f"{MEMBERS}/feedback-rounds/{asked['round_id']}"
        chance = random.Random(SEED)  # noqa: S311 (a repeatable choice is the point)
        for who in members:
            token = (await scene.actors.post(f"{place}/tokens", who=who))["token"]
            answer = {"token": token, "rating": chance.choice(RATINGS), "groups": []}
            await scene.actors.post(f"{place}/answers", answer, who=who)
        await all_know(scene)
    with scene.chapter("what they said, and what we did", at(closes_on + timedelta(days=1), 9)):
        await _closed(scene, place)
        summary = "Where there is somebody to ask, most of you know it. In many departments there is nobody yet."
        await scene.actors.post(f"{place}/summary", {"summary": summary}, who="team")
        response = {"you_said": "Many of us have nobody to ask.", "we_did": "Each department names somebody by May."}
        await scene.actors.post(f"{place}/response", response, who="team")
        await all_know(scene)


async def _closed(scene: Scene, place: str) -> None:
    """Until the timer has closed the round, of which nothing is said."""
    deadline = time.monotonic() + SOON_SECONDS
    while (await scene.actors.get(place))["closed_at"] is None:
        if time.monotonic() > deadline:
            raise CannotGoOn(f"The round of feedback did not close within {SOON_SECONDS} s: look at ./gse status.")
        await asyncio.sleep(0.3)
