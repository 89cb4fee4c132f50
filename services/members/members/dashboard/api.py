"""The dashboard over HTTP: how an organisation stands, for its head of profession; any for the central team."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.members import GradeBand
from contracts.refusal import FieldError, Invalid
from members.dashboard import overview, store
from members.groups import champion_store
from members.places import store as organisation_store
from members.places.organisations import Places
from members.roles.team import is_team
from members.statistics import store as statistics
from members.statistics.diversity import Figures
from members.statistics.participation import Part
from members.statistics.store import Release
from members.statistics.tables import Row
from members.strategy import store as strategy_store
from members.strategy.commitments import Commitment, Course

router = APIRouter(prefix="/api/members/v1", tags=["dashboard"], route_class=RetryingRoute)

SHOWN: Final = 10  # of each list; each has a page of its own


class DueView(BaseModel):
    commitment_id: UUID
    title: str
    owner: str
    due_on: date
    status: Course | None


class DueList(BaseModel):
    """The first ten by their day; `total` is of all."""

    commitments: list[DueView]
    total: int


class VacancyView(BaseModel):
    theme_id: UUID
    title: str


class PublishedView(BaseModel):
    """The newest release. `rows` are by characteristic: the organisation's own figures, or those of the row that it is
    shown in with others (`codes`); none without an organisation, and of what is not shown by organisation.
    """

    period: str
    counted_on: date
    questions_version: int
    rows: dict[str, Row]


class DashboardView(BaseModel):
    """Figures are rounded to five; small ones are hidden, alone or together, as in the participation report."""

    organisation: Annotated[str | None, Field(description="A code; null: all organisations")]
    counted_on: date
    members: Part
    joined: Part
    left: Part
    taking_part: Annotated[
        dict[str, int | None],
        Field(description="As the month began; null: too few to say, or all but a few"),
    ]
    overdue: DueList
    due_soon: Annotated[DueList, Field(description="Due in the next 90 days")]
    vacancies: Annotated[list[VacancyView], Field(description="The first ten themes without a champion")]
    more_vacancies: bool
    published: PublishedView | None


@router.get("/dashboard")
async def show(
    request: Request, database: Db, caller: SignedIn, organisation: Annotated[str, Query(max_length=200)] = ""
) -> DashboardView:
    """How an organisation stands: a head of profession's own, or for the team any (code or name) and all together."""
    _permit(caller)
    async with database.transaction() as tx:
        places = await organisation_store.places(tx)
        code = _code(places, caller, organisation)
        days = overview.months(places.day)
        counted = await store.counted(tx, code, since=days[0], at=overview.month_began(places.day))
        due = overview.due(await strategy_store.every(tx), places.day)
        vacant = await champion_store.some(tx, vacant=True, after=None, most=SHOWN + 1)
        release = await statistics.newest(tx)
    threshold = request.app.state.settings.statistics_threshold
    its = overview.shown(counted, [band.value for band in GradeBand], places.day, threshold)
    return DashboardView(
        organisation=code,
        counted_on=places.day,
        members=its.members,
        joined=its.joined,
        left=its.left,
        taking_part=dict(its.taking_part),
        overdue=_list(due.overdue),
        due_soon=_list(due.soon),
        vacancies=[VacancyView(theme_id=each.theme_id, title=each.title) for each in vacant[:SHOWN]],
        more_vacancies=len(vacant) > SHOWN,
        published=_published(release, code) if release else None,
    )


def _permit(caller: Caller) -> None:
    permit(caller, "team", "hosep", organisation=None if is_team(caller) else caller.organisation)


def _code(places: Places, caller: Caller, text: str) -> str | None:
    """Raises `Invalid` for what the register does not know, and `NotFound` for a head of profession elsewhere."""
    its = places.register.named(text) if text.strip() else None
    if "team" not in caller.roles:
        if text.strip():
            permit(caller, "hosep", organisation=its.code if its else "")
        return caller.organisation
    if text.strip() and its is None:
        raise Invalid(
            FieldError(
                "organisation", "This organisation is not in the register. Choose one that is, or none to see all."
            )
        )
    return its.code if its else None


def _list(commitments: tuple[Commitment, ...]) -> DueList:
    return DueList(
        commitments=[
            DueView(
                commitment_id=its.commitment_id, title=its.title, owner=its.owner, due_on=its.due_on, status=its.course
            )
            for its in commitments[:SHOWN]
        ],
        total=len(commitments),
    )


def _published(its: Release, code: str | None) -> PublishedView:
    rows = {name: _row(figures, code) for name, figures in its.diversity.items()} if code else {}
    return PublishedView(
        period=its.period,
        counted_on=its.counted_on,
        questions_version=its.questions_version,
        rows={name: row for name, row in rows.items() if row is not None},
    )


def _row(figures: Figures, code: str) -> Row | None:
    """The row in which an organisation is shown, alone or with others."""
    table = figures.by.get("organisation")
    every = (*table.rows, *([table.rest] if table.rest else [])) if table else ()
    return next((row for row in every if code in row.codes), None)
