"""Reads a file of members into rows. A file that cannot be read as a whole is refused as a whole, in a sentence."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.refusal import FieldError, Invalid

COLUMNS: Final = ("name", "email", "organisation", "grade", "joined_on", "interests", "skills")
MOST_ROWS: Final = 20_000


@dataclass(frozen=True)
class Row:
    """One person of a file: the line where it begins, and its cells by column; None where they do not fit."""

    line: int
    cells: dict[str, str] | None


def rows_of(content: bytes) -> list[Row]:
    """The rows of a CSV file in UTF-8. Rows with nothing in them are left out. Raises `Invalid` on `file`."""
    lines = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    begins = 1
    try:
        header = [name.strip().lower() for name in next(lines, [])]
        _check(header)
        rows = []
        begins = lines.line_num + 1
        for cells in lines:
            if any(cell.strip() for cell in cells):
                fits = len(cells) == len(header)
                rows.append(Row(begins, dict(zip(header, cells, strict=True)) if fits else None))
            begins = lines.line_num + 1
    except csv.Error:
        raise _wrong(f"Line {begins} of the file is not valid CSV: look for a quotation mark too many") from None
    if not rows:
        raise _wrong("The file has a header line and nobody below it")
    if len(rows) > MOST_ROWS:
        raise _wrong(f"The file has more than {MOST_ROWS:,} rows: send it in parts")
    return rows


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise _wrong("The file is not text in UTF-8: save it as “CSV UTF-8” and send that")
    return text


def _check(header: Sequence[str]) -> None:
    if set(header) == set(COLUMNS) and len(header) == len(COLUMNS):
        return
    missing = [name for name in COLUMNS if name not in header]
    if len(missing) == len(COLUMNS):
        raise _wrong(f"The first line of the file must name its columns, held apart by commas: {', '.join(COLUMNS)}")
    if missing:
        raise _wrong(f"The first line of the file lacks these columns: {', '.join(missing)}")
    raise _wrong(f"The first line of the file must name each of these columns once, and no other: {', '.join(COLUMNS)}")


def _wrong(sentence: str) -> Invalid:
    return Invalid(FieldError("file", sentence))
