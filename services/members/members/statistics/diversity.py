"""A release's figures of every characteristic: totals, by organisation, by grade band. Pure.

Counted anew for each period and never before; what an earlier release showed limits what this one may.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from members.statistics import tables, totals
from members.statistics.counting import Cells, Movement, People, cells, movement, relabelled
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
    """An earlier release as it is remembered: whom it counted as what, by any name, and all that it counted then."""

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
    detailed = cells(now.values(), lambda code: code)
    grouped = relabelled(detailed, its.group_of.__getitem__)

    @lru_cache
    def since(of: str) -> Movement:
        was = earlier(of)
        return movement(now, was.people, was.counted, its.group_of.__getitem__)

    if before is None:
        total = totals.first(detailed, its.group_of, limits, period)
    else:
        was = earlier(before.total.period)
        moved = movement(now, was.people, was.counted, lambda code: code)
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
