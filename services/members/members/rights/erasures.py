"""How every erasure goes, for the team: by the bare id, service by service, with those that are late named."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from chassis.database import Database
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from members.erasure import erasing
from members.erasure import store as erasure_store
from members.erasure.erasing import ErasureView

router = APIRouter(prefix="/api/members/v1", tags=["erasure"], route_class=RetryingRoute)


class Erasures(BaseModel):
    """The newest first. `next`, given as `before`, leads to the following ones; None: these were the last."""

    erasures: list[ErasureView]
    next: UUID | None


@router.get("/erasures")
async def every(
    database: Db,
    caller: SignedIn,
    before: UUID | None = None,
    unfinished: bool = False,  # noqa: FBT001, FBT002 (a query parameter)
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> Erasures:
    """Each erasure and how far it is, or those alone that are not complete."""
    permit(caller, "team")
    return await some(database, caller, before=before, most=limit, unfinished=unfinished)


async def some(database: Database, caller: Caller, *, before: UUID | None, most: int, unfinished: bool) -> Erasures:
    async with database.transaction() as tx:
        found = await erasure_store.newest(tx, before=before, most=most + 1, unfinished=unfinished)
        shown = [erasing.view(its, tx.now, caller) for its in found[:most]]
    return Erasures(erasures=shown, next=found[most - 1].member_id if len(found) > most else None)
