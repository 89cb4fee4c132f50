"""What a grade is called, where, and on which day; and what a file of ladders may not say."""

import json
from datetime import date
from typing import Any

import pytest

from contracts.members import Grade
from members.places.grades import POLICY, grade_named, possible, read_policy

TODAY = date(2027, 2, 11)
LAST_OF_DFID, FIRST_OF_FCDO = date(2020, 9, 1), date(2020, 9, 2)


@pytest.mark.parametrize(
    ("organisation", "text", "grade"),
    [
        ("UKHSA", "heo", Grade.HEO),
        ("UKHSA", "Grade 7", Grade.G7),
        ("UKHSA", "higher executive officer", Grade.HEO),
        ("UKHSA", "SCS pay band 2", Grade.SCS2),
        ("HMRC", "Assistant Officer", Grade.AO),
        ("HMRC", "officer", Grade.EO),
        ("HMRC", "higher officer", Grade.HEO),
        ("HMRC", "senior officer", Grade.SEO),
        ("HMRC", "G6", Grade.G6),
        ("UKHSA", "officer", None),
        ("FCDO", "A1", Grade.G6),
        ("FCDO", "a2", Grade.G7),
        ("FCDO", "B1", Grade.HEO),
        ("FCDO", "B2", Grade.EO),
        ("FCDO", "C1", Grade.AO),
        ("FCDO", "C2", Grade.AA),
        ("MOD", "B1", None),
        (None, "SEO", Grade.SEO),
        ("UKHSA", "", None),
    ],
)
def test_each_organisation_may_call_its_grades_as_it_does(
    organisation: str | None, text: str, grade: Grade | None
) -> None:
    assert grade_named(text, organisation, TODAY) is grade


@pytest.mark.parametrize(
    ("day", "at_dfid", "at_fcdo"), [(LAST_OF_DFID, Grade.G6, None), (FIRST_OF_FCDO, None, Grade.G6)]
)
def test_a_ladder_holds_from_its_first_day_to_its_last(day: date, at_dfid: Grade | None, at_fcdo: Grade | None) -> None:
    assert (grade_named("A1", "DFID", day), grade_named("A1", "FCDO", day)) == (at_dfid, at_fcdo)


def test_what_can_be_entered_is_told_as_of_the_day() -> None:
    assert possible("FCDO", LAST_OF_DFID) == "AA, AO, EO, HEO, SEO, G7, G6, SCS1, SCS2, SCS3, SCS4"
    assert possible("FCDO", FIRST_OF_FCDO).endswith("SCS4, A1, A2, B1, B2, C1, C2")


def ladder(first: str | None, last: str | None, **grades: str) -> dict[str, Any]:
    return {"organisation": "X", "valid_from": first, "valid_until": last, "grades": grades or {"One": "AA"}}


def policy(*ladders: dict[str, Any]) -> str:
    return json.dumps({"version": 1, "ladders": ladders})


def test_an_organisation_has_one_ladder_after_another() -> None:
    its = read_policy(
        policy(ladder(None, "2026-03-31", Band="EO"), ladder("2026-04-01", None, Band="HEO")),
    )

    assert its.on("X", date(2026, 3, 31)) == {"Band": Grade.EO}
    assert its.on("X", date(2026, 4, 1)) == {"Band": Grade.HEO}
    assert its.on("Y", date(2026, 4, 1)) == {}


@pytest.mark.parametrize(
    "text",
    [
        policy(ladder(None, "2026-04-01"), ladder("2026-04-01", None)),
        policy(ladder(None, None), ladder(None, None)),
        policy(ladder("2026-04-01", "2026-03-31")),
        policy(ladder(None, None, **{"Band 1": "AA", "band-1": "AO"})),
        policy(ladder(None, None, One="SCS9")),
        policy(ladder("yesterday", None)),
    ],
    ids=["one day twice", "always twice", "backwards", "one word twice", "no such grade", "no such day"],
)
def test_a_file_that_cannot_be_meant_ends_the_start(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_policy(text)


def test_the_present_ladders_are_those_of_three_organisations() -> None:
    assert (POLICY.version, [its.organisation for its in POLICY.ladders]) == (1, ["HMRC", "DFID", "FCDO"])
