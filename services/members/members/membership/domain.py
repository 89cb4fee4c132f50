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
from members.places.grades import BANDS


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
    departed_at: datetime | None = None
    departed_by: UUID | None = None  # an account; None: present, or the member themself
    verification_id: UUID | None = None  # of the address: what the member was last asked to confirm (membership)
    verification_asked_at: datetime | None = None
    address_verified_at: datetime | None = None

    @property
    def address_is_open(self) -> bool:
        """Whether neither they nor their organisation stand yet for mail to it reaching them."""
        return self.address_verified_at is None and (self.verification_id is not None or self.verified_by is None)


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


def change_contact(
    member: Member, *, name: str | None, email: str | None, verification_id: UUID, now: datetime
) -> tuple[Member, MemberContactChanged]:
    """None leaves a part as it is; a new address is to be confirmed. Raises `HasLeft`, `SameContact`."""
    _refuse_who_left(member)
    new_name, new_email = name or member.name or "", email or member.email or ""
    if (new_name, new_email) == (member.name, member.email):
        raise SameContact
    member = replace(member, name=new_name)
    if new_email == member.email:
        return member, MemberContactChanged(member_id=member.member_id, name=new_name, email=new_email)
    return ask_to_verify(replace(member, email=new_email), verification_id, now)


def ask_to_verify(member: Member, verification_id: UUID, now: datetime) -> tuple[Member, MemberContactChanged]:
    """The address that they have is to be confirmed, by a link that goes there."""
    asked = replace(member, verification_id=verification_id, verification_asked_at=now, address_verified_at=None)
    said = MemberContactChanged(
        member_id=member.member_id, name=member.name or "", email=member.email or "", verification_id=verification_id
    )
    return asked, said


def leave(member: Member, *, today: date, now: datetime, by: UUID | None) -> tuple[Member, MemberLeft]:
    """Lets go of everything personal; what stays says only that somebody was here. `by` is no account of theirs.

    Raises `HasLeft`.
    """
    _refuse_who_left(member)
    gone = Member(
        member_id=member.member_id,
        name=None,
        email=None,
        organisation=member.organisation,
        grade=member.grade,
        interests=(),
        skills=(),
        joined_on=member.joined_on,
        left_on=today,
        departed_at=now,
        departed_by=by,
    )
    left = MemberLeft(
        member_id=member.member_id, organisation=member.organisation, grade_band=BANDS[member.grade], left_on=today
    )
    return gone, left


def _refuse_who_left(member: Member) -> None:
    if member.left_on is not None:
        raise HasLeft
