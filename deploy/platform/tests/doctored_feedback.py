"""A round of feedback in which everything held, and one doctored fact a time."""

from dataclasses import replace
from typing import Any

from healthy_run import ADA, BEN, CAT, DAN, Doctor, record, said, with_more, with_row, without

from gse_platform.prove.check_confided import what_is_confided_stays
from gse_platform.prove.check_feedback import (
    answers_come_of_tokens,
    closed_rounds_keep_figures_alone,
    nobody_is_found_in_feedback,
)
from gse_platform.prove.checks import Check
from gse_platform.prove.facts import Change, Command, Facts

ROUND, LATER = "round-id", "later-id"
TOKEN = "abcd-efgh-ijkl-mnop-qrst-uvwx-yz23-4567"
NUMBER = "22222222-2222-2222-2222-222222222222"
FIVE = (ADA, BEN, CAT, DAN, "eve-id")


def token(place: int, who: str, outcome: str = "ok", **more: Any) -> Command:
    return Command(place, "token", who, {"round_id": ROUND}, outcome, TOKEN if outcome == "ok" else "", **more)


def answer(place: int, comment: str = "no", outcome: str = "ok", **more: Any) -> Command:
    asked = {"round_id": ROUND, "rating": "well", "comment": comment}
    return Command(place, "answer-round", "", asked, outcome, **more)


def made(table: str, place: int, op: str = "INSERT", **more: Any) -> Change:
    return Change(f"members.{table}", place, op, {"round_id": ROUND, **more})


HELD = Facts(
    commands=[
        *(token(place, who) for place, who in enumerate(FIVE)),
        *(answer(place) for place in range(10, 13)),
        answer(13, "yes"),
        answer(14, "yes"),
        token(15, ADA, "fail"),
        answer(16, outcome="fail"),
    ],
    said=[
        *(said(who, 1, "MemberJoined") for who in FIVE),
        said(ROUND, 2, "FeedbackSummaryPublished", answered=5),
    ],
    changes=[
        *(made(table, place, **{what: f"{what} {place}"})
          for table, what in (("feedback_taken", "mark"), ("feedback_spent", "hash"), ("feedback_sealed", "sealed"))
          for place in range(5)),
        made("feedback_sealed", 5, "DELETE", sealed="sealed 1"),
        Change("members.interest", 6, "INSERT", {"interest_id": NUMBER}),
    ],
    rows={
        "members.feedback_round": [
            {"round_id": ROUND, "closes_on": "2026-03-08", "closed_at": "then", "answered": 5},
            {"round_id": LATER, "closes_on": "2026-03-09", "closed_at": None, "answered": None},
        ],
        "members.feedback_taken": [{"mark": "mark", "round_id": LATER}],
        "members.feedback_figure": [{"round_id": ROUND, "group_code": "", "rating": "well", "number": 5}],
        "members.feedback_comment": [{"round_id": ROUND, "words": "One"}, {"round_id": ROUND, "words": "Two"}],
    },
    log=[record("gse.members", 0, said(ROUND, 2, "FeedbackSummaryPublished", answered=5))],
    confided={"members.feedback_comment": 2, "members.interest": 1, "members.outbox": 0},
    now="2026-03-09T12:00:00+00:00",
)  # fmt: skip


def streamed(**data: str) -> Doctor:
    return with_more("log", record("gse.members", 1, said("x", 1, "X", **data)))


def in_round(place: int, **values: Any) -> Doctor:
    return with_row("members.feedback_round", place, **values)


def confided_in(table: str) -> Doctor:
    return lambda its: replace(its, confided={**its.confided, table: 1})


TOKENS, CLOSED, FOUND = answers_come_of_tokens, closed_rounds_keep_figures_alone, nobody_is_found_in_feedback
CONFIDED = what_is_confided_stays
SAID_AGAIN = said(ROUND, 3, "FeedbackSummaryPublished", answered=10)
DOCTORED: list[tuple[str, Check, Doctor]] = [
    ("a token was made that nobody asked for", TOKENS, without("commands", 0)),
    ("a token was not made", TOKENS, without("changes", 0)),
    ("an answer was not kept", TOKENS, without("changes", 10)),
    ("an answer was kept twice", TOKENS, with_more("changes", made("feedback_sealed", 9))),
    ("an answer used no token", TOKENS, without("changes", 5)),
    ("a refused answer was kept", TOKENS, without("commands", 5)),
    (
        "a member had two tokens",
        TOKENS,
        lambda its: with_more("changes", made("feedback_taken", 9))(with_more("commands", token(20, ADA))(its)),
    ),
    (
        "a round did not close with its day",
        CLOSED,
        in_round(0, closed_at=None, answered=None),
    ),
    (
        "a round closed on its day",
        CLOSED,
        in_round(1, closed_at="now"),
    ),
    (
        "who had a token is known after the closing",
        CLOSED,
        with_row("members.feedback_taken", 0, round_id=ROUND),
    ),
    (
        "more are told to have answered than did",
        CLOSED,
        in_round(0, answered=10),
    ),
    (
        "of fewer than five something is told",
        CLOSED,
        without("commands", 5),
    ),
    (
        "another figure is said than kept",
        CLOSED,
        with_more("said", SAID_AGAIN),
    ),
    ("a comment was lost", CLOSED, with_row("members.feedback_comment", 0, round_id="x")),
    (
        "a comment is kept while a round is open",
        CLOSED,
        with_row("members.feedback_comment", 0, round_id=LATER),
    ),
    (
        "a token leads to a member",
        FOUND,
        with_more("changes", made("feedback_taken", 9, mark=ADA)),
    ),
    ("a comment leads to a member", FOUND, with_row("members.feedback_comment", 0, words=BEN)),
    (
        "an answer says when it was given",
        FOUND,
        with_more("changes", made("feedback_sealed", 9, sealed_at="now")),
    ),
    ("a statement is in another table", CONFIDED, confided_in("members.outbox")),
    ("a comment is in another service", CONFIDED, confided_in("notifications.notice")),
    (
        "the number of an interest is on a stream",
        CONFIDED,
        streamed(number=NUMBER),
    ),
    (
        "a token is on a stream",
        CONFIDED,
        streamed(token=TOKEN),
    ),
]
