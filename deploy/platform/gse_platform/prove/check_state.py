"""Where everything stands at the end: projections are a fold of what was said, leavers are gone, nothing got out."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from gse_platform.prove.facts import CONTACTS, PLANTED, Facts, Row

MOVES = {"MemberJoined", "MemberGradeChanged", "MemberTransferred"}
UNSENT = {"waiting", "due", "gathered", "sending"}
SERVICES = ("members", "mentoring", "events", "notifications")
TOLD_OF = (
    "EventPublished",
    "EventHosted",
    "AttendeeRegistered",
    "MentoringPairCreated",
    "MentoringPairEnded",
    "MentoringSchemeOpened",
    "KeyDateScheduled",
)
UUIDS = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FORGETTING = {"MemberErasureRequested", "MemberDataErased", "MemberErasureCompleted", "MemberErased"}


def projections_are_folds(facts: Facts) -> list[str]:
    """Members, profiles and invitees are what the ledger of members makes of them; pairs and places what was said."""
    gone = facts.gone()
    newest = {
        subject: [its.data for its in said if its.name in MOVES][-1:]
        for subject, said in facts.said_on("gse.members").items()
    }
    present = {subject: moves[0] for subject, moves in newest.items() if moves and subject not in gone}
    wrong = []
    for what, columns, left in (
        ("members.member", ("organisation", "grade"), "left_on"),
        ("mentoring.profile", ("organisation", "grade"), "closed_at"),
        ("events.invitee", ("organisation", "grade_band"), "left_at"),
    ):
        found = {row["member_id"]: _state(row, columns) for row in facts.rows.get(what, ()) if row[left] is None}
        wanted = {subject: _state(its, columns) for subject, its in present.items()}
        wrong += _differences(what, wanted, found)
    return wrong + _pairs(facts) + _places(facts) + _as_notifications_tells(facts)


def _pairs(facts: Facts) -> list[str]:
    ended = {its.subject for its in facts.said if its.name == "MentoringPairEnded"}
    erased = facts.erased()
    wanted = {
        its.subject: (its.data["first_member_id"], its.data["second_member_id"], its.subject in ended)
        for its in facts.said
        if its.name == "MentoringPairCreated"
        and not erased & {its.data["first_member_id"], its.data["second_member_id"]}
    }
    found = {
        row["pair_id"]: (row["first_member_id"], row["second_member_id"], row["ended_at"] is not None)
        for row in facts.rows.get("mentoring.pair", ())
        if row["created_at"] is not None
    }
    return _differences("mentoring.pair", wanted, found)


def _places(facts: Facts) -> list[str]:
    gone = facts.gone()
    wanted = {
        its.subject: (its.data["hosted_event_id"], its.data["member_id"])
        for its in facts.said
        if its.name == "AttendeeRegistered" and its.data["member_id"] not in gone
    }
    rows = facts.rows.get("events.registration", ())
    found = {row["registration_id"]: (row["hosted_event_id"], row["member_id"]) for row in rows}
    room = {row["hosted_event_id"]: row["capacity"] for row in facts.rows.get("events.hosted_event", ())}
    taken = Counter(row["hosted_event_id"] for row in rows)
    return _differences("events.registration", wanted, found) + [
        f"event {event}: {count} places taken of {room.get(event, 0)}"
        for event, count in sorted(taken.items())
        if count > room.get(event, 0)
    ]


def _as_notifications_tells(facts: Facts) -> list[str]:
    """What notices and a member's own page tell of: hosted events, places, pairs, schemes, key dates."""
    gone = facts.gone()
    said = {name: {its.subject: its for its in facts.said if its.name == name} for name in TOLD_OF}
    ended = said["MentoringPairEnded"].keys()
    wanted: dict[str, dict[str, Any]] = {
        "hosted_event": {
            event: "hosted" if event in said["EventHosted"] else "published" for event in said["EventPublished"]
        },
        "attendance": {
            place: (its.data["hosted_event_id"], its.data["member_id"])
            for place, its in said["AttendeeRegistered"].items()
            if its.data["member_id"] not in gone
        },
        "pair": {
            pair: (its.data["first_member_id"], its.data["second_member_id"])
            for pair, its in said["MentoringPairCreated"].items()
            if pair not in ended
        },
        "mentoring_scheme": dict.fromkeys(said["MentoringSchemeOpened"], "there"),
        "key_date": dict.fromkeys(said["KeyDateScheduled"], "there"),
    }
    found: dict[str, dict[str, Any]] = {
        "hosted_event": {row["hosted_event_id"]: row["state"] for row in _rows(facts, "hosted_event")},
        "attendance": {
            row["registration_id"]: (row["hosted_event_id"], row["member_id"]) for row in _rows(facts, "attendance")
        },
        "pair": {row["pair_id"]: (row["first_member_id"], row["second_member_id"]) for row in _rows(facts, "pair")},
        "mentoring_scheme": dict.fromkeys((row["scheme_id"] for row in _rows(facts, "mentoring_scheme")), "there"),
        "key_date": dict.fromkeys((row["key_date_id"] for row in _rows(facts, "key_date")), "there"),
    }
    return [line for table in wanted for line in _differences(f"notifications.{table}", wanted[table], found[table])]


