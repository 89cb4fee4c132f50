"""Opportunities and the Shadow Board, a small run of them in which everything held, and one doctored fact a time."""

import json
from dataclasses import replace
from typing import Any

from healthy_run import ADA, BEN, CAT, Doctor, having, said, with_more, with_row, without

from gse_platform.prove.check_board import seats_go_round, terms_are_ended_by_somebody, who_sits_advises
from gse_platform.prove.check_opportunities import (
    closing_is_said_once,
    interests_are_as_asked,
    the_chosen_applied,
    the_lot_is_as_anybody_draws_it,
    the_team_chose_by_hand,
)
from gse_platform.prove.checks import Check
from gse_platform.prove.facts import Change, Command, Facts, Said

FOCUS, BOARD, SEAT, OTHER_SEAT, ADVICE = "focus-id", "board-id", "seat-id", "other-seat-id", "advice-id"
DIGEST = ["19B25856E1C150CA834CFFC8B59B23AD", "BD0EC0389E58EB22B3B64768098D002B"]  # of the word "seed"
NOW = "2026-03-09T12:00:00+00:00"


def event(place: int, subject: str, sequence: int, name: str, **data: Any) -> Said:
    return replace(said(subject, sequence, name, **data), place=place, at=float(place))


def interest(number: str, opportunity: str, who: str | None, state: str, band: str | None = None) -> dict[str, Any]:
    return {
        "interest_id": number,
        "opportunity_id": opportunity,
        "member_id": who,
        "state": state,
        "band": band,
        "organisation": {"one": "1", "two": "1", "three": "2"}.get(number) if band else None,
        "statement": None,
    }


def stood(*rows: tuple[str, dict[str, Any]]) -> list[Change]:
    return [Change("members.interest", place, op, row) for place, (op, row) in enumerate(rows)]


# Three apply for one place, which the lot gives to the second; who gives it up, and the first has it.
CHANGES = stood(
    ("INSERT", interest("one", FOCUS, ADA, "registered")),
    ("INSERT", interest("two", FOCUS, BEN, "registered")),
    ("INSERT", interest("three", FOCUS, CAT, "registered")),
    ("UPDATE", interest("one", FOCUS, ADA, "not-chosen", "EO")),
    ("UPDATE", interest("two", FOCUS, BEN, "chosen", "EO")),
    ("UPDATE", interest("three", FOCUS, CAT, "not-chosen", "HEO-SEO")),
    ("UPDATE", interest("two", FOCUS, BEN, "given-up", "EO")),
    ("UPDATE", interest("three", FOCUS, None, "gone", "HEO-SEO")),
    ("UPDATE", interest("one", FOCUS, ADA, "chosen", "EO")),
    ("INSERT", interest("four", BOARD, BEN, "registered")),
    ("UPDATE", interest("four", BOARD, BEN, "chosen")),
)
HELD = Facts(
    commands=[
        Command(30, "apply", ADA, {"opportunity_id": FOCUS}, "ok", began=1, ended=2),
        Command(31, "apply", BEN, {"opportunity_id": FOCUS}, "ok", began=1, ended=2),
        Command(32, "apply", CAT, {"opportunity_id": FOCUS}, "ok", began=1, ended=2),
        Command(33, "withdraw", BEN, {"opportunity_id": FOCUS}, "ok", began=15, ended=16),
        Command(34, "apply", BEN, {"opportunity_id": BOARD}, "ok", began=1, ended=2),
        Command(35, "select", BOARD, {"numbers": "four"}, "ok"),
        Command(36, "open-seat", "", {}, "ok", SEAT),
        Command(37, "advise", BEN, {}, "ok", ADVICE),
        Command(38, "open-seat", "", {}, "ok", OTHER_SEAT),
        Command(39, "stand-down", OTHER_SEAT, {"member_id": BEN, "by": "team"}, "ok"),
    ],
    said=[
        event(1, FOCUS, 1, "OpportunityOpened", seed_digest=DIGEST),
        event(2, BOARD, 1, "OpportunityOpened", seed_digest=None),
        event(10, FOCUS, 2, "OpportunityClosed"),
        event(11, FOCUS, 3, "ParticipantsSelected", member_ids=[BEN]),
        event(12, FOCUS, 4, "ApplicantsNotSelected", member_ids=[ADA, CAT]),
        event(13, CAT, 2, "MemberLeft"),
        event(20, FOCUS, 5, "ParticipantsSelected", member_ids=[ADA]),
        event(21, BOARD, 2, "OpportunityClosed"),
        event(22, BOARD, 3, "ParticipantsSelected", member_ids=[BEN]),
        event(30, SEAT, 1, "ShadowBoardSeatOpened"),
        event(31, SEAT, 2, "ShadowBoardMemberAppointed", member_id=BEN, ends_on="2026-03-05"),
        event(32, ADVICE, 1, "ShadowBoardAdviceGiven"),
        event(33, SEAT, 3, "ShadowBoardTermEnded", ended_on="2026-03-05"),
        event(34, SEAT, 4, "ShadowBoardSeatOpened"),
        event(35, SEAT, 5, "ShadowBoardMemberAppointed", member_id=ADA, ends_on="2026-03-09"),
        event(36, OTHER_SEAT, 1, "ShadowBoardSeatOpened"),
        event(37, OTHER_SEAT, 2, "ShadowBoardMemberAppointed", member_id=BEN, ends_on="2026-12-09"),
        event(38, OTHER_SEAT, 3, "ShadowBoardMemberStoodDown", member_id=BEN, ended_on="2026-03-08"),
    ],
    changes=CHANGES,
    rows={
        "members.opportunity": [
            {"opportunity_id": FOCUS, "closes_at": "2026-03-01T12:00:00+00:00", "seed": "seed", "capacity": 1},
            {"opportunity_id": BOARD, "closes_at": "2026-03-01T12:00:00+00:00", "seed": None, "capacity": 1},
        ],
        "members.interest": [CHANGES[place].row for place in (6, 7, 8, 10)],
        "members.shadow_board_term": [{"seat_id": SEAT, "member_id": ADA, "ended_at": None}],
    },
    now=NOW,
)


