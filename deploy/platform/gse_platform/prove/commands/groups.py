"""The team sets up groups; members join and leave them."""

from gse_platform.prove.commands.members import change_grade, join
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
    await _ask(profession, person, "volunteer", "volunteers", form)


async def step_down(profession: Profession, person: Person) -> None:
    """They leave a group; now and then one that they are not in, which is refused."""
    await _ask(profession, person, "step-down", "departures", {})


async def _ask(profession: Profession, person: Person, kind: str, place: str, form: dict[str, int]) -> None:
    if not profession.groups:
        await change_grade(profession, person)
        return
    group_id = profession.chance.choice(profession.groups)
    its = await profession.history.ask(
        kind,
        f"{GROUPS}/{group_id}/{place}",
        form,
        profession.by(person),
        about=person.member_id,
        asked={"group_id": group_id},
    )
    profession.free(person, its)
