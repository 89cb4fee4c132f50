"""What becomes of organisations, and of whoever is in one that closes."""

from collections import Counter
from datetime import datetime

from gse_platform.clock import HERE
from gse_platform.prove.facts import Command, Facts

MOVES = ("MemberJoined", "MemberTransferred")


def mergers_are_carried_out(facts: Facts) -> list[str]:
    """An organisation is said to be registered and, from its day on, to be merged, once; and nobody is in it then.

    Whoever was in it was moved once to what stands in its place, with the grade that they had.
    """
    today = datetime.fromisoformat(facts.now).astimezone(HERE).date().isoformat() if facts.now else ""
    ours = {its.made for its in facts.commands if (its.kind, its.outcome) == ("register-organisation", "ok")}
    last = {its.about: its.asked for its in _merged(facts)}
    into = {asked["into"]: code for code, asked in last.items()}
    wrong = list[str]()
    for name, wanted in (
        ("OrganisationRegistered", ours),
        ("OrganisationMerged", {code for code, asked in last.items() if asked["on"] <= today}),
    ):
        said = Counter(its.data["code"] for its in facts.said if its.name == name)
        wrong += [
            f"{name} of {code} was said {said[code]} times, and should be {int(code in wanted)} times"
            for code in sorted(said.keys() | wanted)
            if said[code] != (code in wanted)
        ]
    closed = {its.data["code"] for its in facts.said if its.name == "OrganisationMerged"}
    wrong += [
        f"{row['member_id']} is in {row['organisation']}, which has closed"
        for row in facts.rows.get("members.member", ())
        if row["left_on"] is None and row["organisation"] in closed
    ]
    return wrong + _moves(facts, into, closed)


def _moves(facts: Facts, into: dict[str, str], closed: set[str]) -> list[str]:
    """`into`: of each successor the organisation that it follows. Nobody goes there of their own accord."""
    wrong = []
    for who, said in facts.said_on("gse.members").items():
        place, grade = "", ""
        for its in said:
            there = str(its.data.get("organisation", ""))
            was_moved = its.name == "MemberTransferred" and there in into
            if was_moved and ((place, its.data["grade"]) != (into[there], grade) or place not in closed):
                wrong.append(f"{who} was moved to {there} from {place}, or with another grade")
            if its.name in MOVES:
                place = there
            if its.name in {*MOVES, "MemberGradeChanged"}:
                grade = its.data["grade"]
    return wrong


def _merged(facts: Facts) -> list[Command]:
    its = [one for one in facts.commands if (one.kind, one.outcome) == ("merge-organisations", "ok")]
    return sorted(its, key=lambda one: one.number)
