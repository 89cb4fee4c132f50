"""A commitment: what was promised, by when, and where it stands. Pure.

not started ── report ──> under way ── complete ──> completed, for good
     └── its day ends in London ──> overdue, until it is completed or given another day
a version of the strategy that leaves it out drops it; one that holds it again takes it back
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from chassis.days import day_in_london
from contracts.base import Summary
from contracts.refusal import NotFound, Refused
from contracts.strategy import CommitmentCompleted, CommitmentOverdue, CommitmentProgressReported


class Standing(StrEnum):
    NOT_STARTED = "not-started"
    UNDER_WAY = "under-way"
    OVERDUE = "overdue"
    COMPLETED = "completed"
    DROPPED = "dropped"


class Course(StrEnum):
    """How it goes, as the central team reports it."""

    ON_TRACK = "on-track"
    AT_RISK = "at-risk"
    DELAYED = "delayed"


class NoSuchCommitment(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such commitment.")


class AlreadyCompleted(Refused):
    """A commitment that is kept stays so, as it is."""

    def __init__(self) -> None:
        super().__init__("This commitment is completed already, and stays as it is.")


class NotInTheStrategy(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This commitment does not stand in the strategy any more. Publish a version that holds it first."
        )


@dataclass(frozen=True)
class Commitment:
    """As it stands now; `owner` is a role, an organisation or a group. `completed_by` is an account."""

    commitment_id: UUID
    title: str
    summary: str | None
    owner: str
    measure: str
    due_on: date
    made_in: int
    course: Course | None = None
    percent: int = 0
    completed_on: date | None = None
    completed_at: datetime | None = None
    completed_by: UUID | None = None
    overdue_at: datetime | None = None
    dropped_at: datetime | None = None


@dataclass(frozen=True)
class Progress:
    """One report; `reported_by` is an account."""

    progress_id: UUID
    commitment_id: UUID
    course: Course
    percent: int
    summary: Summary | None
    reported_on: date
    reported_at: datetime
    reported_by: UUID


def standing(its: Commitment, today: date) -> Standing:
    """Where it stands on this day in London."""
    if its.completed_on is not None:
        return Standing.COMPLETED
    if its.dropped_at is not None:
        return Standing.DROPPED
    if its.due_on < today:
        return Standing.OVERDUE
    return Standing.UNDER_WAY if its.course else Standing.NOT_STARTED


def report(
    its: Commitment, *, progress_id: UUID, course: Course, percent: int, summary: str | None, by: UUID, now: datetime
) -> tuple[Commitment, Progress, CommitmentProgressReported]:
    """How far it is. Raises `AlreadyCompleted`, `NotInTheStrategy`."""
    _still_open(its)
    today = day_in_london(now)
    progress = Progress(progress_id, its.commitment_id, course, percent, summary, today, now, by)
    said = CommitmentProgressReported(
        commitment_id=its.commitment_id, status=course.value, percent=percent, reported_on=today
    )
    return replace(its, course=course, percent=percent), progress, said


def complete(its: Commitment, *, by: UUID, now: datetime) -> tuple[Commitment, CommitmentCompleted]:
    """It is kept, in time or late. Raises `AlreadyCompleted`, `NotInTheStrategy`."""
    _still_open(its)
    today = day_in_london(now)
    kept = replace(its, percent=100, completed_on=today, completed_at=now, completed_by=by)
    return kept, CommitmentCompleted(commitment_id=its.commitment_id, completed_on=today)


def tell_overdue(its: Commitment, now: datetime) -> tuple[Commitment, CommitmentOverdue]:
    """Its day has ended; that is said once for each day that it is given."""
    return replace(its, overdue_at=now), CommitmentOverdue(commitment_id=its.commitment_id, due_on=its.due_on)


def _still_open(its: Commitment) -> None:
    if its.completed_on is not None:
        raise AlreadyCompleted
    if its.dropped_at is not None:
        raise NotInTheStrategy
