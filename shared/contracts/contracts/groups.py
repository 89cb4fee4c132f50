"""What members says of groups: who takes part, who speaks for a theme, what a task group has come to, when one meets.

What links a member to a group or a theme is for the platform's own services alone. A group's other words
stand on its page, which members see.
"""

from datetime import date, datetime
from uuid import UUID

from contracts.base import DomainEvent, Internal, Public, Title, Visibility, Word


class VolunteerJoinedGroup(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """A member has become a volunteer of a group; who comes back to it later has another `volunteering_id`."""

    volunteering_id: Internal[UUID]
    group_id: Internal[UUID]
    member_id: Internal[UUID]


class VolunteerLeftGroup(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """A volunteer has left a group: by themselves, by the team, or since it closed, or they left or were erased."""

    # Nothing is said of those who are in a task group when it disbands: nobody is in it any more.
    volunteering_id: Internal[UUID]
    group_id: Internal[UUID]
    member_id: Internal[UUID]
    closed: Internal[bool] = False  # a standing group is over: said of each who was in it then


class ChampionAppointed(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """The central team made a member a champion of a theme, up to and with the day given."""

    term_id: Internal[UUID]
    theme_id: Internal[UUID]
    member_id: Internal[UUID]
    ends_on: Internal[date]


class ChampionTermEnded(DomainEvent, service="members", visibility=Visibility.INTERNAL):
    """A champion's term is over: its last day has ended in London, or they or the team ended it, or they are gone."""

    term_id: Internal[UUID]
    theme_id: Internal[UUID]
    member_id: Internal[UUID]
    ended: Internal[Word]  # over, resigned, by-the-team or gone, or one that is still to come
    vacancy: Internal[bool]  # they were the theme's last champion


class TaskGroupEstablished(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """The central team set up a group for one task, with a last day and something to deliver by then."""

    group_id: Public[UUID]
    title: Public[Title]
    ends_on: Public[date]


class TaskGroupDeliverableMet(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A task group has delivered something of its charter."""

    group_id: Public[UUID]
    deliverable_id: Public[UUID]
    met_on: Public[date]


class TaskGroupExtended(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A task group was given a later last day."""

    group_id: Public[UUID]
    ends_on: Public[date]


class TaskGroupDisbanded(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A task group is over, by itself on its last day or by the team; with this its volunteers have left it."""

    group_id: Public[UUID]
    disbanded_on: Public[date]
    all_met: Public[bool]  # it has delivered everything


class GroupMeetingScheduled(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A group is to meet; said again when the meeting is moved or cancelled. What it meets for is on its page."""

    meeting_id: Public[UUID]
    group_id: Public[UUID]
    starts_at: Public[datetime]
    ends_at: Public[datetime]
    title: Public[Title | None] = None  # of the group
    changes: Public[int] = 0  # how often the meeting was moved or cancelled so far
    cancelled: Public[bool] = False  # for good
