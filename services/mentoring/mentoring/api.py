"""What programs may ask of mentoring."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.members import Grade
from mentoring import domain, store

router = APIRouter(prefix="/api/mentoring/v1", route_class=RetryingRoute)


class ProfileView(BaseModel):
    """An open profile, which is whole."""

    model_config = ConfigDict(from_attributes=True)

    member_id: UUID
    organisation: str
    grade: Grade
    opened_at: datetime


class Counts(BaseModel):
    members: int


@router.get("/members/{member_id}/profile")
async def profile(member_id: UUID, caller: SignedIn, database: Db) -> ProfileView:
    """A member's mentoring profile, for themselves, scheme leads and the central team."""
    permit(caller, "scheme-lead", "team", owner=member_id)
    async with database.transaction() as tx:
        found = domain.shown(await store.profile_of(tx, member_id), to_the_member=caller.member_id == member_id)
    return ProfileView.model_validate(found)


@router.get("/counts")
async def counts(database: Db) -> Counts:
    """How many members mentoring knows who have not left. Totals only, for anyone."""
    async with database.transaction() as tx:
        return Counts(members=await store.count_open(tx))
