"""The checks bite: a small run in which everything held, and one doctored fact for each thing that may not be."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gse_platform.prove.checks import CHECKS, verdicts
from gse_platform.prove.facts import Change, Command, Facts, Heard, Look, Mail, Parked, Planted, Record, Said

ADA, BEN, CAT, DAN = "ada-id", "ben-id", "cat-id", "dan-id"
SCHEME, RUN, PAIR, TALK, PLACE = "scheme-id", "run-id", "pair-id", "talk-id", "place-id"
POISON, CANARY = "qpoison", "qcanary"


def said(subject: str, sequence: int, name: str, stream: str = "gse.members", /, **data: Any) -> Said:
    service = stream.split(".")[1]
    public = name.startswith("Member") and stream == "gse.members"
    body = None if data.get("taken_back") else json.dumps(data)
    identity = f"{name} {subject} {sequence}"
    return Said(
        service=service,
        place=0,
        event_id=identity,
        stream=stream,
        type=f"uk.gov.gse.{service}.{name}.v1",
        subject=subject,
        sequence=sequence,
        body=body,
        public_id=f"public {identity}" if public else None,
        public_sequence=sequence if public else None,
        public_body="{}" if public else None,
    )


def moved(who: str, sequence: int, name: str, grade: str, organisation: str = "DSTL") -> Said:
    band = {"EO": "EO", "HEO": "HEO-SEO", "SEO": "HEO-SEO"}[grade]
    return said(who, sequence, name, organisation=organisation, grade=grade, grade_band=band, joined_on="2026-02-11")


SAID = [
    moved(ADA, 1, "MemberJoined", "EO"),
    moved(ADA, 2, "MemberGradeChanged", "HEO"),
    moved(BEN, 1, "MemberJoined", "EO"),
    moved(CAT, 1, "MemberJoined", "SEO"),
    said(CAT, 2, "MemberLeft", organisation="DSTL"),
    moved(DAN, 1, "MemberJoined", "EO"),
    said(DAN, 2, "MemberErasureRequested"),
    said(DAN, 3, "MemberDataErased"),
    said(DAN, 4, "MemberErasureCompleted"),
    said(DAN, 5, "MemberErased"),
    said(DAN, 1, "MemberDataErased", "gse.mentoring"),
    said(DAN, 1, "MemberDataErased", "gse.events"),
    said(DAN, 1, "MemberDataErased", "gse.notifications"),
    said(ADA, 1, "MemberContactChanged", "gse.members.contacts", name="Ada qcanary", email="ada"),
    said(BEN, 1, "MemberContactChanged", "gse.members.contacts", name="Ben qcanary", email="ben"),
    said(CAT, 1, "MemberContactChanged", "gse.members.contacts", name="Cat qcanary", email="cat"),
    said(CAT, 2, "MemberContactChanged", "gse.members.contacts", taken_back=True),
    said(SCHEME, 1, "MentoringSchemeOpened", "gse.mentoring"),
    said(RUN, 1, "MatchRunCompleted", "gse.mentoring"),
    said(PAIR, 1, "MentoringPairCreated", "gse.mentoring", first_member_id=ADA, second_member_id=BEN),
    said(TALK, 1, "EventProposed", "gse.events"),
    said(TALK, 2, "EventPublished", "gse.events"),
    said(PLACE, 1, "AttendeeRegistered", "gse.events", hosted_event_id=TALK, member_id=BEN),
    said("notice-ada", 1, "NotificationSent", "gse.notifications", member_id=ADA),
    said(f"welcome-{DAN}", 1, "NotificationSent", "gse.notifications", member_id=DAN),
]
COMMANDS = [
    Command(0, "join", "", {"organisation": "DSTL", "grade": "EO"}, "ok", ADA, again="same"),
    Command(1, "join", "", {"organisation": "DSTL", "grade": "EO"}, "ok", BEN),
    Command(2, "join", "", {"organisation": "DSTL", "grade": "SEO"}, "ok", CAT, doubted=True),
    Command(3, "grade", ADA, {"grade": "HEO"}, "ok"),
    Command(4, "grade", ADA, {"grade": "HEO"}, "fail"),
    Command(5, "leave", CAT, {}, "ok"),
    Command(6, "open-scheme", "", {}, "ok", SCHEME),
    Command(7, "enrol", ADA, {"scheme_id": SCHEME}, "ok", "enrolment-ada"),
    Command(8, "match", SCHEME, {}, "ok", RUN),
    Command(9, "publish-run", RUN, {}, "ok"),
    Command(10, "propose", "", {}, "ok", TALK),
    Command(14, "publish", TALK, {}, "ok"),
    Command(12, "join", "", {"organisation": "DSTL", "grade": "EO"}, "ok", DAN),
    Command(13, "erase", DAN, {}, "ok"),
    Command(11, "register", BEN, {"hosted_event_id": TALK, "member_id": BEN}, "ok", PLACE),
]


def record(topic: str, offset: int, its: Said, *, public: bool = False) -> Record:
    event_id, number = (its.public_id, its.public_sequence) if public else (its.event_id, its.sequence)
    body = its.public_body if public else its.body
    headers = {"ce_id": event_id, "ce_type": its.type, "ce_sequence": str(number), "ce_subject": its.subject}
    value = None if body is None else body.encode()
    packed = {name: str(text).encode() for name, text in headers.items()}
    return Record(topic, 0, offset, its.subject.encode(), packed, value)


def log() -> list[Record]:
    found: list[Record] = []
    for its in SAID:
        for public in (False, True) if its.public_id else (False,):
            topic = f"gse.{its.service}.public" if public else its.stream
            found.append(record(topic, sum(one.topic == topic for one in found), its, public=public))
    bad = Record("gse.members", 0, 10, b"stranger", {"planted": b"0"}, b"qpoison")
    return [*found, bad, replace(found[0], offset=11)]  # and a repeat


CONSUMERS = {
    "mentoring.gse.members": "gse.members",
    "events.gse.members": "gse.members",
    "notifications.gse.members": "gse.members",
    "notifications.gse.members.contacts": "gse.members.contacts",
    "notifications.gse.mentoring": "gse.mentoring",
}
ENDS = {"gse.members": 12, "gse.members.public": 10, "gse.members.contacts": 4, "gse.mentoring": 4, "gse.events": 4}


def row(who: str, grade: str | None, left: str, **more: Any) -> dict[str, Any]:
    gone = grade is None
    band = {"HEO": "HEO-SEO", "EO": "EO", "SEO": "HEO-SEO", None: None}[grade]
    found = {"member_id": who, "organisation": None if gone else "DSTL", "grade": grade, "grade_band": band}
    return found | {left: "2026-03-01" if gone else None, "since": None if gone else "2026-02-11"} | more


def states(what: str, left: str) -> list[Change]:
    steps: list[tuple[str, str, str | None]] = [("INSERT", ADA, "EO"), ("UPDATE", ADA, "HEO"), ("INSERT", BEN, "EO")]
    steps += [("INSERT", CAT, "SEO"), ("UPDATE", CAT, None)]
    steps += [("INSERT", DAN, "EO"), ("UPDATE", DAN, None), ("DELETE", DAN, None)]
    return [Change(what, place, op, row(who, grade, left)) for place, (op, who, grade) in enumerate(steps)]


def notice(who: str, template: str, event: str, state: str, about: str | None = None) -> dict[str, Any]:
    name = f"{template}-{who}"
    identity = "notice-ada" if name == f"welcome-{ADA}" else name
    asked: dict[str, Any] = {
        "notice_id": identity,
        "member_id": who,
        "template": template,
        "event_id": event,
        "state": state,
    }
    asked["hosted_event_id"] = TALK if template == "confirmation" else None
    return asked | {"about_member_id": about, "message_id": f"<{identity}>" if state in {"sent", "unknown"} else None}


NOTICES = [
    notice(ADA, "welcome", f"MemberJoined {ADA} 1", "sent"),
    notice(BEN, "welcome", f"MemberJoined {BEN} 1", "unknown"),
    notice(CAT, "welcome", f"MemberJoined {CAT} 1", "cancelled"),
    notice(BEN, "confirmation", f"AttendeeRegistered {PLACE} 1", "failed"),
    notice(ADA, "introduction", f"MentoringPairCreated {PAIR} 1", "failed", BEN),
    notice(BEN, "introduction", f"MentoringPairCreated {PAIR} 1", "failed", ADA),
]
PAIR_ROW = {"pair_id": PAIR, "first_member_id": ADA, "second_member_id": BEN, "created_at": "now", "ended_at": None}
ROWS: dict[str, list[Any]] = {
    "members.member": [row(ADA, "HEO", "left_on"), row(BEN, "EO", "left_on"), row(CAT, None, "left_on")],
    "mentoring.profile": [row(ADA, "HEO", "closed_at"), row(BEN, "EO", "closed_at"), row(CAT, None, "closed_at")],
    "events.invitee": [row(ADA, "HEO", "left_at"), row(BEN, "EO", "left_at"), row(CAT, None, "left_at")],
    "mentoring.enrolment": [{"enrolment_id": "enrolment-ada", "member_id": ADA}],
    "mentoring.pair": [PAIR_ROW],
    "events.hosted_event": [{"hosted_event_id": TALK, "capacity": 1}],
    "events.registration": [{"registration_id": PLACE, "hosted_event_id": TALK, "member_id": BEN}],
    "notifications.recipient": [
        {"member_id": ADA, "state": "known", "name": "Ada qcanary", "email": "ada"},
        {"member_id": BEN, "state": "known", "name": "Ben qcanary", "email": "ben"},
        {"member_id": CAT, "state": "left", "name": None, "email": None},
    ],
    "notifications.notice": NOTICES,
    "notifications.hosted_event": [{"hosted_event_id": TALK, "state": "published"}],
    "notifications.attendance": [{"registration_id": PLACE, "hosted_event_id": TALK, "member_id": BEN}],
    "notifications.pair": [{"pair_id": PAIR, "first_member_id": ADA, "second_member_id": BEN}],
    "notifications.mentoring_scheme": [{"scheme_id": SCHEME}],
    **{f"{its}.erased_member": [{"member_id": DAN}] for its in ("members", "mentoring", "events", "notifications")},
}


def healthy() -> Facts:
    heard = [
        Heard(consumer, place, its.subject, its.sequence - 1, its.sequence)
        for consumer, topic in CONSUMERS.items()
        for place, its in enumerate(one for one in SAID if one.stream == topic)
    ]
    changes = states("mentoring.profile", "closed_at") + states("events.invitee", "left_at")
    made = [*NOTICES, notice(DAN, "welcome", f"MemberJoined {DAN} 1", "sent")]
    changes += [Change("notifications.notice", place, "INSERT", its) for place, its in enumerate(made)]
    changes.append(Change("notifications.notice", 9, "DELETE", made[-1]))
    changes.append(Change("mentoring.enrolment", 0, "INSERT", {"enrolment_id": "enrolment-ada", "member_id": ADA}))
    changes.append(Change("mentoring.match_run", 0, "INSERT", {"run_id": RUN}))
    return Facts(
        commands=COMMANDS,
        said=SAID,
        heard=heard,
        changes=changes,
        log=log(),
        ends={(topic, 0): end for topic, end in (ENDS | {"gse.notifications": 3}).items()},
        offsets={(consumer, topic, 0): ENDS[topic] for consumer, topic in CONSUMERS.items()},
        planted=[Planted(0, "gse.members", "no_key", "alone")],
        parked=[
            Parked(consumer, topic, 0, 10, "alone", "the key is not the id of a subject")
            for consumer, topic in CONSUMERS.items()
            if topic == "gse.members"
        ],
        rows=ROWS,
        mails=[Mail("<notice-ada>", "ada"), Mail(f"<welcome-{DAN}>", "dan")],
        canary=CANARY,
        poison=POISON,
        told={"logs/members.log": 0},
        traces={"members.member": 0},
        looks=[Look("events", "contacts", granted=False, seen=False), Look("ada", "ada-id", granted=True, seen=True)],
    )


def without(what: str, place: int) -> Callable[[Facts], Facts]:
    return lambda its: _with(its, what, [one for at, one in enumerate(getattr(its, what)) if at != place])


def with_more(what: str, *more: Any) -> Callable[[Facts], Facts]:
    return lambda its: _with(its, what, [*getattr(its, what), *more])


def _with(its: Facts, what: str, found: Any) -> Facts:
    changed: dict[str, Any] = {what: found}
    return replace(its, **changed)


def with_row(table: str, place: int, **values: Any) -> Callable[[Facts], Facts]:
    def change(its: Facts) -> Facts:
        rows = [{**one, **values} if at == place else one for at, one in enumerate(its.rows[table])]
        return replace(its, rows={**its.rows, table: rows})

    return change


def without_rows(table: str) -> Callable[[Facts], Facts]:
    return lambda its: replace(its, rows={**its.rows, table: []})


def with_record(place: int, **values: Any) -> Callable[[Facts], Facts]:
    return lambda its: replace(
        its, log=[replace(one, **values) if at == place else one for at, one in enumerate(its.log)]
    )


def swapped(its: Facts) -> Facts:
    """A subject's second event stands before its first."""
    first, second = its.log[0], its.log[2]
    assert (first.text("ce_sequence"), second.text("ce_sequence")) == ("1", "2")
    found = list(its.log)[:-1]
    found[0], found[2] = replace(second, offset=first.offset), replace(first, offset=second.offset)
    return replace(its, log=found, ends={**its.ends, ("gse.members", 0): 11})


