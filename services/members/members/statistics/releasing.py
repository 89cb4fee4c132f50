"""What a release makes of everybody's answers: figures for all to see, and what is kept sealed for the next. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID

from contracts.refusal import NotFound, Refused
from contracts.statistics import DiversityStatisticsPublished, ParticipationReportPublished
from members.monitoring.ledger import Book, Column, Ledger, columns, rows_of, written
from members.monitoring.questions import NO_ANSWER, Characteristic, Questions
from members.statistics import diversity, participation
from members.statistics.counting import People, Person, Place, cells
from members.statistics.diversity import Earlier, Figures
from members.statistics.method import Method
from members.statistics.periods import Quarter
from members.statistics.store import Release


class NoRelease(NotFound):
    def __init__(self) -> None:
        super().__init__("There are no figures for this quarter.")


class NotTheLastQuarter(Refused):
    """Figures are made once, soon after their quarter."""

    def __init__(self, last: Quarter) -> None:
        super().__init__(f"Figures can be published for the last quarter that is over, {last.code}, and for no other.")


@dataclass(frozen=True)
class Made:
    """`ledger` is kept sealed: what later releases have to know of this one, and still of those before."""

    diversity: Mapping[str, Figures]
    ledger: Ledger


def made(
    *,
    places: Mapping[bytes, Place],
    answers: Mapping[bytes, Mapping[str, str]],
    asked: Questions,
    method: Method,
    period: str,
    before: Mapping[str, Figures],
    ledger: Ledger,
) -> Made:
    """All figures of a period. `answers` are codes; `ledger` holds the releases that the one `before` looks back to."""
    codes = {its.code: _codes(its, places, answers) for its in asked.characteristics}
    book = Book(sorted(set(places.values())), {its: sorted(set(codes[its])) for its in sorted(codes)})
    now = written(book, list(places.values()), codes)
    then = {of: columns(ledger, places, of) for of in ledger.books}

    def earlier(characteristic: str, of: str) -> Earlier:
        people = _people(ledger.books[of], characteristic, then[of][characteristic])
        return Earlier(people, diversity.as_counted(ledger.exact[of][characteristic]))

    found, exact = dict[str, Figures](), dict[str, list[tuple[str, str, dict[str, int]]]]()
    for its in asked.characteristics:
        people = _people(book, its.code, now[its.code])
        exact[its.code] = diversity.counted(cells(people))
        limits, was = method.limits(its), before.get(its.code)
        figures = diversity.figures(people, its, limits, period, before=was, earlier=partial(earlier, its.code))
        if figures is not None:
            found[its.code] = figures
    needed = frozenset[str]().union(*(its.looks_back_to for its in found.values()))
    kept = ledger.only(needed)
    if period in needed:
        kept = kept.and_(period, exact, dict(zip(places, rows_of(book, now), strict=True)))
    return Made(found, kept)


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


def _codes(its: Characteristic, names: Iterable[bytes], answers: Mapping[bytes, Mapping[str, str]]) -> list[str]:
    """As each answered today; an answer that is not among those of today counts as none."""
    asked, nothing = its.group_of, dict[str, str]()
    return [
        code if (code := answers.get(name, nothing).get(its.code, NO_ANSWER)) in asked else NO_ANSWER for name in names
    ]


def _people(book: Book, characteristic: str, column: Column) -> People:
    answers = (None, *book.answers[characteristic])
    many = len(answers)

    each = [place * many + at for place, at in zip(column.places, column.answers, strict=True)]

    def kind(key: int) -> Person | None:
        place, at = divmod(key, many)
        return Person(book.places[place - 1], answers[at]) if place else None

    return People(each, {key: kind(key) for key in set(each)})
