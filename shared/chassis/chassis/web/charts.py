"""Pictures of figures, measured out here and drawn by `templates/charts.html`, each with the same figures as a table.

    chart = columns(["1 May", "2 May"], {"Sent": [5, 7], "Failed": [1, 0]})
    {{ charts.draw(chart, "sent", "Messages a day", "Of 13 messages 12 were sent.", of="Day") }}

Across everything is a percentage, so that a picture is as wide as its page and its words keep their size. A series is
told by its pattern as well as by its colour, and named beside the picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

COLOURS: Final = ("#12436d", "#28a197", "#801650", "#d4351c", "#3d3d3d")
"""One for each series, as many as there are patterns in `charts.html`; each stands out from the page by 3 to 1."""
TOP: Final = 20  # pixels above the highest mark, for its words
TALL: Final = 200  # from the lowest mark to the highest
BELOW: Final = 28  # for the words under the columns
GAP: Final = 0.25  # of a column's room
MOST_MARKS: Final = 4  # above zero
MOST_TICKS: Final = 5
ROW: Final = 48  # of a bar with its words
THICK: Final = 18


@dataclass(frozen=True)
class Block:
    """A rectangle. Across it is measured in percent, down in pixels; `words` is what it stands for."""

    series: int
    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True)
class Mark:
    """A line across, at a value."""

    y: float
    words: str


@dataclass(frozen=True)
class Tick:
    """Words beside a column or a bar; `anchor` keeps them on the picture."""

    x: float
    y: float
    anchor: str
    words: str


@dataclass(frozen=True)
class Chart:
    """A picture, and what it shows: `series` are figures by their names, one for each label."""

    labels: Sequence[str]
    series: Mapping[str, Sequence[int]]
    height: int
    blocks: Sequence[Block]
    marks: Sequence[Mark]
    ticks: Sequence[Tick]

    @property
    def rows(self) -> list[tuple[str, list[int], int]]:
        """Of the table: a label, its figures and their sum."""
        figures = zip(*self.series.values(), strict=True)
        return [(label, list(its), sum(its)) for label, its in zip(self.labels, figures, strict=True)]

    @property
    def totals(self) -> list[int]:
        return [sum(figures) for figures in self.series.values()]


def columns(labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> Chart:
    """Columns side by side, each stacked from the first series upwards."""
    _check(labels, series)
    stacks = list(zip(*series.values(), strict=True))
    step, top = _scale(max(map(sum, stacks), default=0))
    room, blocks = 100 / max(1, len(labels)), []
    for place, (label, stack) in enumerate(zip(labels, stacks, strict=True)):
        below = 0
        for number, (name, figure) in enumerate(zip(series, stack, strict=True)):
            if figure:
                height = figure / top * TALL
                y = TOP + TALL - below / top * TALL - height
                x, width = room * (place + GAP / 2), room * (1 - GAP)
                blocks.append(Block(number, x, y, width, height, f"{label}, {name}: {figure:,}"))
            below += figure
    marks = [Mark(TOP + TALL - value / top * TALL, f"{value:,}") for value in range(0, top + 1, step)]
    return Chart(labels, series, TOP + TALL + BELOW, blocks, marks, _ticks(labels))


def bars(labels: Sequence[str], name: str, figures: Sequence[int]) -> Chart:
    """Bars below each other, each under its words."""
    _check(labels, {name: figures})
    most, blocks, ticks = max(1, *figures), [], []
    for place, (label, figure) in enumerate(zip(labels, figures, strict=True)):
        y = place * ROW
        ticks.append(Tick(0, y + ROW - THICK - 8, "start", f"{label}: {figure:,}"))
        if figure:
            blocks.append(Block(0, 0, y + ROW - THICK, figure / most * 100, THICK, f"{label}: {figure:,}"))
    return Chart(labels, {name: figures}, ROW * len(labels), blocks, [], ticks)


def _check(labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> None:
    if len(series) > len(COLOURS):
        raise ValueError(f"a picture tells {len(COLOURS)} series apart, not {len(series)}")
    if not series or any(len(its) != len(labels) for its in series.values()):
        raise ValueError("each series needs a figure for each label")
    if any(figure < 0 for its in series.values() for figure in its):
        raise ValueError("nothing is stacked on less than nothing")


def _scale(most: int) -> tuple[int, int]:
    """From mark to mark, and the highest: whole round numbers, and the highest column fits."""
    step, place = 1, 0
    while step * MOST_MARKS < most:
        place += 1
        step = (1, 2, 5)[place % 3] * 10 ** (place // 3)
    return step, step * max(1, -(-most // step))


def _ticks(labels: Sequence[str]) -> list[Tick]:
    """The last label, and others as far from each other as leaves them legible on a phone."""
    every, room = max(1, -(-len(labels) // MOST_TICKS)), 100 / max(1, len(labels))
    last, ticks = len(labels) - 1, []
    for place, label in enumerate(labels):
        if (last - place) % every:
            continue
        x, anchor = room * (place + 0.5), "middle"
        if place == last and every > 1:
            x, anchor = 100.0, "end"
        ticks.append(Tick(x, TOP + TALL + BELOW - 8, anchor, label))
    return ticks
