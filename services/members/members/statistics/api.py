"""The figures over HTTP: released by the team once a quarter, read by anyone, as JSON and as CSV."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from chassis import idempotency, outbox
from chassis.days import day_in_london
from chassis.idempotency import Key
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from members.monitoring import questions
from members.monitoring import store as monitoring
from members.roles.team import is_team
from members.settings import Settings
from members.statistics import periods, releasing, spreadsheet, store
from members.statistics.diversity import Figures
from members.statistics.method import VERSION, Method
from members.statistics.participation import Part
from members.statistics.releasing import NoRelease, NotTheLastQuarter
from members.statistics.store import Release

router = APIRouter(prefix="/api/members/v1", tags=["statistics"], route_class=RetryingRoute)

Period = Annotated[str, Field(pattern=r"^20\d\d-Q[1-4]$", description="A quarter, such as 2026-Q3")]
EXACT_FILLED_TO = 1 << 20  # so that the length of what is kept says nothing


class ReleaseForm(BaseModel):
    period: Period


class ReleaseView(BaseModel):
    """Figures are rounded to five; rows and answers that are not there are hidden, alone or together."""

    release_id: UUID
    period: str
    counted_on: date
    questions_version: int
    diversity: Mapping[str, Figures]
    participation: Mapping[str, Mapping[str, Part]]
    method: Annotated[Method | None, Field(description="How they were made; None: before that was kept")]
    released_by: Annotated[UUID | None, Field(description="An account; for the team alone")] = None


class ReleaseLine(BaseModel):
    period: str
    counted_on: date


class Releases(BaseModel):
    """`next`, given as `before`, leads to older ones; None: these were the last."""

    releases: list[ReleaseLine]
    next: str | None


@router.post("/statistics-releases", status_code=201)
async def publish(
    *, form: ReleaseForm, request: Request, database: Db, key: Key, caller: SignedIn, answer: Response
) -> ReleaseView:
    """Make and publish the figures of the last quarter that is over. Again, and nothing happens: 200."""
    permit(caller, "team")
    settings, vault = request.app.state.settings, request.app.state.vault
    method = _method(settings)
    async with database.transaction() as tx:
        today, release_id = day_in_london(tx.now), uuid4()
        quarter = periods.last_ended(today)
        await idempotency.claim(tx, key, resource_id=release_id, status=201)
        await store.hold(tx)
        if (its := await store.of_period(tx, form.period)) is not None:
            answer.status_code = 200
            return _view(its, caller)
        if form.period != quarter.code:
            raise NotTheLastQuarter(quarter)
        async with monitoring.opened(tx):
            await monitoring.hold_for_a_release(tx)
        before, asked, counted = await store.newest(tx), questions.on(today), await store.counted(tx)
        people = {
            "members": list(counted.values()),
            "joined": await store.joined_between(tx, quarter.first_day, quarter.last_day),
            "left": await store.left_between(tx, quarter.first_day, quarter.last_day),
        }
        async with monitoring.opened(tx):
            made = await asyncio.to_thread(
                releasing.made,
                places={vault.name(member_id): place for member_id, place in counted.items()},
                answers=await monitoring.every(tx, vault),
                asked=asked,
                method=method,
                period=quarter.code,
                before=before.diversity if before else {},
                ledger=await monitoring.ledger_of(tx, vault),
            )
            await monitoring.keep_ledger(tx, vault, made.ledger, filled_to=EXACT_FILLED_TO)
        its = releasing.release(
            made,
            asked,
            quarter,
            people=people,
            method=method,
            release_id=release_id,
            today=today,
            by=caller.account_id,
            now=tx.now,
        )
        await store.add(tx, its)
        await outbox.put(tx, *releasing.said(its, f"{settings.front_door}/members/figures/{its.period}"))
    return _view(its, caller)


@router.get("/statistics-releases")
async def every(
    database: Db, before: Period | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Releases:
    """Which releases there are, the newest first; for anyone."""
    async with database.transaction() as tx:
        found = await store.periods(tx, before, limit + 1)
    page = [ReleaseLine(period=period, counted_on=day) for period, day in found[:limit]]
    return Releases(releases=page, next=page[-1].period if len(found) > limit else None)


@router.get("/statistics-releases/{period}.csv")
async def as_csv(period: Period, database: Db) -> Response:
    """All figures of a release, a line each; `….csv-metadata.json` describes the columns (CSV on the Web)."""
    text = spreadsheet.lines(await there(database, period))
    return Response(text, media_type="text/csv; charset=utf-8; header=present")


@router.get("/statistics-releases/{period}.csv-metadata.json")
async def csv_metadata(period: Period, database: Db) -> Response:
    text = spreadsheet.description(await there(database, period))
    return Response(text, media_type="application/csvm+json")


@router.get("/statistics-releases/{period}")
async def show(period: Period, database: Db, caller: MaybeSignedIn) -> ReleaseView:
    """The figures of a quarter, for anyone."""
    return _view(await there(database, period), caller)


async def there(database: Db, period: str) -> Release:
    async with database.transaction() as tx:
        its = await store.of_period(tx, period)
    if its is None:
        raise NoRelease
    return its


def _method(settings: Settings) -> Method:
    return Method(
        VERSION, settings.statistics_threshold, settings.statistics_special_threshold, settings.statistics_population
    )


def _view(its: Release, caller: Caller | None) -> ReleaseView:
    of_team = is_team(caller)
    return ReleaseView(**{**vars(its), "released_by": its.released_by if of_team else None})
