from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from contracts.members import Grade, GradeBand, MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from events import domain
from events.domain import Invitee, NotInvited, NotInvitedYet

ADA = UUID("00000000-0000-4000-8000-00000000000a")
MARCH = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)

JOINED = MemberJoined(
    member_id=ADA,
    organisation="UKHSA",
    grade_band=GradeBand.HEO_SEO,
    grade=Grade.HEO,
    joined_on=date(2026, 2, 11),
)
PROMOTED = MemberGradeChanged(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.G7_G6, grade=Grade.G7)
TRANSFERRED = MemberTransferred(member_id=ADA, organisation="DEFRA", grade_band=GradeBand.SCS, grade=Grade.SCS1)
LEFT = MemberLeft(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, left_on=date(2026, 3, 31))

PRESENT = Invitee(ADA, "UKHSA", GradeBand.HEO_SEO, since=date(2026, 2, 11))
GONE = Invitee(ADA, None, None, since=None, left_at=MARCH)


def test_who_joins_may_be_invited_from_the_day_they_joined() -> None:
    assert domain.keep(JOINED) == PRESENT


def test_an_invitee_follows_a_change_of_grade() -> None:
    assert domain.follow(PRESENT, PROMOTED) == Invitee(ADA, "UKHSA", GradeBand.G7_G6, since=date(2026, 2, 11))


def test_an_invitee_follows_a_transfer() -> None:
    assert domain.follow(PRESENT, TRANSFERRED) == Invitee(ADA, "DEFRA", GradeBand.SCS, since=date(2026, 2, 11))


def test_a_change_keeps_the_invitee_that_joining_did_not() -> None:
    assert domain.follow(None, TRANSFERRED) == Invitee(ADA, "DEFRA", GradeBand.SCS, since=None)


@pytest.mark.parametrize("event", [PROMOTED, TRANSFERRED])
def test_no_change_brings_a_leaver_back(event: MemberGradeChanged | MemberTransferred) -> None:
    assert domain.follow(GONE, event) == GONE


def test_of_a_leaver_nothing_is_kept_but_that_they_left() -> None:
    assert domain.let_go(PRESENT, LEFT, MARCH) == GONE


def test_a_leaver_leaves_once() -> None:
    assert domain.let_go(GONE, LEFT, datetime(2026, 4, 1, tzinfo=UTC)) == GONE


def test_a_leaver_who_was_never_here_is_remembered_as_gone() -> None:
    assert domain.let_go(None, LEFT, MARCH) == GONE


def test_an_invitee_is_shown_to_themselves_and_to_others() -> None:
    assert domain.shown(PRESENT, to_the_member=True) == PRESENT
    assert domain.shown(PRESENT, to_the_member=False) == PRESENT


def test_a_leaver_is_shown_to_nobody() -> None:
    with pytest.raises(NotInvited):
        domain.shown(GONE, to_the_member=True)
    with pytest.raises(NotInvited):
        domain.shown(GONE, to_the_member=False)


def test_a_member_of_whom_nothing_was_heard_is_asked_to_try_again() -> None:
    with pytest.raises(NotInvitedYet):
        domain.shown(None, to_the_member=True)


def test_others_are_told_of_nobody_where_nothing_was_heard() -> None:
    with pytest.raises(NotInvited):
        domain.shown(None, to_the_member=False)
