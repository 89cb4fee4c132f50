"""What a release makes of everybody's answers: figures for all to see, and what is kept sealed for the next. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from sys import intern
from typing import Any
from uuid import UUID

from contracts.refusal import NotFound, Refused
from contracts.statistics import DiversityStatisticsPublished, ParticipationReportPublished
from members.monitoring.answers import Answers
from members.monitoring.questions import NO_ANSWER, Characteristic, Questions
from members.statistics import diversity, participation
from members.statistics.counting import Counted, Place, cells
from members.statistics.diversity import Earlier, Figures
from members.statistics.method import Method
from members.statistics.periods import Quarter
from members.statistics.store import Release

There = list[tuple[bytes, Place, Mapping[str, str] | None]]
"""Whom an earlier release counted, of those who are there now: where, and as what."""


class NoRelease(NotFound):
    def __init__(self) -> None:
        super().__init__("There are no figures for this quarter.")


class NotTheLastQuarter(Refused):
    """Figures are made once, soon after their quarter."""

    def __init__(self, last: Quarter) -> None:
        super().__init__(f"Figures can be published for the last quarter that is over, {last.code}, and for no other.")


@dataclass(frozen=True)
class Remembered:
    """An earlier release as it was kept: places and codes by the names of rows, and all figures by characteristic."""

    people: Mapping[bytes, Mapping[str, Any]]
    counted: Mapping[str, list[tuple[str, str, dict[str, int]]]]


@dataclass(frozen=True)
class Made:
    """`people` and `counted` are kept sealed; `looks_back_to` are the periods that are still needed then."""

    diversity: Mapping[str, Figures]
    people: Mapping[bytes, Mapping[str, Any]]
    counted: Mapping[str, list[tuple[str, str, dict[str, int]]]]
    looks_back_to: frozenset[str]


def made(
    *,
    places: Mapping[bytes, Place],
    answers: Mapping[bytes, Answers],
    asked: Questions,
    method: Method,
    period: str,
    before: Mapping[str, Figures],
    remembered: Mapping[str, Remembered],
) -> Made:
    """All figures of a period. `remembered` holds the releases that the one `before` looks back to."""
    found, exact = dict[str, Figures](), dict[str, list[tuple[str, str, dict[str, int]]]]()
    there: dict[str, There] = {
        of: [(name, _place(kept["place"]), kept["codes"]) for name, kept in its.people.items() if name in places]
        for of, its in remembered.items()
    }
    # One string for each answer and place: they are compared and counted many times.
    codes = {name: {of: intern(code) for of, code in given.codes.items()} for name, given in answers.items()}
    places = {name: _place(place) for name, place in places.items()}
    for its in asked.characteristics:
        people = _counted(its, places, codes)
        exact[its.code] = diversity.counted(cells(people.values(), str))
        figures = diversity.figures(
            people,
            its,
            method.limits(its),
            period,
            before=before.get(its.code),
            earlier=_earlier(its.code, remembered, there),
        )
        if figures is not None:
            found[its.code] = figures
    return Made(
        diversity=found,
        people={name: {"place": place, "codes": codes.get(name, {})} for name, place in places.items()},
        counted=exact,
        looks_back_to=frozenset().union(*(its.looks_back_to for its in found.values())),
    )


def said(its: Release, link: str) -> tuple[DiversityStatisticsPublished, ParticipationReportPublished]:
    release_id, period = its.release_id, its.period
    return (
        DiversityStatisticsPublished(release_id=release_id, period=period, link=link),
        ParticipationReportPublished(release_id=release_id, period=period, link=f"{link}#participation"),
    )


def release(
    its: Made,
    asked: Questions,
    quarter: Quarter,
    *,
    people: Mapping[str, list[Place]],
    method: Method,
    release_id: UUID,
    today: date,
    by: UUID,
    now: datetime,
) -> Release:
    report = participation.report(people, method.threshold)
    return Release(release_id, quarter.code, today, asked.version, its.diversity, report, now, by, method)


def _counted(
    its: Characteristic, places: Mapping[bytes, Place], codes: Mapping[bytes, Mapping[str, str]]
) -> dict[bytes, Counted]:
    """As everybody answered today; an answer that is not among those of today counts as none."""
    asked, nothing = its.group_of, dict[str, str]()
    return {
        name: (place, code if (code := codes.get(name, nothing).get(its.code, NO_ANSWER)) in asked else NO_ANSWER)
        for name, place in places.items()
    }


def _earlier(
    characteristic: str, remembered: Mapping[str, Remembered], there: Mapping[str, There]
) -> Callable[[str], Earlier]:
    def of(period: str) -> Earlier:
        people: dict[bytes, Counted] = {
            name: (place, None if codes is None else intern(codes.get(characteristic, NO_ANSWER)))
            for name, place, codes in there[period]
        }
        counted = {
            (organisation, band): Counter(figures)
            for organisation, band, figures in remembered[period].counted.get(characteristic, [])
        }
        return Earlier(people, counted)

    return of


def _place(kept: Any) -> Place:
    return (intern(str(kept[0])), intern(str(kept[1])))
