"""A small run in which everything held, and the ways of doctoring it: for the tests of the checks."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any

from gse_platform.prove.facts import Change, Command, Facts, Heard, Look, Mail, Parked, Planted, Record, Said

Doctor = Callable[[Facts], Facts]
ADA, BEN, CAT, DAN = "ada-id", "ben-id", "cat-id", "dan-id"
SCHEME, RUN, PAIR, TALK, PLACE = "scheme-id", "run-id", "pair-id", "talk-id", "place-id"
POISON, CANARY = "qpoison", "qcanary"
TOKEN = "11111111-2222-3333-4444-555555555555"
WRITTEN_TO, CHOSEN, OPENED, PUBLISHED = 10.0, 15.0, 20.0, 100.0  # when, in this order
DIGEST, IN_DIGEST, IN_INBOX = "digest-ada-id", "scheme-opened-ada-id", "invitation-ada-id"


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
    replace(said(TALK, 2, "EventPublished", "gse.events"), at=PUBLISHED),
    said(PLACE, 1, "AttendeeRegistered", "gse.events", hosted_event_id=TALK, member_id=BEN),
    said("notice-ada", 1, "NotificationSent", "gse.notifications", member_id=ADA),
    said(f"welcome-{DAN}", 1, "NotificationSent", "gse.notifications", member_id=DAN),
    said(IN_DIGEST, 1, "NotificationSent", "gse.notifications", member_id=ADA),
    said(IN_INBOX, 1, "NotificationSent", "gse.notifications", member_id=ADA),
    said(ADA, 1, "MemberPreferencesChanged", "gse.notifications"),
    said(f"confirmation-{BEN}", 1, "NotificationFailed", "gse.notifications", member_id=BEN),
    said(f"introduction-{ADA}", 1, "NotificationFailed", "gse.notifications", member_id=ADA),
    said(f"introduction-{BEN}", 1, "NotificationFailed", "gse.notifications", member_id=BEN),
]
WANTED = {
    "membership": "immediate",
    "mentoring": "daily",
    "events": "never",
    "work": "immediate",
    "inbox": "mentoring,events",
    "when": "quiet",
    "quiet_from": "20:00",
    "quiet_to": "07:00",
    "time_zone": "Europe/Paris",
}
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
    Command(15, "prefer", ADA, WANTED, "ok", ended=CHOSEN),
    Command(16, "read", ADA, {"notice_id": IN_INBOX}, "ok"),
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
    days = {left: "2026-03-01" if gone else None, "since": None if gone else "2026-02-11"}
    return found | days | {"restricted": False} | more


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
    notice(ADA, "scheme-opened", f"MentoringSchemeOpened {SCHEME} 1", "sent") | {"digest_id": DIGEST},
    notice(ADA, "invitation", f"EventPublished {TALK} 2", "sent") | {"channel": "inbox", "read_at": "now"},
    notice(ADA, "digest", DIGEST, "sent"),
    notice(ADA, "grade-changed", f"MemberGradeChanged {ADA} 2", "cancelled"),
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
    "notifications.preference": [
        {"member_id": ADA, "category": category, "email": WANTED[category], "inbox": category in WANTED["inbox"]}
        for category in ("membership", "mentoring", "events", "work")
    ],
    "notifications.delivery_hours": [
        {
            "member_id": ADA,
            "time_zone": "Europe/Paris",
            "opens": "07:00:00",
            "closes": "20:00:00",
            "weekdays_only": False,
        }
    ],
    "notifications.hosted_event": [{"hosted_event_id": TALK, "state": "published"}],
    "notifications.attendance": [{"registration_id": PLACE, "hosted_event_id": TALK, "member_id": BEN}],
    "notifications.pair": [{"pair_id": PAIR, "first_member_id": ADA, "second_member_id": BEN}],
    "notifications.mentoring_scheme": [{"scheme_id": SCHEME}],
    **{f"{its}.erased_member": [{"member_id": DAN}] for its in ("members", "mentoring", "events", "notifications")},
}


def healthy() -> Facts:
    heard = [
        Heard(consumer, place, its.subject, its.sequence - 1, its.sequence, OPENED)
        for consumer, topic in CONSUMERS.items()
        for place, its in enumerate(one for one in SAID if one.stream == topic)
    ]
    changes = states("mentoring.profile", "closed_at") + states("events.invitee", "left_at")
    made = [*NOTICES, notice(DAN, "welcome", f"MemberJoined {DAN} 1", "sent")]
    changes += [Change("notifications.notice", place, "INSERT", its) for place, its in enumerate(made)]
    changes.append(Change("notifications.notice", 9, "DELETE", made[-1]))
    changes.append(Change("notifications.notice", 10, "UPDATE", NOTICES[0], at=WRITTEN_TO))
    changes.append(Change("mentoring.enrolment", 0, "INSERT", {"enrolment_id": "enrolment-ada", "member_id": ADA}))
    changes.append(Change("mentoring.match_run", 0, "INSERT", {"run_id": RUN}))
    return Facts(
        commands=COMMANDS,
        said=SAID,
        heard=heard,
        changes=changes,
        log=log(),
        ends={(topic, 0): end for topic, end in (ENDS | {"gse.notifications": 9}).items()},
        offsets={(consumer, topic, 0): ENDS[topic] for consumer, topic in CONSUMERS.items()},
        planted=[Planted(0, "gse.members", "no_key", "alone")],
        parked=[
            Parked(consumer, topic, 0, 10, "alone", "the key is not the id of a subject")
            for consumer, topic in CONSUMERS.items()
            if topic == "gse.members"
        ],
        rows=ROWS,
        mails=[
            Mail("<notice-ada>", "ada"),
            Mail(f"<welcome-{DAN}>", "dan"),
            Mail(f"<{DIGEST}>", "ada", frozenset({IN_DIGEST})),
        ],
        tokens=frozenset({TOKEN}),
        canary=CANARY,
        poison=POISON,
        told={"logs/members.log": 0},
        traces={"members.member": 0},
        looks=[Look("events", "contacts", granted=False, seen=False), Look("ada", "ada-id", granted=True, seen=True)],
    )


def without(what: str, place: int) -> Doctor:
    return lambda its: having(its, what, [one for at, one in enumerate(getattr(its, what)) if at != place])


def with_more(what: str, *more: Any) -> Doctor:
    return lambda its: having(its, what, [*getattr(its, what), *more])


def having(its: Facts, what: str, found: Any) -> Facts:
    changed: dict[str, Any] = {what: found}
    return replace(its, **changed)


def with_row(table: str, place: int, **values: Any) -> Doctor:
    def change(its: Facts) -> Facts:
        rows = [{**one, **values} if at == place else one for at, one in enumerate(its.rows[table])]
        return replace(its, rows={**its.rows, table: rows})

    return change


def with_promise(due_on: str, times: int, **values: Any) -> Doctor:
    """A commitment that was so often said to be overdue by 2 March 2026."""
    row = {"commitment_id": "promise", "due_on": due_on, "completed_on": None, "dropped_at": None} | values
    return lambda its: replace(
        its,
        said=[*its.said, *(said("promise", number, "CommitmentOverdue") for number in range(1, times + 1))],
        rows={**its.rows, "members.commitment": [row]},
        now="2026-03-02T12:00:00+00:00",
    )


def without_rows(table: str) -> Doctor:
    return lambda its: replace(its, rows={**its.rows, table: []})


def with_record(place: int, **values: Any) -> Doctor:
    return lambda its: replace(
        its, log=[replace(one, **values) if at == place else one for at, one in enumerate(its.log)]
    )


def and_also(*changes: Doctor) -> Doctor:
    return lambda its: reduce(lambda facts, change: change(facts), changes, its)


def happened_to(place: int, **values: Any) -> Doctor:
    """A notice went through one more state, in which it stands at the end."""
    row = NOTICES[place] | values
    return and_also(
        with_more("changes", Change("notifications.notice", 99, "UPDATE", row)),
        with_row("notifications.notice", place, **values),
    )


def swapped(its: Facts) -> Facts:
    """A subject's second event stands before its first."""
    first, second = its.log[0], its.log[2]
    assert (first.text("ce_sequence"), second.text("ce_sequence")) == ("1", "2")
    found = list(its.log)[:-1]
    found[0], found[2] = replace(second, offset=first.offset), replace(first, offset=second.offset)
    return replace(its, log=found, ends={**its.ends, ("gse.members", 0): 11})


def looked(*, granted: bool, seen: bool) -> Doctor:
    return with_more("looks", Look("somebody", "a member", granted, seen))


def made(who: str, template: str, event: str, op: str = "INSERT", at: float = 0.0) -> Change:
    return Change("notifications.notice", 99, op, notice(who, template, event, "sending" if at else "cancelled"), at)


def its_sending(number: int) -> Said:
    return said("notice-ada", number, "NotificationSent", "gse.notifications", member_id=ADA)


def with_mail(place: int, **values: Any) -> Doctor:
    return lambda its: replace(
        its, mails=[replace(one, **values) if at == place else one for at, one in enumerate(its.mails)]
    )


def parked_with(reason: str) -> Doctor:
    return lambda its: replace(its, parked=[replace(its.parked[0], reason=reason), *its.parked[1:]])
