"""The Shadow Board: a seat, who is chosen for it, their advice and the board's answer; and what a focus group found."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from gse_platform.demo.scene import SOON_SECONDS, Scene, all_know, at

MEMBERS = "/api/members/v1"
BOARD = f"{MEMBERS}/shadow-board"
CANDIDATES = 4
CALL = {
    "kind": "shadow-board",
    "title": "A seat on the Shadow Board",
    "summary": "Tell the board what its decisions look like from where you work.",
    "capacity": 1,
}
ADVICE = {"title": "Say what became of it", "advice": "After each survey, say what was changed and what was not."}
ANSWER = {"answer": "From this year on we publish what became of each point, two months after the survey."}
FOUND = {
    "title": "What helps people to apply",
    "summary": "Plain words, a name to ask, and three weeks to apply in.",
    "link": "https://gse.example/what-helps",
}


async def sit(scene: Scene, the_day: date, members: Sequence[str]) -> None:
    """A call closes, the team chooses and appoints; who has the seat advises, and the board answers."""
    closes = at(the_day - timedelta(days=52), 17)
    with scene.chapter("members apply for a seat on the Shadow Board"):
        opened = await scene.actors.post(
            f"{MEMBERS}/opportunities", CALL | {"closes_at": closes.isoformat()}, who="team"
        )
        place = f"{MEMBERS}/opportunities/{opened['opportunity_id']}"
        applied: dict[str, Any] = {
            who: await scene.actors.post(f"{place}/interests", {}, who=who) for who in members[:CANDIDATES]
        }
        await all_know(scene)
    with scene.chapter("the team chooses, and who has the seat advises", closes):
        await scene.listener.wait_for("OpportunityClosed", opened["opportunity_id"], seconds=SOON_SECONDS)
        chosen, its = next(iter(applied.items()))
        number = its["mine"]["number"]
        await scene.actors.post(f"{place}/selections", {"numbers": [number]}, who="team")
        seat = await scene.actors.post(f"{BOARD}/seats", {"title": "Working far from London"}, who="team")
        term = {"number": number, "ends_on": str(the_day.replace(year=the_day.year + 1))}
        await scene.actors.post(f"{BOARD}/seats/{seat['seat_id']}/appointments", term, who="team")
        given = await scene.actors.post(f"{BOARD}/advice", ADVICE, who=chosen)
        await scene.actors.post(f"{BOARD}/advice/{given['advice_id']}/answers", ANSWER, who="team")
        await all_know(scene)


async def found(scene: Scene, opportunity: str, met_on: date) -> None:
    """The focus group has met; what it found is published."""
    with scene.chapter("what the focus group found is published", at(met_on + timedelta(days=1), 9)):
        place = f"{MEMBERS}/opportunities/{opportunity}"
        await scene.actors.post(f"{place}/holdings", {"held_on": str(met_on)}, who="team")
        await scene.actors.post(f"{place}/findings", FOUND, who="team")
        await all_know(scene)
