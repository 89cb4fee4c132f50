"""What members decides, without any I/O."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from contracts.members import (
    Grade,
    GradeBand,
    MemberContactChanged,
    MemberGradeChanged,
    MemberJoined,
    MemberLeft,
    MemberTransferred,
)
from contracts.refusal import Refused
from members.membership import domain
from members.membership.domain import Application, HasLeft, Member, SameContact, SameGrade, SameOrganisation

ADA = UUID("00000000-0000-4000-8000-00000000000a")
ASKED = UUID("00000000-0000-4000-8000-0000000000a1")
TEAM = UUID("00000000-0000-4000-8000-00000000000f")
MORNING = datetime(2027, 2, 11, 9, tzinfo=UTC)
APPLICATION = Application("Ada Byron", "ada@ukhsa.example", "UKHSA", Grade.SEO, ("epidemiology",), ("statistics",))


def member(**changed: object) -> Member:
    made, _, _ = domain.join(APPLICATION, member_id=ADA, joined_on=date(2027, 2, 11))
    return replace(made, **changed)  # type: ignore[arg-type]  # the tests name fields and values that fit


def test_who_joins_is_said_thinly_and_their_address_apart() -> None:
    made, joined, contact = domain.join(APPLICATION, member_id=ADA, joined_on=date(2027, 2, 11))

    assert made == Member(
        ADA, "Ada Byron", "ada@ukhsa.example", "UKHSA", Grade.SEO, ("epidemiology",), ("statistics",), date(2027, 2, 11)
    )
    assert joined == MemberJoined(
        member_id=ADA,
        organisation="UKHSA",
        grade_band=GradeBand.HEO_SEO,
        grade=Grade.SEO,
        joined_on=date(2027, 2, 11),
    )
    assert contact == MemberContactChanged(member_id=ADA, name="Ada Byron", email="ada@ukhsa.example")


def test_who_is_imported_is_vouched_for_by_their_organisation() -> None:
    made, _, _ = domain.join(APPLICATION, member_id=ADA, joined_on=date(2016, 3, 1), verified_at=MORNING)

    assert (made.verified_by, made.verified_at, made.joined_on) == ("organisation", MORNING, date(2016, 3, 1))


def test_a_grade_changes_within_the_organisation() -> None:
    moved, changed = domain.change_grade(member(), Grade.G7)

    assert moved == member(grade=Grade.G7)
    assert changed == MemberGradeChanged(
        member_id=ADA, organisation="UKHSA", grade_band=GradeBand.G7_G6, grade=Grade.G7
    )


def test_a_transfer_says_the_new_organisation_and_the_grade_there() -> None:
    moved, transferred = domain.transfer(member(), "DEFRA", Grade.SCS1)

    assert moved == member(organisation="DEFRA", grade=Grade.SCS1)
    assert transferred == MemberTransferred(
        member_id=ADA, organisation="DEFRA", grade_band=GradeBand.SCS, grade=Grade.SCS1
    )


def test_a_new_name_keeps_the_address_and_both_are_said() -> None:
    changed, contact = domain.change_contact(member(), name="Ada King", email=None, verification_id=ASKED, now=MORNING)

    assert changed == member(name="Ada King")
    assert contact == MemberContactChanged(member_id=ADA, name="Ada King", email="ada@ukhsa.example")


def test_a_new_address_is_to_be_confirmed_though_the_old_one_was() -> None:
    changed, contact = domain.change_contact(
        member(address_verified_at=MORNING), name=None, email="ada@defra.example", verification_id=ASKED, now=MORNING
    )

    assert changed == member(
        email="ada@defra.example", verification_id=ASKED, verification_asked_at=MORNING, address_verified_at=None
    )
    assert contact == MemberContactChanged(
        member_id=ADA, name="Ada Byron", email="ada@defra.example", verification_id=ASKED
    )


@pytest.mark.parametrize(
    ("changed", "stands"),
    [
        ({}, "open"),
        ({"verification_id": ASKED}, "open"),
        ({"verified_by": "organisation"}, "sure"),
        ({"verified_by": "organisation", "verification_id": ASKED}, "open"),
        ({"verification_id": ASKED, "address_verified_at": MORNING}, "sure"),
        ({"address_verified_at": MORNING}, "sure"),
    ],
)
def test_an_address_is_open_until_its_member_or_their_organisation_stands_for_it(
    changed: dict[str, object], stands: str
) -> None:
    assert member(**changed).address_is_open is (stands == "open")


def test_who_leaves_keeps_a_row_with_nothing_personal_in_it() -> None:
    gone, left = domain.leave(
        member(verified_by="organisation", verified_at=MORNING, verification_id=ASKED),
        today=date(2027, 3, 31),
        now=MORNING,
        by=TEAM,
    )

    assert gone == Member(
        ADA,
        None,
        None,
        "UKHSA",
        Grade.SEO,
        (),
        (),
        date(2027, 2, 11),
        left_on=date(2027, 3, 31),
        departed_at=MORNING,
        departed_by=TEAM,
    )
    assert left == MemberLeft(
        member_id=ADA, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, left_on=date(2027, 3, 31)
    )


def test_what_would_change_nothing_is_refused() -> None:
    with pytest.raises(SameGrade):
        domain.change_grade(member(), Grade.SEO)
    with pytest.raises(SameOrganisation):
        domain.transfer(member(), "UKHSA", Grade.G7)
    with pytest.raises(SameContact):
        domain.change_contact(member(), name="Ada Byron", email="ada@ukhsa.example", verification_id=ASKED, now=MORNING)


def test_nothing_more_happens_to_who_has_left() -> None:
    gone, _ = domain.leave(member(), today=date(2027, 3, 31), now=MORNING, by=None)

    for again in (
        lambda: domain.leave(gone, today=date(2027, 4, 1), now=MORNING, by=TEAM),
        lambda: domain.change_grade(gone, Grade.G7),
        lambda: domain.transfer(gone, "DEFRA", Grade.G7),
        lambda: domain.change_contact(gone, name="Ada", email=None, verification_id=ASKED, now=MORNING),
    ):
        with pytest.raises(HasLeft):
            again()
    assert issubclass(HasLeft, Refused)
