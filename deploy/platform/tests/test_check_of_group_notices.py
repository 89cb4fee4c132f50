"""Who is in a group hears of it: whoever certainly was there for notifications, and has not left."""

from dataclasses import replace

import pytest
from healthy_run import BEN, Doctor, healthy, notice, said, with_more

from gse_platform.prove.check_notices import everybody_hears
from gse_platform.prove.facts import Change, Facts, Heard, Said

STAY, MEETING, GROUP = "stay-id", "meeting-id", "group-id"
JOINED_AT = 50.0
TIMES = {"starts_at": "2026-04-01T12:00:00+00:00", "ends_at": "2026-04-01T13:00:00+00:00"}
JOINED = said(STAY, 1, "VolunteerJoinedGroup", group_id=GROUP, member_id=BEN)
MEETS = said(MEETING, 1, "GroupMeetingScheduled", group_id=GROUP, **TIMES)
TOLD = Change("notifications.notice", 99, "INSERT", notice(BEN, "group-meeting", MEETS.event_id, "cancelled"))


def heard(its: Said, at: float) -> Heard:
    return Heard("notifications.gse.members", 99, its.subject, 0, 1, at)


def meeting_heard(at: float) -> Facts:
    facts = with_more("heard", heard(JOINED, JOINED_AT), heard(MEETS, at))(with_more("said", JOINED, MEETS)(healthy()))
    return replace(facts, now="2026-03-02T12:00:00+00:00")


LONG_AFTER, AT_ONCE = JOINED_AT + 31, JOINED_AT + 29


def test_who_is_in_a_group_has_to_be_told_of_its_meeting() -> None:
    assert everybody_hears(meeting_heard(LONG_AFTER)) == [
        f"{BEN} was not told of GroupMeetingScheduled {MEETING} (group-meeting)"
    ]
    assert everybody_hears(with_more("changes", TOLD)(meeting_heard(LONG_AFTER))) == []


@pytest.mark.parametrize(
    ("at", "doctor"),
    [
        (AT_ONCE, with_more("planted")),
        (LONG_AFTER, with_more("said", said(STAY, 2, "VolunteerLeftGroup", group_id=GROUP, member_id=BEN))),
        (LONG_AFTER, lambda its: replace(its, now=TIMES["starts_at"])),
    ],
    ids=["they had just joined", "they have left it since", "it has begun by the end"],
)
def test_nobody_has_to_be_told_who_may_not_have_been_there(at: float, doctor: Doctor) -> None:
    assert everybody_hears(doctor(meeting_heard(at))) == []
