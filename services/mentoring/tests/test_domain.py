from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from contracts.members import Grade, GradeBand, MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from contracts.mentoring import MentoringPairEnded, MentoringSchemeOpened
from contracts.refusal import Invalid
from mentoring import domain
from mentoring.domain import (
    Enrolment,
    HasLeft,
    NoProfile,
    NoScheme,
    NotInMentoringYet,
    Pair,
    Profile,
    Scheme,
    SchemeNotOpen,
    Wishes,
)

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

CONNECT = Scheme(
    UUID("00000000-0000-4000-8000-00000000000c"),
    "GSE Connect",
    "Peers help each other forward.",
    "https://gse.example/connect",
    across_organisations=True,
    opens_on=date(2026, 2, 11),
)
WISHES = Wishes(("Lead a team",), ("python",), ("writing",))

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


def test_a_scheme_is_due_from_its_day_until_it_opens() -> None:
    opened, _ = domain.open_scheme(CONNECT, date(2026, 2, 11), FEBRUARY)

    assert not domain.is_due(CONNECT, date(2026, 2, 10))
    assert domain.is_due(CONNECT, date(2026, 2, 11))
    assert domain.is_due(CONNECT, date(2026, 3, 31))
    assert not domain.is_due(opened, date(2026, 3, 31))


def test_a_scheme_that_opens_says_so_with_its_words_and_the_day() -> None:
    scheme, said = domain.open_scheme(CONNECT, date(2026, 2, 11), FEBRUARY)

    assert scheme == replace(CONNECT, opened_at=FEBRUARY)
    assert said == MentoringSchemeOpened(
        scheme_id=CONNECT.scheme_id,
        opened_on=date(2026, 2, 11),
        title="GSE Connect",
        summary="Peers help each other forward.",
        link="https://gse.example/connect",
    )


def test_nobody_takes_part_in_a_scheme_that_is_not_open_or_not_there() -> None:
    with pytest.raises(SchemeNotOpen):
        domain.taking_part(CONNECT)
    with pytest.raises(NoScheme):
        domain.taking_part(None)


def enrol(profile: Profile | None, *, attested: bool = True) -> Enrolment:
    return domain.enrol(CONNECT, profile, WISHES, attested=attested, enrolment_id=UUID(int=1), now=MARCH)


def test_a_member_enrols_with_what_they_wish() -> None:
    assert enrol(OPEN) == Enrolment(UUID(int=1), CONNECT.scheme_id, ADA, WISHES, MARCH)


def test_nobody_enrols_without_attesting_or_having_joined_or_after_leaving() -> None:
    with pytest.raises(Invalid):
        enrol(OPEN, attested=False)
    with pytest.raises(NotInMentoringYet):
        enrol(None)
    with pytest.raises(HasLeft):
        enrol(CLOSED)


def test_a_pair_that_ends_says_who_they_were() -> None:
    pair = Pair(UUID(int=1), UUID(int=2), UUID(int=3), score=3, reasons=())

    assert domain.ended(pair) == MentoringPairEnded(
        pair_id=UUID(int=1), first_member_id=UUID(int=2), second_member_id=UUID(int=3)
    )
