"""Who sits on the Shadow Board, until when, and who advised."""

from datetime import datetime
from itertools import pairwise

from gse_platform.clock import HERE
from gse_platform.prove.facts import Facts, Said

OPENED, APPOINTED, ENDED = "ShadowBoardSeatOpened", "ShadowBoardMemberAppointed", "ShadowBoardTermEnded"
AFTER = {"": {OPENED}, OPENED: {APPOINTED}, APPOINTED: {ENDED}, ENDED: {OPENED}}
"""What may be said of a seat after what: it is free, taken, and free again."""


def seats_go_round(facts: Facts) -> list[str]:
    """A seat is free, taken and free again, each said once; a term ends with its day or its holder."""
    today = datetime.fromisoformat(facts.now).astimezone(HERE).date().isoformat() if facts.now else ""
    gone, wrong, sitting = facts.gone(), list[str](), dict[str, Said]()
    made = {its.made for its in facts.commands if (its.kind, its.outcome) == ("open-seat", "ok")}
    seats = _of_seats(facts)
    for seat, said in seats.items():
        names = ["", *(its.name for its in said)]
        wrong += [
            f"seat {seat}: {now} was said after {before or 'nothing'}"
            for before, now in pairwise(names)
            if now not in AFTER[before]
        ]
        for appointed, ended in pairwise(said):
            if ended.name == ENDED and not _had_to_end(appointed, ended, gone):
                wrong.append(f"seat {seat}: the term of {appointed.data.get('member_id')} ended, and had not to")
        if said[-1].name == APPOINTED:
            sitting[seat] = said[-1]
        elif said[-1].name == ENDED:
            wrong.append(f"seat {seat}: the term ended, and the seat is not free")
    wrong += [f"seat {seat} was asked for and not said, or said and not asked for" for seat in made ^ seats.keys()]
    for seat, its in sitting.items():
        if its.data["member_id"] in gone or its.data["ends_on"] < today:
            wrong.append(f"seat {seat} is taken by {its.data['member_id']}, who is gone or whose term is over")
    rows = facts.rows.get("members.shadow_board_term", ())
    there = {row["seat_id"]: row["member_id"] for row in rows if row["ended_at"] is None}
    wanted = {seat: its.data["member_id"] for seat, its in sitting.items()}
    return wrong + [
        f"seat {seat}: {there.get(seat, 'nobody')} is there, {wanted.get(seat, 'nobody')} should be"
        for seat in sorted(there.keys() | wanted.keys())
        if there.get(seat, "") != wanted.get(seat, "")
    ]


def who_sits_advises(facts: Facts) -> list[str]:
    """Advice comes from somebody who had a seat when it was said, and from nobody else."""
    advisers = {its.made: its.about for its in facts.commands if (its.kind, its.outcome) == ("advise", "ok")}
    seats = _of_seats(facts)
    wrong = []
    for its in facts.said:
        if its.name == "ShadowBoardAdviceGiven":
            who = advisers.get(its.subject, "somebody")
            last = [[event for event in said if event.place < its.place][-1:] for said in seats.values()]
            if not any(event.name == APPOINTED and event.data["member_id"] == who for [event] in filter(None, last)):
                wrong.append(f"{who} gave advice {its.subject} and had no seat")
    return wrong


def _had_to_end(appointed: Said, ended: Said, gone: set[str]) -> bool:
    return ended.data["ended_on"] == appointed.data.get("ends_on") or appointed.data.get("member_id") in gone


def _of_seats(facts: Facts) -> dict[str, list[Said]]:
    found: dict[str, list[Said]] = {}
    for its in facts.said:
        if its.name in {OPENED, APPOINTED, ENDED}:
            found.setdefault(its.subject, []).append(its)
    return found
