"""The picture of the promises along their days: where each mark stands. Pure; the template draws it.

A mark has the number of its row in the table beside it, and a shape for where it stands; no colour says anything alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from members.strategy.commitments import Standing

WIDTH: Final = 360  # the narrow side of a phone, so that words stay as large as the page's small ones
EDGE, MARK, LANE = 32, 26, 32
HEAD: Final = 34  # above the lanes: the word that says today
STEPS: Final = (1, 2, 3, 6)  # months between names on the axis
MOST_NAMES: Final = 5


@dataclass(frozen=True)
class Mark:
    number: int
    standing: Standing
    x: float
    y: float


@dataclass(frozen=True)
class Tick:
    x: float
    text: str


@dataclass(frozen=True)
class Timeline:
    """`today` is None when it lies beyond the days shown; `beyond` then says on which side."""

    width: int
    height: float
    axis_y: float
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    today: float | None
    beyond: str = ""


def drawn(promises: Sequence[tuple[date, Standing]], today: date) -> Timeline:
    """The promises in the order of their days. Marks that would touch stand in lanes above each other."""
    first, last, shows_today = _days(promises, today)
    length = max((last - first).days, 1)

    def x(day: date) -> float:
        return round(EDGE + (day - first).days / length * (WIDTH - 2 * EDGE), 1)

    lanes, places = list[float](), list[tuple[float, int]]()
    for day, _ in promises:
        at = x(day)
        lane = next((number for number, end in enumerate(lanes) if at - end >= MARK + 2), len(lanes))
        lanes[lane : lane + 1] = [at]
        places.append((at, lane))
    axis_y = HEAD + max(len(lanes), 1) * LANE
    marks = tuple(
        Mark(number, standing, at, axis_y - lane * LANE - LANE / 2 - 3)
        for number, ((at, lane), (_, standing)) in enumerate(zip(places, promises, strict=True), 1)
    )
    return Timeline(
        width=WIDTH,
        height=axis_y + 28,
        axis_y=axis_y,
        marks=marks,
        ticks=tuple(Tick(x(day), text) for day, text in _names(first, last)),
        today=x(today) if shows_today else None,
        beyond="" if shows_today else "after" if today > last else "before",
    )


def _days(promises: Sequence[tuple[date, Standing]], today: date) -> tuple[date, date, bool]:
    """From the first of a month to the first of another, and whether today lies between.

    It does where it would not press all others together.
    """
    days = [day for day, _ in promises] or [today]
    room = max(max(days) - min(days), timedelta(days=90))
    shows_today = min(days) - room <= today <= max(days) + room
    if shows_today:
        days.append(today)
    return min(days).replace(day=1), (max(days).replace(day=1) + timedelta(days=32)).replace(day=1), shows_today


def _names(first: date, last: date) -> list[tuple[date, str]]:
    """Months, or years where there are many, at even distances; few enough not to touch."""
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((its for its in STEPS if months <= its * MOST_NAMES), None)
    if step is None:
        years = [year for year in range(first.year, last.year + 1) if date(year, 1, 1) >= first]
        return [(date(year, 1, 1), str(year)) for year in years[:: -(-len(years) // MOST_NAMES)]]
    places = range(first.month - 1, first.month + months, step)
    days = [date(first.year + place // 12, place % 12 + 1, 1) for place in places]
    named = zip([None, *days], days, strict=False)
    return [(day, f"{day:%b}" if before and before.year == day.year else f"{day:%b %Y}") for before, day in named]
