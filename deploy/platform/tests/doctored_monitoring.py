"""Monitoring, the figures of a quarter and restriction, in which everything held, and one doctored fact a time."""

from dataclasses import replace
from typing import Any

from doctored_opportunities import saying
from healthy_run import ADA, BEN, CAT, DAN, Doctor, record, said, with_more, with_row, without

from gse_platform.prove.check_confided import what_is_confided_stays
from gse_platform.prove.check_monitoring import (
    answers_are_as_given,
    releases_are_said_once,
    the_restricted_are_not_counted,
)
from gse_platform.prove.check_restriction import restricting_is_said, the_restricted_are_left_alone
from gse_platform.prove.checks import Check
from gse_platform.prove.facts import Change, Command, Facts, Heard

RELEASE, PERIOD, EVE, FAY, GUS = "release-id", "2026-Q1", "eve-id", "fay-id", "gus-id"
MUSLIM, HINDU = {"religion": "muslim"}, {"religion": "hindu"}


def asked(number: int, kind: str, who: str, began: float, its: dict[str, str] | None = None) -> Command:
    return Command(number, kind, who, its or {}, "ok", began=began, ended=began + 1)


def joined(number: int, who: str) -> Command:
    return Command(number, "join", "", {}, "ok", who, began=1, ended=2)


def counted(who: str, codes: Any) -> dict[str, Any]:
    return {"member_id": who, "period": PERIOD, "codes": codes}


def notice(number: str, who: str, template: str, state: str, at: float, *, op: str = "INSERT") -> Change:
    row = {"notice_id": number, "member_id": who, "template": template, "state": state}
    return Change("notifications.notice", 0, op, row, at)


RESTRICTED = [{"member_id": who, "restricted": who != ADA} for who in (BEN, ADA, FAY)]
# Ada and Eve are counted, Ben is restricted, Cat has left, Dan was restricted until it was too late; and
# Gus, who was restricted, is Fay now.
HELD = Facts(
    commands=[
        *(joined(number, who) for number, who in enumerate((ADA, BEN, CAT, DAN, EVE, FAY, GUS))),
        asked(10, "monitor", ADA, 10, MUSLIM),
        asked(11, "monitor", BEN, 10, HINDU),
        asked(12, "monitor", CAT, 10, HINDU),
        asked(13, "monitor", EVE, 10, HINDU),
        asked(14, "restrict", BEN, 20),
        asked(15, "restrict", BEN, 22),
        asked(16, "restrict", DAN, 20),
        Command(17, "release", "", {"period": PERIOD}, "ok", RELEASE, began=30, ended=33),
        asked(20, "restrict", GUS, 20),
        asked(21, "merge", GUS, 25, {"surviving": FAY}),
        asked(18, "lift", DAN, 31),
        asked(19, "unmonitor", EVE, 40),
    ],
    said=[
        *(said(who, 1, "MemberJoined") for who in (ADA, BEN, CAT, DAN, EVE)),
        said(CAT, 2, "MemberLeft"),
        replace(said(RELEASE, 1, "DiversityStatisticsPublished", period=PERIOD), at=32.0),
        replace(said(RELEASE, 2, "ParticipationReportPublished", period=PERIOD), at=32.0),
        said(BEN, 2, "MemberProcessingRestricted", restricted=True),
        said(DAN, 2, "MemberProcessingRestricted", restricted=True),
        said(DAN, 3, "MemberProcessingRestricted", restricted=False),
        *(said(who, 1, "MemberJoined") for who in (FAY, GUS)),
        said(GUS, 2, "MemberProcessingRestricted", restricted=True),
        said(FAY, 2, "MemberProcessingRestricted", restricted=True),
        said(GUS, 3, "MemberLeft"),
    ],
    heard=[Heard(f"{service}.gse.members", 1, BEN, 1, 2, 21.0) for service in ("notifications", "mentoring")],
    changes=[
        notice("one", BEN, "invitation", "due", 20.0),
        notice("one", BEN, "invitation", "sent", 22.0, op="UPDATE"),
        notice("two", BEN, "role-granted", "sent", 60.0),
        notice("three", BEN, "invitation", "suppressed", 60.0),
        notice("four", DAN, "invitation", "sent", 60.0),
        Change("mentoring.match_run", 0, "INSERT", {"run_id": "run"}, 60.0),
    ],
    rows={
        "members.statistics_release": [{"release_id": RELEASE, "period": PERIOD, "diversity": {"sex": {}}}],
        "members.monitoring.answer": [
            {"member_id": ADA, "codes": MUSLIM},
            {"member_id": BEN, "codes": HINDU},
        ],
        "members.monitoring.counted": [counted(ADA, MUSLIM), counted(EVE, None)],
        "members.restriction": [{"member_id": BEN}, {"member_id": FAY}],
        "notifications.recipient": RESTRICTED,
        "mentoring.profile": RESTRICTED,
        "mentoring.entrant": [{"run_id": "run", "member_id": ADA}, {"run_id": "run", "member_id": DAN}],
    },
    characteristics={"members.statistics_release": 1, "members.member": 0},
)


