"""A hosted event from proposal to hosted, and who has a place at it. Pure.

proposed ── sign off ──> signed off ── publish ──> published ── host ──> hosted
(never by its proposer)                            (takes registrations)
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from contracts.base import Link, Place, Summary, Title
from contracts.events import AttendeeRegistered, EventHosted, EventProposed, EventPublished, EventSignedOff
from contracts.refusal import FieldError, Invalid, NotFound, Refused
from events.domain import Invitee, NotInvitedYet

LONGEST: Final = timedelta(days=31)
FURTHEST: Final = timedelta(days=3 * 365)


class State(StrEnum):
    PROPOSED = "proposed"
    SIGNED_OFF = "signed-off"
    PUBLISHED = "published"
    HOSTED = "hosted"


class NoSuchEvent(NotFound):
    """There is no such hosted event, or it is not the caller's to know of."""

    def __init__(self) -> None:
        super().__init__("There is no such event, or it is not yours to see.")


class AlreadySignedOff(Refused):
    def __init__(self) -> None:
        super().__init__("This event is signed off already.")


class YourOwnProposal(Refused):
    """Nobody signs off what they proposed."""

    def __init__(self) -> None:
        super().__init__("You proposed this event. Ask somebody else in the team to sign it off.")


class NotSignedOff(Refused):
    def __init__(self) -> None:
        super().__init__("This event is not signed off yet. Ask the team to sign it off.")


class AlreadyPublished(Refused):
    def __init__(self) -> None:
        super().__init__("This event is published already.")


class NotPublished(Refused):
    def __init__(self) -> None:
        super().__init__("This event is not published yet.")


class NotStarted(Refused):
    def __init__(self) -> None:
        super().__init__("This event has not started yet. Say that it was hosted once it has.")


class AlreadyHosted(Refused):
    def __init__(self) -> None:
        super().__init__("This event was hosted already.")


class IsOver(Refused):
    """Its end has passed, or somebody said that it was hosted."""

    def __init__(self) -> None:
        super().__init__("This event is over.")


class HasLeft(Refused):
    def __init__(self) -> None:
        super().__init__("You have left the profession. Join again to come to its events.")


class AlreadyRegistered(Refused):
    def __init__(self) -> None:
        super().__init__("You have a place at this event already.")


class Full(Refused):
    def __init__(self) -> None:
        super().__init__("Every place at this event is taken. A place is free again when somebody leaves.")


@dataclass(frozen=True)
class HostedEvent:
    """What people attend. `proposed_by` is an account; instants are on the business clock, None: not yet."""

    hosted_event_id: UUID
    title: Title
    summary: Summary
    link: Link
    place: Place
    starts_at: datetime
    ends_at: datetime
    capacity: int
    key_date_id: UUID | None
    proposed_by: UUID
    signed_off_at: datetime | None = None
    published_at: datetime | None = None
    hosted_at: datetime | None = None

    @property
    def state(self) -> State:
        if self.hosted_at:
            return State.HOSTED
        if self.published_at:
            return State.PUBLISHED
        return State.SIGNED_OFF if self.signed_off_at else State.PROPOSED


@dataclass(frozen=True)
class Registration:
    registration_id: UUID
    hosted_event_id: UUID
    member_id: UUID
    registered_at: datetime


def propose(its: HostedEvent, *, known_key_dates: Collection[UUID], now: datetime) -> EventProposed:
    """Raises `Invalid` for times that can't be meant, and for a key date that is not there."""
    wrong = _wrong_times(its, now)
    if its.key_date_id is not None and its.key_date_id not in known_key_dates:
        wrong.append(FieldError("key_date_id", "Choose a key date of the calendar"))
    if wrong:
        raise Invalid(*wrong)
    return EventProposed(hosted_event_id=its.hosted_event_id, key_date_id=its.key_date_id)


def sign_off(its: HostedEvent, *, by: UUID, now: datetime) -> tuple[HostedEvent, EventSignedOff]:
    """Raises `AlreadySignedOff`, `YourOwnProposal`, `IsOver`."""
    if its.signed_off_at:
        raise AlreadySignedOff
    if by == its.proposed_by:
        raise YourOwnProposal
    if now >= its.ends_at:
        raise IsOver
    return replace(its, signed_off_at=now), EventSignedOff(hosted_event_id=its.hosted_event_id)


def publish(its: HostedEvent, *, now: datetime) -> tuple[HostedEvent, EventPublished]:
    """Raises `NotSignedOff`, `AlreadyPublished`, `IsOver`."""
    if its.signed_off_at is None:
        raise NotSignedOff
    if its.published_at:
        raise AlreadyPublished
    if now >= its.ends_at:
        raise IsOver
    published = EventPublished(
        hosted_event_id=its.hosted_event_id,
        title=its.title,
        summary=its.summary,
        link=its.link,
        place=its.place,
        starts_at=its.starts_at,
        ends_at=its.ends_at,
        key_date_id=its.key_date_id,
    )
    return replace(its, published_at=now), published


def takes_keynotes(its: HostedEvent) -> None:
    """Raises `AlreadyHosted`; who spoke was confirmed before."""
    if its.hosted_at:
        raise AlreadyHosted


def host(its: HostedEvent, *, now: datetime) -> tuple[HostedEvent, EventHosted]:
    """Raises `NotPublished`, `AlreadyHosted`, `NotStarted`."""
    if its.published_at is None:
        raise NotPublished
    if its.hosted_at:
        raise AlreadyHosted
    if now < its.starts_at:
        raise NotStarted
    return replace(its, hosted_at=now), EventHosted(hosted_event_id=its.hosted_event_id, hosted_at=now)


def takes_registrations(its: HostedEvent, now: datetime) -> None:
    """Raises `NotPublished`, `IsOver`."""
    if its.published_at is None:
        raise NotPublished
    if its.hosted_at or now >= its.ends_at:
        raise IsOver


def register(
    its: HostedEvent,
    invitee: Invitee | None,
    *,
    registration_id: UUID,
    taken: int,
    has_place: bool,
    now: datetime,
) -> tuple[Registration, AttendeeRegistered]:
    """A member takes a place, of which `taken` are gone; `has_place`: one of these is theirs.

    Raises `NotPublished`, `IsOver`, `NotInvitedYet`, `HasLeft`, `AlreadyRegistered`, `Full`.
    """
    takes_registrations(its, now)
    if invitee is None:
        raise NotInvitedYet("Your membership has not reached the calendar yet. Try again in a moment.")
    if invitee.left_at is not None:
        raise HasLeft
    if has_place:
        raise AlreadyRegistered
    if taken >= its.capacity:
        raise Full
    registered = AttendeeRegistered(
        registration_id=registration_id, hosted_event_id=its.hosted_event_id, member_id=invitee.member_id
    )
    return Registration(registration_id, its.hosted_event_id, invitee.member_id, registered_at=now), registered


def _wrong_times(its: HostedEvent, now: datetime) -> list[FieldError]:
    if its.starts_at > now + FURTHEST:
        return [FieldError("starts_at", "Choose a start within the next three years")]
    if its.ends_at <= its.starts_at:
        return [FieldError("ends_at", "Choose an end after the start")]
    if its.ends_at - its.starts_at > LONGEST:
        return [FieldError("ends_at", "Choose an end within 31 days of the start")]
    if its.ends_at <= now:
        return [FieldError("ends_at", "Choose an end that is still to come")]
    return []
