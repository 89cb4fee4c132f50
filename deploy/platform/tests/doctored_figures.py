"""Figures that the service's own counting made of 152 members, and one doctored fact a time."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

from healthy_run import Doctor, and_also, said, without
from pydantic import TypeAdapter

from gse_platform.prove.check_figures import characteristics_are_as_recounted, members_are_as_recounted
from gse_platform.prove.checks import Check
from gse_platform.prove.facts import Command, Facts
from gse_platform.prove.recounting import BANDS
from members.monitoring.questions import VERSIONS
from members.statistics import participation
from members.statistics.counting import Person, Place, people
from members.statistics.diversity import Figures, figures
from members.statistics.participation import Part
from members.statistics.tables import Limits

RELEASE, PERIOD = "release-id", "2026-Q1"
# Where they are, and what they answered: a quarter says nothing, and two alone answer one thing.
PLACES = [("DSTL", "EO")] * 60 + [("NPL", "EO")] * 60 + [("HSE", "EO")] * 20 + [("FSA", "EO")] * 8 + [("MOD", "EO")] * 4
SEXES, RELIGIONS = ("female", "male"), ("none", "christian")
ANSWERS: list[dict[str, str]] = [
    {"sex": SEXES[each % 2], "religion": "muslim" if each in {1, 2} else RELIGIONS[each // 2 % 2]} if each % 4 else {}
    for each in range(len(PLACES))
]


def member(number: int) -> str:
    return f"member-{number}"


def done(number: int, kind: str, about: str, at: float = 1.0, made: str = "", **asked: str) -> Command:
    return Command(number, kind, about, asked, "ok", made, began=at, ended=at + 1)


def commands(places: list[tuple[str, str]], answers: list[dict[str, str]]) -> list[Command]:
    found = []
    for number, ((organisation, grade), codes) in enumerate(zip(places, answers, strict=True)):
        joined = done(3 * number, "join", "", made=member(number), organisation=organisation, grade=grade)
        found += [joined, replace(done(3 * number + 1, "monitor", member(number)), asked=codes)]
    return found


def released(places: list[tuple[str, str]], answers: list[dict[str, str]]) -> dict[str, Any]:
    """As the service makes it of these members."""
    there: list[Place] = [(organisation, BANDS[grade]) for organisation, grade in places]
    found = dict[str, Figures]()
    for its in VERSIONS[0].characteristics:
        now = people(
            Person(place, codes.get(its.code, "no-answer")) for place, codes in zip(there, answers, strict=True)
        )
        limits = Limits(10 if its.special else 5, 30)
        made = figures(now, its, limits, PERIOD, before=None, earlier=lambda _: never())
        found |= {its.code: made} if made else {}
    report = participation.report({"members": there, "joined": [], "left": []}, 5)
    return {
        "release_id": RELEASE,
        "period": PERIOD,
        "diversity": TypeAdapter(dict[str, Figures]).dump_python(found, mode="json"),
        "participation": TypeAdapter(dict[str, dict[str, Part]]).dump_python(report, mode="json"),
    }


def never() -> Any:
    raise AssertionError("there is no earlier release")


def run(places: list[tuple[str, str]], answers: list[dict[str, str]], *more: Command) -> Facts:
    asked = Command(1000, "release", "", {"period": PERIOD}, "ok", RELEASE, began=10, ended=12)
    return Facts(
        commands=[*commands(places, answers), *more, asked],
        said=[replace(said(RELEASE, 1, "DiversityStatisticsPublished", period=PERIOD), at=11.0)],
        rows={
            "members.statistics_release": [released(places, answers)],
            "members.member": [{"joined_on": "2026-04-01", "left_on": None}] * 5,
        },
    )


# Somebody else was restricted, one has left, and what two were asked meanwhile or later was not counted yet.
HELD = run(
    PLACES,
    ANSWERS,
    done(500, "join", "", made="restricted", organisation="MOD", grade="EO"),
    done(501, "restrict", "restricted", at=3),
    done(502, "join", "", made="gone", organisation="MOD", grade="EO"),
    done(503, "leave", "gone", at=3),
    done(504, "leave", member(0), at=10.5),
    done(505, "grade", member(5), at=10.5, grade="G6"),
    done(506, "join", "", at=20, made="later", organisation="DSTL", grade="EO"),
)


def figure(value: Any, *where: str | int) -> Doctor:
    """Something in the release is another; `where` leads there."""

    def change(its: Facts) -> Facts:
        row = deepcopy(dict(its.rows["members.statistics_release"][0]))
        place: Any = row
        for each in where[:-1]:
            place = place[each]
        place[where[-1]] = value
        return replace(its, rows={**its.rows, "members.statistics_release": [row]})

    return change


def answering_otherwise(its: Facts) -> Facts:
    """All men had said that they are women."""
    return replace(its, commands=[replace(one, asked={**one.asked, "sex": "female"}) for one in its.commands])


RESTRICTING, LEAVING = 2 * len(PLACES) + 1, 2 * len(PLACES) + 2  # once the other is gone
COUNTED, TOLD = members_are_as_recounted, characteristics_are_as_recounted
MEMBERS = ("participation", "members")
SEX, RELIGION = ("diversity", "sex"), ("diversity", "religion")
ROWS = (*SEX, "by", "organisation", "rows")
DOCTORED: list[tuple[str, Check, Doctor]] = [
    ("five more members are told of than there are", COUNTED, figure(155, *MEMBERS, "organisation", "all")),
    ("the figure of all was not rounded", COUNTED, figure(151, *MEMBERS, "band", "all")),
    ("an organisation has five more", COUNTED, figure(25, *MEMBERS, "organisation", "shown", "HSE")),
    ("an organisation of four is shown", COUNTED, figure(5, *MEMBERS, "organisation", "shown", "MOD")),
    ("an organisation is left out", COUNTED, figure({"DSTL": 60, "NPL": 60}, *MEMBERS, "organisation", "shown")),
    ("what is hidden together is another", COUNTED, figure(15, *MEMBERS, "organisation", "together")),
    ("one organisation is hidden alone", COUNTED, figure(["MOD"], *MEMBERS, "organisation", "hidden")),
    ("a grade band has five fewer", COUNTED, figure(145, *MEMBERS, "band", "shown", "EO")),
    (
        "who was restricted should be counted",
        COUNTED,
        and_also(without("commands", RESTRICTING), without("commands", LEAVING)),
    ),
    ("more people are told of than there are", TOLD, figure(155, *SEX, "total", "people")),
    ("an answer was given by five more", TOLD, figure(45, *SEX, "total", "figures", "female")),
    ("an answer is left out", TOLD, figure({"male": 75}, *SEX, "total", "figures")),
    ("an answer of two is shown", TOLD, figure(0, *RELIGION, "total", "figures", "muslim")),
    ("answers hidden together are fewer", TOLD, figure(70, *RELIGION, "total", "hidden", "religion", 1)),
    ("an answer is hidden alone", TOLD, figure([["no-answer"], 40], *SEX, "total", "hidden", "not-said")),
    ("of whom nobody answered something is told", TOLD, figure({}, "diversity", "age")),
    ("nothing is told of what enough answered", TOLD, figure({}, "diversity")),
    ("a row has five more of a group", TOLD, figure(20, *ROWS, 0, "figures", "women")),
    ("a row is of few people", TOLD, figure(["HSE"], *ROWS, 0, "codes")),
    ("the rest has five fewer of a group", TOLD, figure(5, *SEX, "by", "organisation", "rest", "figures", "women")),
    ("somebody answered what is told of another answer", TOLD, answering_otherwise),
]
