from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from contracts.members import Grade, GradeBand, MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from mentoring import domain
from mentoring.domain import NoProfile, NotInMentoringYet, Profile

ADA = UUID("00000000-0000-4000-8000-00000000000a")
FEBRUARY = datetime(2026, 2, 11, 14, 0, tzinfo=UTC)
MARCH = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)

JOINED = MemberJoined(
    member_id=ADA,
    organisation="UKHSA",
    grade_band=GradeBand.HEO_SEO,
    grade=Grade.HEO,
    joined_on=date(2026, 2, 11),
)
PROMOTED = MemberGradeChanged(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.G7_G6, grade=Grade.G7)
TRANSFERRED = MemberTransferred(member_id=ADA, organisation="DEFRA", grade_band=GradeBand.G7_G6, grade=Grade.G6)
LEFT = MemberLeft(member_id=ADA, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, left_on=date(2026, 3, 31))

OPEN = Profile(ADA, "UKHSA", Grade.HEO, opened_at=FEBRUARY)
CLOSED = Profile(ADA, None, None, opened_at=FEBRUARY, closed_at=MARCH)


def test_a_profile_opens_with_the_organisation_and_grade_of_who_joined() -> None:
    assert domain.open_profile(JOINED, FEBRUARY) == OPEN


def test_a_profile_follows_a_change_of_grade() -> None:
    assert domain.follow(OPEN, PROMOTED, MARCH) == Profile(ADA, "UKHSA", Grade.G7, opened_at=FEBRUARY)


def test_a_profile_follows_a_transfer() -> None:
    assert domain.follow(OPEN, TRANSFERRED, MARCH) == Profile(ADA, "DEFRA", Grade.G6, opened_at=FEBRUARY)


def test_a_change_opens_the_profile_that_joining_did_not() -> None:
    assert domain.follow(None, TRANSFERRED, MARCH) == Profile(ADA, "DEFRA", Grade.G6, opened_at=MARCH)


@pytest.mark.parametrize("event", [PROMOTED, TRANSFERRED])
def test_no_change_opens_a_closed_profile_again(event: MemberGradeChanged | MemberTransferred) -> None:
    assert domain.follow(CLOSED, event, MARCH) == CLOSED


def test_a_closed_profile_keeps_neither_organisation_nor_grade() -> None:
    assert domain.close(OPEN, LEFT, MARCH) == CLOSED


def test_a_profile_closes_once() -> None:
    assert domain.close(CLOSED, LEFT, datetime(2026, 4, 1, tzinfo=UTC)) == CLOSED


def test_a_leaver_who_never_had_a_profile_gets_a_closed_one() -> None:
    assert domain.close(None, LEFT, MARCH) == Profile(ADA, None, None, opened_at=MARCH, closed_at=MARCH)


def test_an_open_profile_is_shown_to_its_member_and_to_others() -> None:
    assert domain.shown(OPEN, to_the_member=True) == OPEN
    assert domain.shown(OPEN, to_the_member=False) == OPEN


def test_a_closed_profile_is_shown_to_nobody() -> None:
    with pytest.raises(NoProfile):
        domain.shown(CLOSED, to_the_member=True)
    with pytest.raises(NoProfile):
        domain.shown(CLOSED, to_the_member=False)


def test_a_member_of_whom_nothing_was_heard_is_asked_to_try_again() -> None:
    with pytest.raises(NotInMentoringYet):
        domain.shown(None, to_the_member=True)


def test_others_are_told_of_no_profile_where_nothing_was_heard() -> None:
    with pytest.raises(NoProfile):
        domain.shown(None, to_the_member=False)
