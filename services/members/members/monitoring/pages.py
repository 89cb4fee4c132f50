"""The page of equality monitoring: what is asked of a member and why; they answer, change it, or delete it.

Each form is the API's own request in a browser: its handler decides, and these pages put it into words.
"""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.database import Database
from chassis.days import day_in_london
from chassis.identity import SignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import FormError, errors_from, read_form, render
from contracts.refusal import FieldError, Invalid
from members.monitoring import api, questions
from members.monitoring.answers import NoAnswers

router = APIRouter(prefix="/members/monitoring", route_class=RetryingRoute, include_in_schema=False)

DONE: Final = {
    "answered": "Your answers are kept. You can change or delete them here at any time.",
    "deleted": "Your answers are deleted. The next figures are made without them.",
}


@router.get("")
async def form(request: Request, database: Db, caller: SignedIn, done: str = "") -> HTMLResponse:
    """What is asked and why, with what the member has answered."""
    if caller.member_id is None:
        return render(request, "membership/not_a_member.html")
    try:
        its = await api.show(caller.member_id, request, database, caller)
    except NoAnswers:
        return _form(request, database, {}, done=done)
    return _form(request, database, its.answers, has_answers=True, done=done)


@router.post("")
async def answer(request: Request, database: Db, caller: SignedIn) -> Response:
    if caller.member_id is None:
        return render(request, "membership/not_a_member.html")
    values = await read_form(request)
    asked = [its.code for its in questions.on(day_in_london(database.clock())).characteristics]
    try:
        given = api.AnswersForm.model_validate({"answers": {code: values[code] for code in asked if code in values}})
        await api.answer(caller.member_id, given, request, database, caller)
    except (ValidationError, Invalid) as error:
        return _form(request, database, values, errors=errors_from(_at_the_question(error), order=asked))
    return RedirectResponse("/members/monitoring?done=answered", 303)


@router.get("/delete")
async def delete_form(request: Request, caller: SignedIn) -> HTMLResponse:
    """What it means, before it is done."""
    return render(request, "monitoring/delete.html" if caller.member_id else "membership/not_a_member.html")


@router.post("/delete")
async def delete(request: Request, database: Db, caller: SignedIn) -> Response:
    if caller.member_id is None:
        return render(request, "membership/not_a_member.html")
    await api.withdraw(caller.member_id, request, database, caller)
    return RedirectResponse("/members/monitoring?done=deleted", 303)


def _at_the_question(error: ValidationError | Invalid) -> Invalid:
    """What is no word at all is none of the answers either."""
    if isinstance(error, Invalid):
        return error
    wrong = {str(its["loc"][1]) for its in error.errors() if len(its["loc"]) > 1}
    return Invalid(*(FieldError(code, "Choose one of the answers, or none") for code in sorted(wrong)))


def _form(
    request: Request,
    database: Database,
    values: Mapping[str, Any],
    *,
    has_answers: bool = False,
    errors: list[FormError] | None = None,
    done: str = "",
) -> HTMLResponse:
    prefer_not = {"value": questions.PREFER_NOT, "text": questions.WORDS[questions.PREFER_NOT]}
    asked = [
        (its, [*({"value": each.code, "text": each.text} for each in its.offered), {"divider": "or"}, prefer_not])
        for its in questions.on(day_in_london(database.clock())).characteristics
    ]
    return render(
        request,
        "monitoring/form.html",
        asked=asked,
        values=values,
        errors=errors,
        has_answers=has_answers,
        done=DONE.get(done),
    )
