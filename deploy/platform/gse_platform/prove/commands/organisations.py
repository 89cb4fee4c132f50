"""Organisations are registered, members move there, and they merge into what comes after them."""

from datetime import timedelta
from typing import Final

from gse_platform.prove.commands.members import change_grade, join
from gse_platform.prove.people import GRADES, Person
from gse_platform.prove.profession import Merging, Profession

ORGANISATIONS: Final = "/api/members/v1/organisations"
MOST: Final = 4
CLOSING: Final = (0, 1, 40)  # days: at once, in the night, and not before the end


async def register(profession: Profession) -> None:
    """One that will close, then one that will stand in its place, where nobody moves of their own accord."""
    waits = next((its for its in profession.mergings if not its.new), None)
    if len(profession.mergings) >= MOST and waits is None:
        await join(profession)
        return
    number = len(profession.history.commands)
    code = f"NEW-{number}" if waits else f"OLD-{number}"
    opened_on = profession.today() - timedelta(days=1)
    its = await profession.history.ask(
        "register-organisation",
        ORGANISATIONS,
        {"code": code, "name": f"Laboratory {number}", "opened_on": str(opened_on)},
        profession.holding("team"),
        asked={"code": code},
        made="code",
    )
    if its.outcome == "ok" and waits:
        waits.new = code
    elif its.outcome == "ok":
        profession.mergings.append(Merging(code))


async def move_in(profession: Profession, person: Person) -> None:
    """They transfer to one that will close; to one that has closed nobody does."""
    if not profession.mergings:
        await change_grade(profession, person)
        return
    there, grade = profession.chance.choice(profession.mergings).old, profession.chance.choice(GRADES)
    its = await profession.of_member(person, "transfer", "transfers", {"organisation": there, "grade": grade})
    if its.outcome == "ok":
        person.organisation, person.grade = there, grade
    profession.free(person, its)


async def merge(profession: Profession) -> None:
    """The team says when one closes; until that day it may say so anew."""
    some = [its for its in profession.mergings if its.new and not its.busy]
    if not some:
        await join(profession)
        return
    there = profession.chance.choice(some)
    there.busy = True
    closes_on = str(profession.today() + timedelta(days=profession.chance.choice(CLOSING)))
    its = await profession.history.ask(
        "merge-organisations",
        f"{ORGANISATIONS}/{there.old}/mergers",
        {"into": [there.new], "on": closes_on},
        profession.holding("team"),
        about=there.old,
        asked={"into": there.new, "on": closes_on},
    )
    there.busy = its.outcome == "unknown"
