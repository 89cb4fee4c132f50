"""Task groups: a charter, what it is to deliver, and a last day. Pure.

established ── deliver, extend ──> established
     ├── its day ends in London, everything delivered ──> disbanded, by itself
     ├── its day ends, something still to deliver ──> flagged ── extend ──> established
     │                                                  └── the rest is delivered ──> disbanded, by itself
     └── the team, at any time ──> disbanded
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from chassis.days import day_in_london
from contracts.groups import (
    TaskGroupDeliverableMet,
    TaskGroupDisbanded,
    TaskGroupEstablished,
    TaskGroupExtended,
)
from contracts.refusal import FieldError, Invalid, NotFound, Refused
from members.groups.volunteering import Group, GroupIsOver

MOST: Final = 20  # deliverables
LONGEST: Final = timedelta(days=3 * 366)


class State(StrEnum):
    GOES_ON = "goes-on"
    PAST_ITS_DAY = "past-its-day"
    DISBANDED = "disbanded"


class NoSuchDeliverable(NotFound):
    def __init__(self) -> None:
        super().__init__("This group has no such thing to deliver.")


class AlreadyMet(Refused):
    def __init__(self) -> None:
        super().__init__("This is delivered already, and stays so.")


class NotATaskGroup(Refused):
    """A standing group has no last day."""

    def __init__(self) -> None:
        super().__init__("This is a standing group: it has no last day and nothing to deliver.")


@dataclass(frozen=True)
class Deliverable:
    """`place` is the one in the charter, from 1; `met_by` is an account."""

    deliverable_id: UUID
    group_id: UUID
    place: int
    title: str
    met_at: datetime | None = None
    met_by: UUID | None = None


@dataclass(frozen=True)
class Extension:
    """`extended_by` is an account."""

    group_id: UUID
    ended_on: date
    ends_on: date
    reason: str
    extended_at: datetime
    extended_by: UUID


def state(its: Group, today: date) -> State:
    if its.disbanded_at is not None:
        return State.DISBANDED
    return State.PAST_ITS_DAY if its.ends_on is not None and its.ends_on < today else State.GOES_ON


def establish(its: Group, *, now: datetime) -> TaskGroupEstablished:
    """Raises `Invalid` for a last day that can't be meant."""
    if its.ends_on is None:
        raise TypeError("a task group has a last day")
    _check(its.ends_on, after=day_in_london(now), today=day_in_london(now))
    return TaskGroupEstablished(group_id=its.group_id, title=its.title, ends_on=its.ends_on)


def meet(
    group: Group, its: Deliverable | None, *, by: UUID, now: datetime
) -> tuple[Deliverable, TaskGroupDeliverableMet]:
    """It is delivered, for good. Raises `GroupIsOver`, `NoSuchDeliverable`, `AlreadyMet`."""
    _last_day(group)
    if its is None:
        raise NoSuchDeliverable
    if its.met_at is not None:
        raise AlreadyMet
    met = TaskGroupDeliverableMet(group_id=group.group_id, deliverable_id=its.deliverable_id, met_on=day_in_london(now))
    return replace(its, met_at=now, met_by=by), met


def extend(
    group: Group, ends_on: date, reason: str, *, by: UUID, now: datetime
) -> tuple[Group, Extension, TaskGroupExtended]:
    """A later last day. Raises `GroupIsOver`, `NotATaskGroup`, and `Invalid` for a day that can't be meant."""
    before = _last_day(group)
    today = day_in_london(now)
    _check(ends_on, after=max(before, today), today=today)
    extension = Extension(group.group_id, before, ends_on, reason, extended_at=now, extended_by=by)
    extended = TaskGroupExtended(group_id=group.group_id, ends_on=ends_on)
    return replace(group, ends_on=ends_on, flagged_at=None), extension, extended


def disband(
    group: Group, deliverables: Sequence[Deliverable], reason: str, *, by: UUID, now: datetime
) -> tuple[Group, TaskGroupDisbanded]:
    """By the team. Raises `GroupIsOver`, `NotATaskGroup`."""
    _last_day(group)
    return _disband(replace(group, disbanded_by=by, disbanded_for=reason), deliverables, now)


def reach_the_end(
    group: Group, deliverables: Sequence[Deliverable], *, now: datetime
) -> tuple[Group, TaskGroupDisbanded | None]:
    """Its last day has ended: disbanded with everything delivered, otherwise flagged to the team, once."""
    if all(its.met_at is not None for its in deliverables):
        return _disband(group, deliverables, now)
    return replace(group, flagged_at=group.flagged_at or now), None


def _disband(group: Group, deliverables: Sequence[Deliverable], now: datetime) -> tuple[Group, TaskGroupDisbanded]:
    all_met = all(its.met_at is not None for its in deliverables)
    said = TaskGroupDisbanded(group_id=group.group_id, disbanded_on=day_in_london(now), all_met=all_met)
    return replace(group, disbanded_at=now), said


def _last_day(group: Group) -> date:
    """Of a task group that goes on."""
    if group.disbanded_at is not None:
        raise GroupIsOver(group.kind)
    if group.ends_on is None:
        raise NotATaskGroup
    return group.ends_on


def _check(ends_on: date, *, after: date, today: date) -> None:
    if ends_on <= after:
        words = "today" if after == today else f"{after.day} {after:%B %Y}"
        raise Invalid(FieldError("ends_on", f"Enter a day after {words}"))
    if ends_on > today + LONGEST:
        raise Invalid(FieldError("ends_on", "Enter a day within three years"))
