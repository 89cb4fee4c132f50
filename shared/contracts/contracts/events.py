"""What events says: which dates come, what is held on them, and, inside the platform alone, who comes.

What people attend is a hosted event; an event, in code, is always a domain event.
"""

from datetime import date, datetime
from uuid import UUID

from contracts.base import DomainEvent, Internal, Link, Place, Public, Summary, Title, Visibility


class KeyDateScheduled(DomainEvent, service="events", visibility=Visibility.PUBLIC):
    """A date of the inclusion calendar was worked out for a year."""

    key_date_id: Public[UUID]
    title: Public[Title]
    starts_on: Public[date]
    ends_on: Public[date]


class KeyDateApproaching(DomainEvent, service="events", visibility=Visibility.PUBLIC):
    """A date of the inclusion calendar is near enough to plan for."""

    key_date_id: Public[UUID]
    starts_on: Public[date]


class EventProposed(DomainEvent, service="events", visibility=Visibility.PUBLIC):
    """Somebody proposed a hosted event; nothing of it is approved yet."""

    hosted_event_id: Public[UUID]
    key_date_id: Public[UUID | None] = None


class EventSignedOff(DomainEvent, service="events", visibility=Visibility.PUBLIC):
    """A proposed hosted event was approved, its words too."""

    hosted_event_id: Public[UUID]


class EventPublished(DomainEvent, service="events", visibility=Visibility.PUBLIC):
    """A hosted event is announced and takes registrations."""

    hosted_event_id: Public[UUID]
    title: Public[Title]
    summary: Public[Summary]
    link: Public[Link]
    place: Public[Place]
    starts_at: Public[datetime]
    ends_at: Public[datetime]
    key_date_id: Public[UUID | None] = None


class KeynoteConfirmed(DomainEvent, service="events", visibility=Visibility.PUBLIC):
    """A keynote speaker agreed to speak; who stands on the page behind the link."""

    hosted_event_id: Public[UUID]


class AttendeeRegistered(DomainEvent, service="events", visibility=Visibility.INTERNAL):
    """A member has a place at a hosted event."""

    registration_id: Internal[UUID]
    hosted_event_id: Internal[UUID]
    member_id: Internal[UUID]


class EventHosted(DomainEvent, service="events", visibility=Visibility.PUBLIC):
    """A hosted event took place."""

    hosted_event_id: Public[UUID]
    hosted_at: Public[datetime]
