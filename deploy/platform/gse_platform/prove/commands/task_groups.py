"""The team sets up groups for one task: they deliver, their last day comes or is put off, or the team disbands them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from gse_platform.prove.commands.groups import ASKS_IN_VAIN, GROUPS, over
from gse_platform.prove.commands.members import join
from gse_platform.prove.profession import Group, Profession

TASK_GROUPS: Final = "/api/members/v1/task-groups"
MOST: Final = 12
DAYS: Final = (1, 1, 1, 40)  # until the last day: over when the night has passed and another day, or not before the end
DELIVERABLES: Final = ("A survey", "A report", "A talk")


async def establish(profession: Profession) -> None:
    """With a charter, one to three deliverables and a last day; now and then one of today, which is refused."""
    if sum(its.ends_on is not None for its in profession.groups) >= MOST:
        await join(profession)
        return
    number = len(profession.history.commands)  # no two have one title
    days = 0 if profession.chance.random() < ASKS_IN_VAIN else profession.chance.choice(DAYS)
    ends_on = profession.today() + timedelta(days=days)
    deliverables = DELIVERABLES[: profession.chance.choice((1, 1, 2, 3))]
    form = {
        "title": f"Task {number}",
        "purpose": "Find out",
        "charter": "Ask everybody, and tell the board",
        "deliverables": deliverables,
        "ends_on": str(ends_on),
        "ask": "the central team",
    }
    its = await profession.history.ask(
        "establish-task",
        TASK_GROUPS,
        form,
        profession.holding("team"),
        asked={"ends_on": str(ends_on), "deliverables": str(len(deliverables))},
        made="group_id",
    )
    if its.outcome == "ok":
        profession.groups.append(Group(its.made, ends_on))


async def deliver(profession: Profession) -> None:
    """The team says that something is delivered; what is so already is refused."""
    group = _take(profession, [its for its in profession.groups if its.ends_on])
    if group is None:
        await join(profession)
        return
    place = f"{GROUPS}/{group.group_id}"
    parts = await profession.shown(place, profession.holding("team"), "deliverables")
    open_ones = [its for its in parts if its["met_at"] is None]
    if not open_ones and profession.chance.random() > ASKS_IN_VAIN:
        parts = []
    if not parts:
        group.busy = False
        await join(profession)
        return
    part = profession.chance.choice(open_ones or parts)["deliverable_id"]
    its = await profession.history.ask(
        "deliver",
        f"{place}/deliverables/{part}/completion",
        None,
        profession.holding("team"),
        about=group.group_id,
        asked={"deliverable_id": part},
    )
    group.busy = its.outcome == "unknown"


async def extend(profession: Profession) -> None:
    """The team puts the last day off, with a reason; now and then to one that is no later, or of a standing group."""
    in_vain = profession.chance.random() < ASKS_IN_VAIN
    group = _take(profession, [its for its in profession.groups if its.ends_on or in_vain])
    if group is None:
        await join(profession)
        return
    before, today = group.ends_on or profession.today(), profession.today()
    ends_on = before if in_vain else max(before, today) + timedelta(days=profession.chance.choice((1, 1, 30)))
    its = await profession.history.ask(
        "extend",
        f"{GROUPS}/{group.group_id}/extensions",
        {"ends_on": str(ends_on), "reason": "There is more to find out"},
        profession.holding("team"),
        about=group.group_id,
        asked={"ends_on": str(ends_on)},
    )
    group.ends_on = ends_on if its.outcome == "ok" else group.ends_on
    group.busy = its.outcome == "unknown"


async def disband(profession: Profession) -> None:
    """By hand, delivered or not; now and then a standing group, which is refused."""
    in_vain = profession.chance.random() < ASKS_IN_VAIN
    group = _take(profession, [its for its in profession.groups if its.ends_on or in_vain])
    if group is None:
        await join(profession)
        return
    await over(profession, group, "disband", "disbandment")


def _take(profession: Profession, groups: Sequence[Group]) -> Group | None:
    """One of these about which the team is asking nothing; mostly one that goes on."""
    in_vain = profession.chance.random() < ASKS_IN_VAIN
    free = [its for its in groups if not its.busy and (not its.over or in_vain)]
    if not free:
        return None
    chosen = profession.chance.choice(free)
    chosen.busy = True
    return chosen
