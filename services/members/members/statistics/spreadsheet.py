"""A release as CSV, a line for each figure, and the description of its columns (W3C's CSV on the Web). Pure."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Final

from members.monitoring import questions
from members.statistics import method
from members.statistics.store import Release
from members.statistics.tables import ROUNDED_TO, Row

COLUMNS: Final = {
    "topic": "What is counted: a characteristic of equality monitoring, or members, joined, left",
    "by": "What a line is of: all members, an organisation, a grade band",
    "rows": "The codes of the organisations or grade bands, with a space between those shown together",
    "answers": "The codes of the answers or groups of answers, with a space between those shown together",
    "figure": f"People, rounded to {ROUNDED_TO}",
    "period": "The quarter of which the figure is; an earlier one where it is repeated",
}


def lines(its: Release) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([*_diversity(its), *_participation(its)])
    return text.getvalue()


def description(its: Release) -> str:
    columns = [
        {
            "name": name,
            "titles": name,
            "dc:description": words,
            "datatype": "integer" if name == "figure" else "string",
        }
        for name, words in COLUMNS.items()
    ]
    small, limits = "Figures of few people", its.method
    if limits is not None:
        special = method.special(questions.of_version(its.questions_version))
        small = f"Figures under {limits.threshold}, and of {special} those under {limits.special_threshold},"
    hidden = (
        f"Rounded to {ROUNDED_TO}. {small} are shown together with others or not at all. "
        "A figure whose change would tell of few is repeated."
    )
    about = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": f"{its.period}.csv",
        "dc:title": f"Who takes part in the profession, {its.period}",
        "dc:date": its.counted_on.isoformat(),
        "dc:description": hidden,
        "tableSchema": {"columns": columns},
    }
    return json.dumps(about, ensure_ascii=False, indent=2)


def _diversity(its: Release) -> Iterator[tuple[str, str, str, str, int, str]]:
    for code, figures in its.diversity.items():
        total = figures.total
        for answer, figure in total.figures.items():
            yield code, "all", "", answer, figure, total.period
        for answers, figure in total.hidden.values():
            yield code, "all", "", " ".join(answers), figure, total.period
        for by, table in figures.by.items():
            rows: list[Row] = [*table.rows, *([table.rest] if table.rest else [])]
            for row in rows:
                for group, figure in row.figures.items():
                    yield code, by, " ".join(row.codes), group, figure, row.period


def _participation(its: Release) -> Iterator[tuple[str, str, str, str, int, str]]:
    for measure, parts in its.participation.items():
        for by, part in parts.items():
            for code, figure in part.shown.items():
                yield measure, by, code, "", figure, its.period
            if part.together:
                yield measure, by, " ".join(part.hidden), "", part.together, its.period
        yield measure, "all", "", "", next(iter(parts.values())).all, its.period
