"""Members tell of their interests and confirm their addresses; the team finds that two were one person."""

import contextlib

import httpx2

from gse_platform.prove.commands.members import change_grade
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Profession

INTERESTS = ("BIOLOGY", "CHEMISTRY", "CLIMATE", "FOOD", "PHYSICS", "SPACE")
SKILLS = ("COACHING", "DATA", "DESIGN", "TEACHING")
THREE = 3


async def update_profile(profession: Profession, person: Person) -> None:
    """Of the agreed lists, and in words of their own, which nobody else hears; now and then as it was."""
    interests, skills = (
        sorted(profession.chance.sample(its, profession.chance.randint(0, THREE))) for its in (INTERESTS, SKILLS)
    )
    own = [profession.names.words()] if profession.chance.random() < 0.5 else []  # noqa: PLR2004 (half)
    its = await profession.history.ask(
        "profile",
        profession.path(person, "profile-updates"),
        {"interests": [*interests, *own], "skills": skills},
        profession.by(person),
        about=person.member_id,
        asked={"interests": str(interests), "skills": str(skills)},
    )
    profession.free(person, its)


async def verify_again(profession: Profession, person: Person) -> None:
    """Another link to confirm the address by; refused within ten minutes of the last, so mostly before the night."""
    its = await profession.of_member(person, "verify-again", "address-verifications", {})
    profession.free(person, its)


async def confirm(profession: Profession, person: Person) -> None:
    """By a link in their mail, which works no more when a newer one was sent."""
    links: list[str] = []
    numbers = await profession.mail_of(person)
    with contextlib.suppress(httpx2.HTTPError):
        if profession.post:
            found = [await profession.post.confirming(number) for number in numbers[-4:]]
            links = [its for its in found if its]
    if not links:
        await change_grade(profession, person)
        return
    its = await profession.history.ask(
        "confirm", profession.chance.choice(links), {}, dict, about=person.member_id, is_form=True
    )
    profession.free(person, its)


async def merge(profession: Profession, person: Person) -> None:
    """The team finds that this person is another one too, who ends; a leaver is no one to become."""
    others = [its for its in profession.people if its.present and not its.busy and its.member_id != person.member_id]
    if not others:
        await change_grade(profession, person)
        return
    ended = profession.chance.choice(others)
    ended.busy = True
    its = await profession.history.ask(
        "merge",
        profession.path(person, "mergers"),
        {"ended": ended.member_id},
        profession.holding("team"),
        about=ended.member_id,
        asked={"surviving": person.member_id},
    )
    if its.outcome == "ok":
        ended.present, person.restricted = False, person.restricted or ended.restricted
    profession.free(person, its)
    profession.free(ended, its)
