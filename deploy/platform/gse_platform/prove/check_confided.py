"""What somebody said in confidence is where they said it, and nowhere else."""

import re
from typing import Final

from gse_platform.prove.facts import PLANTED, Facts

SECRETS: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z2-7]{4}(?:-[a-z2-7]{4}){7}")

WHAT_SOMEBODY_IS = frozenset({"bisexual", "buddhist", "gay-or-lesbian", "heterosexual", "hindu", "jewish", "muslim"})
"""Codes of answers to monitoring that are part of no other text of the platform's; four letters may be of a token."""
# The tables that words said in confidence may stand in, until their time is over.
MAY_HOLD_WORDS = {"members.interest", "members.feedback_comment"}

ANSWER: Final = re.compile("|".join(sorted(WHAT_SOMEBODY_IS)).encode())


def what_is_confided_stays(facts: Facts) -> list[str]:
    """No statement, comment or token is in any other table; no number of an interest and no token on a stream."""
    wrong = [
        f"{table}: {rows} rows hold words that were said in confidence, or a token"
        for table, rows in sorted(facts.confided.items())
        if rows and table not in MAY_HOLD_WORDS
    ] + [
        f"{table}: {rows} rows say of somebody what they answered to monitoring"
        for table, rows in sorted(facts.characteristics.items())
        if rows and table != "members.statistics_release"
    ]
    wrong += [
        f"an answer to monitoring is on {its.topic} {its.partition}@{its.offset}"
        for its in facts.log
        if PLANTED not in its.headers and ANSWER.search(its.value or b"")
    ]
    numbers = {its.row["interest_id"] for its in facts.changes if its.what == "members.interest"}
    secret = numbers | {its.made for its in facts.commands if its.kind == "token" and its.made}
    return wrong + [
        f"a token, or the number of an interest, is on {its.topic} {its.partition}@{its.offset}"
        for its in facts.log
        if PLANTED not in its.headers and secret & set(SECRETS.findall((its.value or b"").decode(errors="replace")))
    ]
