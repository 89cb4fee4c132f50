"""The team names themes and appoints champions; they resign, or the team ends their term."""

from datetime import timedelta
from typing import Any, Final

from gse_platform.prove.commands.members import change_grade, join
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Profession

MEMBERS: Final = "/api/members/v1"
MOST: Final = 3
TERMS: Final = (1, 1, 200)  # days: over when the night has passed and another day, and not before the end


async def name_theme(profession: Profession) -> None:
    if len(profession.themes) >= MOST:
        await join(profession)
        return
    form = {"title": f"Theme {len(profession.history.commands)}", "purpose": "Be heard", "ask": "the central team"}
    its = await profession.history.ask(
        "theme", f"{MEMBERS}/champion-themes", form, profession.holding("team"), made="theme_id"
    )
    if its.outcome == "ok":
        profession.themes.append(its.made)


async def appoint(profession: Profession, person: Person) -> None:
    """Who is a champion of the theme already is refused."""
    if not profession.themes:
        await change_grade(profession, person)
        return
    theme = profession.chance.choice(profession.themes)
    ends_on = str(profession.today() + timedelta(days=profession.chance.choice(TERMS)))
    its = await profession.history.ask(
        "champion",
        f"{MEMBERS}/champion-themes/{theme}/champions",
        {"member_id": person.member_id, "ends_on": ends_on},
        profession.holding("team"),
        about=person.member_id,
        asked={"theme_id": theme, "ends_on": ends_on},
    )
    profession.free(person, its)


async def end(profession: Profession) -> None:
    """The team ends a term; two may want to end one."""
    serving = await _serving(profession, profession.chance.choice(profession.themes)) if profession.themes else []
    if not serving:
        await join(profession)
        return
    term = profession.chance.choice(serving)["term_id"]
    await profession.history.ask(
        "end-champion", f"{MEMBERS}/champion-terms/{term}/ending", None, profession.holding("team"), about=term
    )


async def _serving(profession: Profession, theme: str) -> list[dict[str, Any]]:
    return await profession.shown(f"{MEMBERS}/champion-themes/{theme}", profession.holding("team"), "champions")
