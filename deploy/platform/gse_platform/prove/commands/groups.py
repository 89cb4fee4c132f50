"""The team sets up standing groups and closes them; members join and leave them, and task groups too."""

from collections.abc import Sequence
from typing import Any, Final

from gse_platform.prove.commands.members import change_grade, join
from gse_platform.prove.facts import Command
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Group, Profession

GROUPS: Final = "/api/members/v1/groups"
MOST: Final = 4  # that are open
HOURS: Final = (2, 4, 8)  # a month
SKILLS: Final = ("events", "policy", "writing")
ASKS_IN_VAIN: Final = 0.1  # how often somebody asks something of a group that is over, or is none of theirs
BY_THE_TEAM: Final = 0.3  # how often the team takes somebody out of a group, rather than themselves


async def establish(profession: Profession) -> None:
    if sum(not its.over and its.ends_on is None for its in profession.groups) >= MOST:
        await join(profession)
        return
    number = len(profession.history.commands)  # no two have one title
    form = {"title": f"Group {number}", "purpose": "Act on what members say", "ask": "the central team"}
    its = await profession.history.ask("establish", GROUPS, form, profession.holding("team"), made="group_id")
    if its.outcome == "ok":
        profession.groups.append(Group(its.made))


async def close(profession: Profession) -> None:
    """A standing group, in which somebody is if there is such a one; now and then a task group, which is refused."""
    in_vain = profession.chance.random() < ASKS_IN_VAIN
    some = [its for its in profession.groups if not its.busy and not its.over and (its.ends_on is None or in_vain)]
    joined = {its for person in profession.people for its in person.groups}
    some = [its for its in some if its.group_id in joined] or some
    if not some:
        await join(profession)
        return
    group = profession.chance.choice(some)
    await over(profession, group, "close-group", "closure")


async def over(profession: Profession, group: Group, kind: str, place: str) -> None:
    """The team ends a group, with a reason."""
    group.busy = True
    its = await profession.history.ask(
        kind,
        f"{GROUPS}/{group.group_id}/{place}",
        {"reason": "It has done what it was for"},
        profession.holding("team"),
        about=group.group_id,
    )
    group.over |= its.outcome == "ok"
    group.busy = its.outcome == "unknown"


async def volunteer(profession: Profession, person: Person) -> None:
    """They join a group, or, in it already, change their hours and skills."""
    skills = sorted(profession.chance.sample(SKILLS, profession.chance.randint(0, 2)))
    hours = profession.chance.choice(HOURS)
    its = await _ask(
        profession,
        person,
        profession.groups,
        ("volunteer", "volunteers"),
        {"hours_per_month": hours, "skills": skills},
        {"hours": str(hours), "skills": " ".join(skills)},
    )
    if its and its.outcome == "ok":
        person.groups.add(its.asked["group_id"])


async def step_down(profession: Profession, person: Person) -> None:
    """They leave a group that they are in, or are taken out of it; of one that they are not in it is refused."""
    inside = [its for its in profession.groups if its.group_id in person.groups and not its.over]
    groups, by_the_team = inside or profession.groups, profession.chance.random() < BY_THE_TEAM
    its = await _ask(
        profession,
        person,
        groups,
        ("step-down", "departures"),
        {"member_id": person.member_id} if by_the_team else {},
        {"by": "team" if by_the_team else "themselves"},
    )
    if its and its.outcome == "ok":
        person.groups.discard(its.asked["group_id"])


async def _ask(  # noqa: PLR0917 (three of the request)
    profession: Profession,
    person: Person,
    groups: Sequence[Group],
    kind: tuple[str, str],
    form: dict[str, Any],
    asked: dict[str, str],
) -> Command | None:
    """Of one of these groups, mostly of one that goes on; None where there is none, and something else was asked."""
    in_vain = profession.chance.random() < ASKS_IN_VAIN
    some = [its.group_id for its in groups if not its.over or in_vain]
    if not some:
        await change_grade(profession, person)
        return None
    group_id = profession.chance.choice(some)
    its = await profession.history.ask(
        kind[0],
        f"{GROUPS}/{group_id}/{kind[1]}",
        form,
        profession.holding("team") if asked.get("by") == "team" else profession.by(person),
        about=person.member_id,
        asked={"group_id": group_id, **asked},
    )
    profession.free(person, its)
    return its
