"""The pages by which the team publishes a version of the strategy: written from the one in force, checked, published.

What was typed travels in the forms' bodies: nothing is kept before a version is published. Publishing is the API's own
request in a browser: its handler decides.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.database import Database
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import FieldSentence, field_sentences
from chassis.service import Db
from chassis.web import FormError, read_form, render
from contracts.refusal import Invalid
from members.strategy import api as strategy
from members.strategy import store as strategy_store
from members.strategy import strategies, writing
from members.strategy.strategies import NotTheNewest, Publication, Theme
from members.strategy.writing import Part

router = APIRouter(prefix="/members/strategy", route_class=RetryingRoute, include_in_schema=False)

MOST: Final = 85  # promises that a form holds: a browser's form has a thousand fields at most
A_REAL_DAY: Final = "Enter a real date, such as 31 3 2027"
SENTENCES: Final = {  # by how many levels the field lies deep
    (0, "title"): "Enter the title of the strategy",
    (0, "summary"): "Enter what the strategy is about",
    (0, "link"): "Enter the address of the page with the whole text",
    (0, "mission"): "Enter the mission",
    (0, "themes"): "Enter a theme",
    (1, "title"): "Enter the title of the theme",
    (1, "goals"): "Enter a goal of this theme",
    (2, "title"): "Enter the goal",
    (3, "title"): "Enter what is promised",
    (3, "owner"): "Enter who keeps the promise",
    (3, "measure"): "Enter how anybody can tell that it is kept",
    (3, "due_on"): "Enter the day by which it is due",
}


@router.get("/new")
async def form(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    """The words of the version in force, to be changed."""
    permit(caller, "team")
    async with database.transaction(one_statement=True) as tx:
        in_force = await strategy_store.in_force(tx)
    its = writing.of_draft(in_force.words, in_force.version) if in_force else Part({"follows": "0"})
    return _form(request, its)


@router.post("/new")
async def write(request: Request, database: Db, caller: SignedIn) -> Response:
    """By the button: room for more; or what publishing would do, to be checked; or published."""
    permit(caller, "team")
    values = await read_form(request)
    step = values.pop("step", "check")
    its = writing.of_form(values)
    if step == "write":
        return _form(request, its)
    try:
        writing.check(its)
        wanted = strategy.StrategyForm.model_validate(writing.asked(its))
        if step != "publish":
            return _check(request, its, await _preview(database, wanted, caller))
        await strategy.publish(wanted, database, None, caller, Response())
    except ValidationError as error:
        return _form(request, its, [_mistake(each) for each in field_sentences(error.errors())])
    except Invalid as error:
        return _form(request, its, [_mistake(FieldSentence(e.field, e.sentence)) for e in error.errors])
    except NotTheNewest as refused:
        return _form(request, its, refusal=refused.sentence)
    return RedirectResponse("/members/strategy?done=published", 303)


async def _preview(database: Database, form: strategy.StrategyForm, caller: Caller) -> dict[str, list[str]]:
    """What publishing would make of the promises: the titles of the new, the changed, the moved and the dropped ones.

    Raises `NotTheNewest` and `Invalid` as publishing would.
    """
    async with database.transaction() as tx:
        in_force, every = await strategy_store.in_force(tx), await strategy_store.every(tx)
        known = {its.commitment_id: its for its in every}
        would = strategies.publish(
            strategy.draft_of(form), form.follows, in_force, known, new_id=uuid4, by=caller.account_id, now=tx.now
        )
    stood, stand = _goals(in_force.words.themes) if in_force else {}, _goals(would.strategy.words.themes)
    moved = [title for its, (goal, title) in stand.items() if its in stood and stood[its][0] != goal]
    return _sorted(would, {its.commitment_id for its in every}) | {"moved": moved}


def _goals(themes: Sequence[Theme]) -> dict[UUID, tuple[str, str]]:
    """With which goal each promise stands, and what is promised."""
    return {
        its.commitment_id: (goal.title, its.title)
        for theme in themes
        for goal in theme.goals
        for its in goal.commitments
        if its.commitment_id is not None
    }


def _sorted(would: Publication, known: set[object]) -> dict[str, list[str]]:
    held = [its for its in would.commitments if its.dropped_at is None]
    return {
        "new": [its.title for its in held if its.commitment_id not in known],
        "changed": [its.title for its in held if its.commitment_id in known],
        "dropped": [its.title for its in would.commitments if its.dropped_at is not None],
    }


def _mistake(its: FieldSentence) -> FormError:
    *above, last = its.field.split(".")
    text = SENTENCES.get((len(above) // 2, last)) if its.kind == "missing" else None
    if last == "due_on" and its.kind not in {"", "missing"}:
        text = A_REAL_DAY
    place = writing.place_of(its.field)
    return {"field": place, "text": text or its.sentence, "href": f"#{place}"}


def _form(request: Request, its: Part, errors: list[FormError] | None = None, *, refusal: str = "") -> HTMLResponse:
    written = [".".join(error["field"].split(".")[:end]) for error in errors or [] for end in (2, 4, 6)]
    return render(
        request,
        "strategy/new.html",
        status=409 if refusal else None,
        its=its,
        values=writing.values_of(its),
        errors=errors,
        open=written,  # what is folded away, and holds a mistake
        refusal=refusal,
        goals=[
            {"value": f"{i}.{j}", "text": f"{theme.words.get('title', 'A theme')}: {goal.words.get('title', 'a goal')}"}
            for i, theme in its.parts.items()
            for j, goal in theme.parts.items()
        ],
        too_many=sum(len(goal.parts) for theme in its.parts.values() for goal in theme.parts.values()) > MOST,
        most=MOST,
    )


def _check(request: Request, its: Part, becomes: dict[str, list[str]]) -> HTMLResponse:
    return render(request, "strategy/check.html", values=writing.values_of(its), becomes=becomes)
