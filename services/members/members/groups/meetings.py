"""A group's meetings: scheduled for a time to come, with an agenda before and notes after. Pure.

Notes are for the volunteers of the group and the central team; all else is for every member.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from contracts.groups import GroupMeetingScheduled
from contracts.refusal import FieldError, Invalid, NotFound, Refused
from members.groups.volunteering import Group, GroupIsOver

LONGEST: Final = timedelta(hours=24)
FURTHEST: Final = timedelta(days=3 * 366)


class NoSuchMeeting(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such meeting.")


class HasBegun(Refused):
    """What it is about was settled by then."""

    def __init__(self) -> None:
        super().__init__("This meeting has begun. Write into its notes what was talked about.")


class IsCancelled(Refused):
    """It is not brought back: whoever heard of it has taken it out of their calendars."""

    def __init__(self) -> None:
        super().__init__("This meeting is cancelled. Schedule another one.")


class NotYetBegun(Refused):
    def __init__(self) -> None:
        super().__init__("This meeting has not begun. Write its notes once it has.")


@dataclass(frozen=True)
class Meeting:
    """`…_by` are accounts. One that was cancelled by nobody was cancelled since its group ended by itself."""

    meeting_id: UUID
    group_id: UUID
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    scheduled_at: datetime
    scheduled_by: UUID
    agenda: str | None = None
    agenda_at: datetime | None = None
    agenda_by: UUID | None = None
    notes: str | None = None
    notes_at: datetime | None = None
    notes_by: UUID | None = None
    changes: int = 0  # how often it was moved or cancelled
    changed_at: datetime | None = None
    changed_by: UUID | None = None
    cancelled_at: datetime | None = None
    cancelled_by: UUID | None = None


def schedule(group: Group, its: Meeting, *, now: datetime) -> GroupMeetingScheduled:
    """Raises `GroupIsOver`, and `Invalid` for times that can't be meant."""
    if group.disbanded_at is not None:
        raise GroupIsOver(group.kind)
    _check_times(its, now)
    return _said(group, its)


def move(
    group: Group, its: Meeting, *, place: str, starts_at: datetime, ends_at: datetime, by: UUID, now: datetime
) -> tuple[Meeting, tuple[GroupMeetingScheduled, ...]]:
    """To another time or place, or both; to the same as before nothing is said.

    Raises `GroupIsOver`, `HasBegun`, `IsCancelled`, and `Invalid` for times that can't be meant.
    """
    if group.disbanded_at is not None:
        raise GroupIsOver(group.kind)
    _check_to_come(its, now)
    if (place, starts_at, ends_at) == (its.place, its.starts_at, its.ends_at):
        return its, ()
    moved = replace(its, place=place, starts_at=starts_at, ends_at=ends_at)
    _check_times(moved, now)
    moved = replace(moved, changes=its.changes + 1, changed_at=now, changed_by=by)
    return moved, (_said(group, moved),)


def cancel(group: Group, its: Meeting, *, by: UUID, now: datetime) -> tuple[Meeting, GroupMeetingScheduled]:
    """For good. Raises `HasBegun`, `IsCancelled`."""
    _check_to_come(its, now)
    cancelled = replace(its, changes=its.changes + 1, changed_at=now, changed_by=by, cancelled_at=now, cancelled_by=by)
    return cancelled, _said(group, cancelled)


def cancel_all(
    group: Group, to_come: Sequence[Meeting], *, by: UUID | None, now: datetime
) -> tuple[list[Meeting], list[GroupMeetingScheduled]]:
    """All that a group has still to come when it ends; `by` None: it ended by itself."""
    cancelled = [
        replace(its, changes=its.changes + 1, changed_at=now, changed_by=by, cancelled_at=now, cancelled_by=by)
        for its in to_come
    ]
    return cancelled, [_said(group, its) for its in cancelled]


def _check_to_come(its: Meeting, now: datetime) -> None:
    if its.cancelled_at is not None:
        raise IsCancelled
    if now >= its.starts_at:
        raise HasBegun


def _check_times(its: Meeting, now: datetime) -> None:
    if not now < its.starts_at <= now + FURTHEST:
        raise Invalid(FieldError("starts_at", "Enter a time to come, within three years"))
    if not its.starts_at < its.ends_at <= its.starts_at + LONGEST:
        raise Invalid(FieldError("ends_at", "Enter an end after the start, within a day"))


def _said(group: Group, its: Meeting) -> GroupMeetingScheduled:
    return GroupMeetingScheduled(
        meeting_id=its.meeting_id,
        group_id=its.group_id,
        starts_at=its.starts_at,
        ends_at=its.ends_at,
        title=group.title,
        changes=its.changes,
        cancelled=its.cancelled_at is not None,
    )


def with_agenda(its: Meeting, agenda: str, *, by: UUID, now: datetime) -> Meeting:
    """Raises `HasBegun`, `IsCancelled`."""
    _check_to_come(its, now)
    return replace(its, agenda=agenda, agenda_at=now, agenda_by=by)


def with_notes(its: Meeting, notes: str, *, by: UUID, now: datetime) -> Meeting:
    """Raises `NotYetBegun`, `IsCancelled`."""
    if its.cancelled_at is not None:
        raise IsCancelled
    if now < its.starts_at:
        raise NotYetBegun
    return replace(its, notes=notes, notes_at=now, notes_by=by)
