"""The report of an import as a file: a line for each line of the file that was sent. It repeats nothing of that one."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Final

from members.imports.store import Outcome, Settled

COLUMNS: Final = ("line", "outcome", "member_id", "to_mend")
IN_WORDS: Final[Mapping[Outcome, str]] = {
    "joined": "Joined",
    "already-a-member": "A member already",
    "transferred": "Moved to a successor of their organisation",
    "taken-before": "Left since this file was sent before, or at another address",
    "refused": "Not taken",
}


def as_csv(settled: Iterable[Settled]) -> str:
    """With a header, line ends as RFC 4180 has them and, for spreadsheets, a byte order mark."""
    text = io.StringIO(newline="")
    text.write("\ufeff")
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for its in settled:
        to_mend = "; ".join(f"{error.field}: {error.sentence}" for error in its.errors)
        lines.writerow((its.line, its.outcome, its.member_id or "", to_mend))
    return text.getvalue()