def restricted(table: str, place: int, *, so: bool) -> Doctor:
    return with_row(table, place, restricted=so)


GIVEN, SAID, COUNTED = answers_are_as_given, releases_are_said_once, the_restricted_are_not_counted
TOLD, ALONE, CONFIDED = restricting_is_said, the_restricted_are_left_alone, what_is_confided_stays
SAID_AGAIN = said(RELEASE, 3, "ParticipationReportPublished", period=PERIOD)
RESTRICTED_AGAIN = said(BEN, 3, "MemberProcessingRestricted", restricted=True)
INVITATION = notice("five", BEN, "invitation", "sent", 60.0)
PEOPLE = "members.monitoring.counted"
DOCTORED: list[tuple[str, Check, Doctor]] = [
    ("an answer is another one", GIVEN, with_row("members.monitoring.answer", 0, codes=HINDU)),
    ("an answer is not kept", GIVEN, without("commands", 7)),
    ("who deleted their answers has some", GIVEN, with_row("members.monitoring.answer", 0, member_id=EVE)),
    ("who left has answers", GIVEN, with_row("members.monitoring.answer", 0, member_id=CAT)),
    ("who left is counted", GIVEN, with_row(PEOPLE, 0, member_id=CAT)),
    ("somebody is counted who never joined", GIVEN, with_row(PEOPLE, 0, member_id="nobody who ever joined")),
    ("a release is not there", SAID, with_row("members.statistics_release", 0, period="2025-Q4")),
    ("a release was not said", SAID, without("said", 6)),
    ("a release was said twice", SAID, with_more("said", SAID_AGAIN)),
    ("a quarter was published that nobody asked for", SAID, without("commands", 14)),
    ("who was restricted is counted", COUNTED, with_row(PEOPLE, 1, member_id=BEN)),
    ("who merged with somebody restricted is not said to be so", TOLD, without("said", 14)),
    ("who was present is not counted", COUNTED, with_row(PEOPLE, 0, member_id=DAN)),
    ("somebody is counted as what they had not answered", COUNTED, with_row(PEOPLE, 0, codes=HINDU)),
    ("what was deleted is still known as counted", COUNTED, with_row(PEOPLE, 1, codes=HINDU)),
    (
        "who was counted is known though nothing is shown of it",
        COUNTED,
        with_row("members.statistics_release", 0, diversity={}),
    ),
    ("a restriction was not said", TOLD, without("said", 8)),
    ("the end of a restriction was not said", TOLD, without("said", 10)),
    ("a restriction was said again", TOLD, with_more("said", RESTRICTED_AGAIN)),
    ("a restriction is said to have ended that did not", TOLD, saying(8, restricted=False)),
    ("who is restricted is not so in members", TOLD, with_row("members.restriction", 0, member_id=ADA)),
    ("who merged with somebody restricted is not so", TOLD, with_row("members.restriction", 1, member_id=BEN)),
    ("notifications keeps no restriction", TOLD, restricted("notifications.recipient", 0, so=False)),
    ("mentoring restricts somebody else", TOLD, restricted("mentoring.profile", 1, so=True)),
    ("who is restricted has mail they can do without", ALONE, with_more("changes", INVITATION)),
    ("who is restricted is matched", ALONE, with_row("mentoring.entrant", 0, member_id=BEN)),
    ("an answer is in another table", CONFIDED, lambda its: replace(its, characteristics={"members.member": 1})),
    ("an answer is on a stream", CONFIDED, with_more("log", record("gse.members", 1, said("x", 1, "X", **MUSLIM)))),
]
