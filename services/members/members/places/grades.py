"""Grade ladders: how organisations call their grades, since when, and the common grade of each (ladders.json)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from contracts.members import Grade, GradeBand

COMMON: Final[Mapping[str, Grade]] = {
    **{grade.value: grade for grade in Grade},
    "Administrative Assistant": Grade.AA,
    "Administrative Officer": Grade.AO,
    "Executive Officer": Grade.EO,
    "Higher Executive Officer": Grade.HEO,
    "Senior Executive Officer": Grade.SEO,
    "Grade 7": Grade.G7,
    "Grade 6": Grade.G6,
    **{f"SCS pay band {band}": Grade(f"SCS{band}") for band in range(1, 5)},
}
BANDS: Final[Mapping[Grade, GradeBand]] = {
    Grade.AA: GradeBand.AA_AO,
    Grade.AO: GradeBand.AA_AO,
    Grade.EO: GradeBand.EO,
    Grade.HEO: GradeBand.HEO_SEO,
    Grade.SEO: GradeBand.HEO_SEO,
    Grade.G7: GradeBand.G7_G6,
    Grade.G6: GradeBand.G7_G6,
    Grade.SCS1: GradeBand.SCS,
    Grade.SCS2: GradeBand.SCS,
    Grade.SCS3: GradeBand.SCS,
    Grade.SCS4: GradeBand.SCS,
}


@dataclass(frozen=True)
class Ladder:
    """How an organisation calls its grades from the first of these days to the last; None stands for always."""

    organisation: str  # a code
    valid_from: date | None
    valid_until: date | None
    grades: Mapping[str, Grade]
    called: str = ""  # where it is not the only one there

    def holds(self, day: date) -> bool:
        return (self.valid_from or date.min) <= day <= (self.valid_until or date.max)


@dataclass(frozen=True)
class Policy:
    """A version of ladders.json. Whoever changes it ends a ladder by a day, adds the next one and counts up."""

    version: int
    ladders: tuple[Ladder, ...]

    def on(self, organisation: str, day: date) -> Mapping[str, Grade]:
        """The organisation's own grades on that day; empty where it goes by the common ones."""
        return next((its.grades for its in self.ladders if its.organisation == organisation and its.holds(day)), {})


def read_policy(text: str) -> Policy:
    """Raises ValueError for what can't be meant: a grade that there is not, two ladders on one day, one word twice."""
    said = json.loads(text)
    policy = Policy(said["version"], tuple(map(_ladder, said["ladders"])))
    for its in policy.ladders:
        first, last = its.valid_from or date.min, its.valid_until or date.max
        others = [each for each in policy.ladders if each.organisation == its.organisation and each is not its]
        if first > last or any(
            first <= (each.valid_until or date.max) and (each.valid_from or date.min) <= last for each in others
        ):
            raise ValueError(f"{its.organisation} has two ladders on one day, or one that ends before it begins")
        if len({_plain(word) for word in its.grades}) < len(its.grades):
            raise ValueError(f"{its.organisation} has a ladder with one word twice")
    return policy


def grade_named(text: str, organisation: str | None, day: date) -> Grade | None:
    """The common grade that the text names on that day in the organisation's own ladder, or in the common one."""
    plain = _plain(text)
    own = POLICY.on(organisation or "", day)
    return next((grade for word, grade in own.items() if _plain(word) == plain), None) or _COMMON.get(plain)


def possible(organisation: str | None, day: date) -> str:
    """What can be entered as a grade there, for a sentence that helps."""
    return ", ".join([*(grade.value for grade in Grade), *POLICY.on(organisation or "", day)])


def _ladder(said: Mapping[str, Any]) -> Ladder:
    first, last = (date.fromisoformat(said[name]) if said[name] else None for name in ("valid_from", "valid_until"))
    grades = {word: Grade(grade) for word, grade in said["grades"].items()}
    return Ladder(said["organisation"], first, last, grades, said.get("called", ""))


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


_COMMON = {_plain(spelling): grade for spelling, grade in COMMON.items()}
POLICY: Final = read_policy(Path(__file__).with_name("ladders.json").read_text())
