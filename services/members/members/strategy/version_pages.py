"""The versions of the strategy, for anyone: all of them, and each as it was published."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from chassis.identity import MaybeSignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import render
from members.strategy import api as strategy

router = APIRouter(prefix="/members/strategy/versions", route_class=RetryingRoute, include_in_schema=False)

ON_A_PAGE: Final = 20


@router.get("")
async def versions(
    request: Request, database: Db, before: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> HTMLResponse:
    found, following = await strategy.some_versions(database, before, ON_A_PAGE)
    return render(
        request,
        "strategy/versions.html",
        versions=found,
        first="/members/strategy/versions" if before else None,
        following=f"/members/strategy/versions?before={following}" if following else None,
    )


@router.get("/{version:int}")
async def version(
    request: Request, version: Annotated[int, Path(ge=1, lt=2**31)], database: Db, caller: MaybeSignedIn
) -> HTMLResponse:
    """What it said; where its promises stand now is on their own pages."""
    return render(request, "strategy/version.html", its=await strategy.of_version(version, database, caller))
