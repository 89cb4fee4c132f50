"""Who sits on the Shadow Board, until when, and who advised."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from gse_platform.clock import HERE
from gse_platform.prove.facts import Command, Facts, Said

OPENED, APPOINTED, ENDED = "ShadowBoardSeatOpened", "ShadowBoardMemberAppointed", "ShadowBoardTermEnded"
STOOD_DOWN = "ShadowBoardMemberStoodDown"
AFTER = {
    "": {OPENED},
    OPENED: {APPOINTED},
    APPOINTED: {ENDED, STOOD_DOWN, APPOINTED},
    STOOD_DOWN: {ENDED, APPOINTED},
    ENDED: {OPENED},
}
"""What may be said of a seat after what: it is free, taken, by another for the rest of that time, and free again."""


def seats_go_round(facts: Facts) -> list[str]:
    """A seat is free, taken and free again, each said once; it is taken to its day, and by one at a time."""
    today = datetime.fromisoformat(facts.now).astimezone(HERE).date().isoformat() if facts.now else ""
    gone, wrong, sitting = facts.gone(), list[str](), dict[str, str]()
    made = {its.made for its in facts.commands if (its.kind, its.outcome) == ("open-seat", "ok")}
    seats = _of_seats(facts)
    for seat, said in seats.items():
        names = ["", *(its.name for its in said)]
        wrong += [
            f"seat {seat}: {now} was said after {before or 'nothing'}"
            for before, now in pairwise(names)
            if now not in AFTER[before]
        ]
        wrong += [f"seat {seat}: {its}" for its in _out_of_time(said, gone)]
        taken = next((its for its in reversed(said) if its.name in {APPOINTED, ENDED}), None)
        if said[-1].name == ENDED:
            wrong.append(f"seat {seat}: the term ended, and the seat is not free")
        elif said[-1].name != OPENED and taken and taken.data.get("ends_on", "9999") < today:
            wrong.append(f"seat {seat} is taken, and its term is over")
        if said[-1].name == APPOINTED and said[-1].data["member_id"] not in gone:
            sitting[seat] = said[-1].data["member_id"]
    wrong += [f"seat {seat} was asked for and not said, or said and not asked for" for seat in made ^ seats.keys()]
    rows = facts.rows.get("members.shadow_board_term", ())
    there = {row["seat_id"]: row["member_id"] for row in rows if row["ended_at"] is None}
    return wrong + [
        f"seat {seat}: {there.get(seat, 'nobody')} is there, {sitting.get(seat, 'nobody')} should be"
        for seat in sorted(there.keys() | sitting.keys())
        if there.get(seat, "") != sitting.get(seat, "")
    ]


def _out_of_time(said: list[Said], gone: set[str]) -> Iterator[str]:
    """What was said of a seat while it was taken, and ought not to be."""
    taken: Said | None = None
    for before, its in pairwise(said):
        taken = before if before.name == APPOINTED else taken
        if taken and its.name == ENDED and its.data["ended_on"] != taken.data["ends_on"]:
            yield f"the term of {taken.data['member_id']} ended, and had not to"
        if taken and its.name == APPOINTED and before.name in {APPOINTED, STOOD_DOWN}:
            if before.name == APPOINTED and before.data["member_id"] not in gone:
                yield f"{its.data['member_id']} has it, and {before.data['member_id']} had not gone"
            if its.data["ends_on"] != taken.data["ends_on"]:
                yield f"{its.data['member_id']} has it for more than the rest of the term"


def terms_are_ended_by_somebody(facts: Facts) -> list[str]:
    """Each term that its holder or the team ended is said so, once, and nobody else's is."""
    asked = Counter((its.about, its.asked["member_id"]) for its in facts.commands if _is_ending(its))
    said = Counter((its.subject, its.data["member_id"]) for its in facts.said if its.name == STOOD_DOWN)
    return [
        f"{who} in seat {seat}: ended {asked[seat, who]} times, and said {said[seat, who]} times"
        for seat, who in sorted(asked.keys() | said.keys())
        if asked[seat, who] != said[seat, who]
    ]


def _is_ending(its: Command) -> bool:
    return (its.kind, its.outcome) == ("stand-down", "ok")


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


def _of_seats(facts: Facts) -> dict[str, list[Said]]:
    found: dict[str, list[Said]] = {}
    for its in facts.said:
        if its.name in AFTER:
            found.setdefault(its.subject, []).append(its)
    return found
