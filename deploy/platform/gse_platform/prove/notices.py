"""The notices of a run: how each went through its states, and where it stands."""

import re
from typing import Any, Final

from gse_platform.prove.facts import Change, Facts, Row

NOTICE: Final = "notifications.notice"
REFERENCE: Final = re.compile(r"<([^.@>]+)(?:\.(\d+))?(?:@[^>]*)?>")


def changes(facts: Facts) -> list[Change]:
    return [its for its in facts.changes if its.what == NOTICE]


def lives(facts: Facts) -> dict[str, list[Row]]:
    """The rows that each notice went through; the row that was deleted says nothing new."""
    found: dict[str, list[Row]] = {}
    for its in changes(facts):
        if its.op != "DELETE":
            found.setdefault(its.row["notice_id"], []).append(its.row)
    return found


def last(facts: Facts) -> dict[str, Row]:
    """Each notice as it stands, or as it was when it was deleted: those of the erased are, whatever became of them."""
    found: dict[str, Any] = {its.row["notice_id"]: its.row for its in changes(facts) if its.op == "DELETE"}
    return found | {row["notice_id"]: row for row in facts.rows.get(NOTICE, ())}


def reference(message_id: str) -> tuple[str, int]:
    """The notice that a message is of, and how often it had been sent again by hand."""
    found = REFERENCE.fullmatch(message_id)
    return (found[1], int(found[2] or 0)) if found else (message_id, 0)
