"""Members say who they are, for themselves alone, and the team publishes safe figures of the quarter that is over."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from gse_platform.demo.scene import SOON_SECONDS, Scene, all_know, business_now
from gse_platform.people import SEED

MEMBERS = "/api/members/v1"
PREFER_NOT = "prefer-not-to-say"


async def publish(scene: Scene, members: Sequence[str], when: datetime) -> None:
    """The figures of a quarter come once: another story in it finds them published."""
    with scene.chapter("figures of who the profession is", when):
        chance = random.Random(SEED)  # noqa: S311 (a repeatable choice is the point)
        asked = (await scene.actors.get(f"{MEMBERS}/monitoring-questions"))["questions"]
        for who in members:
            place = f"{MEMBERS}/members/{await scene.actors.member_id(who)}/monitoring-answers"
            await scene.actors.post(place, {"answers": _answers(asked, chance)}, who=who, method="PUT")
        quarter = last_quarter(business_now(scene.platform).date())
        released = await scene.actors.post(f"{MEMBERS}/statistics-releases", {"period": quarter}, who="team")
        await scene.listener.wait_for("DiversityStatisticsPublished", released["release_id"], seconds=SOON_SECONDS)
        await all_know(scene)


def last_quarter(today: date) -> str:
    """The code of the newest one that is over."""
    day = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1) - timedelta(days=1)
    return f"{day.year}-Q{(day.month - 1) // 3 + 1}"


def _answers(asked: Sequence[dict[str, Any]], chance: random.Random) -> dict[str, str]:
    """To most questions; now and then they prefer not to say."""
    return {
        its["code"]: chance.choice([*(option["code"] for option in its["options"]), PREFER_NOT])
        for its in asked
        if chance.random() > 0.1  # noqa: PLR2004 (so many leave one out)
    }
