"""What the events service decides. Pure: the instant comes in, the new state goes out."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from contracts.base import Code
from contracts.members import GradeBand, MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from contracts.refusal import NotFound, NotYetKnown


class NotInvited(NotFound):
    """The member may not be invited: nobody knows them, or they have left."""


class NotInvitedYet(NotYetKnown):
    """The member has joined, and the events service has not heard of it."""


@dataclass(frozen=True)
class Invitee:
    """One member as somebody who may be invited; what is known of a leaver is that they left."""

    member_id: UUID
    organisation: Code | None  # None: left
    grade_band: GradeBand | None  # None: left
    since: date | None  # the day they joined the profession; None where that was never heard
    left_at: datetime | None = None


def keep(event: MemberJoined) -> Invitee:
    return Invitee(event.member_id, event.organisation, event.grade_band, since=event.joined_on)


def follow(invitee: Invitee | None, event: MemberGradeChanged | MemberTransferred) -> Invitee:
    """The member's organisation and grade band as the event says, unless they have left.

    The event says all that an invitation needs, so one whose `MemberJoined` was discarded by hand is kept from here.
    """
    if invitee is None:
        return Invitee(event.member_id, event.organisation, event.grade_band, since=None)
    if invitee.left_at is not None:
        return invitee
    return replace(invitee, organisation=event.organisation, grade_band=event.grade_band)


def let_go(invitee: Invitee | None, event: MemberLeft, now: datetime) -> Invitee:
    """Gone, also when they were never here: whatever claims the member later finds that they have left."""
    if invitee is None:
        return Invitee(event.member_id, None, None, since=None, left_at=now)
    if invitee.left_at is not None:
        return invitee
    return replace(invitee, organisation=None, grade_band=None, since=None, left_at=now)


def erased(member_id: UUID, at: datetime) -> Invitee:
    """Gone, as a leaver: whatever claims an erased member finds that they have left."""
    return Invitee(member_id, None, None, since=None, left_at=at)


def shown(invitee: Invitee | None, *, to_the_member: bool) -> Invitee:
    """The invitee as they may be shown. Raises `NotInvited`; for the member themselves, `NotInvitedYet`."""
    if invitee is None and to_the_member:
        raise NotInvitedYet("Your membership has not reached the calendar yet. Try again in a moment.")
    if invitee is None or invitee.left_at is not None:
        raise NotInvited("There is nobody to invite here, or they are not yours to see.")
    return invitee
