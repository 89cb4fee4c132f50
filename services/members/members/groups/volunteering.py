"""Groups and their volunteers: who joins, with which hours and skills, and who leaves. Pure.

join (again: other hours or skills) ──> a volunteer ── leave, leave the profession, be erased ──> gone from the group
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from contracts.groups import VolunteerJoinedGroup, VolunteerLeftGroup
from contracts.refusal import NotFound, Refused
from members.membership.domain import Member

MOST_HOURS: Final = 40  # a month


class Kind(StrEnum):
    STANDING = "standing"
    TASK = "task"


class Skill(StrEnum):
    """What a volunteer can bring; a list of our own, so that groups can be staffed by it."""

    COMMUNICATIONS = "communications"
    DATA_ANALYSIS = "data-analysis"
    EVENTS = "events"
    FACILITATION = "facilitation"
    MENTORING = "mentoring"
    POLICY = "policy"
    PROJECT_MANAGEMENT = "project-management"
    RESEARCH = "research"
    TRAINING = "training"
    WRITING = "writing"


class NoSuchGroup(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such group.")


class NoSuchVolunteer(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such volunteer.")


class GroupExists(Refused):
    """Two groups with one name could not be told apart."""

    def __init__(self) -> None:
        super().__init__("There is or was a group with this name. Give it another one.")


class GroupIsOver(Refused):
    """Nothing more happens in a group that is over: a standing one has closed, a task group has disbanded."""

    def __init__(self, kind: Kind) -> None:
        over = "closed" if kind is Kind.STANDING else "disbanded"
        super().__init__(f"This group has {over}. Look at the groups that go on.")


class NotAStandingGroup(Refused):
    """A task group disbands, which says whether it delivered."""

    def __init__(self) -> None:
        super().__init__("This is a task group: disband it instead.")


class NotAMember(Refused):
    """Groups are for members."""

    def __init__(self) -> None:
        super().__init__("Only members take part in groups. Join the profession first.")


class NotInTheGroup(Refused):
    def __init__(self) -> None:
        super().__init__("Whoever is to leave this group is not in it. Look at the group again.")


@dataclass(frozen=True)
class Group:
    """`ask` says where to ask: a role or a shared mailbox. `…_by` are accounts.

    A task group has a charter and `ends_on`, its last day in London; `flagged_at`: since then that day has passed with
    something still to deliver. One that disbanded by itself has nobody and no reason for it.
    """

    group_id: UUID
    kind: Kind
    title: str
    purpose: str
    ask: str
    established_at: datetime
    established_by: UUID
    charter: str | None = None
    ends_on: date | None = None
    flagged_at: datetime | None = None
    disbanded_at: datetime | None = None
    disbanded_by: UUID | None = None
    disbanded_for: str | None = None


@dataclass(frozen=True)
class Volunteer:
    """Somebody in a group, or who was; `…_by` are accounts. Without a member: they left the profession."""

    volunteering_id: UUID
    group_id: UUID
    member_id: UUID | None
    hours_per_month: int
    skills: tuple[Skill, ...]
    joined_at: datetime
    joined_by: UUID | None
    changed_at: datetime | None = None
    changed_by: UUID | None = None
    left_at: datetime | None = None
    left_by: UUID | None = None


def join(
    group: Group,
    member: Member | None,
    already: Volunteer | None,
    *,
    volunteering_id: UUID,
    hours_per_month: int,
    skills: tuple[Skill, ...],
    by: UUID,
    now: datetime,
) -> tuple[Volunteer, tuple[VolunteerJoinedGroup, ...]]:
    """A new volunteer; of one who is `already` in the group the new hours and skills, and nothing is said.

    Raises `NotAMember`, `GroupIsOver`.
    """
    if member is None or member.left_on is not None:
        raise NotAMember
    if group.disbanded_at is not None:
        raise GroupIsOver(group.kind)
    if already is not None:
        if (already.hours_per_month, already.skills) == (hours_per_month, skills):
            return already, ()
        changed = replace(already, hours_per_month=hours_per_month, skills=skills, changed_at=now, changed_by=by)
        return changed, ()
    its = Volunteer(
        volunteering_id, group.group_id, member.member_id, hours_per_month, skills, joined_at=now, joined_by=by
    )
    joined = VolunteerJoinedGroup(volunteering_id=volunteering_id, group_id=group.group_id, member_id=member.member_id)
    return its, (joined,)


def leave(its: Volunteer | None, *, by: UUID, now: datetime) -> tuple[Volunteer, VolunteerLeftGroup]:
    """Out of the group; the skills are nobody's business any more. Raises `NotInTheGroup`."""
    if its is None or its.member_id is None or its.left_at is not None:
        raise NotInTheGroup
    left = VolunteerLeftGroup(volunteering_id=its.volunteering_id, group_id=its.group_id, member_id=its.member_id)
    return replace(its, skills=(), left_at=now, left_by=by), left


def close(
    group: Group, inside: Sequence[Volunteer], reason: str, *, by: UUID, now: datetime
) -> tuple[Group, tuple[VolunteerLeftGroup, ...]]:
    """A standing group is over, and each who is `inside` leaves it. Raises `GroupIsOver`, `NotAStandingGroup`."""
    if group.disbanded_at is not None:
        raise GroupIsOver(group.kind)
    if group.kind is not Kind.STANDING:
        raise NotAStandingGroup
    left = tuple(
        VolunteerLeftGroup(
            volunteering_id=its.volunteering_id, group_id=group.group_id, member_id=its.member_id, closed=True
        )
        for its in inside
        if its.member_id is not None
    )
    return replace(group, disbanded_at=now, disbanded_by=by, disbanded_for=reason), left
