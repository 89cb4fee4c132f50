"""The versions of the strategy, for anyone: all of them, and each as it was published."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from chassis.identity import MaybeSignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import render
from members.signing_in import deeds
from members.signing_in.deeds import Deed
from members.strategy import api as strategy

router = APIRouter(prefix="/members/strategy/versions", route_class=RetryingRoute, include_in_schema=False)

ON_A_PAGE: Final = 20


@router.get("")
async def versions(
    request: Request, database: Db, caller: MaybeSignedIn, before: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> HTMLResponse:
    found, following = await strategy.some_versions(database, before, ON_A_PAGE)
    async with database.transaction(one_statement=True) as tx:
        told = await deeds.for_team(tx, caller, *(Deed("", its.published_at, its.published_by) for its in found))
    return render(
        request,
        "strategy/versions.html",
        versions=found,
        deeds=told,
        first="/members/strategy/versions" if before else None,
        following=f"/members/strategy/versions?before={following}" if following else None,
    )


@router.get("/{version:int}")
async def version(
    request: Request, version: Annotated[int, Path(ge=1, lt=2**31)], database: Db, caller: MaybeSignedIn
) -> HTMLResponse:
    """What it said; where its promises stand now is on their own pages."""
    its = await strategy.of_version(version, database, caller)
    async with database.transaction(one_statement=True) as tx:
        told = await deeds.for_team(tx, caller, Deed("Published", its.published_at, its.published_by))
    return render(request, "strategy/version.html", its=its, deeds=told)
