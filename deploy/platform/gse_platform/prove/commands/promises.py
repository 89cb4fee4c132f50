"""The strategy is published again and again; its promises are reported on and kept, or their day passes."""

import contextlib
from datetime import UTC, datetime, timedelta

import httpx2

from gse_platform.prove.commands.members import join
from gse_platform.prove.profession import Profession, Promise

STRATEGIES = "/api/members/v1/strategies"
COMMITMENTS = "/api/members/v1/commitments"
DUE = (-3, 2, 400)  # days from today: overdue at once, before the end of the run, and after it
COURSES = ("on-track", "at-risk", "delayed")
MOST = 12  # promises in a version


async def publish(profession: Profession) -> None:
    """Another version of the strategy: what it held before, as far as there is room, and three promises more."""
    if profession.publishing or len(profession.promises) >= MOST:
        await join(profession)
        return
    profession.publishing = True
    today = datetime.now(UTC).date()
    new = [
        {"title": "Publish a blog", "owner": "Central GSE team", "measure": "It is there", "due_on": str(today + days)}
        for days in map(timedelta, DUE)
    ]
    old = [its.form | {"commitment_id": commitment_id} for commitment_id, its in profession.promises.items()]
    form = {
        "follows": profession.strategy,
        "title": "Diversity and inclusion strategy",
        "summary": "All talent counts",
        "link": "https://www.gov.uk/gse",
        "mission": "We value all talent",
        "themes": [{"title": "Be heard", "goals": [{"title": "Tell", "commitments": [*old, *new]}]}],
    }
    version = profession.strategy + 1
    its = await profession.history.ask(
        "publish-strategy",
        STRATEGIES,
        form,
        profession.holding("team"),
        asked={"version": str(version)},
        made="strategy_id",
    )
    if its.outcome == "ok":
        profession.strategy = version
        await _learn(profession)
    profession.publishing = its.outcome == "unknown"


async def _learn(profession: Profession) -> None:
    """Which ids the new promises have. Who is not answered publishes no other version, which would drop them."""
    with contextlib.suppress(httpx2.HTTPError):
        answer = await profession.history.http.get(f"{STRATEGIES}/{profession.strategy}")
        if answer.is_success:
            for its in answer.json()["themes"][0]["goals"][0]["commitments"]:
                commitment_id = its.pop("commitment_id")
                profession.promises.setdefault(commitment_id, Promise(its))
            return
    profession.promises |= {f"unknown {number}": Promise({}, busy=True) for number in range(MOST)}


async def report(profession: Profession) -> None:
    """The team says how far a promise is."""
    commitment_id = _take(profession)
    if not commitment_id:
        await join(profession)
        return
    asked = {"status": profession.chance.choice(COURSES), "percent": str(profession.chance.randrange(100))}
    form = asked | {"percent": int(asked["percent"])}
    its = await profession.history.ask(
        "report",
        f"{COMMITMENTS}/{commitment_id}/progress",
        form,
        profession.holding("team"),
        about=commitment_id,
        asked=asked,
    )
    profession.promises[commitment_id].busy = its.outcome == "unknown"


async def complete(profession: Profession) -> None:
    """The team says that a promise is kept. Nothing can be reported of it then."""
    commitment_id = _take(profession)
    if not commitment_id:
        await join(profession)
        return
    its = await profession.history.ask(
        "complete",
        f"{COMMITMENTS}/{commitment_id}/completion",
        None,
        profession.holding("team"),
        about=commitment_id,
    )
    profession.promises[commitment_id].busy = its.outcome == "unknown"


def _take(profession: Profession) -> str:
    """A promise about which nothing is being asked; nothing where there is none."""
    free = [commitment_id for commitment_id, its in profession.promises.items() if not its.busy]
    if not free:
        return ""
    chosen = profession.chance.choice(free)
    profession.promises[chosen].busy = True
    return chosen