def saying(place: int, **data: Any) -> Doctor:
    return lambda its: having(
        its,
        "said",
        [replace(one, body=json.dumps(one.data | data)) if at == place else one for at, one in enumerate(its.said)],
    )


def changed(place: int, **values: Any) -> Doctor:
    return lambda its: having(
        its,
        "changes",
        [replace(one, row={**one.row, **values}) if at == place else one for at, one in enumerate(its.changes)],
    )


def the_term_ended_before_the_advice(its: Facts) -> Facts:
    places = {"ShadowBoardAdviceGiven": 33, "ShadowBoardTermEnded": 32}
    return having(its, "said", [replace(one, place=places.get(one.name, one.place)) for one in its.said])


DOCTORED: list[tuple[str, Check, Doctor]] = [
    ("an opportunity was not said to be closed", closing_is_said_once, without("said", 2)),
    (
        "an opportunity was said to be closed twice",
        closing_is_said_once,
        with_more("said", event(23, FOCUS, 6, "OpportunityClosed")),
    ),
    (
        "an opportunity was closed before its instant",
        closing_is_said_once,
        with_row("members.opportunity", 0, closes_at="2026-03-09T12:00:01+00:00"),
    ),
    (
        "what nobody opened was closed",
        closing_is_said_once,
        with_more("said", event(23, "x", 1, "OpportunityClosed")),
    ),
    (
        "the lot was drawn with another seed than the promised",
        closing_is_said_once,
        with_row("members.opportunity", 0, seed="another"),
    ),
    (
        "somebody else was chosen than the lot gives",
        the_lot_is_as_anybody_draws_it,
        lambda its: changed(4, state="not-chosen")(changed(3, state="chosen")(its)),
    ),
    (
        "the next place went to who was not next",
        the_lot_is_as_anybody_draws_it,
        changed(8, interest_id="two", state="chosen"),
    ),
    (
        "nobody was drawn",
        the_lot_is_as_anybody_draws_it,
        changed(4, state="not-chosen"),
    ),
    (
        "somebody was chosen whom the team did not name",
        the_team_chose_by_hand,
        without("commands", 5),
    ),
    ("somebody was named and not chosen", the_team_chose_by_hand, without("changes", 10)),
    (
        "more have a place than there are",
        the_team_chose_by_hand,
        changed(6, state="chosen"),
    ),
    ("somebody was chosen and nobody said so", the_chosen_applied, without("said", 3)),
    (
        "somebody was said to be chosen who was not",
        the_chosen_applied,
        saying(3, member_ids=[BEN, ADA]),
    ),
    ("who has no place was not told", the_chosen_applied, saying(4, member_ids=[ADA])),
    ("somebody was chosen who never applied", the_chosen_applied, without("commands", 0)),
    (
        "somebody was chosen who had withdrawn",
        the_chosen_applied,
        with_more("commands", Command(38, "withdraw", ADA, {"opportunity_id": FOCUS}, "ok", began=3, ended=4)),
    ),
    (
        "somebody was chosen who had left",
        the_chosen_applied,
        with_more("said", event(19, ADA, 3, "MemberLeft")),
    ),
    (
        "who applied does not stand there",
        interests_are_as_asked,
        with_row("members.interest", 3, state="gone"),
    ),
    ("somebody stands there who did not apply", interests_are_as_asked, without("commands", 4)),
    (
        "who withdrew stands there",
        interests_are_as_asked,
        with_row("members.interest", 0, state="chosen"),
    ),
    (
        "who left stands there",
        interests_are_as_asked,
        with_row("members.interest", 1, member_id=CAT),
    ),
    (
        "a statement is kept after the choice",
        interests_are_as_asked,
        with_row("members.interest", 3, statement="I would"),
    ),
    (
        "a statement waits for a lot",
        interests_are_as_asked,
        with_row("members.interest", 2, statement="I would", state="registered"),
    ),
    ("a seat was taken twice", seats_go_round, without("said", 12)),
    ("a seat was not free again", seats_go_round, without("said", 13)),
    ("a term ended before its day", seats_go_round, saying(12, ended_on="2026-03-04")),
    ("a term did not end with its day", seats_go_round, saying(14, ends_on="2026-03-08")),
    (
        "somebody who is gone has a seat",
        seats_go_round,
        with_more("said", event(40, ADA, 3, "MemberLeft")),
    ),
    ("somebody has a seat of whom nobody said so", seats_go_round, without("said", 14)),
    (
        "a seat was given beside its holder",
        seats_go_round,
        with_more("said", event(40, SEAT, 6, "ShadowBoardMemberAppointed", member_id=BEN, ends_on="2026-03-09")),
    ),
    (
        "who gave up a seat has it still",
        seats_go_round,
        with_more("said", event(40, SEAT, 6, "ShadowBoardMemberStoodDown", member_id=ADA, ended_on="2026-03-09")),
    ),
    ("a term was ended and nobody said so", terms_are_ended_by_somebody, without("said", 17)),
    ("a term is said to be ended that nobody ended", terms_are_ended_by_somebody, without("commands", 9)),
    ("another's term was ended", terms_are_ended_by_somebody, saying(17, member_id=ADA)),
    (
        "who has the rest of a term has it for longer",
        seats_go_round,
        with_more("said", event(40, OTHER_SEAT, 4, "ShadowBoardMemberAppointed", member_id=CAT, ends_on="2027-03-09")),
    ),
    (
        "a seat was free at once when its holder stood down",
        seats_go_round,
        with_more("said", event(40, OTHER_SEAT, 4, "ShadowBoardSeatOpened")),
    ),
    ("a seat was opened that nobody asked for", seats_go_round, without("commands", 6)),
    ("who never had a seat advised", who_sits_advises, without("said", 10)),
    (
        "who had no seat any more advised",
        who_sits_advises,
        lambda its: having(
            its,
            "said",
            [
                replace(one, place=33)
                if one.subject == ADVICE
                else replace(one, place=32)
                if one.name == "ShadowBoardTermEnded"
                else one
                for one in its.said
            ],
        ),
    ),
    ("nobody knows who advised", who_sits_advises, without("commands", 7)),
]
