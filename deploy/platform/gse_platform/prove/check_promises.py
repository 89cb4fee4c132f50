"""What became of the strategy's commitments."""

from collections import Counter
from datetime import date, datetime

from gse_platform.clock import HERE
from gse_platform.prove.facts import Facts, Row


def overdue_is_said_once(facts: Facts) -> list[str]:
    """A commitment whose day has passed is said to be overdue: once, unless it was kept or dropped before."""
    said = Counter(its.subject for its in facts.said if its.name == "CommitmentOverdue")
    rows = {row["commitment_id"]: row for row in facts.rows.get("members.commitment", ())}
    wrong = [f"{its}: said to be overdue, and there is no such commitment" for its in sorted(said.keys() - rows.keys())]
    for commitment_id, row in rows.items():
        may_be = _may_be(row, facts.now)
        if said[commitment_id] not in may_be:
            wrong.append(f"{commitment_id}, due {row['due_on']}: said {said[commitment_id]} times to be overdue")
    return wrong


def _may_be(row: Row, now: str) -> set[int]:
    """How often it may have been said."""
    due_on, today = date.fromisoformat(row["due_on"]), datetime.fromisoformat(now).astimezone(HERE).date()
    if today <= due_on:
        return {0}
    if row["completed_on"] is None and row["dropped_at"] is None:
        return {1}
    return {0, 1}  # it may have been kept just before
