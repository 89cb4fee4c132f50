"""What members says of feedback: what it asks of whom, what came of it, and what was done.

That somebody answered, and what, is restricted: nothing here tells of one person, or of how many, but in a summary.
"""

from datetime import date
from uuid import UUID

from contracts.base import Code, DomainEvent, Link, Public, Summary, Title, Visibility


class FeedbackRoundOpened(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """The central team asks members how a commitment is kept, until the end of a day in London."""

    round_id: Public[UUID]
    commitment_id: Public[UUID]
    title: Public[Title]
    closes_on: Public[date]
    must_hear: Public[list[Code]]
    link: Public[Link]


class FeedbackSummaryPublished(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """What members answered in a round that has closed, in words that the central team wrote."""

    round_id: Public[UUID]
    commitment_id: Public[UUID]
    summary: Public[Summary]
    answered: Public[int | None]  # to the nearest five; None: fewer than five, of whom nothing is told
    heard: Public[list[Code]]
    link: Public[Link]


class FeedbackAnswered(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """You said, we did: what the profession did, or will do, about what members answered."""

    round_id: Public[UUID]
    commitment_id: Public[UUID]
    you_said: Public[Summary]
    we_did: Public[Summary]
    link: Public[Link]
