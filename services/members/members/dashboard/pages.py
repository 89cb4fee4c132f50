"""The page of an organisation: how it stands, charts first and tables behind them. The API's handler answers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chassis.identity import SignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import errors_from, render
from chassis.web.charts import Chart, bars, columns
from contracts.refusal import Invalid
from members.dashboard import api, overview
from members.dashboard.api import DashboardView, PublishedView
from members.monitoring import questions
from members.places import store as organisation_store
from members.roles.team import is_team
from members.statistics import periods
from members.statistics.pages import BANDS
from members.statistics.participation import Part
from members.strategy.pages import COURSES

router = APIRouter(prefix="/members/organisation", route_class=RetryingRoute, include_in_schema=False)

TAKING_PART: Final = {
    "groups": "Volunteers in groups",
    "champions": "Champions of themes",
    "places": "Given a place by the central team",
}
TOO_FEW: Final = "Not shown"


@dataclass(frozen=True)
class Line:
    """Published figures by answer; `since` is an earlier quarter of which they are, `others` are shown with it."""

    code: str
    title: str
    figures: list[tuple[str, int]]
    since: str
    others: int


@router.get("")
async def stands(request: Request, database: Db, caller: SignedIn, organisation: str = "") -> HTMLResponse:
    """How an organisation stands; all together for the central team, where it names none."""
    its, errors = None, None
    try:
        its = await api.show(request, database, caller, organisation)
    except Invalid as error:
        errors = errors_from(error, order=("organisation",))
    places = await organisation_store.places_now(database)
    of_team = is_team(caller)
    items = [{"value": each.code, "text": each.label} for each in places.register.organisations] if of_team else []
    return render(
        request,
        "dashboard/organisation.html",
        its=its,
        errors=errors,
        name=places.register.label(its.organisation) if its and its.organisation else "All organisations",
        organisations=items,
        values={"organisation": its.organisation if its else organisation},
        courses=COURSES,
        threshold=request.app.state.settings.statistics_threshold,
        **(_pictures(its) if its else {}),
    )


def _pictures(its: DashboardView) -> dict[str, Any]:
    by_month = [_month(month) for month in overview.months(its.counted_on)]
    return {
        "members": _bars(its.members),
        "others": [words for band, words in BANDS.items() if band in its.members.hidden],
        "months": [
            (_month(month), _cell(its.joined, f"{month:%Y-%m}"), _cell(its.left, f"{month:%Y-%m}"))
            for month in overview.months(its.counted_on)
        ],
        "joined": _columns(its.joined, "Joined", by_month, its.counted_on),
        "left": _columns(its.left, "Left", by_month, its.counted_on),
        "taking_part": [(TAKING_PART[what], its.taking_part[what]) for what in TAKING_PART],
        "since": overview.month_began(its.counted_on),
        "quarter": periods.read(its.published.period) if its.published else None,
        "lines": _lines(its.published) if its.published else [],
    }


def _bars(its: Part) -> Chart | None:
    """By grade band as they rise, and the others together; None when no band is shown."""
    figures = {words: its.shown[band] for band, words in BANDS.items() if band in its.shown}
    if its.shown and its.together:
        figures["Others together"] = its.together
    return bars(list(figures), "Members", list(figures.values())) if figures else None


def _columns(its: Part, name: str, labels: list[str], today: date) -> Chart | None:
    """Of the months that are shown; None when none is."""
    months = [f"{month:%Y-%m}" for month in overview.months(today)]
    return columns(labels, {name: [its.shown.get(month, 0) for month in months]}) if its.shown else None


def _cell(its: Part, month: str) -> str:
    return f"{its.shown[month]:,}" if month in its.shown else TOO_FEW


def _month(month: date) -> str:
    return f"{month:%b %Y}"


def _lines(its: PublishedView) -> list[Line]:
    """By characteristic, in the order of the questions."""
    found = []
    for what in questions.of_version(its.questions_version).characteristics:
        row = its.rows.get(what.code)
        if row is None:
            continue
        figures = _figures(row.figures, what.group_words)
        found.append(Line(what.code, what.title, figures, _since(row.period, its.period), len(row.codes) - 1))
    return found


def _figures(figures: Mapping[str, int], words: Mapping[str, str]) -> list[tuple[str, int]]:
    return [(text, figures[code]) for code, text in words.items() if code in figures]


def _since(period: str, newest: str) -> str:
    quarter = periods.read(period) if period != newest else None
    return quarter.words if quarter else ""
