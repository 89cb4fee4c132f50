"""What members decides: who joins, how they move, that they leave. No I/O; time and ids come in as arguments.

Refused
├── AlreadyAMember     a present member has this address
├── AddressInUse       the same, when a member changes theirs
├── HasLeft            nothing more happens to somebody who left
├── SameGrade, SameOrganisation, SameContact     nothing would change
└── (NotFound, Invalid: contracts.refusal)
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from contracts.members import (
    Grade,
    MemberContactChanged,
    MemberGradeChanged,
    MemberJoined,
    MemberLeft,
    MemberTransferred,
)
from contracts.refusal import Refused
from members.grades import BANDS


class AlreadyAMember(Refused):
    """A present member has this address. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__("There is a member with this email address already.")


class AddressInUse(Refused):
    """Another present member has this address. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Another member uses this email address. Give a different one.")


class HasLeft(Refused):
    """The member left the profession; whoever comes back joins anew."""

    def __init__(self) -> None:
        super().__init__("This member has left the profession. To come back, join again.")


class SameGrade(Refused):
    def __init__(self) -> None:
        super().__init__("This is the member's grade already.")


class SameOrganisation(Refused):
    def __init__(self) -> None:
        super().__init__("The member works for this organisation already. To change the grade alone, say so.")


class SameContact(Refused):
    def __init__(self) -> None:
        super().__init__("This is the member's name and email address already.")


@dataclass(frozen=True)
class Application:
    """What a person, or their organisation for them, says of themselves; read and checked."""

    name: str
    email: str  # ASCII and lower case, so that equal addresses are equal text
    organisation: str  # a code
    grade: Grade
    interests: tuple[str, ...]
    skills: tuple[str, ...]


@dataclass(frozen=True)
class Member:
    """A person in the profession. Somebody who left keeps id, organisation, grade and dates, and nothing personal."""

    member_id: UUID
    name: str | None
    email: str | None
    organisation: str
    grade: Grade
    interests: tuple[str, ...]
    skills: tuple[str, ...]
    joined_on: date
    verified_by: str | None = None
    verified_at: datetime | None = None
    left_on: date | None = None


def join(
    application: Application, *, member_id: UUID, joined_on: date, verified_at: datetime | None = None
) -> tuple[Member, MemberJoined, MemberContactChanged]:
    """A new member. With `verified_at` their organisation vouches for them; otherwise nobody does yet."""
    member = Member(
        member_id=member_id,
        name=application.name,
        email=application.email,
        organisation=application.organisation,
        grade=application.grade,
        interests=application.interests,
        skills=application.skills,
        joined_on=joined_on,
        verified_by="organisation" if verified_at else None,
        verified_at=verified_at,
    )
    joined = MemberJoined(
        member_id=member_id,
        organisation=member.organisation,
        grade=member.grade,
        grade_band=BANDS[member.grade],
        joined_on=joined_on,
    )
    contact = MemberContactChanged(member_id=member_id, name=application.name, email=application.email)
    return member, joined, contact


def change_grade(member: Member, grade: Grade) -> tuple[Member, MemberGradeChanged]:
    """Within the organisation. Raises `HasLeft`, `SameGrade`."""
    _refuse_who_left(member)
    if grade is member.grade:
        raise SameGrade
    changed = MemberGradeChanged(
        member_id=member.member_id, organisation=member.organisation, grade=grade, grade_band=BANDS[grade]
    )
    return replace(member, grade=grade), changed


def transfer(member: Member, organisation: str, grade: Grade) -> tuple[Member, MemberTransferred]:
    """To another organisation, with the grade held there. Raises `HasLeft`, `SameOrganisation`."""
    _refuse_who_left(member)
    if organisation == member.organisation:
        raise SameOrganisation
    transferred = MemberTransferred(
        member_id=member.member_id, organisation=organisation, grade=grade, grade_band=BANDS[grade]
    )
    return replace(member, organisation=organisation, grade=grade), transferred


def change_contact(member: Member, *, name: str | None, email: str | None) -> tuple[Member, MemberContactChanged]:
    """None leaves a part as it is. Raises `HasLeft`, `SameContact`."""
    _refuse_who_left(member)
    new_name, new_email = name or member.name or "", email or member.email or ""
    if (new_name, new_email) == (member.name, member.email):
        raise SameContact
    changed = MemberContactChanged(member_id=member.member_id, name=new_name, email=new_email)
    return replace(member, name=new_name, email=new_email), changed


def leave(member: Member, *, today: date) -> tuple[Member, MemberLeft]:
    """Lets go of everything personal; what stays says only that somebody was here. Raises `HasLeft`."""
    _refuse_who_left(member)
    gone = replace(
        member, name=None, email=None, interests=(), skills=(), verified_by=None, verified_at=None, left_on=today
    )
    left = MemberLeft(
        member_id=member.member_id, organisation=member.organisation, grade_band=BANDS[member.grade], left_on=today
    )
    return gone, left


def _refuse_who_left(member: Member) -> None:
    if member.left_on is not None:
        raise HasLeft
