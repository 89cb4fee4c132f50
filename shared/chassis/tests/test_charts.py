"""Charts: what is drawn is what the table says, as a parser of XML finds it, and nobody needs to see colours."""

import math
import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.web import create_pages
from chassis.web.charts import COLOURS, TALL, Chart, bars, columns

SVG = "{http://www.w3.org/2000/svg}"
PAGE = '{% import "charts.html" as charts %}{{ charts.draw(chart, "sent", "A <title>", "All & more.", of="Day") }}'
PAGES = create_pages("test")
DAYS = ["1 May", "2 May", "3 May"]
TWO = {"Sent": [40, 0, 7], "Failed": [2, 0, 1]}
figures = st.integers(1, 40).flatmap(
    lambda days: st.lists(
        st.lists(st.integers(0, 20_000), min_size=days, max_size=days), min_size=1, max_size=len(COLOURS)
    )
)


def drawn(chart: Chart) -> str:
    return PAGES.from_string(PAGE).render(chart=chart)


def picture(html: str) -> ET.Element:
    """The first SVG of a page, as well-formed XML."""
    found = re.search(r'<svg[^>]* id="sent".*?</svg>', html, re.DOTALL)
    assert found is not None
    return ET.fromstring(found[0])  # noqa: S314 (our own page)


def blocks(svg: ET.Element) -> list[ET.Element]:
    return svg.findall(f"{SVG}rect")


