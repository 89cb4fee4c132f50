"""What members decides about an erasure. Pure.

requested ── every service says that its data is gone ──> completed
    └── due_at has passed ──> stalled, said once; a late receipt still completes it
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from contracts.base import DomainEvent
from contracts.erasure import (
    Holder,
    MemberDataErasedByMembers,
    MemberErased,
    MemberErasureCompleted,
    MemberErasureRequested,
    MemberErasureStalled,
)


@dataclass(frozen=True)
class Erasure:
    """One member's erasure; instants are on the business clock, None: not yet."""

    member_id: UUID
    requested_at: datetime
    due_at: datetime
    receipts: Mapping[Holder, datetime]  # who has said that their data is gone, and when that was heard
    stalled_at: datetime | None = None
    completed_at: datetime | None = None
    requested_by: UUID | None = None  # an account; None: the member themself


def begin(member_id: UUID, *, now: datetime, hours: float, by: UUID | None = None) -> tuple[Erasure, list[DomainEvent]]:
    """Members' own data goes with the request, so that its receipt is the first."""
    begun = Erasure(member_id, now, now + timedelta(hours=hours), {Holder.MEMBERS: now}, requested_by=by)
    return begun, [MemberErasureRequested(member_id=member_id), MemberDataErasedByMembers(member_id=member_id)]


def note(its: Erasure, holder: Holder, now: datetime) -> tuple[Erasure, list[DomainEvent]]:
    """A service's data is gone. The last receipt completes the erasure; one that is there changes nothing."""
    if holder in its.receipts:
        return its, []
    noted = replace(its, receipts={**its.receipts, holder: now})
    if missing(noted):
        return noted, []
    member_id = its.member_id
    return replace(noted, completed_at=now), [
        MemberErasureCompleted(member_id=member_id),
        MemberErased(member_id=member_id),
    ]


def stall(its: Erasure, now: datetime) -> tuple[Erasure, MemberErasureStalled]:
    """It should be complete by now and is not."""
    return replace(its, stalled_at=now), MemberErasureStalled(member_id=its.member_id, late=missing(its))


def missing(its: Erasure) -> list[Holder]:
    """Who has not said yet that their data is gone."""
    return [holder for holder in Holder if holder not in its.receipts]


def late(its: Erasure, now: datetime) -> list[Holder]:
    """Who should have said so by now."""
    return missing(its) if now >= its.due_at else []
