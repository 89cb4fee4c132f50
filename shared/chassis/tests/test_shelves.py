"""Which routers an address reaches, and that a shelf answers as its router does."""

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match

from chassis.shelves import Shelf, beginnings

people = APIRouter(prefix="/people", tags=["people"], responses={404: {"description": "Nobody"}})
places = APIRouter()


@people.get("")
async def everybody() -> list[str]:
    return ["Ada"]


@people.get("/{name}/places/{number}")
async def place(name: str, number: int) -> dict[str, int]:
    return {name: number}


@places.get("/places")
async def all_places() -> list[str]:
    return ["here"]


@places.get("/{anything}/at-last")
async def at_last(anything: str) -> str:
    return anything


async def nobody_passes() -> None:
    raise AssertionError("asked before every handler")


def app_of(*routers: APIRouter, **settings: object) -> FastAPI:
    app = FastAPI(**settings)  # type: ignore[arg-type]
    for router in routers:
        app.include_router(router)
    return app


async def answer(app: FastAPI, method: str, path: str, *, root: str = "") -> tuple[int, str | None, str]:
    transport = httpx2.ASGITransport(app=app, root_path=root)
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
        found = await client.request(method, path)
    return found.status_code, found.headers.get("allow"), found.text


def test_an_address_begins_up_to_what_differs() -> None:
    assert list(beginnings(people)) == ["/people", "/people/"]
    assert list(beginnings(places)) == ["/places", "/"]


@pytest.mark.parametrize(
    ("path", "match"),
    [
        ("/people", Match.FULL),
        ("/people/ada/places/3", Match.FULL),
        ("/people/ada", Match.NONE),
        ("/peop", Match.NONE),
        ("/places", Match.NONE),
    ],
)
def test_a_shelf_has_the_addresses_of_its_router(path: str, match: Match) -> None:
    app = app_of(Shelf(people))
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    assert [route.matches(dict(scope))[0] for route in app.router.routes if not hasattr(route, "path")] == [match]


async def test_it_answers_as_its_router_does() -> None:
    plain, shelved = app_of(people, places), app_of(Shelf(people), Shelf(places))
    asked = [
        ("GET", "/people"),
        ("GET", "/people/"),  # led to the one without
        ("GET", "/people/ada/places/3"),
        ("GET", "/people/ada/places/three"),
        ("DELETE", "/people"),
        ("GET", "/places"),
        ("GET", "/here/at-last"),
        ("GET", "/nowhere"),
    ]
    answers = [await answer(shelved, *each) for each in asked]

    assert answers == [await answer(plain, *each) for each in asked]
    assert [status for status, _, _ in answers] == [200, 307, 200, 422, 405, 200, 200, 404]
    assert answers[4][1] == "GET"
    assert shelved.openapi() == plain.openapi()


async def test_what_comes_before_every_handler_comes_before_its_too() -> None:
    app = app_of(Shelf(people), dependencies=[Depends(nobody_passes)])
    with pytest.raises(AssertionError, match="asked before every handler"):
        await answer(app, "GET", "/people")


async def test_behind_another_root_it_answers_as_its_router_does() -> None:
    assert await answer(app_of(Shelf(people)), "GET", "/site/people", root="/site") == (200, None, '["Ada"]')
    assert [type(route) for route in people.routes] == [APIRoute, APIRoute]
