"""What a service holds of the person who asks: its part of the copy that they take away, named in plain words.

    HOLDINGS = [Holding("Your places at events", ("registration",), copy_store.places), …]
    routers=[…, copies.routes("events", HOLDINGS)]

Programs ask for each part at `/api/<service>/v1/my/copy`. A browser has it at `/<service>/my/copy` as a page and at
`/<service>/my/copy.json` as a file; a script of the page that offers the whole copy joins them in the person's own
browser. So no service asks another for what it holds of somebody, and none sees the whole.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import asyncpg
from fastapi import APIRouter, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel

from chassis.database import Database, Transaction
from chassis.identity import Caller, SignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import date as day_in_words
from chassis.web import render, time_of_day

Rows = Callable[[Transaction, Caller], Awaitable[Sequence[asyncpg.Record] | Sequence[Mapping[str, Any]]]]

# Tables of the chassis itself, and why they are no part of a copy.
NOT_COPIED: Final[Mapping[str, str]] = {
    "idempotency_key": "hashes, for a day, of what was sent; they can't be read back",
    "outbox": "thin events on their way out: random ids, and what the service's own tables say",
    "event_log": "thin events that were said: random ids, and what the service's own tables say or said",
    "subject_counter": "how many events were said of a random id",
    "progress": "how many events were heard of a random id",
    "parked": "records that could not be handled yet; what they bring is in the copy once they are",
}


@dataclass(frozen=True)
class Holding:
    """One kind of thing that is held of people.

    `rows` gives those of the caller, with columns named as a person would (`registered_at`), and with nothing of
    anybody else; `tables` are where they stand.
    """

    title: str
    tables: tuple[str, ...]
    rows: Rows


class Held(BaseModel):
    title: str
    rows: list[dict[str, Any]]


class Part(BaseModel):
    """All that one service holds of the caller at an instant; a kind of which it holds nothing has no rows."""

    service: str
    made_at: datetime
    holdings: list[Held]


def routes(service: str, holdings: Sequence[Holding]) -> APIRouter:
    """The service's part, for programs, for a browser and as a file."""
    router = APIRouter(route_class=RetryingRoute)

    @router.get(f"/api/{service}/v1/my/copy", tags=["copy"])
    async def give(database: Db, caller: SignedIn, response: Response) -> Part:
        """All that this service holds of the caller."""
        response.headers["Cache-Control"] = "no-store"
        return await part(database, service, holdings, caller)

    @router.get(f"/{service}/my/copy", include_in_schema=False)
    async def page(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
        its = await part(database, service, holdings, caller)
        return render(request, "copy_part.html", part=its, words=in_words, data=jsonable_encoder(its))

    @router.get(f"/{service}/my/copy.json", include_in_schema=False)
    async def file(database: Db, caller: SignedIn) -> Response:
        its = await part(database, service, holdings, caller)
        name = f"gse-{service}-{its.made_at:%Y-%m-%d}.json"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return JSONResponse(jsonable_encoder(its), headers=headers)

    return router


async def part(database: Database, service: str, holdings: Iterable[Holding], caller: Caller) -> Part:
    async with database.transaction() as tx:
        held = [Held(title=its.title, rows=[dict(row) for row in await its.rows(tx, caller)]) for its in holdings]
        return Part(service=service, made_at=tx.now, holdings=held)


def in_words(value: object) -> str:
    """A value as a person reads it."""
    match value:
        case None | [] | "":
            return "Nothing"
        case bool():
            return "Yes" if value else "No"
        case datetime():
            return f"{day_in_words(value)}, {time_of_day(value)}"
        case date():
            return day_in_words(value)
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
