"""People of a test's own: names and addresses that stand nowhere else, so that a byte scan can look for them."""

import csv
import io
import secrets
from dataclasses import dataclass
from typing import Any

HEADER = ("name", "email", "organisation", "grade", "joined_on", "interests", "skills")


@dataclass(frozen=True)
class Person:
    name: str
    email: str

    def form(self, *, organisation: str = "UKHSA", grade: str = "HEO") -> dict[str, Any]:
        """What this person answers to join."""
        answers = {"name": self.name, "email": self.email, "organisation": organisation, "grade": grade}
        return {**answers, "interests": ["botany"], "skills": []}


def planted(count: int) -> list[Person]:
    """People whose names and addresses are random words."""
    words = [secrets.token_hex(8) for _ in range(count)]
    return [Person(f"Planted{word} Name{word}", f"planted.{word}@ukhsa.example") for word in words]


def as_file(people: list[Person], *, organisation: str = "UKHSA", grade: str = "HEO") -> bytes:
    """The CSV that an organisation sends."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(HEADER)
    rest = (organisation, grade, "2019-04-01", "botany; rivers", "statistics")
    rows.writerows((its.name, its.email, *rest) for its in people)
    return text.getvalue().encode()
