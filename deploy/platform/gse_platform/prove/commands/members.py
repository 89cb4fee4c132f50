"""People join, change, leave and are forgotten; the team gives roles."""

from uuid import UUID

from gse_platform.prove.facts import Command
from gse_platform.prove.people import GRADES, ORGANISATIONS, Person
from gse_platform.prove.profession import MEMBERS, Profession

ROLES = ("volunteer", "team")


async def join(profession: Profession) -> None:
    organisation, grade = profession.chance.choice(ORGANISATIONS), profession.chance.choice(GRADES)
    person = Person(UUID(int=profession.chance.getrandbits(128), version=4), organisation, grade)
    profession.people.append(person)
    form = profession.names.person() | {"organisation": organisation, "grade": grade}
    asked = {"organisation": organisation, "grade": grade}
    its = await profession.history.ask(
        "join", MEMBERS, form, lambda: profession.tokens.headers(person.account), asked=asked, made="member_id"
    )
    person.member_id = its.made
    profession.free(person, its)


async def change_grade(profession: Profession, person: Person) -> None:
    grade = profession.chance.choice(GRADES)  # now and then the one they have, which is refused
    its = await profession.of_member(person, "grade", "grade-changes", {"grade": grade})
    person.grade = grade if its.outcome == "ok" else person.grade
    profession.free(person, its)


async def transfer(profession: Profession, person: Person) -> None:
    there, grade = profession.chance.choice(ORGANISATIONS), profession.chance.choice(GRADES)
    its = await profession.of_member(person, "transfer", "transfers", {"organisation": there, "grade": grade})
    if its.outcome == "ok":
        person.organisation, person.grade = there, grade
    profession.free(person, its)


async def change_contact(profession: Profession, person: Person) -> None:
    its = await profession.history.ask(
        "contact",
        profession.path(person, "contact-changes"),
        profession.names.person(),
        profession.by(person),
        about=person.member_id,
    )
    profession.free(person, its)


async def leave(profession: Profession, person: Person) -> None:
    its = await profession.of_member(person, "leave", "departures", {})
    person.present = person.present and its.outcome != "ok"
    profession.free(person, its)


async def erase(profession: Profession, person: Person) -> None:
    if person.erased:  # asked again it would only tell how far it is
        await change_grade(profession, person)
        return
    its = await profession.of_member(person, "erase", "erasure", {})
    person.erased = its.outcome == "ok"
    person.present = person.present and not person.erased
    profession.free(person, its)


async def grant(profession: Profession, person: Person) -> None:
    """The team gives them a role; of one that they have nothing is said."""
    its = await _of_roles(profession, person, "grant", "role-grants", profession.chance.choice(ROLES))
    person.roles |= {its.asked["role"]} if its.outcome == "ok" else set()


async def revoke(profession: Profession, person: Person) -> None:
    """The team takes a role back, from somebody who has one if there is such a one who is free."""
    some = [its for its in profession.people if its.roles and its.present and not its.busy]
    person = profession.instead(person, some)
    role = profession.chance.choice(sorted(person.roles) or ROLES)
    its = await _of_roles(profession, person, "revoke", "role-revocations", role)
    person.roles -= {role} if its.outcome == "ok" else set()


async def _of_roles(profession: Profession, person: Person, kind: str, place: str, role: str) -> Command:
    asked = {"role": role}
    its = await profession.history.ask(
        kind,
        profession.path(person, place),
        asked,
        profession.holding("team"),
        about=person.member_id,
        asked=asked,
    )
    profession.free(person, its)
    return its
