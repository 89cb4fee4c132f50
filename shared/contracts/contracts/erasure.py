"""How somebody is forgotten: asked in members, done and told by each of the four services, then told to everybody.

    MemberErasureRequested ──> MemberDataErased, by every service ──> MemberErasureCompleted, MemberErased
                                        └── one is late ──> MemberErasureStalled, which names it

Afterwards nothing leads from the member id to a person; the random id itself stays in thin events.
"""

from enum import StrEnum
from uuid import UUID

from contracts.base import DomainEvent, Internal, Public, Visibility


class Holder(StrEnum):
    """Who holds data of members, and so has to say that it is gone."""

    MEMBERS = "members"
    MENTORING = "mentoring"
    EVENTS = "events"
    NOTIFICATIONS = "notifications"


class MemberErasureRequested(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """A member is to be forgotten: every service purges what it holds of them and keeps the bare id."""

    member_id: Internal[UUID]


class MemberErasureCompleted(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """Every service has said that its data of the member is gone."""

    member_id: Internal[UUID]


class MemberErasureStalled(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """Some services have not said in time that the member's data is gone."""

    member_id: Internal[UUID]
    late: Internal[list[Holder]]


class MemberErased(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A member was forgotten everywhere; whoever kept something about this id lets go of it now."""

    member_id: Public[UUID]


class MemberProcessingRestricted(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """A member is restricted, or not any more: meanwhile who lists, counts, matches or mails people leaves them out."""

    member_id: Internal[UUID]
    restricted: Internal[bool]


class MemberDataErasedByMembers(
    DomainEvent, service="members", visibility=Visibility.INTERNAL, name="MemberDataErased"
):
    """Members holds nothing of the member any more but the bare id."""

    member_id: Internal[UUID]


class MemberDataErasedByMentoring(
    DomainEvent, service="mentoring", visibility=Visibility.INTERNAL, name="MemberDataErased"
):
    """Mentoring holds nothing of the member any more but the bare id."""

    member_id: Internal[UUID]


class MemberDataErasedByEvents(DomainEvent, service="events", visibility=Visibility.INTERNAL, name="MemberDataErased"):
    """Events holds nothing of the member any more but the bare id."""

    member_id: Internal[UUID]


class MemberDataErasedByNotifications(
    DomainEvent, service="notifications", visibility=Visibility.INTERNAL, name="MemberDataErased"
):
    """Notifications holds nothing of the member any more but the bare id."""

    member_id: Internal[UUID]
