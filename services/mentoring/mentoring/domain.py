"""What mentoring decides, but for who is paired (`matching.py`). Pure: ids and the instant come in, state goes out.

Refused
├── SchemeNotOpen      the scheme takes enrolments later
├── AlreadyEnrolled    once in each scheme
├── HasLeft            nothing more happens to somebody who left
├── NotInMentoringYet  the member's event is on its way (NotYetKnown)
├── NoProfile, NoScheme, NoEnrolment, NoMatchRun (NotFound)
└── Invalid            contracts.refusal
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from contracts.base import Code
from contracts.members import Grade, MemberGradeChanged, MemberJoined, MemberLeft, MemberTransferred
from contracts.mentoring import MentoringPairEnded, MentoringSchemeOpened
from contracts.refusal import FieldError, Invalid, NotFound, NotYetKnown, Refused


class SchemeNotOpen(Refused):
    """The scheme is announced; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("This scheme is not open yet.")


class AlreadyEnrolled(Refused):
    """The member is in the scheme. Nothing was changed."""

    def __init__(self) -> None:
        super().__init__("You have enrolled in this scheme already.")


class HasLeft(Refused):
    """The member left the profession; whoever comes back joins anew."""

    def __init__(self) -> None:
        super().__init__("This member has left the profession. To take part, join again.")


class NoScheme(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such scheme.")


class NoEnrolment(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such enrolment, or it is not yours.")


class NoMatchRun(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such match run.")


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


@dataclass(frozen=True)
class Scheme:
    """One mentoring programme. Announced until it has opened."""

    scheme_id: UUID
    title: str
    summary: str
    link: str
    across_organisations: bool  # no pair within one organisation
    opens_on: date
    opened_at: datetime | None = None


@dataclass(frozen=True)
class Wishes:
    """What a member writes when they enrol; restricted to this service."""

    goals: tuple[str, ...]
    offers: tuple[str, ...]
    seeks: tuple[str, ...]


@dataclass(frozen=True)
class Enrolment:
    """A member in a scheme. That it is there attests that they meet the scheme's condition, which is kept nowhere."""

    enrolment_id: UUID
    scheme_id: UUID
    member_id: UUID
    wishes: Wishes
    enrolled_at: datetime


@dataclass(frozen=True)
class MatchRun:
    """A pool and the pairs proposed in it; binding once published."""

    run_id: UUID
    scheme_id: UUID
    run_at: datetime
    published_at: datetime | None = None


@dataclass(frozen=True)
class Pair:
    """Two members, the lower id first, with what speaks for the two."""

    pair_id: UUID
    first: UUID
    second: UUID
    score: int
    reasons: tuple[str, ...]


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


def erased(member_id: UUID, at: datetime) -> Profile:
    """Closed, as a leaver's: whatever claims an erased member finds that they have left."""
    return Profile(member_id, None, None, opened_at=at, closed_at=at)


def shown(profile: Profile | None, *, to_the_member: bool) -> Profile:
    """The profile as it may be shown. Raises `NoProfile`; for the member themselves, `NotInMentoringYet`."""
    if profile is None and to_the_member:
        raise NotInMentoringYet("Your membership has not reached mentoring yet. Try again in a moment.")
    if profile is None or profile.closed_at is not None:
        raise NoProfile("There is no mentoring profile here, or it is not yours to see.")
    return profile


def is_due(scheme: Scheme, today: date) -> bool:
    return scheme.opened_at is None and scheme.opens_on <= today


def open_scheme(scheme: Scheme, today: date, now: datetime) -> tuple[Scheme, MentoringSchemeOpened]:
    opened = MentoringSchemeOpened(
        scheme_id=scheme.scheme_id,
        opened_on=today,
        title=scheme.title,
        summary=scheme.summary,
        link=scheme.link,
    )
    return replace(scheme, opened_at=now), opened


def taking_part(scheme: Scheme | None) -> Scheme:
    """The scheme when it is open. Raises `NoScheme`, `SchemeNotOpen`."""
    if scheme is None:
        raise NoScheme
    if scheme.opened_at is None:
        raise SchemeNotOpen
    return scheme


def enrol(
    scheme: Scheme, profile: Profile | None, wishes: Wishes, *, attested: bool, enrolment_id: UUID, now: datetime
) -> Enrolment:
    """A member joins an open scheme. Raises `Invalid`, `NotInMentoringYet`, `HasLeft`."""
    if not attested:
        raise Invalid(FieldError("attestation", "Confirm that you meet the scheme's condition"))
    if profile is None:
        raise NotInMentoringYet("Your membership has not reached mentoring yet. Try again in a moment.")
    if profile.closed_at is not None:
        raise HasLeft
    return Enrolment(enrolment_id, scheme.scheme_id, profile.member_id, wishes, enrolled_at=now)


def ended(pair: Pair) -> MentoringPairEnded:
    return MentoringPairEnded(pair_id=pair.pair_id, first_member_id=pair.first, second_member_id=pair.second)
