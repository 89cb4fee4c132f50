"""What each consumer made of what it heard: everything once, in order, and the bad records set aside."""

from collections.abc import Callable, Sequence
from typing import Any

from gse_platform.prove.facts import CONTACTS, PLANTED, Change, Facts, Record, Said

State = tuple[Any, ...]


def heard_is_said(facts: Facts) -> list[str]:
    """Each consumer went along each subject from nothing to its last number, never back and never twice."""
    ends: dict[tuple[str, str], int] = {}
    wrong = []
    for its in facts.heard:
        line = (its.consumer, its.subject)
        if its.before != ends.get(line, 0) or its.after <= its.before:
            wrong.append(f"{its.consumer} {its.subject}: went from {its.before} to {its.after}, at {ends.get(line, 0)}")
        ends[line] = its.after
    wanted = {
        (consumer, subject): max(event.sequence for event in said)
        for consumer, topic in facts.consumers().items()
        for subject, said in facts.said_on(topic).items()
    } | {(consumer, its.text("ce_subject")): 1 for its, consumer in _passed_by(facts)}
    return wrong + [
        f"{consumer} {subject}: {wanted.get((consumer, subject), 0)} said, {ends.get((consumer, subject), 0)} heard"
        for consumer, subject in sorted(wanted.keys() | ends.keys())
        if wanted.get((consumer, subject)) != ends.get((consumer, subject))
    ]


def _passed_by(facts: Facts) -> list[tuple[Record, str]]:
    """Planted records with the consumers that do not see what is wrong with them."""
    planted = {str(its.number): its for its in facts.planted}
    return [
        (its, consumer)
        for its in facts.log
        if PLANTED in its.headers and its.text(PLANTED) in planted
        for consumer, topic in facts.consumers().items()
        if topic == its.topic and planted[its.text(PLANTED)].is_passed_by(consumer)
    ]


def offsets_are_ends(facts: Facts) -> list[str]:
    """Each consumer stands at the end of every partition of its stream."""
    return [
        f"{consumer} stands at {offset} of {facts.ends.get((topic, partition))} in {topic} {partition}"
        for (consumer, topic, partition), offset in sorted(facts.offsets.items())
        if offset != facts.ends.get((topic, partition))
    ]


def effects_are_made_once(facts: Facts) -> list[str]:
    """The rows of each member went through the states that their events ask for: all of them, once each, in order."""
    wrong = []
    for what, columns, fold in (
        ("mentoring.profile", ("organisation", "grade", "restricted"), _profile),
        ("events.invitee", ("organisation", "grade_band", "since"), _invitee),
    ):
        wrong += _went_through(facts, what, columns, fold)
    return wrong


def _went_through(
    facts: Facts, what: str, columns: tuple[str, ...], fold: Callable[[Sequence[Said]], list[State]]
) -> list[str]:
    found: dict[str, list[State]] = {}
    for its in _changes(facts, what):
        found.setdefault(its.row["member_id"], []).append((its.op, *(its.row[column] for column in columns)))
    wanted = {subject: fold(said) for subject, said in facts.said_on("gse.members").items()}
    wanted = {subject: states for subject, states in wanted.items() if states}
    for subject in facts.erased() & found.keys():
        # Forgetting empties and deletes the row in whatever steps; what it went through before is compared.
        states = found[subject]
        while len(states) > len(wanted.get(subject, [])) and set(states[-1][1:]) <= {None, False}:
            states.pop()
    return [
        f"{what} {subject}: should have gone through {wanted.get(subject, [])}, went through {found.get(subject, [])}"
        for subject in sorted(wanted.keys() | found.keys())
        if wanted.get(subject) != found.get(subject)
    ]


def _profile(said: Sequence[Said]) -> list[State]:
    states: list[State] = []
    place, restricted = (None, None), False
    for its in said:
        if its.name == "MemberLeft":
            place, restricted = (None, None), False
        elif its.name in {"MemberJoined", "MemberGradeChanged", "MemberTransferred"}:
            place = (its.data["organisation"], its.data["grade"])
        elif its.name == "MemberProcessingRestricted":
            restricted = its.data["restricted"]
        else:
            continue
        states.append(("INSERT" if its.name == "MemberJoined" else "UPDATE", *place, restricted))
    return states


def _invitee(said: Sequence[Said]) -> list[State]:
    states: list[State] = []
    since = None
    for its in said:
        if its.name == "MemberLeft":
            states.append(("UPDATE", None, None, None))
        elif its.name in {"MemberJoined", "MemberGradeChanged", "MemberTransferred"}:
            since = its.data.get("joined_on", since)
            op = "INSERT" if its.name == "MemberJoined" else "UPDATE"
            states.append((op, its.data["organisation"], its.data["grade_band"], since))
    return states


def bad_records_are_parked(facts: Facts) -> list[str]:
    """Every bad record is set aside once by every consumer of its stream, as its kind asks; no good one is."""
    kinds = {str(its.number): its.kind for its in facts.planted}
    consumers = facts.consumers()
    wanted = {
        (consumer, its.topic, its.partition, its.offset): kind
        for its in facts.log
        if PLANTED in its.headers and (kind := kinds.get(its.text(PLANTED), "?")) != "repeat"
        for consumer, topic in consumers.items()
        if topic == its.topic
    }
    for its, consumer in _passed_by(facts):
        wanted.pop((consumer, its.topic, its.partition, its.offset), None)
    found: dict[tuple[str, str, int, int], str] = {}
    wrong = []
    for row in facts.parked:
        place = (row.consumer, row.topic, row.partition, row.offset)
        if place in found:
            wrong.append(f"{place} is parked twice")
        found[place] = row.kind
        if facts.poison.lower() in row.reason.lower() or facts.canary.lower() in row.reason.lower():
            wrong.append(f"{place}: the reason repeats what the record holds")
    return wrong + [
        f"{place}: should be parked as {wanted.get(place, 'nothing')}, is parked as {found.get(place, 'nothing')}"
        for place in sorted(wanted.keys() | found.keys())
        if wanted.get(place) != found.get(place)
    ]


def contacts_are_newest(facts: Facts) -> list[str]:
    """Who is present is reached under the newest name and address that was said; nobody else is reached at all."""
    newest = {subject: said[-1].data for subject, said in facts.said_on(CONTACTS).items()}
    gone = facts.gone()
    wrong = []
    for row in facts.rows.get("notifications.recipient", ()):
        who = row["member_id"]
        said = {} if who in gone else newest.get(who, {})
        if (row["name"], row["email"]) != (said.get("name"), said.get("email")):
            wrong.append(f"{who}: name and address are not the newest that was said")
        if row["state"] != ("left" if who in gone else "known"):
            wrong.append(f"{who} is {row['state']}, and {'gone' if who in gone else 'present'}")
    there = {row["member_id"] for row in facts.rows.get("notifications.recipient", ())}
    return wrong + [f"{who} joined and nobody can write to them" for who in sorted(newest.keys() - there - gone)]


def _changes(facts: Facts, what: str) -> list[Change]:
    return [its for its in facts.changes if its.what == what]
