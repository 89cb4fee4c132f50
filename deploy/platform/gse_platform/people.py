"""Two thousand people as the profession is: a seeded generator, so that every demo meets the same ones.

Nobody here exists. Names come from a library; addresses end in .example, which is reserved and reaches nobody.
"""

import csv
import io
import random
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, timedelta

from faker import Faker

from gse_platform.personas import PERSONAS

SEED = 20050211
FIRST_YEAR = 2005
# Shares of 2024 (AA/AO 25 %, EO 26 %, HEO/SEO 31 %, G7/G6 16 %, SCS 1 %) add up to 99; the hundredth is HEO/SEO's.
GRADE_SHARES = {
    "AA": 5,
    "AO": 20,
    "EO": 26,
    "HEO": 17,
    "SEO": 15,
    "G7": 11,
    "G6": 5,
    "SCS1": 1,
}
# How many scientists and engineers work there, roughly against each other.
ORGANISATION_WEIGHTS = {
    "UKHSA": 14,
    "MOD": 10,
    "Dstl": 12,
    "Met Office": 8,
    "NPL": 4,
    "Intellectual Property Office": 5,
    "Government Office for Science": 2,
    "DCMS": 1,
    "Home Office": 4,
    "Defra": 6,
    "Environment Agency": 9,
    "Natural England": 4,
    "APHA": 5,
    "Cefas": 2,
    "Forest Research": 2,
    "HSE": 5,
    "FSA": 3,
    "DSIT": 2,
    "DESNZ": 3,
    "DfT": 3,
    "DHSC": 2,
    "MHRA": 4,
    "UK Space Agency": 2,
    "FCDO": 1,
    "Scottish Government": 4,
    "Welsh Government": 2,
}
INTERESTS = (
    "science communication", "women in engineering", "role models", "outreach to schools", "mentoring",
    "disability inclusion", "returning to work", "neurodiversity", "climate", "policy making", "public engagement",
    "open data", "equality networks", "international science", "careers", "social mobility",
)  # fmt: skip
SKILLS = (
    "statistics", "epidemiology", "mechanical engineering", "electrical engineering", "chemistry", "microbiology",
    "meteorology", "oceanography", "materials science", "data science", "software", "metrology", "ecology",
    "veterinary science", "toxicology", "radiation protection", "hydrology", "systems engineering", "geology",
    "project management", "technical writing", "laboratory management",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """One row of the file that members imports; lists are held apart by semicolons."""

    name: str
    email: str
    organisation: str
    grade: str
    joined_on: str
    interests: str
    skills: str


def people(count: int, today: date, seed: int = SEED) -> list[Person]:
    """The same people for the same arguments. The personas are among them, in place of others of their grade."""
    chance = random.Random(seed)  # noqa: S311 (a repeatable choice is the point)
    names = Faker("en_GB")
    names.seed_instance(seed)
    grades = _grades(count, chance)
    taken: set[str] = {persona.email for persona in PERSONAS}
    everybody = [_person(names, chance, grade, today, taken) for grade in grades]
    return _with_personas(everybody)


def as_csv(everybody: Iterable[Person]) -> str:
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(field.name for field in fields(Person))
    rows.writerows(astuple(person) for person in everybody)
    return file.getvalue()


def from_csv(text: str) -> list[Person]:
    """The people of such a file."""
    return [Person(**row) for row in csv.DictReader(io.StringIO(text))]


def _grades(count: int, chance: random.Random) -> list[str]:
    """The shares exactly, as far as whole people allow (the largest remainders get the rest), in mixed order."""
    exact = {grade: count * share / sum(GRADE_SHARES.values()) for grade, share in GRADE_SHARES.items()}
    numbers = {grade: int(number) for grade, number in exact.items()}
    by_remainder = sorted(exact, key=lambda grade: numbers[grade] - exact[grade])
    for grade in by_remainder[: count - sum(numbers.values())]:
        numbers[grade] += 1
    grades = [grade for grade, number in numbers.items() for _ in range(number)]
    chance.shuffle(grades)
    return grades


def _person(names: Faker, chance: random.Random, grade: str, today: date, taken: set[str]) -> Person:
    organisation = chance.choices(list(ORGANISATION_WEIGHTS), weights=list(ORGANISATION_WEIGHTS.values()))[0]
    first, last = names.first_name(), names.last_name()
    first_day = date(FIRST_YEAR, 1, 3)
    joined_on = first_day + timedelta(days=chance.randrange((today - first_day).days + 1))
    return Person(
        name=f"{first} {last}",
        email=_address(first, last, organisation, taken),
        organisation=organisation,
        grade=grade,
        joined_on=joined_on.isoformat(),
        interests="; ".join(chance.sample(INTERESTS, chance.randint(1, 4))),
        skills="; ".join(chance.sample(SKILLS, chance.randint(1, 4))),
    )


def _address(first: str, last: str, organisation: str, taken: set[str]) -> str:
    """A free address at the organisation: the name, and a number when the name is taken."""
    person, place = f"{_plain(first)}.{_plain(last)}", _plain(organisation)
    number = 1
    while (address := f"{person}{number if number > 1 else ''}@{place}.example") in taken:
        number += 1
    taken.add(address)
    return address


def _plain(words: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]", "", ascii_only.lower())


def _with_personas(everybody: list[Person]) -> list[Person]:
    """Each persona takes the place of the first other person of its grade and stands in front."""
    found = list(everybody)
    for front, persona in enumerate(PERSONAS):
        place = next((i for i in range(front, len(found)) if found[i].grade == persona.grade), None)
        if place is None:
            return found
        person = replace(found.pop(place), name=persona.name, email=persona.email, organisation=persona.organisation)
        found.insert(front, person)
    return found
