"""The pages for who leads schemes: open one, see who should be paired and why, publish the pairs."""

from operator import attrgetter
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis import paging
from chassis.database import Database
from chassis.idempotency import FormKey
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import filled, read_form, render, typed_day
from contracts.refusal import NotFound, Refused
from mentoring import match_runs, pair_store, scheme_store, schemes, store
from mentoring.domain import NoScheme, Profile
from mentoring.pages import LEADS, called

router = APIRouter(prefix="/mentoring", route_class=RetryingRoute, include_in_schema=False)

PAIRS: Final = 50  # on a page
SCHEME_FIELDS: Final = ("title", "summary", "link", "opens_on", "across_organisations")
SENTENCES: Final = {
    "title.missing": "Enter a title",
    "title.string_too_long": "The title must be 120 characters or fewer",
    "summary.missing": "Enter a summary",
    "summary.string_too_long": "The summary must be 300 characters or fewer",
    "link.missing": "Enter the address of a page about the scheme",
    "link": "Enter a web address that begins with https://",
    "opens_on": "Enter a real date, such as 11 2 2027, or leave it empty to open the scheme now",
    "across_organisations": "Choose whether people of one organisation may be paired",
}


@router.get("/schemes/new")
async def scheme_form(request: Request, caller: SignedIn) -> HTMLResponse:
    permit(caller, *LEADS)
    return render(request, "new_scheme.html", **filled({"across_organisations": "yes"}))


@router.post("/schemes/new")
async def open_scheme(request: Request, database: Db, caller: SignedIn, key: FormKey) -> Response:
    permit(caller, *LEADS)
    values = await read_form(request)
    answers = {name: values[name] for name in ("title", "summary", "link") if name in values}
    try:
        form = schemes.SchemeForm.model_validate(
            answers
            | {"across_organisations": {"yes": True, "no": False}.get(str(values.get("across_organisations")))}
            | typed_day("opens_on", values)
        )
    except ValidationError as error:
        again = filled(values, error, order=SCHEME_FIELDS, sentences=SENTENCES)
        return render(request, "new_scheme.html", **again)
    await schemes.announce(form, database, key, caller)
    return RedirectResponse("/mentoring?done=opened", 303)


@router.get("/schemes/{scheme_id:uuid}/matching")
async def matching(
    *,
    request: Request,
    scheme_id: UUID,
    database: Db,
    caller: SignedIn,
    published: str = "",
    run: UUID | None = None,
    after: UUID | None = None,
) -> HTMLResponse:
    """Who waits, and the pairs of the latest run with what speaks for each; of that very `run` those behind `after`."""
    permit(caller, *LEADS)
    return await _matching(
        request, database, scheme_id, just_published=published == "yes", of=run, after=after if run else None
    )


@router.post("/schemes/{scheme_id:uuid}/matching")
async def match(request: Request, scheme_id: UUID, database: Db, caller: SignedIn, key: FormKey) -> Response:
    permit(caller, *LEADS)
    try:
        await match_runs.match(scheme_id, database, key, caller)
    except NotFound:
        raise
    except Refused as refused:
        return await _matching(request, database, scheme_id, refusal=refused.sentence)
    return RedirectResponse(f"/mentoring/schemes/{scheme_id}/matching", 303)


@router.post("/schemes/{scheme_id:uuid}/matching/{run_id:uuid}/publish")
async def publish(scheme_id: UUID, run_id: UUID, database: Db, caller: SignedIn) -> RedirectResponse:
    """A second click changes nothing, and shows the same."""
    await match_runs.publish(run_id, database, None, caller)
    return RedirectResponse(f"/mentoring/schemes/{scheme_id}/matching?published=yes", 303)


async def _matching(
    request: Request,
    database: Database,
    scheme_id: UUID,
    *,
    just_published: bool = False,
    refusal: str = "",
    of: UUID | None = None,
    after: UUID | None = None,
) -> HTMLResponse:
    """With `of`, which is no more the latest run, the first page of that one, which says so."""
    async with database.transaction() as tx:
        scheme = await scheme_store.by_id(tx, scheme_id)
        if scheme is None:
            raise NoScheme
        waiting = (await pair_store.how_many_wait(tx, [scheme_id])).get(scheme_id, 0)
        run = await pair_store.latest_run(tx, scheme_id)
        is_other = of is not None and (run is None or run.run_id != of)
        after = None if is_other else after
        found = await pair_store.pairs_of(tx, run.run_id, after=after, most=PAIRS + 1) if run else []
        pairs, following = paging.page(found, PAIRS, attrgetter("pair_id"))
        how_many = await pair_store.how_many_pairs(tx, run.run_id) if run else 0
        unmatched = await pair_store.how_many_unmatched(tx, run.run_id) if run else 0
        profiles = await store.profiles_of(tx, [its for pair in pairs for its in (pair.first, pair.second)])
    return render(
        request,
        "matching.html",
        scheme=scheme,
        waiting=waiting,
        run=run,
        pairs=[(_who(profiles.get(pair.first)), _who(profiles.get(pair.second)), pair.reasons) for pair in pairs],
        how_many=how_many,
        unmatched=unmatched,
        is_first=after is None,
        following=following,
        is_other=is_other,
        just_published=just_published and run is not None and run.published_at is not None,
        refusal=refusal,
    )


def _who(profile: Profile | None) -> str:
    """Organisation and grade: a pair is judged without names, which mentoring does not know."""
    if profile is None or profile.grade is None:
        return "Somebody who has left"
    return f"{called(profile.organisation)}, {profile.grade.value}"
