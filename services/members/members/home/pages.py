"""The pages that anyone may open: what the profession is for, and how the site behaves."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chassis.browsing import Cookies
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import render
from members.home import coming_up, coming_up_store
from members.membership import store
from members.signing_in import pages as sign_in_pages

router = APIRouter(route_class=RetryingRoute, include_in_schema=False)

SHOWN: Final = 3


@router.get("/")
async def home(request: Request, database: Db) -> HTMLResponse:
    """What the profession is for, what is coming, and how to take part."""
    async with database.transaction() as tx:
        members = await store.count_present(tx)
        coming = await coming_up_store.next_ones(tx, tx.now, most=SHOWN)
    return render(request, "home/home.html", members=members, coming=list(map(coming_up.entry, coming)))


@router.get("/privacy")
async def privacy(request: Request) -> HTMLResponse:
    return render(request, "home/privacy.html")


@router.get("/cookies")
async def cookies(request: Request) -> HTMLResponse:
    names: Cookies = request.app.state.cookies
    return render(request, "home/cookies.html", names=names, signing_in=sign_in_pages.attempt_cookie(names))


@router.get("/accessibility")
async def accessibility(request: Request) -> HTMLResponse:
    return render(request, "home/accessibility.html")
