"""A release's figures of every characteristic: totals, by organisation, by grade band. Pure.

Counted anew for each period and never before; what an earlier release showed limits what this one may.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from members.statistics import tables, totals
from members.statistics.counting import Cells, Movement, Path, People, Place, cells, movement, paths, relabelled
from members.statistics.tables import Counts, Limits, Table
from members.statistics.totals import Total

BY: Final = ("organisation", "band")


class Asked(Protocol):
    """A characteristic, as far as counting needs it."""

    @property
    def group_of(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Figures:
    """Of one characteristic; `by` are the tables by what stands in `BY`, where there may be any."""

    total: Total
    by: Mapping[str, Table]

    @property
    def looks_back_to(self) -> set[str]:
        """The periods of all figures in it."""
        rows = [row for table in self.by.values() for row in (*table.rows, table.rest) if row is not None]
        return {self.total.period, *(row.period for row in rows)}


@dataclass(frozen=True)
class Earlier:
    """An earlier release as it is remembered: as what it counted those who are there now, and all that it counted."""

    people: People
    counted: Cells


def figures(
    now: People,
    its: Asked,
    limits: Limits,
    period: str,
    *,
    before: Figures | None,
    earlier: Callable[[str], Earlier],
) -> Figures | None:
    """None for a characteristic of which nothing can be shown. `before` itself where nothing may be new."""
    earlier = lru_cache(earlier)
    detailed = cells(now)
    grouped = relabelled(detailed, its.group_of.__getitem__)

    @lru_cache
    def ways(of: str) -> list[Path]:
        return paths(now, earlier(of).people)

    @lru_cache
    def since(of: str) -> Movement:
        return movement(ways(of), earlier(of).counted, its.group_of.__getitem__)

    if before is None:
        total = totals.first(detailed, its.group_of, limits, period)
    else:
        was = before.total.period
        moved = movement(ways(was), earlier(was).counted, lambda code: code)
        total = totals.following(detailed, its.group_of, limits, period, before=before.total, moved=moved)
    if total is None or (before is not None and total is before.total):
        return before
    labels = tuple(dict.fromkeys(its.group_of.values()))
    by = dict[str, Table]()
    for place, name in enumerate(BY):
        counts = Counts(grouped, place, labels, limits, period, since)
        table = tables.following(counts, before.by[name]) if before and name in before.by else tables.first(counts)
        if table is not None:
            by[name] = table
    return Figures(total, by)


def counted(its: Cells) -> list[tuple[str, str, dict[str, int]]]:
    """To be kept."""
    return [(*place, dict(figures)) for place, figures in its.items()]


def as_counted(kept: Iterable[tuple[str, str, Mapping[str, int]]]) -> dict[Place, Counter[str]]:
    """The way back from `counted`."""
    return {(organisation, band): Counter(figures) for organisation, band, figures in kept}
