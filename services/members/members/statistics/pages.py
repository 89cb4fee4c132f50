"""The pages of the figures: how diverse the profession is, how that was counted, and the team's button.

The form is the API's own request in a browser: its handler decides, and these pages put it into words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from chassis.database import Database
from chassis.days import day_in_london
from chassis.identity import MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import render
from chassis.web.charts import Chart, bars
from contracts.refusal import NotFound, Refused
from members.monitoring import questions
from members.monitoring.questions import Characteristic
from members.places import store as organisation_store
from members.places.organisations import Register
from members.roles.team import is_team
from members.signing_in import deeds
from members.signing_in.deeds import Deed
from members.statistics import api, method, periods, store
from members.statistics.api import Period
from members.statistics.diversity import Figures
from members.statistics.participation import Part
from members.statistics.periods import Quarter
from members.statistics.releasing import NoRelease
from members.statistics.store import Release
from members.statistics.tables import Row, Table

router = APIRouter(prefix="/members/figures", route_class=RetryingRoute, include_in_schema=False)

BANDS: Final = {"AA-AO": "AA to AO", "EO": "EO", "HEO-SEO": "HEO to SEO", "G7-G6": "G7 to G6", "SCS": "SCS"}
MEASURES: Final = {"members": "Members", "joined": "Joined", "left": "Left"}
KINDS: Final = {"organisation": ("Organisation", "organisations"), "band": ("Grade", "grades")}
T = TypeVar("T")
QUARTERS: Final = 12  # of other releases, on one page


@dataclass(frozen=True)
class Line:
    """A row of a table as people read it; `since` says of when its figures are, where that is earlier."""

    name: str
    names: tuple[str, ...]  # of those shown together
    figures: tuple[int, ...]
    since: str


@router.get("")
async def newest(request: Request, database: Db, caller: MaybeSignedIn, before: Period | None = None) -> HTMLResponse:
    """The newest figures, or what will be here; `before` leads on among the other quarters, here and below."""
    async with database.transaction() as tx:
        its = await store.newest(tx)
    return await _figures(request, database, caller, its, before=before)


@router.get("/release")
async def release_form(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    """What publishing means, before it is done."""
    permit(caller, "team")
    return _release(request, database)


@router.post("/release")
async def release(request: Request, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    quarter = _last_ended(database)
    try:
        form = api.ReleaseForm(period=quarter.code)
        await api.publish(form=form, request=request, database=database, key=None, caller=caller, answer=Response())
    except NotFound:
        raise
    except Refused as refused:  # a quarter ended between the two
        return _release(request, database, refused.sentence)
    return RedirectResponse(f"/members/figures/{quarter.code}?done=released", 303)


@router.get("/{period}")
async def of_period(  # noqa: PLR0917 (what was done just now)
    request: Request, period: str, database: Db, caller: MaybeSignedIn, done: str = "", before: Period | None = None
) -> HTMLResponse:
    its = await _there(database, period)
    return await _figures(request, database, caller, its, before=before, done=done)


@router.get("/{period}/{characteristic}")
async def of_characteristic(request: Request, period: str, characteristic: str, database: Db) -> HTMLResponse:
    """One characteristic by organisation and grade."""
    its = await _there(database, period)
    asked, figures = questions.of_version(its.questions_version).by_code, its.diversity.get(characteristic)
    if figures is None or characteristic not in asked:
        raise NoRelease
    what, register = asked[characteristic], (await organisation_store.places_now(database)).register
    return render(
        request,
        "statistics/characteristic.html",
        quarter=_quarter(its.period),
        what=what,
        answers=list(what.group_words.values()),
        tables=[
            (KINDS[by][0], _lines(table, what, its.period, _named(register, by), KINDS[by][1]))
            for by, table in _by_kind(figures.by)
        ],
    )


async def _figures(
    request: Request,
    database: Database,
    caller: MaybeSignedIn,
    its: Release | None,
    *,
    before: str | None,
    done: str = "",
) -> HTMLResponse:
    of_team = is_team(caller)
    async with database.transaction() as tx:
        found = await store.periods(tx, before, QUARTERS + 1)
        newest = await store.periods(tx, None, 1)
        told = await deeds.for_team(tx, caller, Deed("Published", its.released_at, its.released_by)) if its else []
    page = [period for period, _ in found[:QUARTERS]]
    places = await organisation_store.places_now(database)
    due = _last_ended(database)
    return render(
        request,
        "statistics/figures.html",
        its=its,
        quarter=_quarter(its.period) if its else None,
        characteristics=_characteristics(its) if its else [],
        missing=_missing(its) if its else [],
        measures=_measures(its, places.register) if its else [],
        others=[_quarter(period) for period in page if its is None or period != its.period],
        is_first=before is None,
        following=page[-1] if len(found) > QUARTERS else None,
        special=method.special(questions.of_version(its.questions_version)) if its else "",
        due=due if of_team and due.code not in {period for period, _ in newest} else None,
        deeds=told,
        done=done == "released" and of_team,
    )


def _characteristics(its: Release) -> list[tuple[Characteristic, Figures, Chart, str, str]]:
    """Each with its picture, what that says in words, and of when it is where that is earlier."""
    found = []
    for what in questions.of_version(its.questions_version).characteristics:
        figures = its.diversity.get(what.code)
        if figures is None:
            continue
        total = figures.total
        shown = {words: total.figures[code] for code, words in what.words.items() if code in total.figures}
        shown |= {_together(what, group, codes): figure for group, (codes, figure) in total.hidden.items()}
        said = f"Of {total.people:,} members: " + ", ".join(f"{name} {figure:,}" for name, figure in shown.items())
        since = _quarter(total.period).words if total.period != its.period else ""
        found.append((what, figures, bars(list(shown), "Members", list(shown.values())), f"{said}.", since))
    return found


def _together(what: Characteristic, group: str, codes: Sequence[str]) -> str:
    """What answers are called that are shown as one figure."""
    words = what.group_words[group]
    return words if sum(its == group for its in what.group_of.values()) == len(codes) else f"Others ({words.lower()})"


def _missing(its: Release) -> list[str]:
    """What is asked and too small to be shown."""
    asked = questions.of_version(its.questions_version).characteristics
    return [what.title for what in asked if what.code not in its.diversity]


def _measures(its: Release, register: Register) -> list[tuple[str, list[tuple[str, list[tuple[str, str]]]]]]:
    """How many take part, came and went: tables by organisation and by grade."""
    return [
        (
            MEASURES[measure],
            [(KINDS[by][0], _parts(part, _named(register, by))) for by, part in _by_kind(parts)],
        )
        for measure, parts in ((measure, its.participation[measure]) for measure in MEASURES)
    ]


def _by_kind(its: Mapping[str, T]) -> list[tuple[str, T]]:
    """In the order of the page; the database keeps none."""
    return [(by, its[by]) for by in KINDS if by in its]


def _parts(its: Part, named: Mapping[str, str]) -> list[tuple[str, str]]:
    ordered = [*named, *sorted(its.shown.keys() - named.keys())]
    lines = [(named.get(code, code), f"{its.shown[code]:,}") for code in ordered if code in its.shown]
    if its.hidden:
        lines.append((f"{len(its.hidden)} others together", f"{its.together:,}" if its.together else "Too few to show"))
    return [*lines, ("All", f"{its.all:,}")]


def _lines(table: Table, what: Characteristic, period: str, named: Mapping[str, str], others: str) -> list[Line]:
    def line(row: Row, name: str, names: Iterable[str] = ()) -> Line:
        figures = tuple(row.figures.get(group, 0) for group in what.group_words)
        since = _quarter(row.period).words if row.period != period else ""
        return Line(name, tuple(names), figures, since)

    lines = [line(table_row, named.get(code, code)) for code, table_row in _in_order(table, named)]
    if table.rest is not None:
        names = sorted(named.get(code, code) for code in table.rest.codes)
        whole = "All" if not table.rows else "All other"
        lines.append(line(table.rest, f"{whole} {others} together", names))
    return lines


def _in_order(table: Table, named: Mapping[str, str]) -> list[tuple[str, Row]]:
    """Grades as they rise, organisations by name."""
    rows = {row.codes[0]: row for row in table.rows}
    return [(code, rows[code]) for code in [*named, *sorted(rows.keys() - named.keys())] if code in rows]


def _named(register: Register, by: str) -> Mapping[str, str]:
    return BANDS if by == "band" else {its.code: its.label for its in register.organisations}


def _quarter(period: str) -> Quarter:
    its = periods.read(period)
    if its is None:
        raise NoRelease
    return its


def _last_ended(database: Database) -> Quarter:
    return periods.last_ended(day_in_london(database.clock()))


def _release(request: Request, database: Database, refusal: str = "") -> HTMLResponse:
    its = _last_ended(database)
    return render(request, "statistics/release.html", quarter=its, refusal=refusal)


async def _there(database: Database, period: str) -> Release:
    return await api.there(database, _quarter(period).code)
