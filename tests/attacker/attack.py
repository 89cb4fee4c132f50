"""What can be worked out of the releases by who knows everything but the answers. A linear programme, solved by HiGHS.

The attacker knows where everybody was at each release (the public events say it), the rules, and every published
figure, even before it was rounded. They know when nobody has changed an answer, and else how many have, to within the
threshold. So whatever they take for sure is true. What they look for, each between the least and the greatest that all
this leaves possible:

- each figure of each row that a release hides, and each hidden answer of the totals;
- what those answered who came into an organisation or a grade band between two releases, or went from there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import highspy

from attacker.populations import Population
from members.statistics.counting import Person, cells
from members.statistics.counting import people as counted
from members.statistics.diversity import BY, Earlier, Figures, figures

CLOSE = 1e-5


@dataclass(frozen=True)
class Found:
    """Something that is narrower than it may be."""

    seed: int
    what: str
    least: float
    greatest: float
    allowed: int


@dataclass(frozen=True)
class Outcome:
    """`looked_at` counts what was looked for, `shown` the rows that were new in a release."""

    found: list[Found]
    looked_at: int
    shown: int
    repeated: int
    hidden: int


def releases(its: Population) -> list[Figures | None]:
    """As the service makes them, one after the other."""
    found, before = list[Figures | None](), None
    for number, now in enumerate(its.quarters):

        def earlier(of: str, now: Mapping[int, Person] = now) -> Earlier:
            was = its.quarters[int(of.removeprefix("Q"))]
            return Earlier(counted(map(was.get, now)), cells(counted(was.values())))

        everybody = counted(now.values())
        before = figures(everybody, its.asked, its.limits, f"Q{number}", before=before, earlier=earlier)
        found.append(before)
    return found


class Attacker:
    """Variables are how many of those with one path through all releases give one answer at one of them."""

    def __init__(self, its: Population, published: Sequence[Figures | None]) -> None:
        self.its, self.published = its, published
        self.codes = list(its.asked.group_of)
        self.model: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self.model.setOptionValue("output_flag", False)  # noqa: FBT003 - HiGHS's signature
        # Primal: from one question to the next only the costs change, so that the last answer is a place to begin at.
        self.model.setOptionValue("simplex_strategy", 4)
        self.paths = Counter(
            tuple(quarter[who].place if who in quarter else None for quarter in its.quarters)
            for who in set().union(*its.quarters)
        )
        self.at = dict[tuple[int, tuple[object, ...], str], int]()
        self.changes = list[int]()
        self._everybody_answers()
        for number, release in enumerate(published):
            if release is not None:
                self._release_says(number, release)
        self._few_change()

    def _variable(self, most: float) -> int:
        self.model.addVar(0, most)
        return int(self.model.getNumCol()) - 1

    def _row(self, least: float, greatest: float, terms: Mapping[int, float]) -> None:
        self.model.addRow(least, greatest, len(terms), list(terms), list(terms.values()))

    def _everybody_answers(self) -> None:
        for path, people in self.paths.items():
            there = [number for number, place in enumerate(path) if place is not None]
            for number in there:
                for code in self.codes:
                    self.at[number, path, code] = self._variable(people)
                self._row(people, people, {self.at[number, path, code]: 1 for code in self.codes})
            for one, other in pairwise(there):
                for code in self.codes:
                    more, fewer = self._variable(people), self._variable(people)
                    terms = {self.at[other, path, code]: 1, self.at[one, path, code]: -1, more: -1, fewer: 1}
                    self._row(0, 0, terms)
                    self.changes.append(more)

    def _figure(self, number: int, codes: Sequence[str], by: int | None = None, rows: Sequence[str] = ()) -> list[int]:
        return [
            self.at[number, path, code]
            for path in self.paths
            for place in (path[number],)
            if place is not None and (by is None or place[by] in rows)
            for code in codes
        ]

    def _exact(self, number: int, codes: Sequence[str], by: int | None = None, rows: Sequence[str] = ()) -> int:
        return sum(
            its.code in codes and (by is None or its.place[by] in rows) for its in self.its.quarters[number].values()
        )

    def _release_says(self, number: int, release: Figures) -> None:
        period, groups = f"Q{number}", self._groups()
        if release.total.period == period:
            shown = [[code] for code in release.total.figures]
            for codes in [*shown, *(list(codes) for codes, _ in release.total.hidden.values())]:
                exact = self._exact(number, codes)
                self._row(exact, exact, dict.fromkeys(self._figure(number, codes), 1))
        for by, name in enumerate(BY):
            table = release.by.get(name)
            for row in [*table.rows, *([table.rest] if table.rest else [])] if table else []:
                if row.period != period:
                    continue
                for codes in groups.values():
                    exact = self._exact(number, codes, by, row.codes)
                    self._row(exact, exact, dict.fromkeys(self._figure(number, codes, by, row.codes), 1))

    def _groups(self) -> dict[str, list[str]]:
        found = defaultdict[str, list[str]](list)
        for code, group in self.its.asked.group_of.items():
            found[group].append(code)
        return dict(found)

    def _few_change(self) -> None:
        """Exactly known where nobody has; else within the threshold."""
        pairs = pairwise(self.its.quarters)
        changed = sum(its.code != one[who].code for one, other in pairs for who, its in other.items() if who in one)
        most = changed + self.its.limits.threshold if changed else 0
        if self.changes:
            self._row(0, most, dict.fromkeys(self.changes, 1))

    def _least(self, terms: Mapping[int, float], sign: int = 1) -> float:
        for variable, weight in terms.items():
            self.model.changeColCost(variable, sign * weight)
        self.model.run()
        if self.model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ArithmeticError(f"seed {self.its.seed}: {self.model.getModelStatus()}")
        value = sign * float(self.model.getObjectiveValue())
        for variable in terms:
            self.model.changeColCost(variable, 0)
        return value

    def looks(self) -> tuple[list[Found], int]:
        """What is narrower than the threshold, though there are as many people; and how much was looked at."""
        found, looked_at = list[Found](), 0
        for what, variables, people in self._looked_for():
            looked_at += 1
            allowed = min(self.its.limits.threshold, people)
            terms = dict.fromkeys(variables, 1.0)
            least, greatest = self._least(terms), self._least(terms, -1)
            if greatest - least < allowed - CLOSE:
                found.append(Found(self.its.seed, what, least, greatest, allowed))
        return found, looked_at

    def _looked_for(self) -> Iterator[tuple[str, list[int], int]]:
        groups = self._groups()
        for number, release in enumerate(self.published):
            if release is None:
                continue
            if release.total.period == f"Q{number}":
                for hidden, _ in release.total.hidden.values():
                    for code in hidden:
                        yield f"{code} of all, {number}", self._figure(number, [code]), self._exact(number, hidden)
            for by, name in enumerate(BY):
                rest = release.by[name].rest if name in release.by else None
                for row in rest.codes if rest and rest.period == f"Q{number}" else ():
                    for group, codes in groups.items():
                        people = self._exact(number, self.codes, by, [row])
                        yield f"{group} in {row}, {number}", self._figure(number, codes, by, [row]), people
        for number in range(1, len(self.its.quarters)):
            yield from self._who_moved(number, groups)

    def _who_moved(self, number: int, groups: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, list[int], int]]:
        places = {its.place for quarter in self.its.quarters for its in quarter.values()}
        for by in range(len(BY)):
            for row in sorted({place[by] for place in places}):
                for word, here, there in (("came into", number, number - 1), ("went from", number - 1, number)):
                    paths = [
                        path
                        for path in self.paths
                        if (its := path[here]) is not None
                        and its[by] == row
                        and ((was := path[there]) is None or was[by] != row)
                    ]
                    people = sum(self.paths[path] for path in paths)
                    for group, codes in groups.items() if people else ():
                        variables = [self.at[here, path, code] for path in paths for code in codes]
                        yield f"{group} of who {word} {row}, {number}", variables, people


def attacked(its: Population) -> Outcome:
    published = releases(its)
    found, looked_at = Attacker(its, published).looks()
    rows = [
        (row.period == f"Q{number}", row is table.rest, len(row.codes))
        for number, release in enumerate(published)
        if release
        for table in release.by.values()
        for row in (*table.rows, table.rest)
        if row
    ]
    return Outcome(
        found,
        looked_at,
        shown=sum(new and not rest for new, rest, _ in rows),
        repeated=sum(not new for new, _, _ in rows),
        hidden=sum(size for new, rest, size in rows if rest),
    )
