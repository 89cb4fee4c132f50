"""What members says: who joins, how they move, that they leave, what becomes of organisations, and, on a stream of its
own, how to reach people.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from contracts.base import Code, DomainEvent, Internal, Personal, Public, Title, Visibility, Word


class Grade(StrEnum):
    """The common grades, lowest first; each organisation's own ladder is mapped to them."""

    AA = "AA"
    AO = "AO"
    EO = "EO"
    HEO = "HEO"
    SEO = "SEO"
    G7 = "G7"
    G6 = "G6"
    SCS1 = "SCS1"
    SCS2 = "SCS2"
    SCS3 = "SCS3"
    SCS4 = "SCS4"


class GradeBand(StrEnum):
    """Grades as other departments see them: too coarse to single a person out in a large organisation."""

    AA_AO = "AA-AO"
    EO = "EO"
    HEO_SEO = "HEO-SEO"
    G7_G6 = "G7-G6"
    SCS = "SCS"


class MemberJoined(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A person became a member of the profession, by joining or in an organisation's import."""

    member_id: Public[UUID]
    organisation: Public[Code]
    grade_band: Public[GradeBand]
    grade: Internal[Grade]
    joined_on: Internal[date]


class MemberGradeChanged(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A member's grade changed, within their organisation."""

    member_id: Public[UUID]
    organisation: Public[Code]
    grade_band: Public[GradeBand]
    grade: Internal[Grade]


class MemberTransferred(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A member moved to another organisation; organisation and grade are the new ones."""

    member_id: Public[UUID]
    organisation: Public[Code]
    grade_band: Public[GradeBand]
    grade: Internal[Grade]


class MemberLeft(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A member left the profession; every service lets go of them."""

    member_id: Public[UUID]
    organisation: Public[Code]
    grade_band: Public[GradeBand]
    left_on: Internal[date]


class MemberProfileUpdated(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """A member changed their interests or skills. Those of the agreed lists are said, all that hold now, by codes."""

    member_id: Internal[UUID]
    interests: Internal[tuple[Code, ...]]
    skills: Internal[tuple[Code, ...]]


class OrganisationRegistered(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """An organisation is in the register: from its opening day people join there."""

    organisation_id: Public[UUID]
    code: Public[Code]
    title: Public[Title]
    opened_on: Public[date]


class OrganisationMerged(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """An organisation has closed, and its successors stand in its place. What becomes of each member is said apart."""

    organisation_id: Public[UUID]
    code: Public[Code]
    successors: Public[tuple[Code, ...]]
    closed_on: Public[date]


class Role(StrEnum):
    """What somebody may be beyond a member; the central team grants it."""

    VOLUNTEER = "volunteer"
    SCHEME_LEAD = "scheme-lead"
    HOSEP = "hosep"
    RECRUITING_MANAGER = "recruiting-manager"
    TEAM = "team"
    OPERATOR = "operator"


class RoleGranted(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """The central team gave a member a role; with an organisation it holds there alone."""

    member_id: Internal[UUID]
    role: Internal[Word]  # a Role, or one that is still to come
    organisation: Internal[Code | None] = None


class RoleRevoked(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """A member lost a role: the central team took it back, or the member left."""

    member_id: Internal[UUID]
    role: Internal[Word]  # a Role, or one that is still to come
    organisation: Internal[Code | None] = None


class MemberContactChanged(DomainEvent, service="members", visibility=Visibility.PERSONAL):
    """A member's name or address is new. Compacted: the newest counts; a record without a body takes it back."""

    member_id: Internal[UUID]
    name: Personal[str]
    email: Personal[str]
    verification_id: Internal[UUID | None] = None  # the person is asked to confirm this address, by a link in a mail
