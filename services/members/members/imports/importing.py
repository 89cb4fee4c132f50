"""Importing: an organisation's file of members, everyone joined once, and a report row by row.

The file is kept first, whole, in one transaction. Then a timer works it off in small transactions, each of which
settles its rows and says what they did: a kill at any instant loses nothing and repeats nothing, and another replica
or the next start goes on. Sending waits for the report, for as long as a person would.
"""

import asyncio
import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field

from chassis import idempotency, outbox, paging
from chassis.database import Database, Transaction
from chassis.idempotency import Key
from chassis.identity import Caller, SignedIn, permit
from chassis.problems import RESPONSES
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.base import DomainEvent
from contracts.refusal import Invalid, NotFound
from members.imports import report as import_report
from members.imports import store as import_store
from members.imports.file import MOST_ROWS, rows_of
from members.imports.store import Import, Outcome, Settled
from members.membership import answers, domain, store
from members.membership.domain import Member
from members.places import store as organisation_store
from members.places.organisations import Places
from members.rights import change_store
from members.roles import moving

BATCH = 250  # rows a transaction: short, so that whoever joins meanwhile hardly waits
LOOK_SECONDS = 0.1
UPLOADS = "/api/members/v1/imports"
NOBODYS = ""  # no caller has this organisation

router = APIRouter(prefix="/api/members/v1", tags=["imports"], route_class=RetryingRoute, responses=RESPONSES)


ROWS: Final = 100  # of a report, where nobody asks for more or fewer
Rows = Annotated[int, Query(ge=1, le=MOST_ROWS)]


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
        imports=[Sent.model_validate(vars(its)) for its in page],
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


async def work_off(database: Database) -> int:
    """Settles the next rows of the oldest import that nobody else works on; gives 0 when there is none."""
    async with database.transaction() as tx:
        under_way = await import_store.next_under_way(tx)
        if under_way is None:
            return 0
        rows = await import_store.rows_to_do(tx, under_way.import_id, BATCH)
        places = await organisation_store.places(tx)
        candidates, settled = _decide(rows, places, only=under_way.organisation, now=tx.now)
        candidates, gone = await _not_brought_back(tx, under_way, candidates)
        settled += gone
        added = await store.add(tx, [candidate.member for candidate in candidates])
        # Held, so that an erasure in this instant comes later and takes them out of the report.
        others = [its.email for its in candidates if its.member.member_id not in added]
        there = await store.hold_by_email(tx, others) if others else {}
        said = list[DomainEvent]()
        moved_ids = list[UUID]()
        for candidate in candidates:
            if candidate.member.member_id in added:
                settled.append(Settled(candidate.line, "joined", candidate.member.member_id))
                said += candidate.events
            elif (member := await _to_move(tx, candidate, there, places)) is not None:
                moved, transferred = domain.transfer(member, candidate.member.organisation, candidate.member.grade)
                await store.save(tx, moved)
                settled.append(Settled(candidate.line, "transferred", moved.member_id))
                said.append(transferred)
                moved_ids.append(moved.member_id)
            else:
                settled.append(_already_there(candidate, there, only=under_way.organisation))
        await change_store.record_import(tx, moved_ids, under_way.import_id)
        said = [*await moving.let_go(tx, moved_ids, by=under_way.account_id), *said]
        await import_store.settle(tx, under_way.import_id, settled)
        if len(rows) < BATCH:
            await import_store.finish(tx, under_way.import_id)
        await outbox.put(tx, *said)
    return 1


@dataclass(frozen=True)
class _Candidate:
    """A row that is in order: who joins by it, and what is said of it, unless they are a member already."""

    line: int
    email: str
    member: Member
    events: tuple[DomainEvent, ...]


def _decide(
    rows: Sequence[tuple[int, dict[str, str]]], places: Places, *, only: str | None, now: datetime
) -> tuple[list[_Candidate], list[Settled]]:
    """Who may join, and which rows are refused."""
    candidates: list[_Candidate] = []
    refused: list[Settled] = []
    for line, cells in rows:
        try:
            application, joined_on = answers.imported(cells, places, only=only)
        except Invalid as wrong:
            refused.append(Settled(line, "refused", errors=wrong.errors))
        else:
            member, *events = domain.join(application, member_id=uuid4(), joined_on=joined_on, verified_at=now)
            candidates.append(_Candidate(line, application.email, member, tuple(events)))
    return candidates, refused


async def _not_brought_back(
    tx: Transaction, under_way: Import, candidates: list[_Candidate]
) -> tuple[list[_Candidate], list[Settled]]:
    """Who may still join: not by a line that was taken as the same file was sent before, and has nobody now."""
    before = await import_store.taken_before(tx, under_way.import_id, [its.line for its in candidates])
    again = [its for its in candidates if its.line in before]
    there = await store.hold_by_email(tx, [its.email for its in again]) if again else {}
    gone = {its.line for its in again if its.email not in there}
    left = [its for its in candidates if its.line not in gone]
    return left, [Settled(line, "taken-before") for line in gone]


async def _to_move(
    tx: Transaction, candidate: _Candidate, there: Mapping[str, tuple[UUID, str]], places: Places
) -> Member | None:
    """The row's member, held, if their organisation has closed and the row says which of its heirs they work for."""
    wanted = candidate.member.organisation
    member_id, organisation = there.get(candidate.email, (None, ""))
    if member_id is None or wanted not in {its.code for its in places.heirs(organisation)}:
        return None
    member = await store.lock_to_move(tx, member_id)  # another import or the member may have been first
    return member if wanted in {its.code for its in places.heirs(member.organisation)} else None


def _already_there(candidate: _Candidate, there: Mapping[str, tuple[UUID, str]], *, only: str | None) -> Settled:
    """Names the member, except to an organisation that it does not belong to."""
    member_id, organisation = there.get(candidate.email, (None, None))
    return Settled(candidate.line, "already-a-member", member_id if only in (None, organisation) else None)


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
        raise NotFound("There is nothing here, or it is not yours to see.")
    return its
