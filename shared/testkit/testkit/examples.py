"""Events for tests to say: real contracts about two people, with ids that a reader can follow."""

from datetime import date
from uuid import UUID

from contracts.erasure import MemberErased, MemberErasureRequested
from contracts.members import Grade, GradeBand, MemberContactChanged, MemberGradeChanged, MemberJoined, MemberLeft

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")


def joined(member_id: UUID = ADA) -> MemberJoined:
    return MemberJoined(
        member_id=member_id,
        organisation="UKHSA",
        grade_band=GradeBand.HEO_SEO,
        grade=Grade.HEO,
        joined_on=date(2026, 2, 11),
    )


def promoted(member_id: UUID = ADA, grade: Grade = Grade.SEO) -> MemberGradeChanged:
    return MemberGradeChanged(member_id=member_id, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, grade=grade)


def left(member_id: UUID = ADA) -> MemberLeft:
    return MemberLeft(
        member_id=member_id, organisation="UKHSA", grade_band=GradeBand.HEO_SEO, left_on=date(2026, 3, 31)
    )


def contact(member_id: UUID = ADA, email: str = "ada@example.org") -> MemberContactChanged:
    return MemberContactChanged(member_id=member_id, name="Ada", email=email)


def erasure_requested(member_id: UUID = ADA) -> MemberErasureRequested:
    return MemberErasureRequested(member_id=member_id)


def erased(member_id: UUID = ADA) -> MemberErased:
    return MemberErased(member_id=member_id)
