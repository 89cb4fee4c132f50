"""Importing: an organisation's file of members, everyone joined once, and a report row by row.

The file is kept first, whole, in one transaction; `settling.py` works it off. Sending waits for the report, for as long
as a person would.
"""

import asyncio
import hmac
import time
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field

from chassis import idempotency, paging
from chassis.database import Database, Transaction
from chassis.idempotency import Key
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.refusal import NotFound
from members.imports import report as import_report
from members.imports import store as import_store
from members.imports.file import MOST_ROWS, rows_of
from members.imports.store import Import, Outcome

LOOK_SECONDS = 0.1
UPLOADS = "/api/members/v1/imports"
NOBODYS = ""  # no caller has this organisation
ROWS: Final = 100  # of a report, where nobody asks for more or fewer
Rows = Annotated[int, Query(ge=1, le=MOST_ROWS)]

router = APIRouter(prefix="/api/members/v1", tags=["imports"], route_class=RetryingRoute)


class Mistake(BaseModel):
    field: str
    detail: str


class ReportRow(BaseModel):
    """`member_id` where the sender may know whose it is."""

    line: int
    outcome: Outcome
    member_id: UUID | None = None
    errors: list[Mistake] = []


class Report(BaseModel):
    """`rows` is all there are; the five below add up to it once the state is done. `next` is for `after`."""

    import_id: UUID
    state: str
    rows: int
    joined: int
    already_members: int
    refused: int
    transferred: int
    taken_before: Annotated[int, Field(description="The same file was sent before; who was in it is not brought back")]
    report: list[ReportRow]
    next: int | None = None


class Sent(BaseModel):
    """One file. `rows` is all there are; the outcomes add up to it once `done_at` is there."""

    import_id: UUID
    organisation: Annotated[str | None, Field(description="Its rows are of this one alone; null: of any")]
    begun_at: datetime
    begun_by: Annotated[UUID | None, Field(description="An account; for the team alone")]
    done_at: datetime | None
    rows: int
    by_outcome: dict[Outcome, int]


class Imports(BaseModel):
    """The newest first. `next`, given as `after`, leads to the following ones; None: these were the last."""

    imports: list[Sent]
    next: UUID | None


@router.get("/imports")
async def every(
    database: Db,
    caller: SignedIn,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> Imports:
    """The files that were sent: for the team all, for a head of profession those of their own organisation."""
    only = only_of(caller)
    permit(caller, "team", "hosep", organisation=only)
    async with database.transaction() as tx:
        found = await import_store.newest(tx, organisation=only, after=after, most=limit + 1)
        page = await import_store.progress(tx, found[:limit])
    return Imports(
        imports=[Sent.model_validate(vars(its) | {"begun_by": None if only else its.account_id}) for its in page],
        next=found[limit - 1] if len(found) > limit else None,
    )


@router.post("/imports", status_code=201, responses={202: {"model": Report}})
async def send(
    *,
    file: UploadFile,
    request: Request,
    response: Response,
    database: Db,
    key: Key,
    caller: SignedIn,
    limit: Rows = ROWS,
) -> Report:
    """Join everybody in a CSV file; 201 with the report, or 202 when it takes longer than a person waits.

    The report begins with the first rows, and its `next` leads to the following ones.
    """
    import_id = await begin(await file.read(), request, database, key, caller)
    done = await _finished(database, import_id, request.app.state.settings.import_wait_seconds)
    response.status_code = 201 if done else 202
    response.headers["Location"] = f"{UPLOADS}/{import_id}"
    async with database.transaction() as tx:
        return await _report(tx, _there(await import_store.by_id(tx, import_id)), after=0, limit=limit)


async def begin(content: bytes, request: Request, database: Database, key: Key, caller: Caller) -> UUID:
    """Keeps a file, which is worked off from now on. Raises `Invalid` on `file`."""
    only = only_of(caller)
    permit(caller, "team", "hosep", organisation=only)
    rows = rows_of(content)
    async with database.transaction() as tx:
        import_id = uuid4()
        if (earlier := await idempotency.claim(tx, key, resource_id=import_id, status=201)) is not None:
            return earlier
        await import_store.begin(
            tx, import_id, account_id=caller.account_id, organisation=only, rows=rows, mark=_mark(content, request)
        )
    request.app.state.imports.wake()
    return import_id


def _mark(content: bytes, request: Request) -> bytes:
    """By which the same file is known again, and none of it can be found without the key."""
    key: str = request.app.state.settings.address_key.get_secret_value()
    return hmac.digest(key.encode(), b"a file of members\0" + content, "sha256")


def only_of(caller: Caller) -> str | None:
    """The organisation whose members alone a caller imports, and whose imports alone they see; None: every one."""
    return caller.organisation if "hosep" in caller.roles and "team" not in caller.roles else None


@router.get("/imports/{import_id}")
async def show(
    import_id: UUID,
    database: Db,
    caller: SignedIn,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Rows = ROWS,
) -> Report:
    """How far an import is, and what became of each row below line `after`."""
    async with database.transaction() as tx:
        return await _report(tx, await permitted(tx, import_id, caller), after=after, limit=limit)


@router.get("/imports/{import_id}/report.csv", response_class=Response)
async def download(import_id: UUID, database: Db, caller: SignedIn) -> Response:
    """The report so far as a file for a spreadsheet: what became of each line, and what to mend where."""
    async with database.transaction() as tx:
        its = await permitted(tx, import_id, caller)
        settled = await import_store.settled(tx, its.import_id, after=0, limit=MOST_ROWS)
    headers = {"Content-Disposition": f'attachment; filename="import-{import_id}.csv"'}
    return Response(import_report.as_csv(settled), media_type="text/csv; charset=utf-8", headers=headers)


async def permitted(tx: Transaction, import_id: UUID, caller: Caller) -> Import:
    """The import, for the team and for who heads the organisation that it is of. Raises `NotFound`."""
    its = await import_store.by_id(tx, import_id)
    # A file of the whole profession belongs to the team.
    permit(caller, "team", "hosep", organisation=its.organisation or NOBODYS if its else NOBODYS)
    return _there(its)


async def _finished(database: Database, import_id: UUID, seconds: float) -> bool:
    """Whether it was done within the time; another replica may be the one that works on it."""
    until = time.monotonic() + seconds
    while True:
        async with database.transaction() as tx:
            if _there(await import_store.by_id(tx, import_id)).done:
                return True
        if time.monotonic() >= until:
            return False
        await asyncio.sleep(LOOK_SECONDS)


async def _report(tx: Transaction, its: Import, *, after: int, limit: int) -> Report:
    totals = await import_store.totals(tx, its.import_id)
    found = await import_store.settled(tx, its.import_id, after=after, limit=limit + 1)
    settled, following = paging.page(found, limit, attrgetter("line"))
    return Report(
        import_id=its.import_id,
        state="done" if its.done else "working",
        rows=sum(totals.values()),
        joined=totals.get("joined", 0),
        already_members=totals.get("already-a-member", 0),
        refused=totals.get("refused", 0),
        transferred=totals.get("transferred", 0),
        taken_before=totals.get("taken-before", 0),
        report=[
            ReportRow(
                line=row.line,
                outcome=row.outcome,
                member_id=row.member_id,
                errors=[Mistake(field=error.field, detail=error.sentence) for error in row.errors],
            )
            for row in settled
        ],
        next=following,
    )


def _there(its: Import | None) -> Import:
    if its is None:
        raise NotFound
    return its
