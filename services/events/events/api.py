"""What programs may ask of the events service."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.members import GradeBand
from events import domain, store

router = APIRouter(prefix="/api/events/v1", route_class=RetryingRoute)


class InviteeView(BaseModel):
    """Somebody who has not left, of whom all is known but, where it was never heard, since when."""

    model_config = ConfigDict(from_attributes=True)

    member_id: UUID
    organisation: str
    grade_band: GradeBand
    since: date | None


class Counts(BaseModel):
    members: int


@router.get("/members/{member_id}/invitee")
async def invitee(member_id: UUID, caller: SignedIn, database: Db) -> InviteeView:
    """What invitations to a member go by, for themselves and the central team."""
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        found = domain.shown(await store.invitee_of(tx, member_id), to_the_member=caller.member_id == member_id)
    return InviteeView.model_validate(found)


@router.get("/counts")
async def counts(database: Db) -> Counts:
    """How many members may be invited. Totals only, for anyone."""
    async with database.transaction() as tx:
        return Counts(members=await store.count_present(tx))
