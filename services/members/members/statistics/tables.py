"""The tables of one characteristic by organisation or by grade band: which rows are shown, hidden, or repeated. Pure.

A row is shown when each of its figures reaches the threshold. All other rows are shown together as one, the rest, which
holds enough people and answers that none of its rows can be worked out; until it does, further rows join it.

Between two releases a row that was shown stays shown. It has new figures when enough has happened in it that nothing
can be told of those few who came or went; else its earlier figures are repeated, with the period of which they are.
What is repeated can be worked out of all that is new, as one sum; so that has to be safe too, or more is repeated.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from members.statistics.counting import Cells, Movement, Place, total
from members.statistics.cover import cover_of_change, cover_of_leavers, evident_changes, is_hidden

ROUNDED_TO: Final = 5


@dataclass(frozen=True)
class Limits:
    """What a figure, and the people in a row, have to reach to be shown."""

    threshold: int
    population: int


@dataclass(frozen=True)
class Row:
    """`codes` are the organisations or grade bands in it, `period` is of when its `figures` are; these are rounded."""

    codes: tuple[str, ...]
    period: str
    figures: Mapping[str, int]


@dataclass(frozen=True)
class Table:
    """The rows by their codes, and the rest: all that are hidden, together."""

    rows: tuple[Row, ...]
    rest: Row | None


@dataclass(frozen=True)
class Counts:
    """What a decision needs: `of` is 0 by organisation, 1 by grade band; `since` tells what moved since a period."""

    now: Cells
    of: int
    labels: tuple[str, ...]
    limits: Limits
    period: str
    since: Callable[[str], Movement]

    @cached_property
    def _of_code(self) -> dict[str, tuple[list[Place], Counter[str]]]:
        found: dict[str, list[Place]] = {}
        for place in self.now:
            found.setdefault(place[self.of], []).append(place)
        return {code: (places, total(self.now, places)) for code, places in found.items()}

    @cached_property
    def changes(self) -> dict[tuple[tuple[str, ...], str], "Change"]:
        """What has been found out so far of rows, by their codes and period."""
        return {}

    def places(self, codes: Iterable[str]) -> list[Place]:
        return [place for code in set(codes) & self._of_code.keys() for place in self._of_code[code][0]]

    def figures(self, codes: Iterable[str]) -> Counter[str]:
        found = Counter[str]()
        for code in set(codes) & self._of_code.keys():
            found.update(self._of_code[code][1])
        return found

    def people(self, codes: Iterable[str]) -> int:
        return self.figures(codes).total()

    def reaches(self, codes: Iterable[str]) -> bool:
        """Whether each figure of these together may be seen."""
        figures = self.figures(codes)
        enough = all(figures[label] >= self.limits.threshold for label in self.labels)
        return enough and figures.total() >= self.limits.population

    def are_hidden(self, codes: Collection[str]) -> bool:
        rows = {code: self.places([code]) for code in codes}
        return is_hidden(self.now, rows, self.labels, 1 - self.of, self.limits.threshold)

    def row(self, codes: Iterable[str]) -> Row:
        figures = self.figures(codes)
        return Row(tuple(sorted(codes)), self.period, {label: rounded(figures[label]) for label in self.labels})


@dataclass(frozen=True)
class Change:
    """What has happened in a row since its period: by how much answers can differ, label by label; its figures now and
    before; and how many came.
    """

    cover: Counter[str]
    now: Counter[str]
    before: Counter[str]
    came: int


def rounded(figure: int) -> int:
    """To the nearest multiple of five."""
    return (figure + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO


def first(its: Counts) -> Table | None:
    """Of a characteristic of which no such table is out; None when none can be."""
    codes = {place[its.of] for place, figures in its.now.items() if figures.total()}
    shown = sorted((code for code in codes if its.reaches([code])), key=lambda code: (its.people([code]), code))
    hidden = codes - set(shown)
    while shown and not its.are_hidden(hidden):
        hidden.add(shown.pop(0))
    if not its.are_hidden(hidden):
        return None
    if not shown and len(codes) < 2:  # noqa: PLR2004 (the rest of one would be the total)
        return None
    return Table(tuple(its.row([code]) for code in sorted(shown)), its.row(hidden) if hidden else None)


def following(its: Counts, before: Table) -> Table:
    """After another release. `before` itself when nothing in it may be new."""
    there = {place[its.of] for place, figures in its.now.items() if figures.total()}
    old = {row.codes[0]: row for row in before.rows if row.codes[0] in there}
    others = there - old.keys()  # they were hidden, or have come since
    was = before.rest or Row((), max((row.period for row in before.rows), default=its.period), {})
    hidden = replace(was, codes=tuple(sorted({*was.codes, *others})))
    renewed = {code for code, row in old.items() if its.reaches([code]) and _is_covered(its, [row])}
    rest = _rest(its, others, hidden) if before.rest or not others else None
    kept = [row for code, row in old.items() if code not in renewed]
    kept += [hidden] if rest is None else []
    while kept and not (its.reaches(_codes(kept)) and _is_covered(its, kept)):
        if renewed:
            smallest = min(renewed, key=lambda code: (its.people([code]), code))
            renewed.discard(smallest)
            kept.append(old[smallest])
        elif rest is not None and others:
            rest = None
            kept.append(hidden)
        else:
            return before
    rows = [its.row([code]) if code in renewed else row for code, row in old.items()]
    if rest is not None:
        rows += rest.rows
    last = rest.rest if rest is not None else before.rest
    return Table(tuple(sorted(rows, key=lambda row: row.codes)), last)


def _rest(its: Counts, codes: Collection[str], was: Row) -> Table | None:
    """The rest anew, and the rows that come out of it; None when it has to stay as it was."""
    if not codes:
        return Table((), None)
    if not _is_covered(its, [was]):
        return None
    small = {code for code in codes if not its.reaches([code])}
    may = [code for code in set(codes) - small if _may_come_out(its, code, small, was)]
    shown = sorted(may, key=lambda code: (its.people([code]), code))
    hidden = set(codes) - set(shown)
    while shown and not its.are_hidden(hidden):
        hidden.add(shown.pop(0))
    if not its.are_hidden(hidden):
        return None
    return Table(tuple(its.row([code]) for code in shown), its.row(hidden) if hidden else None)


def _may_come_out(its: Counts, code: str, small: Collection[str], was: Row) -> bool:
    """Whether its figures now say too little of those that it had while it was hidden."""
    if _evident(its, [was]) >= its.limits.threshold:
        return True
    moved = its.since(was.period)
    places = [place for place in moved.before if place[its.of] == code]
    others = [place for place in moved.before if place[its.of] in small]
    people = total(moved.before, places).total()
    cover = cover_of_leavers(moved, places, others, its.labels, 1 - its.of)
    return cover >= min(its.limits.threshold, people)


def _is_covered(its: Counts, rows: Sequence[Row]) -> bool:
    """Whether new figures of these together would tell nothing of few, beside the earlier ones."""
    cover = Counter[str]()
    for row in rows:
        cover.update(_change(its, row).cover)
    least = min(cover[label] for label in its.labels)
    return max(least, _evident(its, rows)) >= its.limits.threshold


def _evident(its: Counts, rows: Sequence[Row]) -> int:
    now, before, came = Counter[str](), Counter[str](), 0
    for row in rows:
        change = _change(its, row)
        now.update(change.now)
        before.update(change.before)
        came += change.came
    return evident_changes(now, before, came)


def _change(its: Counts, row: Row) -> Change:
    key = row.codes, row.period
    if key not in its.changes:
        moved, codes = its.since(row.period), frozenset(row.codes)
        then = [place for place in moved.before if place[its.of] in codes]
        now = its.figures(codes)
        its.changes[key] = Change(
            cover_of_change(moved, {*then, *its.places(codes)}, its.labels),
            now,
            total(moved.before, then),
            now.total() - sum(moved.remained[its.of][code] for code in codes),
        )
    return its.changes[key]


def _codes(rows: Iterable[Row]) -> list[str]:
    return [code for row in rows for code in row.codes]
