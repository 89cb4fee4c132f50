"""The checks bite: a small run in which everything held, and one doctored fact for each thing that may not be."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from healthy_run import (
    ADA,
    BEN,
    CAT,
    DAN,
    IN_DIGEST,
    IN_INBOX,
    NOTICES,
    OPENED,
    SAID,
    SCHEME,
    TALK,
    TOKEN,
    WRITTEN_TO,
    and_also,
    happened_to,
    having,
    healthy,
    its_sending,
    log,
    looked,
    made,
    moved,
    parked_with,
    record,
    row,
    said,
    swapped,
    with_mail,
    with_more,
    with_promise,
    with_record,
    with_row,
    without,
    without_rows,
)
from test_checks_of_members import CASES

from gse_platform.prove.checks import CHECKS, verdicts
from gse_platform.prove.facts import CONTACTS, Change, Command, Facts, Heard, Mail, Parked
from gse_platform.who_hears import CATEGORIES, TABLE, WHATEVER_THEY_CHOSE
from notifications.told import TOLD as TOLD_BY_NOTIFICATIONS

(
    COMMAND, CONTACT, KEY, WHOLE, SAME, ORDER, END, HEARD, ONCE, BAD, NEWEST, FOLD, LEFT, ERASED,
    TOLD, OWED, MAIL, AGAIN, OUTCOME, CHOICE, READ, PROMISE, SECRET, OWN, *OF_MEMBERS
) = CHECKS  # fmt: skip

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
    ("a welcome was not made", OWED, without("changes", 16)),
    ("a welcome was made twice", TOLD, with_more("changes", Change("notifications.notice", 9, "INSERT", NOTICES[0]))),
    ("an introduction was not made", OWED, without("changes", 20)),
    ("nobody was told of their place", OWED, without("changes", 19)),
    ("who could be written to was not told of a scheme", OWED, without("changes", 22)),
    (
        "who holds a role was not told",
        OWED,
        and_also(
            with_more("said", said(ADA, 3, "RoleGranted", role="volunteer")),
            with_more("said", said("day", 1, "KeyDateApproaching", "gse.mentoring")),
            with_more("heard", Heard("notifications.gse.mentoring", 99, "day", 0, 1, OPENED)),
            with_more("changes", made(ADA, "role-granted", f"RoleGranted {ADA} 3")),
            with_more("changes", made(ADA, "role-granted", f"RoleGranted {ADA} 3", "UPDATE", WRITTEN_TO)),
        ),
    ),
    (
        "who came was not thanked",
        OWED,
        with_more("said", said(TALK, 3, "EventHosted", "gse.events")),
    ),
    (
        "who has a new address was not asked to confirm it",
        OWED,
        with_more("said", said(ADA, 2, "MemberContactChanged", CONTACTS, verification_id="v")),
    ),
    (
        "who was chosen was not told",
        OWED,
        with_more("said", said("call", 1, "ParticipantsSelected", member_ids=[ADA])),
    ),
    (
        "the first address was asked for beside the welcome",
        TOLD,
        and_also(
            with_more("said", said("eve", 1, "MemberContactChanged", CONTACTS, verification_id="v")),
            with_more("changes", made("eve", "confirm-address", "MemberContactChanged eve 1")),
        ),
    ),
    (
        "who changed their name was asked to confirm an address",
        TOLD,
        and_also(
            with_more("said", said(ADA, 2, "MemberContactChanged", CONTACTS)),
            with_more("changes", made(ADA, "confirm-address", f"MemberContactChanged {ADA} 2")),
        ),
    ),
    ("a notice is of no event", TOLD, with_more("changes", made(ADA, "invitation", "nothing"))),
    (
        "somebody was told what concerns somebody else",
        TOLD,
        with_more("changes", made(ADA, "welcome", f"MemberJoined {BEN} 1")),
    ),
    (
        "somebody was told in words of another event",
        TOLD,
        with_more("changes", made(ADA, "invitation", f"MentoringSchemeOpened {SCHEME} 1")),
    ),
    (
        "somebody without the role was told of what waits for the team",
        TOLD,
        with_more("changes", made(ADA, "proposal", f"EventProposed {TALK} 1")),
    ),
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
    ("a notice is in the inbox alone and went out", MAIL, with_row("notifications.notice", 0, channel="inbox")),
    (
        "a notice went out by itself and in a digest",
        MAIL,
        with_more("mails", Mail(f"<{IN_DIGEST}@gse.example>", "ada")),
    ),
    (
        "two digests lead to one notice",
        MAIL,
        with_more("mails", Mail("<welcome-ben-id>", "ben", frozenset({IN_DIGEST}))),
    ),
    ("a digest went out without what it holds", MAIL, with_mail(2, holds=frozenset())),
    ("a digest leads to what nobody knows", MAIL, with_mail(2, holds=frozenset({IN_DIGEST, "x"}))),
    ("a message went out again unasked", MAIL, with_more("mails", Mail("<notice-ada.1@gse.example>", "ada"))),
    ("what is unknown was begun again by itself", MAIL, happened_to(1, state="sending")),
    (
        "a digest was not made when it was due",
        MAIL,
        and_also(
            with_row("notifications.notice", 4, state="gathered", due_at="2026-03-02T08:00:00+00:00"),
            lambda its: replace(its, now="2026-03-02T08:00:00+00:00"),
        ),
    ),
    (
        "what the team sent again was not",
        AGAIN,
        with_more("commands", Command(22, "send-again", "notice-ada", {}, "ok")),
    ),
    ("a message was sent again and nobody asked", AGAIN, with_row("notifications.notice", 0, redeliveries=1)),
    ("what was sent was not said", OUTCOME, lambda its: having(its, "said", [*its.said[:23], *its.said[24:]])),
    ("what was sent was said twice", OUTCOME, with_more("said", its_sending(2))),
    ("what failed was said to be sent", OUTCOME, with_more("said", said("introduction-ada-id", 1, "NotificationSent"))),
    ("what was suppressed was not said", OUTCOME, happened_to(4, state="suppressed")),
    ("a choice was not said", CHOICE, without("said", 27)),
    ("a choice was said twice", CHOICE, with_more("said", said(ADA, 2, "MemberPreferencesChanged"))),
    ("a choice was said that nobody made", CHOICE, with_more("said", said(BEN, 1, "MemberPreferencesChanged"))),
    ("a choice is another one", CHOICE, with_row("notifications.preference", 1, email="weekly")),
    ("hours are others", CHOICE, with_row("notifications.delivery_hours", 0, time_zone="Europe/London")),
    (
        "a leaver's choice stands",
        CHOICE,
        with_row("notifications.preference", 1, member_id=CAT),
    ),
    (
        "somebody unsubscribed and it was not kept",
        CHOICE,
        with_more("commands", Command(22, "unsubscribe", BEN, {"category": "events"}, "ok")),
    ),
    (
        "who wants no mail got some",
        CHOICE,
        with_more("mails", Mail(f"<{IN_INBOX}>", "ada")),
    ),
    ("who wants mail got none", CHOICE, with_row("notifications.notice", 1, channel="inbox")),
    ("what was opened is not read", READ, with_row("notifications.notice", 7, read_at=None)),
    ("what nobody opened is read", READ, with_row("notifications.notice", 0, read_at="now")),
    ("a missed promise was not said", PROMISE, with_promise("2026-03-01", 0)),
    ("a missed promise was said twice", PROMISE, with_promise("2026-03-01", 2)),
    ("a promise was said to be missed on its day", PROMISE, with_promise("2026-03-02", 1)),
    ("a kept promise was said twice to be missed", PROMISE, with_promise("2026-03-01", 2, completed_on="2026-03-02")),
    ("a promise that nobody made was missed", PROMISE, with_more("said", said("x", 1, "CommitmentOverdue"))),
    ("a way to unsubscribe is on a stream", SECRET, with_record(3, value=TOKEN.encode())),
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
    elsewhere = {check for _, _, check, _ in CASES}

    assert {CHECKS[sentence] for sentence in OF_MEMBERS} == elsewhere
    assert {sentence for _, sentence, _ in DOCTORED} == set(CHECKS) - set(OF_MEMBERS)


def test_the_table_of_who_hears_is_the_one_that_notifications_goes_by() -> None:
    theirs = {(its.event.event_name, its.template.name, its.template.critical) for its in TOLD_BY_NOTIFICATIONS}
    # Who registers for what was hosted already is thanked at once, by no line of its own.
    theirs |= {("AttendeeRegistered", "thanks", False)}

    assert theirs == {
        (event, template, template in WHATEVER_THEY_CHOSE) for event, its in TABLE.items() for template in its
    }
    assert {its.template.name: its.template.category for its in TOLD_BY_NOTIFICATIONS} == CATEGORIES
