"""The strategy: promises with a day are published, one is kept, and on the day after its own one is overdue."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from gse_platform.demo.scene import SOON_SECONDS, Scene, all_know, at, business_now

FIRST_STRATEGY = Path(__file__).parents[4] / "services/members/first_strategy.json"
WRITTEN_FOR = 2022  # the year of its spring
MEMBERS = "/api/members/v1"

Commitment = dict[str, Any]


async def make(scene: Scene, the_day: date) -> Commitment | None:
    """Publish the profession's first strategy, its days moved to the year of the story, and report on it.

    What would have been due before is left out. Gives the one commitment before the day that is not kept, or None
    where an earlier story has published a strategy.
    """
    answer = await scene.actors.client.get(f"{scene.actors.state['front_door']}{MEMBERS}/strategy")
    if answer.is_success:
        return None
    draft = moved(json.loads(FIRST_STRATEGY.read_text()), the_day.year, business_now(scene.platform).date())
    with scene.chapter("the team publishes what the profession promises"):
        published = await scene.actors.post(f"{MEMBERS}/strategies", draft, who="team")
        made = sorted(_commitments(published), key=lambda its: str(its["due_on"]))
        *kept, missed = [its for its in made if its["due_on"] < the_day.isoformat()]
        for its in kept:
            await scene.actors.post(f"{MEMBERS}/commitments/{its['commitment_id']}/completion", who="team")
        for its in (missed, *made[len(kept) + 1 :]):
            place = f"{MEMBERS}/commitments/{its['commitment_id']}/progress"
            await scene.actors.post(place, {"status": "on-track", "percent": 40}, who="team")
        await all_know(scene)
    return missed


async def miss(scene: Scene, promise: Commitment) -> None:
    """Let its day pass."""
    morning_after = date.fromisoformat(promise["due_on"]) + timedelta(days=1)
    with scene.chapter("the day of a promise has passed", at(morning_after, 9)):
        await scene.listener.wait_for("CommitmentOverdue", promise["commitment_id"], seconds=SOON_SECONDS)
        await all_know(scene)


def moved(strategy: dict[str, Any], year: int, today: date) -> dict[str, Any]:
    """With every day so many years later that its spring is that of the year; only what is still to come."""
    themes = []
    for theme in strategy["themes"]:
        goals = []
        for goal in theme["goals"]:
            due = [(its, _later(date.fromisoformat(its["due_on"]), year - WRITTEN_FOR)) for its in goal["commitments"]]
            if kept := [its | {"due_on": on.isoformat()} for its, on in due if on > today]:
                goals.append(goal | {"commitments": kept})
        if goals:
            themes.append(theme | {"goals": goals})
    return strategy | {"themes": themes}


def _later(day: date, years: int) -> date:
    """The same day of the month; the last of February stays the last."""
    is_last = (day + timedelta(days=1)).day == 1
    first = date(day.year + years, day.month, 1)
    if not is_last:
        return first.replace(day=day.day)
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _commitments(strategy: dict[str, Any]) -> Iterator[Commitment]:
    return (its for theme in strategy["themes"] for goal in theme["goals"] for its in goal["commitments"])
