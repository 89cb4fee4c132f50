"""Equality monitoring over HTTP: what is asked, and a member's own answers, which nobody else reads.

Who answered when is recorded nowhere outside the sealed row; so answers come by PUT, which needs no key to be repeated.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from chassis.days import day_in_london
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.refusal import NotFound
from members.membership import store as members
from members.monitoring import answers, questions, store
from members.monitoring.answers import Answers, NoAnswers

router = APIRouter(prefix="/api/members/v1", tags=["monitoring"], route_class=RetryingRoute)

Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class OptionView(BaseModel):
    code: str
    text: str


class QuestionView(BaseModel):
    code: str
    question: str
    hint: str
    options: list[OptionView]


class QuestionsView(BaseModel):
    version: int
    questions: list[QuestionView]


class AnswersForm(BaseModel):
    """All answers, in the place of earlier ones: codes by question. What is left out is not answered."""

    answers: Annotated[dict[Word, Word], Field(max_length=20)]


class AnswersView(BaseModel):
    answers: Mapping[str, str]
    given_on: date
    version: Annotated[int, Field(description="Of the questions as they were asked then")]


@router.get("/monitoring-questions")
async def asked(database: Db) -> QuestionsView:
    """What is asked today, for anyone."""
    its = questions.on(day_in_london(database.clock()))
    return QuestionsView(version=its.version, questions=[_question(each) for each in its.characteristics])


@router.get("/members/{member_id}/monitoring-answers")
async def show(member_id: UUID, request: Request, database: Db, caller: SignedIn) -> AnswersView:
    permit(caller, owner=member_id)
    vault = request.app.state.vault
    async with database.transaction() as tx, store.opened(tx):
        its = await store.of(tx, vault, vault.name(member_id))
    if its is None:
        raise NoAnswers
    return _view(its)


@router.put("/members/{member_id}/monitoring-answers")
async def answer(member_id: UUID, form: AnswersForm, request: Request, database: Db, caller: SignedIn) -> AnswersView:
    """Answer, or change what was answered. Nobody but the member reads it; figures count it."""
    permit(caller, owner=member_id)
    vault = request.app.state.vault
    async with database.transaction() as tx:
        today = day_in_london(tx.now)
        its = answers.read(questions.on(today), form.answers, today=today)
        member = await members.stays(tx, member_id)
        if member is None or member.left_on is not None:
            raise NotFound
        async with store.opened(tx):
            await store.keep(tx, vault, vault.name(member_id), its)
    return _view(its)


@router.delete("/members/{member_id}/monitoring-answers", status_code=204)
async def withdraw(member_id: UUID, request: Request, database: Db, caller: SignedIn) -> None:
    """Delete the answers, and what earlier releases know of them. Figures that are out stay as they are."""
    permit(caller, owner=member_id)
    vault = request.app.state.vault
    async with database.transaction() as tx, store.opened(tx):
        await store.forget_answers(tx, vault, vault.name(member_id))


def _question(its: questions.Characteristic) -> QuestionView:
    options = [OptionView(code=option.code, text=option.text) for option in its.offered]
    last = OptionView(code=questions.PREFER_NOT, text=questions.WORDS[questions.PREFER_NOT])
    return QuestionView(code=its.code, question=its.question, hint=its.hint, options=[*options, last])


def _view(its: Answers) -> AnswersView:
    fields: dict[str, Any] = {"answers": its.codes, "given_on": its.given_on, "version": its.version}
    return AnswersView(**fields)
