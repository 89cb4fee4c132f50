"""What the team decided of members who may be one person: who was merged into whom, and who are two people."""

from datetime import datetime
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from chassis import paging
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import render
from members.membership import duplicate_store, store
from members.signing_in import deeds

router = APIRouter(prefix="/api/members/v1", tags=["members"], route_class=RetryingRoute)
pages = APIRouter(prefix="/members/people/duplicates", route_class=RetryingRoute, include_in_schema=False)

HERE: Final = "/members/people/duplicates/decided"
ON_A_PAGE: Final = 25


class DecisionView(BaseModel):
    """Merged: `first` is who stayed, `second` who ended. Whoever was erased since is in none."""

    decision_id: UUID
    merged: Annotated[bool, Field(description="Otherwise they are two people")]
    first: UUID
    second: UUID
    at: datetime
    by: Annotated[UUID, Field(description="The account that did it")]


class Decisions(BaseModel):
    """The newest first. `next`, given as `before`, leads to the following ones; None: these were the last."""

    decisions: list[DecisionView]
    next: UUID | None


@router.get("/duplicates/decisions")
async def every(
    database: Db, caller: SignedIn, before: UUID | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 100
) -> Decisions:
    permit(caller, "team")
    async with database.transaction() as tx:
        found = await duplicate_store.decided(tx, before=before, most=limit + 1)
    shown, following = paging.page(found, limit, attrgetter("decision_id"))
    return Decisions(decisions=[DecisionView(**vars(its)) for its in shown], next=following)


@pages.get("/decided")
async def page(request: Request, database: Db, caller: SignedIn, before: UUID | None = None) -> HTMLResponse:
    permit(caller, "team")
    async with database.transaction() as tx:
        found = await duplicate_store.decided(tx, before=before, most=ON_A_PAGE + 1)
        shown, following = paging.page(found, ON_A_PAGE, attrgetter("decision_id"))
        members = await store.by_ids(tx, {each for its in shown for each in (its.first, its.second)})
        behind = await deeds.behind(tx, caller, [its.by for its in shown])
    return render(
        request,
        "membership/decided.html",
        decisions=shown,
        names={member_id: its.name or "a former member" for member_id, its in members.items()},
        behind=behind,
        first=HERE if before else None,
        following=f"{HERE}?before={following}" if following else None,
    )