def _rows(facts: Facts, table: str) -> Sequence[Row]:
    return facts.rows.get(f"notifications.{table}", ())


def leavers_hold_nothing(facts: Facts) -> list[str]:
    """No enrolment, pair, place or unsent notice of somebody who left or is to be forgotten."""
    gone = facts.gone()
    held = [(row["member_id"], "an enrolment") for row in facts.rows.get("mentoring.enrolment", ())]
    held += [(row["member_id"], "a place") for row in facts.rows.get("events.registration", ())]
    held += [
        (row[column], "a pair")
        for row in facts.rows.get("mentoring.pair", ())
        if row["ended_at"] is None
        for column in ("first_member_id", "second_member_id")
    ]
    held += [
        (row[column], "an unsent notice")
        for row in facts.rows.get("notifications.notice", ())
        if row["state"] in UNSENT
        for column in ("member_id", "about_member_id")
    ]
    ended = {its.subject for its in facts.said if its.name == "MentoringPairEnded"}
    held += [
        (its.data[column], "a pair of which nobody said that it ended")
        for its in facts.said
        if its.name == "MentoringPairCreated" and its.subject not in ended
        for column in ("first_member_id", "second_member_id")
    ]
    return [f"{who} is gone and has {what}" for who, what in held if who in gone] + [
        f"{table}: {rows} rows hold the address of somebody who is gone"
        for table, rows in sorted(facts.traces.items())
        if rows
    ]


def the_erased_are_forgotten(facts: Facts) -> list[str]:
    """All four say that they have forgotten, once each, and so it is: their rows are gone, the bare id is kept."""
    erased = facts.erased()
    said = Counter((its.service, its.name, its.subject) for its in facts.said if its.name in FORGETTING)
    wanted = {("members", name, who) for who in erased for name in FORGETTING - {"MemberDataErased"}}
    wanted |= {(service, "MemberDataErased", who) for who in erased for service in SERVICES}
    wrong = [
        f"{name} of {who} by {service} was said {said[service, name, who]} times"
        for service, name, who in sorted(wanted | said.keys())
        if (said[service, name, who] == 1) != ((service, name, who) in wanted)
    ]
    for service in SERVICES:
        kept = {row["member_id"] for row in facts.rows.get(f"{service}.erased_member", ())}
        wrong += [f"{service} does not agree that {who} is erased" for who in sorted(kept ^ erased)]
    for table, rows in facts.rows.items():
        if not table.endswith(".erased_member"):
            wrong += [f"{table} has a row of {who}" for row in rows for who in sorted(erased & _texts(row))]
    return wrong


def canaries_stay_home(facts: Facts) -> list[str]:
    """Part of every name and address that was entered is on no stream but that of contacts, and in no log or figure.

    Nor is a token of unsubscribing, on any of them.
    """
    marker = facts.canary.lower().encode()
    wrong = [
        f"a way to unsubscribe is on {its.topic} {its.partition}@{its.offset}"
        for its in facts.log
        if facts.tokens and facts.tokens & set(UUIDS.findall((its.value or b"").decode(errors="replace").lower()))
    ]
    wrong += [
        f"a name or an address is on {its.topic} {its.partition}@{its.offset}"
        for its in facts.log
        if its.topic != CONTACTS and PLANTED not in its.headers and marker in _bytes(its.key, its.headers, its.value)
    ]
    return wrong + [
        f"{place}: {lines} lines hold what was entered" for place, lines in sorted(facts.told.items()) if lines
    ]


def everybody_sees_their_own(facts: Facts) -> list[str]:
    """Who looked saw what was theirs to see, and of what was not, nothing. Nobody having looked proves nothing."""
    return ([] if facts.looks else ["nobody looked"]) + [
        f"{its.who} {'saw' if its.seen else 'did not see'} {its.what}" for its in facts.looks if its.seen != its.granted
    ]


def _bytes(key: bytes | None, headers: Any, value: bytes | None) -> bytes:
    named = b" ".join(name.encode() + b" " + (text or b"") for name, text in headers.items())
    return b" ".join((key or b"", named, value or b"")).lower()


def _texts(row: Row) -> set[str]:
    return {value for value in row.values() if isinstance(value, str)}


def _state(row: Row, columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[column] for column in columns)


def _differences(what: str, wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    return [
        f"{what} {identity}: should be {wanted.get(identity, 'nothing')}, is {found.get(identity, 'nothing')}"
        for identity in sorted(wanted.keys() | found.keys())
        if wanted.get(identity) != found.get(identity)
    ]
