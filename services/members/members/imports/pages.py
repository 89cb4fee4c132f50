"""The pages of imports: sending a file, how far it is, what to mend in it."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import UploadFile

from chassis.database import Database
from chassis.idempotency import FormKey
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import FormError, errors_from, render
from contracts.refusal import Invalid
from members.imports import importing
from members.imports import store as import_store
from members.imports.file import COLUMNS, MOST_ROWS
from members.imports.report import IN_WORDS
from members.places import store as organisation_store
from members.signing_in import deeds
from members.signing_in.deeds import Deed

HERE: Final = "/members/imports"
ON_A_PAGE: Final = 25
NO_FILE: Final[FormError] = {"field": "file", "text": "Choose a CSV file", "href": "#file"}

router = APIRouter(prefix=HERE, route_class=RetryingRoute, include_in_schema=False)


@router.get("")
async def newest(
    request: Request, database: Db, caller: SignedIn, skip: Annotated[int, Query(ge=0, le=10_000)] = 0
) -> HTMLResponse:
    """The form to send a file by, and the newest imports."""
    permit(caller, "team", "hosep", organisation=importing.only_of(caller))
    return await _page(request, database, caller, skip)


@router.post("")
async def send(request: Request, database: Db, caller: SignedIn, key: FormKey) -> Response:
    """Keeps the file and leads to the page that shows how far it is."""
    permit(caller, "team", "hosep", organisation=importing.only_of(caller))
    async with request.form() as form:
        file = form.get("file")
        content = await file.read() if isinstance(file, UploadFile) and file.filename else None
    if content is None:
        return await _page(request, database, caller, 0, [NO_FILE])
    try:
        import_id = await importing.begin(content, request, database, key, caller)
    except Invalid as error:
        return await _page(request, database, caller, 0, errors_from(error, order=["file"]))
    return RedirectResponse(f"{HERE}/{import_id}", 303)


@router.get("/{import_id}")
async def show(
    request: Request,
    import_id: UUID,
    database: Db,
    caller: SignedIn,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> HTMLResponse:
    """How far it is, and the rows that were not taken."""
    async with database.transaction() as tx:
        await importing.permitted(tx, import_id, caller)
        [its] = await import_store.progress(tx, [import_id])
        refused = await import_store.to_mend(tx, import_id, after=after, most=ON_A_PAGE + 1)
        told = await deeds.for_team(tx, caller, Deed("", its.begun_at, its.account_id))
    return render(
        request,
        "imports/import.html",
        its=its,
        deeds=told,
        in_words=IN_WORDS,
        refused=refused[:ON_A_PAGE],
        is_first=after == 0,
        following=refused[ON_A_PAGE - 1].line if len(refused) > ON_A_PAGE else None,
    )


@router.get("/{import_id}/report.csv")
async def download(import_id: UUID, database: Db, caller: SignedIn) -> Response:
    """The API's own file, in a browser."""
    return await importing.download(import_id, database, caller)


async def _page(
    request: Request, database: Database, caller: Caller, skip: int, errors: list[FormError] | None = None
) -> HTMLResponse:
    only = importing.only_of(caller)
    async with database.transaction() as tx:
        found = await import_store.newest(tx, organisation=only, skip=skip, most=ON_A_PAGE + 1)
        imports = await import_store.progress(tx, found[:ON_A_PAGE])
        told = await deeds.for_team(tx, caller, *(Deed("", its.begun_at, its.account_id) for its in imports))
        places = await organisation_store.places(tx)
    return render(
        request,
        "imports/imports.html",
        imports=imports,
        deeds=told,
        in_words=IN_WORDS,
        columns=COLUMNS,
        most=MOST_ROWS,
        only=places.register.label(only) if only else None,
        label=places.register.label,
        newer=max(skip - ON_A_PAGE, 0) if skip else None,
        older=skip + ON_A_PAGE if len(found) > ON_A_PAGE else None,
        values={},
        errors=errors,
    )