def looked(*, granted: bool, seen: bool) -> Callable[[Facts], Facts]:
    return with_more("looks", Look("somebody", "a member", granted, seen))


def parked_with(reason: str) -> Callable[[Facts], Facts]:
    return lambda its: replace(its, parked=[replace(its.parked[0], reason=reason), *its.parked[1:]])


COMMAND, CONTACT, KEY, WHOLE, SAME, ORDER, END, HEARD, ONCE, BAD, NEWEST, FOLD, LEFT, ERASED, MAIL, SECRET, OWN = CHECKS

DOCTORED: list[tuple[str, str, Callable[[Facts], Facts]]] = [
    (
        "an acknowledged joining is not in the ledger",
        COMMAND,
        with_more("commands", Command(22, "join", "", {}, "ok", "x")),
    ),
    ("a refused change of grade is in the ledger", COMMAND, without("commands", 3)),
    ("a command has its effect twice", COMMAND, with_more("said", moved(ADA, 3, "MemberGradeChanged", "HEO"))),
    (
        "an acknowledged grade is another one",
        COMMAND,
        with_more("commands", Command(22, "grade", BEN, {"grade": "SEO"}, "ok")),
    ),
    (
        "an acknowledged enrolment was not made",
        COMMAND,
        with_more("commands", Command(22, "enrol", BEN, {}, "ok", "e")),
    ),
    ("a contact was not said", CONTACT, with_more("commands", Command(22, "contact", ADA, {}, "ok"))),
    ("a contact was not taken back", CONTACT, without("said", 16)),
    ("a key gave something else", KEY, with_more("commands", Command(22, "join", "", {}, "fail", again="other"))),
    ("a command never got an answer", KEY, with_more("commands", Command(22, "join", "", {}, "unknown"))),
    ("a stream was not read to its end", WHOLE, without("log", -1 % len(log()))),
    ("an event is not on its stream", SAME, without("log", 2)),
    ("a public record is not on its stream", SAME, without("log", 1)),
    (
        "a stream holds what nobody said",
        SAME,
        with_more("log", record("gse.members", 12, moved("x", 1, "MemberJoined", "EO"))),
    ),
    ("a record has another body", SAME, with_record(0, value=b"{}")),
    ("a record has another number", SAME, with_record(0, headers={**log()[0].headers, "ce_sequence": b"3"})),
    ("two events stand the wrong way round", ORDER, swapped),
    ("a number is missing on a stream", ORDER, without("log", 0)),
    ("a subject is on two partitions", ORDER, with_record(2, partition=1)),
    (
        "a consumer stands before the end",
        END,
        lambda its: replace(its, offsets={**its.offsets, ("c", "gse.events", 0): 1}),
    ),
    ("a consumer never heard an event", HEARD, without("heard", 1)),
    ("a consumer heard an event twice", HEARD, with_more("heard", Heard("events.gse.members", 99, BEN, 0, 1))),
    ("a consumer heard what nobody said", HEARD, with_more("heard", Heard("events.gse.members", 99, "x", 0, 1))),
    ("an effect is missing", ONCE, without("changes", 1)),
    (
        "an effect was made twice",
        ONCE,
        with_more("changes", Change("events.invitee", 9, "UPDATE", row(ADA, "HEO", "left_at"))),
    ),
    (
        "an effect is another one",
        ONCE,
        with_more("changes", Change("mentoring.profile", 9, "INSERT", row("x", "EO", "closed_at"))),
    ),
    ("a welcome was not made", ONCE, without("changes", 16)),
    ("a welcome was made twice", ONCE, with_more("changes", Change("notifications.notice", 9, "INSERT", NOTICES[0]))),
    ("an introduction was not made", ONCE, without("changes", 20)),
    ("nobody was told of their place", ONCE, without("changes", 19)),
    ("a bad record was skipped", BAD, without("parked", 0)),
    (
        "a good record was parked",
        BAD,
        with_more("parked", Parked("events.gse.members", "gse.members", 0, 1, "stuck", "")),
    ),
    ("a record was parked twice", BAD, lambda its: replace(its, parked=[*its.parked, its.parked[0]])),
    ("a reason repeats what was planted", BAD, parked_with("qpoison is no key")),
    ("a reason repeats a name", BAD, parked_with("Ada Qcanary is no key")),
    ("an old address is written to", NEWEST, with_row("notifications.recipient", 0, email="old")),
    ("a leaver can be written to", NEWEST, with_row("notifications.recipient", 2, name="Cat qcanary", email="cat")),
    (
        "somebody cannot be written to",
        NEWEST,
        without_rows("notifications.recipient"),
    ),
    ("a member has another grade", FOLD, with_row("members.member", 0, grade="EO")),
    ("a profile has another organisation", FOLD, with_row("mentoring.profile", 1, organisation="DEFRA")),
    ("a leaver's invitee is there", FOLD, with_row("events.invitee", 2, left_at=None)),
    ("a pair ended that nobody ended", FOLD, with_row("mentoring.pair", 0, ended_at="now")),
    ("a place is another one's", FOLD, with_row("events.registration", 0, member_id=ADA)),
    ("more places are taken than there are", FOLD, with_row("events.hosted_event", 0, capacity=0)),
    ("a member's page shows an event that is over", FOLD, with_row("notifications.hosted_event", 0, state="hosted")),
    ("a member's page shows no pair", FOLD, without_rows("notifications.pair")),
    ("a leaver is enrolled", LEFT, with_row("mentoring.enrolment", 0, member_id=CAT)),
    ("a leaver has a place", LEFT, with_row("events.registration", 0, member_id=CAT)),
    ("a leaver is in a pair", LEFT, with_row("mentoring.pair", 0, second_member_id=CAT)),
    ("a leaver is about to be written to", LEFT, with_row("notifications.notice", 2, state="due")),
    (
        "somebody is about to be told of a leaver",
        LEFT,
        with_row("notifications.notice", 4, state="due", about_member_id=CAT),
    ),
    ("a leaver's address is in a table", LEFT, lambda its: replace(its, traces={"members.import_row": 1})),
    ("a leaver's pair ended and nobody said so", LEFT, with_more("said", said(BEN, 2, "MemberLeft"))),
    (
        "a service never said that it forgot",
        ERASED,
        lambda its: replace(its, said=[one for one in its.said if one != SAID[12]]),
    ),
    ("an erasure was completed twice", ERASED, with_more("said", said(DAN, 6, "MemberErasureCompleted"))),
    ("somebody was forgotten whom nobody asked for", ERASED, with_more("said", said(BEN, 2, "MemberErased"))),
    ("a service does not remember that somebody is erased", ERASED, without_rows("events.erased_member")),
    ("an erased member has an account", ERASED, with_row("mentoring.enrolment", 0, member_id=DAN)),
    ("a message went out twice", MAIL, with_more("mails", Mail("<notice-ada>", "ada"))),
    ("a message went out that nobody knows", MAIL, with_more("mails", Mail("<x>", "ada"))),
    ("a message is said to be sent and is not", MAIL, without("mails", 0)),
    ("a notice is not settled", MAIL, with_row("notifications.notice", 4, state="sending")),
    ("a message went out and its notice is cancelled", MAIL, with_row("notifications.notice", 0, state="cancelled")),
    ("what was sent was not said", MAIL, with_row("notifications.notice", 1, state="sent")),
    ("a name is on a stream", SECRET, with_record(3, value=b"Ben QCANARY")),
    ("an address is a key", SECRET, with_record(3, key=b"ben.qcanary@canary.example")),
    ("a name is in a header", SECRET, with_record(3, headers={"traceparent": b"qcanary"})),
    ("a name is in a log", SECRET, lambda its: replace(its, told={"logs/members.log": 1})),
    ("somebody is shown what is not theirs", OWN, looked(granted=False, seen=True)),
    ("a member is not shown what is theirs", OWN, looked(granted=True, seen=False)),
    ("nobody looked", OWN, lambda its: replace(its, looks=[])),
]


def test_nothing_speaks_against_a_run_in_which_everything_held() -> None:
    assert verdicts(healthy()) == {sentence: [] for sentence in CHECKS}


@pytest.mark.parametrize(("what", "sentence", "doctor"), DOCTORED, ids=[what for what, _, _ in DOCTORED])
def test_it_is_noticed_when(what: str, sentence: str, doctor: Callable[[Facts], Facts]) -> None:
    assert verdicts(doctor(healthy()))[sentence] != []


def test_every_check_is_shown_to_bite() -> None:
    assert {sentence for _, sentence, _ in DOCTORED} == set(CHECKS)
