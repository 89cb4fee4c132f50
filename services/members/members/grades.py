"""Grade ladders: how organisations call their grades, and the common grade of each."""

import re
from collections.abc import Mapping
from typing import Final

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
LADDERS: Final[Mapping[str, Mapping[str, Grade]]] = {
    "HMRC": {
        "Assistant Officer": Grade.AO,
        "Officer": Grade.EO,
        "Higher Officer": Grade.HEO,
        "Senior Officer": Grade.SEO,
    },
    # The ladder of the former Department for International Development.
    "FCDO": {
        "A1": Grade.G6,
        "A2": Grade.G7,
        "B1": Grade.HEO,
        "B2": Grade.EO,
        "C1": Grade.AO,
        "C2": Grade.AA,
    },
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


def grade_named(text: str, organisation: str | None) -> Grade | None:
    """The common grade that the text names in the organisation's own ladder, or in the common one."""
    plain = _plain(text)
    return _OF_ORGANISATION.get(organisation or "", {}).get(plain) or _COMMON.get(plain)


def possible(organisation: str | None) -> str:
    """What can be entered as a grade there, for a sentence that helps."""
    return ", ".join([*(grade.value for grade in Grade), *LADDERS.get(organisation or "", {})])


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


_COMMON = {_plain(spelling): grade for spelling, grade in COMMON.items()}
_OF_ORGANISATION = {
    code: {_plain(spelling): grade for spelling, grade in ladder.items()} for code, ladder in LADDERS.items()
}
