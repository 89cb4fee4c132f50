"""The central team's forms: open an opportunity, choose where no lot decides, and say what came of it."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import TypeAdapter, ValidationError

from chassis.database import Database
from chassis.days import day_in_london, instant_in_london
from chassis.idempotency import FormKey
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import Filled, filled, read_form, render, typed_day
from contracts.refusal import Invalid, Refused
from members.opportunities import api, calls, choosing_api, eligibility, findings_api, store
from members.opportunities.pages import KINDS
from members.places import store as organisation_store
from members.signing_in import deeds

router = APIRouter(prefix="/members/opportunities", route_class=RetryingRoute, include_in_schema=False)

FIELDS: Final = ("kind", "title", "summary", "eligibility", "capacity", "closes_at", "closes_time", "meets_on")
FINDINGS: Final = ("title", "summary", "link")
TIMES: Final = {"09:00": "9am", "12:00": "midday", "17:00": "5pm"}
AT_ONCE: Final = 100  # applicants on a page
A_REAL_DAY: Final = "Enter a real date, such as 1 4 2027"
SENTENCES: Final = {
    "kind": "Choose what it is",
    "title.missing": "Enter a title",
    "title.string_too_long": "The title must be 120 characters or fewer",
    "summary.missing": "Enter what it is about",
    "summary.string_too_long": "What it is about must be 300 characters or fewer",
    "capacity": "Enter the number of places, from 1 to 200",
    "closes_at.missing": "Enter the day on which it closes",
    "closes_at": A_REAL_DAY,
    "closes_time": "Choose at what time it closes",
    "meets_on": A_REAL_DAY,
    "held_on.missing": "Enter the day on which it was held",
    "held_on": A_REAL_DAY,
    "link": "Enter an address that starts with https://",
    "numbers": "Choose at least one applicant",
}
_NUMBERS: Final = TypeAdapter(list[UUID])


class _Typed(api.OpportunityForm):
    """What the form sends: the instant comes of a day and one of the times."""

    closes_time: Literal["09:00", "12:00", "17:00"]


@router.get("/new")
async def form(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    return _form(request, database, filled({"kind": "focus-group", "eligibility": "below-scs", "closes_time": "17:00"}))


@router.post("/new")
async def open_call(request: Request, database: Db, caller: SignedIn, key: FormKey) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    answers = {name: values[name] for name in ("kind", "title", "summary", "eligibility", "capacity") if name in values}
    try:
        typed = _Typed.model_validate(answers | _closing(values) | typed_day("meets_on", values))
        wanted = api.OpportunityForm(**typed.model_dump(exclude={"closes_time"}))
        its = await api.open_call(wanted, database, key, caller)
    except (ValidationError, Invalid) as error:
        return _form(request, database, filled(values, error, order=FIELDS, sentences=SENTENCES))
    return RedirectResponse(f"/members/opportunities/{its.opportunity_id}?done=opened", 303)


@router.get("/{opportunity_id:uuid}/applicants")
async def applicants(
    request: Request, opportunity_id: UUID, database: Db, caller: SignedIn, after: UUID | None = None
) -> HTMLResponse:
    """Who has applied; where the team chooses, with a form to do so."""
    permit(caller, "team")
    return await _applicants(request, opportunity_id, database, caller, after=after)


@router.post("/{opportunity_id:uuid}/applicants")
async def choose(request: Request, opportunity_id: UUID, database: Db, caller: SignedIn) -> Response:
    """Choose those who are marked; or look at the next page first, keeping what is marked."""
    permit(caller, "team")
    values = await read_form(request, lists=["numbers"])
    try:
        marked = _NUMBERS.validate_python(values["numbers"])
        if "next" in values:
            [after] = _NUMBERS.validate_python([values["next"]])
            return await _applicants(request, opportunity_id, database, caller, after=after, marked=marked)
        await choosing_api.select(opportunity_id, choosing_api.SelectionForm(numbers=marked), database, None, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=["numbers"], sentences=SENTENCES)
        return await _applicants(request, opportunity_id, database, caller, again, marked=_known(values["numbers"]))
    return RedirectResponse(f"/members/opportunities/{opportunity_id}?done=chosen", 303)


@router.get("/{opportunity_id:uuid}/holding")
async def holding_form(request: Request, opportunity_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    return await _about(request, "holding", opportunity_id, database, filled({}))


@router.post("/{opportunity_id:uuid}/holding")
async def hold(request: Request, opportunity_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    try:
        wanted = findings_api.HoldingForm.model_validate(typed_day("held_on", values))
        await findings_api.hold(opportunity_id, wanted, database, None, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=["held_on"], sentences=SENTENCES)
        return await _about(request, "holding", opportunity_id, database, again)
    return RedirectResponse(f"/members/opportunities/{opportunity_id}?done=held", 303)


@router.get("/{opportunity_id:uuid}/findings")
async def findings_form(request: Request, opportunity_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    return await _about(request, "findings", opportunity_id, database, filled({}))


@router.post("/{opportunity_id:uuid}/findings")
async def publish(request: Request, opportunity_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    try:
        wanted = findings_api.FindingsForm.model_validate({name: values[name] for name in FINDINGS if name in values})
        await findings_api.publish_findings(opportunity_id, wanted, database, None, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=FINDINGS, sentences=SENTENCES)
        return await _about(request, "findings", opportunity_id, database, again)
    return RedirectResponse(f"/members/opportunities/{opportunity_id}?done=findings", 303)


def _closing(values: Mapping[str, Any]) -> dict[str, Any]:
    """The day and one of the times, as an instant in London; what is neither stays a text and is told at its field."""
    said = typed_day("closes_at", values) | {name: values[name] for name in ("closes_time",) if name in values}
    try:
        day = datetime.strptime(said["closes_at"], "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no zone
        at = time.fromisoformat(said["closes_time"] if said["closes_time"] in TIMES else "17:00")
        return said | {"closes_at": instant_in_london(day, at)}
    except (KeyError, ValueError):
        return said


def _known(numbers: Any) -> list[UUID]:
    try:
        return _NUMBERS.validate_python(numbers)
    except ValidationError:
        return []


def _form(request: Request, database: Database, form: Filled) -> HTMLResponse:
    rules = eligibility.in_force(day_in_london(database.clock())).rules.values()
    return render(
        request,
        "opportunities/opportunity_new.html",
        kinds=[{"value": kind.value, "text": words} for kind, words in KINDS.items()],
        rules=[{"value": its.name, "text": its.words[0].upper() + its.words[1:]} for its in rules],
        times=[{"value": value, "text": words} for value, words in TIMES.items()],
        **form,
    )


async def _applicants(
    request: Request,
    opportunity_id: UUID,
    database: Database,
    caller: Caller,
    form: Filled | None = None,
    *,
    after: UUID | None = None,
    marked: list[UUID] | None = None,
) -> HTMLResponse:
    async with database.transaction() as tx:
        its = api.there(await store.by_id(tx, opportunity_id))
        found = await store.page_of(tx, opportunity_id, after=after, limit=AT_ONCE + 1)
        behind = await deeds.behind(tx, caller, [row["changed_by"] for row in found])
        places = await organisation_store.places(tx)
    page, chosen = found[:AT_ONCE], {str(number) for number in marked or []}
    here = {str(row["interest_id"]) for row in page}
    return render(
        request,
        "opportunities/applicants.html",
        its=its,
        page=page,
        label=places.register.label,
        behind=behind,
        may_choose=its.seed is None and its.closed_at is not None,
        within=its.eligible.grades,
        elsewhere=sorted(chosen - here),
        next=page[-1]["interest_id"] if len(found) > AT_ONCE else None,
        **(form or filled({})) | {"values": {"numbers": sorted(chosen & here)}},
    )


async def _about(
    request: Request,
    what: str,
    opportunity_id: UUID,
    database: Database,
    form: Filled,
) -> HTMLResponse:
    async with database.transaction() as tx:
        its = api.there(await store.by_id(tx, opportunity_id))
    return render(
        request,
        f"opportunities/{what}.html",
        its=its,
        state=calls.state(its, tx.now).value,
        **form,
    )
