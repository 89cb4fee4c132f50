"""What was before: the later last days that a task group was given, and a theme's terms that have ended.

Over HTTP and as pages. Why a group has another day is for every member; who gave it, and whose terms ended, for the
team.
"""

from datetime import date, datetime
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from chassis import paging
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import render
from members.groups import api, champion_store, champions_api, group_store, task_store
from members.groups.api import Limit
from members.groups.champions import Ending
from members.groups.task_groups import Extension
from members.roles.team import is_team
from members.signing_in import deeds
from members.signing_in.deeds import Deed

router = APIRouter(prefix="/api/members/v1", tags=["groups"], route_class=RetryingRoute)
pages = APIRouter(prefix="/members/groups", route_class=RetryingRoute, include_in_schema=False)

ON_A_PAGE: Final = 25


class ExtensionView(BaseModel):
    ended_on: Annotated[date, Field(description="The last day before")]
    ends_on: date
    reason: str
    extended_at: datetime
    extended_by: Annotated[UUID | None, Field(description="An account; for the team alone")] = None


class Extensions(BaseModel):
    """The newest first. `next`, given as `before`, leads to the following ones; None: these were the last."""

    extensions: list[ExtensionView]
    next: date | None


class EndedTermView(BaseModel):
    """`…_by` are accounts; without `ended_by` its day ended, or the champion resigned or left and is gone."""

    term_id: UUID
    member_id: Annotated[UUID | None, Field(description="None: they have left the profession")]
    starts_on: date
    ends_on: date
    appointed_at: datetime
    appointed_by: UUID
    ended: Ending
    ended_at: datetime
    ended_by: UUID | None


class EndedTerms(BaseModel):
    """Who ended last comes first. `next`, given as `before`, leads to the following ones; None: the last."""

    terms: list[EndedTermView]
    next: UUID | None


@router.get("/groups/{group_id}/extensions")
async def extensions(
    group_id: UUID, database: Db, caller: SignedIn, before: date | None = None, limit: Limit = 100
) -> Extensions:
    """Each later last day that a task group was given."""
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        api.there(await group_store.by_id(tx, group_id))
        found = await task_store.extensions(tx, group_id, before=before, most=limit + 1)
    page, following = paging.page(found, limit, attrgetter("ends_on"))
    return Extensions(extensions=[_extension(its, of_team=is_team(caller)) for its in page], next=following)


@router.get("/champion-themes/{theme_id}/ended-terms", tags=["champions"])
async def ended_terms(
    theme_id: UUID, database: Db, caller: SignedIn, before: UUID | None = None, limit: Limit = 100
) -> EndedTerms:
    """For the team: whose terms were when, who appointed them, and how each ended."""
    permit(caller, "team")
    async with database.transaction() as tx:
        champions_api.there(await champion_store.by_id(tx, theme_id))
        found = await champion_store.ended(tx, theme_id, before=before, most=limit + 1)
    page, following = paging.page(found, limit, attrgetter("term.term_id"))
    return EndedTerms(terms=[EndedTermView.model_validate(vars(its.term)) for its in page], next=following)


@pages.get("/{group_id:uuid}/extensions")
async def extensions_page(
    request: Request, group_id: UUID, database: Db, caller: SignedIn, before: date | None = None
) -> HTMLResponse:
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        its = api.there(await group_store.by_id(tx, group_id))
        found = await task_store.extensions(tx, group_id, before=before, most=ON_A_PAGE + 1)
        page, following = paging.page(found, ON_A_PAGE, attrgetter("ends_on"))
        told = await deeds.for_team(tx, caller, *(Deed("", each.extended_at, each.extended_by) for each in page))
    here = f"/members/groups/{group_id}/extensions"
    return render(
        request,
        "groups/extensions.html",
        its=its,
        extensions=page,
        deeds=told,
        first=here if before else None,
        following=f"{here}?before={following}" if following else None,
    )


@pages.get("/champions/{theme_id:uuid}/terms")
async def ended_terms_page(
    request: Request, theme_id: UUID, database: Db, caller: SignedIn, before: UUID | None = None
) -> HTMLResponse:
    permit(caller, "team")
    async with database.transaction() as tx:
        its = champions_api.there(await champion_store.by_id(tx, theme_id))
        found = await champion_store.ended(tx, theme_id, before=before, most=ON_A_PAGE + 1)
        page, following = paging.page(found, ON_A_PAGE, attrgetter("term.term_id"))
        accounts = [account for each in page for account in (each.term.appointed_by, each.term.ended_by)]
        behind = await deeds.behind(tx, caller, accounts)
    here = f"/members/groups/champions/{theme_id}/terms"
    return render(
        request,
        "groups/ended_terms.html",
        its=its,
        terms=page,
        behind=behind,
        first=here if before else None,
        following=f"{here}?before={following}" if following else None,
    )


def _extension(its: Extension, *, of_team: bool) -> ExtensionView:
    return ExtensionView(
        ended_on=its.ended_on,
        ends_on=its.ends_on,
        reason=its.reason,
        extended_at=its.extended_at,
        extended_by=its.extended_by if of_team else None,
    )
