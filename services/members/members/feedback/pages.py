"""The pages of feedback for everybody: what is asked and what came of it, taking a token, answering with one.

They ask the API's handlers, so a decision stands once. What somebody answers is read from the form alone.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.database import Database, Transaction
from chassis.days import day_in_london
from chassis.identity import Caller, MaybeSignedIn, SignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import Filled, filled, read_form, render
from chassis.web.charts import Chart, bars
from contracts.refusal import NotFound, Refused
from members.feedback import answering, api, ballot_store, reviewing, secrecy, store
from members.feedback.domain import Rating, Round
from members.feedback.figures import EVERYBODY
from members.feedback.policy import POLICY
from members.feedback.reviews import Reviewing
from members.roles.team import is_team
from members.signing_in import deeds
from members.signing_in.deeds import Deed
from members.strategy import store as strategy_store
from members.strategy.commitments import Commitment
from members.strategy.commitments_api import there

router = APIRouter(prefix="/members/feedback", route_class=RetryingRoute, include_in_schema=False)

ON_A_PAGE: Final = 20
IN_WORDS: Final[Mapping[Rating, str]] = {
    Rating.WELL: "Well",
    Rating.PARTLY: "In part",
    Rating.NOT_AT_ALL: "Not at all",
    Rating.CANNOT_SAY: "I cannot say",
}
FIELDS: Final = ("rating", "comment", "groups", "token")
SENTENCES: Final = {
    "token.missing": "Enter your token",
    "token": "Enter the token as the page of this question showed it",
    "rating": "Choose how well the promise is kept",
    "comment.string_too_long": f"What you write must be {answering.LONGEST:,} characters or fewer",
    "groups": "Choose from these groups, or none",
}
DONE: Final = {
    "opened": "The question is open. Members can answer from now on.",
    "summary": "The summary is published. Everybody can see it.",
    "response": "What was done is published. Everybody can see it.",
}


@router.get("")
async def rounds(request: Request, database: Db, caller: MaybeSignedIn, after: UUID | None = None) -> HTMLResponse:
    """What members are asked and were, and on which promises they were not heard."""
    async with database.transaction() as tx:
        today = day_in_london(tx.now)
        found = await store.some(tx, commitment_id=None, after=after, most=ON_A_PAGE + 1)
        every = await strategy_store.every(tx)
        reviews = await reviewing.reviews(tx, every, today)
    unreviewed = [its for its in every if (of := reviews.get(its.commitment_id)) and of.state is Reviewing.UNREVIEWED]
    return render(
        request,
        "feedback/rounds.html",
        rounds=[(its, its.is_open(today)) for its in found[:ON_A_PAGE]],
        titles={its.commitment_id: its.title for its in every},
        following=found[ON_A_PAGE - 1].round_id if len(found) > ON_A_PAGE else None,
        is_first=after is None,
        unreviewed=unreviewed if after is None else [],
        is_team=is_team(caller),
    )


@router.get("/{round_id:uuid}")
async def one(request: Request, round_id: UUID, database: Db, caller: MaybeSignedIn, done: str = "") -> HTMLResponse:
    """What is asked, until when, of whom and how nobody is found out; once it has closed, what came of it."""
    return await _round(request, round_id, database, caller, done=DONE.get(done) if is_team(caller) else None)


@router.post("/{round_id:uuid}/token")
async def take(request: Request, round_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """The token and the form to use it at once: shown this once."""
    try:
        taken = await answering.take(round_id, request, database, caller)
    except NotFound:
        raise
    except Refused as refused:
        return await _round(request, round_id, database, caller, refusal=refused.sentence)
    return await _form(request, round_id, database, filled({"token": taken.token}), is_new=True)


@router.get("/{round_id:uuid}/answer")
async def answer_form(request: Request, round_id: UUID, database: Db) -> HTMLResponse:
    """For whoever kept their token."""
    return await _form(request, round_id, database, filled({}))


@router.post("/{round_id:uuid}/answer")
async def answer(request: Request, round_id: UUID, database: Db) -> Response:
    values = await read_form(request, lists=["groups"])
    try:
        form = answering.AnswerForm.model_validate({name: values[name] for name in FIELDS if name in values})
        await answering.give(round_id, form, request, database)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=FIELDS, sentences=SENTENCES)
        return await _form(request, round_id, database, again)
    return RedirectResponse(f"/members/feedback/{round_id}/thanks", 303)


@router.get("/{round_id:uuid}/thanks")
async def thanks(request: Request, round_id: UUID, database: Db) -> HTMLResponse:
    """That an answer is in, and what happens next; the same for everybody who opens it."""
    async with database.transaction() as tx:
        its = api.there(await store.by_id(tx, round_id))
    return render(request, "feedback/thanks.html", its=its)


async def _round(
    request: Request,
    round_id: UUID,
    database: Database,
    caller: Caller | None,
    *,
    done: str | None = None,
    refusal: str = "",
) -> HTMLResponse:
    async with database.transaction() as tx:
        its, promise = await its_and_its_promise(tx, round_id)
        figures = await store.figures(tx, round_id)
        is_open = its.is_open(day_in_london(tx.now))
        has_token = is_open and await _has_token(tx, request, its, caller)
        done_by = await deeds.for_team(
            tx,
            caller,
            Deed("Opened", its.opened_at, its.opened_by),
            Deed("Summary published", its.summarised_at, its.summarised_by),
            Deed("Answered", its.responded_at, its.responded_by),
        )
    told = its.summary is not None or is_team(caller)
    return render(
        request,
        "feedback/round.html",
        its=its,
        promise=promise,
        figures=figures if told else {},
        chart=_chart(figures) if told else None,
        in_words=_in_words(its, figures) if told else "",
        is_open=is_open,
        has_token=has_token,
        is_member=caller is not None and caller.member_id is not None,
        is_team=is_team(caller),
        label=POLICY.label,
        fewest=POLICY.fewest,
        fewest_of_group=POLICY.fewest_of_group,
        ratings={rating.value: words for rating, words in IN_WORDS.items()},
        deeds=done_by,
        done=done,
        refusal=refusal,
    )


def _chart(figures: store.FiguresByGroup) -> Chart | None:
    """What everybody answered, as far as it may be told."""
    shown = {
        words: number
        for rating, words in IN_WORDS.items()
        if (number := figures.get(EVERYBODY, {}).get(rating)) is not None
    }
    return bars(list(shown), "People", list(shown.values())) if shown else None


def _in_words(its: Round, figures: store.FiguresByGroup) -> str:
    """`About 55 people answered. How many said “Not at all” is hidden.`"""
    if its.answered is None:
        return ""
    hidden = [f"“{words}”" for rating, words in IN_WORDS.items() if figures.get(EVERYBODY, {}).get(rating) is None]
    if not hidden:
        return f"About {its.answered} people answered."
    if len(hidden) == len(IN_WORDS):
        return f"About {its.answered} people answered. How many said which is hidden: the figures are too small."
    return f"About {its.answered} people answered. How many said {' or '.join(hidden)} is hidden."


async def _has_token(tx: Transaction, request: Request, its: Round, caller: Caller | None) -> bool:
    if caller is None or caller.member_id is None:
        return False
    return await ballot_store.has_taken(tx, secrecy.mark(answering.key_of(request), its.round_id, caller.member_id))


async def _form(
    request: Request,
    round_id: UUID,
    database: Database,
    form: Filled,
    *,
    is_new: bool = False,
) -> HTMLResponse:
    async with database.transaction() as tx:
        its, promise = await its_and_its_promise(tx, round_id)
        is_open = its.is_open(day_in_london(tx.now))
    return render(
        request,
        "feedback/answer.html",
        its=its,
        promise=promise,
        is_open=is_open,
        is_new=is_new,
        longest=answering.LONGEST,
        kept_until=POLICY.kept_until(its.asked.closes_on),
        fewest_of_group=POLICY.fewest_of_group,
        ratings=[{"value": rating.value, "text": words} for rating, words in IN_WORDS.items()],
        groups=[{"value": code, "text": POLICY.label(code)} for code in its.asked.must_hear],
        **form,
    )


async def its_and_its_promise(tx: Transaction, round_id: UUID) -> tuple[Round, Commitment]:
    its = api.there(await store.by_id(tx, round_id))
    return its, there(await strategy_store.by_id(tx, its.asked.commitment_id))
