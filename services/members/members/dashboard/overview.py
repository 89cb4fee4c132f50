"""How an organisation stands: which figures are shown, and which promises need a look. Pure.

Figures go by the one rule of the participation report: rounded, and what is small is hidden until it can't be worked
out. Who takes part is split into those who do and all others, so that "all but a few" is hidden like "a few".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from chassis.days import LONDON
from members.statistics.participation import Part, part
from members.strategy.commitments import Commitment, Standing, standing

MONTHS: Final = 12
SOON: Final = timedelta(days=90)
DOES, DOES_NOT = "does", "does-not"


@dataclass(frozen=True)
class Counted:
    """Exact: members by grade band, those who joined and left by the first day of the month, who takes part in what."""

    members: Mapping[str, int]
    joined: Mapping[date, int]
    left: Mapping[date, int]
    taking_part: Mapping[str, int]


@dataclass(frozen=True)
class Shown:
    """What may be seen of it. Months are such as `2026-11`; None: too few take part to say, or all but a few."""

    members: Part
    joined: Part
    left: Part
    taking_part: Mapping[str, int | None]


@dataclass(frozen=True)
class Due:
    """Promises that are not kept: those whose day has passed, and those whose day comes soon; by their days."""

    overdue: tuple[Commitment, ...]
    soon: tuple[Commitment, ...]


def months(today: date) -> list[date]:
    """The first days of the last twelve months, the oldest first; the last one is today's."""
    count = today.year * 12 + today.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(count - MONTHS + 1, count + 1)]


def month_began(today: date) -> datetime:
    """The instant for which is counted who takes part: it changes once a month, so that nobody's joining is watched."""
    return datetime.combine(today.replace(day=1), time(), LONDON)


def shown(its: Counted, bands: Iterable[str], today: date, threshold: int) -> Shown:
    every, all_members = months(today), sum(its.members.values())
    return Shown(
        part({band: its.members.get(band, 0) for band in bands}, threshold),
        part({f"{month:%Y-%m}": its.joined.get(month, 0) for month in every}, threshold),
        part({f"{month:%Y-%m}": its.left.get(month, 0) for month in every}, threshold),
        {
            what: part({DOES: figure, DOES_NOT: all_members - figure}, threshold).shown.get(DOES)
            for what, figure in its.taking_part.items()
        },
    )


def due(commitments: Iterable[Commitment], today: date) -> Due:
    """`commitments` are by their days."""
    stand = [(its, standing(its, today)) for its in commitments]
    is_open = (Standing.UNDER_WAY, Standing.NOT_STARTED)
    return Due(
        tuple(its for its, stands in stand if stands is Standing.OVERDUE),
        tuple(its for its, stands in stand if stands in is_open and its.due_on <= today + SOON),
    )
