"""What mentoring says: that a scheme opened, for everybody; who was paired with whom, inside the platform alone.

No event carries a scheme beside a member: who is in a targeted scheme would be told by it.
"""

from datetime import date, datetime
from uuid import UUID

from contracts.base import DomainEvent, Internal, Link, Public, Summary, Title, Visibility


class MentoringSchemeOpened(DomainEvent, service="mentoring", visibility=Visibility.PUBLIC):
    """A mentoring scheme takes enrolments from now on."""

    scheme_id: Public[UUID]
    opened_on: Public[date]
    title: Public[Title]
    summary: Public[Summary]
    link: Public[Link]


class MatchRunCompleted(DomainEvent, service="mentoring", visibility=Visibility.PUBLIC):
    """A scheme lead published the pairs of a match run; how many is not said."""

    run_id: Public[UUID]
    published_at: Public[datetime]


class MentoringPairCreated(DomainEvent, service="mentoring", visibility=Visibility.INTERNAL):
    """Two members were paired; both are to be introduced."""

    pair_id: Internal[UUID]
    first_member_id: Internal[UUID]
    second_member_id: Internal[UUID]


class MentoringPairEnded(DomainEvent, service="mentoring", visibility=Visibility.INTERNAL):
    """A pair is over, for instance since one of the two left the profession."""

    pair_id: Internal[UUID]
    first_member_id: Internal[UUID]
    second_member_id: Internal[UUID]
