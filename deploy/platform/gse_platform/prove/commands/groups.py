"""The team sets up groups; members join and leave them."""

from collections.abc import Sequence

from gse_platform.prove.commands.members import change_grade, join
from gse_platform.prove.facts import Command
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Profession

GROUPS = "/api/members/v1/groups"
MOST = 5
HOURS = (2, 4, 8)


async def establish(profession: Profession) -> None:
    if len(profession.groups) >= MOST:
        await join(profession)
        return
    number = len(profession.history.commands)  # no two have one title
    form = {"title": f"Group {number}", "purpose": "Act on what members say", "ask": "the central team"}
    its = await profession.history.ask("establish", GROUPS, form, profession.holding("team"), made="group_id")
    if its.outcome == "ok":
        profession.groups.append(its.made)


async def volunteer(profession: Profession, person: Person) -> None:
    """They join a group, or, in it already, change their hours."""
    form = {"hours_per_month": profession.chance.choice(HOURS)}
    its = await _ask(profession, person, "volunteer", "volunteers", form, profession.groups)
    if its and its.outcome == "ok":
        person.groups.add(its.asked["group_id"])


async def step_down(profession: Profession, person: Person) -> None:
    """They leave a group that they are in, or one that they are not in, which is refused."""
    its = await _ask(profession, person, "step-down", "departures", {}, sorted(person.groups) or profession.groups)
    if its and its.outcome == "ok":
        person.groups.discard(its.asked["group_id"])


async def _ask(  # noqa: PLR0917 (two of the request)
    profession: Profession, person: Person, kind: str, place: str, form: dict[str, int], groups: Sequence[str]
) -> Command | None:
    """Of one of these groups; None where there is none, and something else was asked."""
    if not groups:
        await change_grade(profession, person)
        return None
    group_id = profession.chance.choice(groups)
    its = await profession.history.ask(
        kind,
        f"{GROUPS}/{group_id}/{place}",
        form,
        profession.by(person),
        about=person.member_id,
        asked={"group_id": group_id},
    )
    profession.free(person, its)
    return its
