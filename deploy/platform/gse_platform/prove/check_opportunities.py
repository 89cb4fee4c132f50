"""Who applied for what, who was chosen, and that a lot chose as anybody finds it who draws again."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from itertools import groupby

from gse_platform.prove.drawing_again import drawn
from gse_platform.prove.facts import Command, Facts, Row, Said

DECIDED = {"chosen", "not-chosen", "not-eligible"}
OUT = {"given-up", "gone"}
Step = tuple[str, Row]
"""The state that an interest was in, and its row since: the state is empty for a new one."""
Place = tuple[str, str]
"""A member and an opportunity."""


def closing_is_said_once(facts: Facts) -> list[str]:
    """An opportunity whose instant has come is said to be closed, once; before, it is not. Its seed is the promised."""
    said = Counter(its.subject for its in facts.said if its.name == "OpportunityClosed")
    digests = {its.subject: its.data.get("seed_digest") for its in facts.said if its.name == "OpportunityOpened"}
    rows = {row["opportunity_id"]: row for row in _rows(facts, "opportunity")}
    wrong = [f"{its} was said to be closed, and there is no such opportunity" for its in sorted(said - rows.keys())]
    for its, row in rows.items():
        is_over = datetime.fromisoformat(row["closes_at"]) <= datetime.fromisoformat(facts.now)
        if said[its] != is_over:
            wrong.append(f"{its}, which closes at {row['closes_at']}, was said {said[its]} times to be closed")
        digest = sha256(row["seed"].encode()).hexdigest().upper() if row["seed"] else None
        if "".join(digests.get(its) or ()) != (digest or ""):
            wrong.append(f"{its} has another seed than the one whose digest was said")
    return wrong


def the_lot_is_as_anybody_draws_it(facts: Facts) -> list[str]:
    """Where a lot decides, who is chosen at first, and who follows, is who an independent draw gives."""
    wrong = list[str]()
    for row in _rows(facts, "opportunity"):
        if row["seed"]:
            wrong += _drawn_otherwise(row, _steps(facts, row["opportunity_id"]))
    return wrong


def _drawn_otherwise(opportunity: Row, steps: list[Step]) -> Iterator[str]:
    """Draw again each time that somebody was chosen, from what stood before."""
    pool, states = dict[str, tuple[str, str]](), dict[str, str]()
    for is_choice, run in groupby(steps, key=_is_choice):
        rows = [row for _, row in run]
        pool |= {row["interest_id"]: (row["band"], row["organisation"]) for row in rows if row["band"]}
        if is_choice:
            wanted = drawn(
                pool,
                opportunity["seed"],
                opportunity["capacity"],
                holding={its for its in pool if states.get(its) == "chosen"},
                out={its for its in pool if states.get(its) in OUT},
            )
            found = {row["interest_id"] for row in rows if row["state"] == "chosen"}
            if found != wanted:
                yield f"{opportunity['opportunity_id']}: {sorted(found)} have a place, the draw gives {sorted(wanted)}"
        states |= {row["interest_id"]: row["state"] for row in rows}


def _is_choice(step: Step) -> str:
    """One choice is all that changed by it, one after the other: at first, or when a place was free again."""
    before, row = step
    if before == "registered" and row["state"] in DECIDED:
        return "first"
    return "next" if before != "chosen" == row["state"] else ""


def the_team_chose_by_hand(facts: Facts) -> list[str]:
    """Where no lot decides, those are chosen whom the team named, once each; and nowhere more than there are places."""
    wrong = []
    for row in _rows(facts, "opportunity"):
        its, steps = row["opportunity_id"], _steps(facts, row["opportunity_id"])
        chosen = Counter(now["interest_id"] for before, now in steps if before != "chosen" == now["state"])
        if not row["seed"]:
            asked = [one for one in facts.commands if (one.kind, one.about, one.outcome) == ("select", its, "ok")]
            named = Counter(number for one in asked for number in one.asked["numbers"].split())
            wrong += [
                f"{its}: {number} was named {named[number]} times and chosen {chosen[number]} times"
                for number in sorted(named.keys() | chosen.keys())
                if named[number] != chosen[number]
            ]
        placed = set[str]()
        for _, now in steps:
            placed = placed | {now["interest_id"]} if now["state"] == "chosen" else placed - {now["interest_id"]}
            if len(placed) > row["capacity"]:
                wrong.append(f"{its}: {len(placed)} have a place, and there are {row['capacity']}")
    return wrong


def the_chosen_applied(facts: Facts) -> list[str]:
    """Whoever is said to be chosen, or not, became so; had applied, had not withdrawn, and had not left by then."""
    wrong = []
    for row in _rows(facts, "opportunity"):
        its = row["opportunity_id"]
        became = _became(facts, its)
        for name in ("ParticipantsSelected", "ApplicantsNotSelected"):
            said = Counter(who for event in _events(facts, name, its) for who in event.data["member_ids"])
            wrong += [
                f"{name} of {its}: {who} became so {became[name][who]} times, so it was said {said[who]} times"
                for who in sorted(said.keys() | became[name].keys())
                if said[who] != became[name][who]
            ]
    left = {
        its.subject: its.place
        for its in facts.said
        if its.service == "members" and its.name in {"MemberLeft", "MemberErasureRequested"}
    }
    for event in facts.said:
        if event.name == "ParticipantsSelected":
            for who in event.data["member_ids"]:
                if left.get(who, event.place) < event.place:
                    wrong.append(f"{who} was chosen for {event.subject} and had left")
                if not _had_applied(facts, (who, event.subject), event.at):
                    wrong.append(f"{who} was chosen for {event.subject} and had not applied, or had withdrawn")
    return wrong


def _became(facts: Facts, opportunity_id: str) -> dict[str, Counter[str]]:
    """Which members came to have a place, and which to have none, by the event that says it."""
    found = {"ParticipantsSelected": Counter[str](), "ApplicantsNotSelected": Counter[str]()}
    for before, row in _steps(facts, opportunity_id):
        if before != row["state"] == "chosen":
            found["ParticipantsSelected"][row["member_id"]] += 1
        elif before == "registered" and row["state"] in DECIDED:
            found["ApplicantsNotSelected"][row["member_id"]] += 1
    return found


def _had_applied(facts: Facts, place: Place, at: float) -> bool:
    theirs = [its for its in facts.commands if its.outcome == "ok" and _place(its) == place]
    is_under_way = any(its.kind == "apply" and its.began <= at < its.ended for its in theirs)
    return is_under_way or [its.kind for its in theirs if its.ended <= at][-1:] == ["apply"]


def interests_are_as_asked(facts: Facts) -> list[str]:
    """Who applied stands there, who withdrew or left does not; no statement outlives its choice, or waits for a lot."""
    wanted = dict[Place, bool]()
    gone = facts.gone()
    for its in sorted(facts.commands, key=lambda its: its.number):
        if its.outcome == "ok" and its.kind in {"apply", "withdraw"}:
            wanted[_place(its)] = its.kind == "apply" and its.about not in gone
    rows = _rows(facts, "interest")
    found = {(row["member_id"], row["opportunity_id"]) for row in rows if row["member_id"] and row["state"] not in OUT}
    by_lot = {row["opportunity_id"] for row in _rows(facts, "opportunity") if row["seed"]}
    wrong = [
        f"{who} and {opportunity}: {'is' if (who, opportunity) in found else 'is not'} there, and should not be so"
        for who, opportunity in sorted({place for place, is_in in wanted.items() if is_in} ^ found)
    ]
    wrong += [f"{row['member_id']} is gone and applies" for row in rows if row["member_id"] in gone]
    return wrong + [
        f"a statement is kept with interest {row['interest_id']} in {row['opportunity_id']}"
        for row in rows
        if row["statement"] and (row["state"] != "registered" or row["opportunity_id"] in by_lot)
    ]


def _place(its: Command) -> Place:
    return its.about, its.asked["opportunity_id"] if its.kind in {"apply", "withdraw"} else ""


def _steps(facts: Facts, opportunity_id: str) -> list[Step]:
    """What each interest in it became, in order, and what it was before; who is deleted is none any more."""
    states: dict[str, str] = {}
    found = []
    for its in facts.changes:
        if its.what == "members.interest" and its.row["opportunity_id"] == opportunity_id:
            row: Mapping[str, object] = its.row if its.op != "DELETE" else {**its.row, "state": ""}
            found.append((states.get(its.row["interest_id"], ""), row))
            states[its.row["interest_id"]] = str(row["state"])
    return found


def _events(facts: Facts, name: str, subject: str) -> Iterator[Said]:
    return (its for its in facts.said if (its.name, its.subject) == (name, subject))


def _rows(facts: Facts, table: str) -> list[Row]:
    return list(facts.rows.get(f"members.{table}", ()))