class Cells(HTMLParser):
    """The rows of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.within = False

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in {"th", "td"}:
            self.rows[-1].append("")
            self.within = True

    def handle_endtag(self, tag: str) -> None:
        self.within = self.within and tag not in {"th", "td"}

    def handle_data(self, data: str) -> None:
        if self.within:
            self.rows[-1][-1] += data.strip()


def table(html: str) -> list[list[str]]:
    cells = Cells()
    cells.feed(html)
    return cells.rows


def test_a_picture_names_itself_and_stands_beside_its_figures() -> None:
    html = drawn(columns(DAYS, TWO))
    svg = picture(html)

    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "sent-title sent-desc"
    assert [(its.get("id"), its.text) for its in svg if its.tag in {f"{SVG}title", f"{SVG}desc"}] == [
        ("sent-title", "A <title>"),
        ("sent-desc", "All & more."),
    ]
    assert table(html) == [
        ["Day", "Sent", "Failed", "All"],
        ["1 May", "40", "2", "42"],
        ["2 May", "0", "0", "0"],
        ["3 May", "7", "1", "8"],
    ]
    assert [re.sub(r"\s+", " ", its).strip() for its in re.findall(r"</svg>\s*([^<]+?)\s*</li>", html)] == [
        "Sent: 47",
        "Failed: 3",
    ]


@given(figures)
def test_the_heights_that_are_drawn_are_the_figures_of_the_table(figures: list[list[int]]) -> None:
    series = {f"Series {number}": its for number, its in enumerate(figures)}
    labels = [f"day {number}" for number in range(len(figures[0]))]
    html = drawn(columns(labels, series))
    svg = picture(html)

    by_words = {its.findtext(f"{SVG}title"): its for its in blocks(svg)}
    marks = [float(its.get("y1", "")) for its in svg.findall(f"{SVG}line")]
    words = [its.text or "" for its in svg.findall(f"{SVG}text") if its.get("x") == "0"]
    pixels_each = (marks[0] - marks[-1]) / int(words[-1].replace(",", ""))
    heights = [
        [
            float(found.get("height", "")) if (found := by_words.get(f"{label}, {name}: {its[place]:,}")) is not None
            else 0.0
            for name, its in series.items()
        ]
        for place, label in enumerate(labels)
    ]  # fmt: skip
    rows = [[int(cell.replace(",", "")) for cell in row[1:]] for row in table(html)[1:]]

    assert marks[0] - marks[-1] == TALL
    assert all(
        math.isclose(height, figure * pixels_each, abs_tol=0.001)
        for day, row in zip(heights, rows, strict=True)
        for height, figure in zip(day, row[: len(series)], strict=True)
    )
    assert [sum(row[: len(series)]) for row in rows] == [sum(its) for its in zip(*figures, strict=True)]
    assert sum(its > 0 for row in rows for its in row[: len(series)]) == len(blocks(svg))


@given(figures)
def test_nothing_leaves_the_picture_and_no_column_covers_another(figures: list[list[int]]) -> None:
    svg = picture(drawn(columns([""] * len(figures[0]), {str(number): its for number, its in enumerate(figures)})))
    boxes = [
        (_number(its, "x"), _number(its, "y"), _number(its, "width"), _number(its, "height")) for its in blocks(svg)
    ]
    total = float(svg.get("height", ""))

    assert all(min(x, y) >= 0 and x + width <= 100 and y + height <= total for x, y, width, height in boxes)
    by_column: dict[float, list[tuple[float, float]]] = {}
    for x, y, _, height in boxes:
        by_column.setdefault(x, []).append((y, y + height))
    for stack in by_column.values():
        tops = sorted(stack)
        assert all(below[0] >= above[1] - 0.002 for above, below in pairwise(tops))


def _number(element: ET.Element, name: str) -> float:
    return float(element.get(name, "").rstrip("%"))


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        (0, ["0", "1"]),
        (1, ["0", "1"]),
        (3, ["0", "1", "2", "3"]),
        (7, ["0", "2", "4", "6", "8"]),
        (10_000, ["0", "5,000", "10,000"]),
        (10_001, ["0", "5,000", "10,000", "15,000"]),
    ],
)
def test_marks_are_whole_and_round(most: int, marks: list[str]) -> None:
    assert [its.words for its in columns(["1 May"], {"Sent": [most]}).marks] == marks


def test_a_few_labels_are_written_and_the_last_always() -> None:
    chart = columns([str(day) for day in range(1, 31)], {"Sent": [1] * 30})

    assert [its.words for its in chart.ticks] == ["6", "12", "18", "24", "30"]


def test_bars_say_their_figures() -> None:
    html = drawn(bars(["Under a minute", "Longer"], "Messages", [30, 10]))
    svg = picture(html)

    assert [(_number(its, "width"), its.findtext(f"{SVG}title")) for its in blocks(svg)] == [
        (100, "Under a minute: 30"),
        (33.333, "Longer: 10"),
    ]
    assert [its.text for its in svg.findall(f"{SVG}text")] == ["Under a minute: 30", "Longer: 10"]
    assert table(html) == [["Day", "Messages"], ["Under a minute", "30"], ["Longer", "10"]]
    assert blocks(picture(drawn(bars(["Under a minute"], "Messages", [0])))) == []


def test_each_series_has_a_pattern_and_a_colour_that_stands_out() -> None:
    svg = picture(drawn(columns(["1 May"], {str(number): [1] for number in range(len(COLOURS))})))
    patterns = {
        ET.tostring(its, encoding="unicode").partition("<")[2].split("/>", 1)[1].replace("ns0:", "").strip()
        for its in svg.iter(f"{SVG}pattern")
    }

    assert len(patterns) == len(COLOURS)  # what lies on the colour is another each time
    assert all(1.05 / (_luminance(colour) + 0.05) >= 3 for colour in COLOURS)  # WCAG 2.2, 1.4.11
    assert {its.get("fill") for its in blocks(svg)} == {f"url(#sent-{number})" for number in range(len(COLOURS))}


def _luminance(colour: str) -> float:
    """As WCAG defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [its / 12.92 if its <= 0.04045 else ((its + 0.055) / 1.055) ** 2.4 for its in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    "series",
    [{}, {"Sent": [1]}, {"Sent": [1, 2, -3]}, {str(number): [1, 2, 3] for number in range(len(COLOURS) + 1)}],
    ids=["none", "too short", "negative", "too many"],
)
def test_what_cannot_be_drawn_is_refused(series: Mapping[str, Sequence[int]]) -> None:
    with pytest.raises(ValueError, match=r"picture|figure|nothing"):
        columns(DAYS, series)


def test_a_picture_needs_neither_script_nor_style_of_its_own() -> None:
    html = drawn(columns(DAYS, TWO))

    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", html)
