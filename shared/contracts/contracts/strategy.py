"""What members says of the strategy: what the profession promised, by when, and where each promise stands.

A commitment's owner, its measure and what is reported of it stand on its page, which can be mended; a log cannot.
"""

from datetime import date
from uuid import UUID

from contracts.base import DomainEvent, Link, Public, Summary, Title, Visibility, Word


class StrategyPublished(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A version of the strategy is in force; all versions have one id, and each number follows the one before."""

    strategy_id: Public[UUID]
    version: Public[int]
    title: Public[Title]
    summary: Public[Summary]
    link: Public[Link]


class CommitmentMade(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A commitment stands in the strategy: for the first time, again, or with another day or other words."""

    commitment_id: Public[UUID]
    strategy_version: Public[int]
    title: Public[Title]
    due_on: Public[date]
    summary: Public[Summary | None] = None


class CommitmentProgressReported(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """The central team said how far a commitment is."""

    commitment_id: Public[UUID]
    status: Public[Word]  # on-track, at-risk or delayed, or one that is still to come
    percent: Public[int]
    reported_on: Public[date]


class CommitmentCompleted(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """A commitment is kept, in time or late."""

    commitment_id: Public[UUID]
    completed_on: Public[date]


class CommitmentOverdue(DomainEvent, service="members", visibility=Visibility.PUBLIC):
    """The day of a commitment has ended in London, and it is not kept. Said once for each day that it was given."""

    commitment_id: Public[UUID]
    due_on: Public[date]
