"""What mentoring decides. Pure: the instant comes in, the new state goes out."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.base import Code
from contracts.members import Grade, MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from contracts.refusal import NotFound, NotYetKnown


class NoProfile(NotFound):
    """The member has no mentoring profile, or none any more."""


class NotInMentoringYet(NotYetKnown):
    """The member has joined, and mentoring has not heard of it."""


@dataclass(frozen=True)
class Profile:
    """One member as mentoring knows them. Closed for good when they leave: what is known then is that they left."""

    member_id: UUID
    organisation: Code | None  # None: closed
    grade: Grade | None  # None: closed
    opened_at: datetime
    closed_at: datetime | None = None


def open_profile(event: MemberJoined, now: datetime) -> Profile:
    return Profile(event.member_id, event.organisation, event.grade, opened_at=now)


def follow(profile: Profile | None, event: MemberGradeChanged | MemberTransferred, now: datetime) -> Profile:
    """The member's organisation and grade as the event says, unless they have left.

    The event says all that a profile holds, so one whose `MemberJoined` was discarded by hand is opened here.
    """
    if profile is None:
        return Profile(event.member_id, event.organisation, event.grade, opened_at=now)
    if profile.closed_at is not None:
        return profile
    return replace(profile, organisation=event.organisation, grade=event.grade)


def close(profile: Profile | None, event: MemberLeft, now: datetime) -> Profile:
    """Closed, also when it was never opened: whatever claims the member later finds that they have left."""
    if profile is None:
        return Profile(event.member_id, None, None, opened_at=now, closed_at=now)
    if profile.closed_at is not None:
        return profile
    return replace(profile, organisation=None, grade=None, closed_at=now)


def shown(profile: Profile | None, *, to_the_member: bool) -> Profile:
    """The profile as it may be shown. Raises `NoProfile`; for the member themselves, `NotInMentoringYet`."""
    if profile is None and to_the_member:
        raise NotInMentoringYet("Your membership has not reached mentoring yet. Try again in a moment.")
    if profile is None or profile.closed_at is not None:
        raise NoProfile("There is no mentoring profile here, or it is not yours to see.")
    return profile
