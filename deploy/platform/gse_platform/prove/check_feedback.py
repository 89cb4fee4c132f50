"""That members are heard in rounds of feedback, and that nobody can be found in what is kept of it."""

from collections import Counter
from datetime import datetime

from gse_platform.clock import HERE
from gse_platform.prove.facts import Command, Facts, Row

FEWEST, STEP = 5, 5  # of fewer nothing is told; told is to the nearest five
BALLOTS = ("feedback_taken", "feedback_spent", "feedback_sealed")
KEPT = (*BALLOTS, "feedback_figure", "feedback_comment")


def answers_come_of_tokens(facts: Facts) -> list[str]:
    """A member has one token a round at most, a token one answer; and each that was acknowledged counts, once."""
    wrong = []
    for its in _rounds(facts):
        taken, spent, sealed = (_made(facts, table, its) for table in BALLOTS)
        if taken not in _asked(facts, "token", its):
            wrong.append(f"round {its}: {taken} tokens were made, {_asked(facts, 'token', its)} acknowledged")
        if sealed not in _asked(facts, "answer-round", its):
            wrong.append(f"round {its}: {sealed} answers, {_asked(facts, 'answer-round', its)} acknowledged")
        if not spent == sealed <= taken:
            wrong.append(f"round {its}: {taken} tokens, {spent} of them used, for {sealed} answers")
    takers = Counter((one.about, one.asked["round_id"]) for one in facts.commands if _is_ok(one, "token"))
    return wrong + [f"{who} has {many} tokens of round {its}" for (who, its), many in takers.items() if many > 1]


def closed_rounds_keep_figures_alone(facts: Facts) -> list[str]:
    """A round closes with its day, and then of tokens and answers nothing is left but figures and words."""
    today = datetime.fromisoformat(facts.now).astimezone(HERE).date().isoformat() if facts.now else ""
    said = {its.subject: its.data["answered"] for its in facts.said if its.name == "FeedbackSummaryPublished"}
    wrong = []
    for its, row in _rounds(facts).items():
        is_closed = row["closed_at"] is not None
        if is_closed != (row["closes_on"] < today):
            wrong.append(f"round {its}, until {row['closes_on']}, is {'closed' if is_closed else 'open'} on {today}")
        left = {table for table in BALLOTS for each in _rows(facts, table) if each["round_id"] == its}
        wrong += [f"round {its} is closed and rows of it are in {table}" for table in sorted(left) if is_closed]
        told = {_told(number) for number in _asked(facts, "answer-round", its)} if is_closed else {None}
        if row["answered"] not in told or said.get(its, row["answered"]) != row["answered"]:
            wrong.append(f"round {its}: {row['answered']} are told to have answered, and said {said.get(its)}: {told}")
        comments = sum(each["round_id"] == its for each in _rows(facts, "feedback_comment"))
        if comments not in (_asked(facts, "answer-round", its, comment="yes") if row["answered"] else range(1)):
            wrong.append(f"round {its}: {comments} comments are kept")
    return wrong


def nobody_is_found_in_feedback(facts: Facts) -> list[str]:
    """No row of what was taken, used, answered, counted or written holds a member's id, and none an instant."""
    members = {its.subject for its in facts.said if its.name == "MemberJoined"}
    held = [(table, row) for table in KEPT for row in _rows(facts, table)]
    held += [
        (its.what.removeprefix("members."), its.row)
        for its in facts.changes
        if its.what.removeprefix("members.") in BALLOTS
    ]
    wrong = [f"{table} leads to a member" for table, row in held if members & set(map(str, row.values()))]
    return wrong + [f"{table} says when" for table, row in held if any(name.endswith(("_at", "_on")) for name in row)]


def _told(number: int) -> int | None:
    return STEP * ((number + STEP // 2) // STEP) if number >= FEWEST else None


def _rounds(facts: Facts) -> dict[str, Row]:
    return {row["round_id"]: row for row in _rows(facts, "feedback_round")}


def _asked(facts: Facts, kind: str, round_id: str, **what: str) -> range:
    """How many there may be: of what had no answer at first and was refused when asked again, some had been done."""
    wanted = {"round_id": round_id, **what}.items()
    its = [one for one in facts.commands if one.kind == kind and wanted <= dict(one.asked).items()]
    done, doubted = sum(one.outcome == "ok" for one in its), sum(one.outcome == "fail" and one.doubted for one in its)
    return range(done, done + doubted + 1)


def _made(facts: Facts, table: str, round_id: str) -> int:
    return sum(
        its.op == "INSERT" and its.row["round_id"] == round_id
        for its in facts.changes
        if its.what == f"members.{table}"
    )


def _is_ok(its: Command, kind: str) -> bool:
    return (its.kind, its.outcome) == (kind, "ok")


def _rows(facts: Facts, table: str) -> list[Row]:
    return list(facts.rows.get(f"members.{table}", ()))
