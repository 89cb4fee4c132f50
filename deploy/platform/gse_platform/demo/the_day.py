"""One day of the inclusion calendar, from the notice of it to the thanks, and GSE Connect, which opens on it."""

import random
from datetime import date, timedelta

from gse_platform.demo.scene import SOON_SECONDS, Scene, all_know, at
from gse_platform.people import SEED

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
SPEAKER = "Professor Ifeoma Castellan, Chief Scientific Adviser"


async def key_date(scene: Scene, the_day: date) -> str:
    found = await scene.actors.get(f"/api/events/v1/key-dates?from={the_day}&to={the_day}")
    return next(str(its["key_date_id"]) for its in found["key_dates"] if "Women and Girls" in its["title"])


async def plan(scene: Scene, the_day: date, key_date: str) -> str:
    """A volunteer plans an event for the day; the team signs it off; it is announced. Gives its id."""
    with scene.chapter("a volunteer plans an event for it"):
        form = EVENT | {
            "key_date_id": key_date,
            "starts_at": at(the_day, 14).isoformat(),
            "ends_at": at(the_day, 15.5).isoformat(),
        }
        proposed = await scene.actors.post("/api/events/v1/events", form, who="volunteer")
        its: str = proposed["hosted_event_id"]
        place = f"/api/events/v1/events/{its}"
        await scene.actors.post(f"{place}/sign-off", who="team")
        await scene.actors.post(f"{place}/keynotes", {"speaker": SPEAKER}, who="volunteer")
        await scene.actors.post(f"{place}/publish", who="volunteer")
        await all_know(scene)
    return its


async def connect(scene: Scene, the_day: date, peers: list[str]) -> str:
    """GSE Connect opens, members enrol, the best pairs are found and both of each are introduced. Gives the scheme."""
    form = SCHEME | {"opens_on": the_day.isoformat()}
    made = await scene.actors.post("/api/mentoring/v1/schemes", form, who="scheme-lead")
    scheme: str = made["scheme_id"]
    with scene.chapter("GSE Connect opens", at(the_day, 9)):
        await scene.listener.wait_for("MentoringSchemeOpened", scheme, seconds=SOON_SECONDS)
    chance = random.Random(SEED)  # noqa: S311 (a repeatable choice is the point)
    with scene.chapter(f"{len(peers)} members enrol, and are paired", at(the_day, 10)):

        def wishes(_: str) -> dict[str, object]:
            offers, seeks = chance.sample(SKILLS, 2), chance.sample(SKILLS, 2)
            return {"attestation": True, "goals": ["take the next step"], "offers": offers, "seeks": seeks}

        await scene.actors.each(f"/api/mentoring/v1/schemes/{scheme}/enrolments", wishes, peers)
        run = await scene.actors.post(f"/api/mentoring/v1/schemes/{scheme}/match-runs", who="scheme-lead")
        await scene.actors.post(f"/api/mentoring/v1/match-runs/{run['run_id']}/publish", who="scheme-lead")
        await all_know(scene)
    return scheme
