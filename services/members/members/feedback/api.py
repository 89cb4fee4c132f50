"""Rounds of feedback over HTTP: the central team asks, sums up and says what was done; everybody may read.

How a member answers stands apart, in `answering.py`, since nothing of it may lead to them.
"""

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, StringConstraints

from chassis import idempotency, outbox
from chassis.days import day_in_london
from chassis.idempotency import Key
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import ONE_LINE
from chassis.service import Db
from contracts.base import Code, Summary, Title
from contracts.refusal import FieldError, Invalid
from members.feedback import domain, store
from members.feedback.domain import Asked, NoSuchRound, Rating, Round
from members.feedback.figures import EVERYBODY
from members.feedback.policy import POLICY
from members.roles.team import is_team

router = APIRouter(prefix="/api/members/v1", tags=["feedback"], route_class=RetryingRoute)

MOST_GROUPS: Final = 8  # that one round must hear
Sentence = Annotated[Summary, ONE_LINE]
About = Annotated[str, StringConstraints(max_length=1000), ONE_LINE]


class RoundForm(BaseModel):
    """Published to everybody: it names no person. `must_hear` are codes of `GET feedback-groups`."""

    commitment_id: UUID
    title: Annotated[Title, ONE_LINE, Field(description="The question")]
    about: About | None = None
    closes_on: Annotated[date, Field(description="Its last moment is the end of this day in London")]
    must_hear: Annotated[list[Code], Field(min_length=1, max_length=MOST_GROUPS)]


class SummaryForm(BaseModel):
    """Published to everybody, for ever: it names no person, and quotes nobody."""

    summary: Sentence


class ResponseForm(BaseModel):
    """You said, we did. Published to everybody, for ever: it names no person."""

    you_said: Sentence
    we_did: Sentence


class GroupView(BaseModel):
    code: str
    label: str


class Groups(BaseModel):
    groups: list[GroupView]


class FiguresOfAGroup(BaseModel):
    """How many gave each rating, to the nearest five; None is hidden, so that nobody is found in it."""

    group: Annotated[str | None, Field(description="A code; None: everybody who answered")]
    ratings: dict[Rating, int | None]


class RoundView(BaseModel):
    """`answered`, to the nearest five, is None while it is open, and when fewer than five answered.

    `figures` are empty until the summary is published; the team sees them from the closing on.
    """

    round_id: UUID
    commitment_id: UUID
    title: str
    about: str | None
    closes_on: date
    must_hear: list[str]
    is_open: bool
    opened_at: datetime
    closed_at: datetime | None
    answered: int | None
    heard: list[str]
    figures: list[FiguresOfAGroup] = []
    summary: str | None
    summarised_at: datetime | None
    you_said: str | None
    we_did: str | None
    responded_at: datetime | None
    opened_by: Annotated[UUID | None, Field(description="An account; for the team alone, as the next two")] = None
    summarised_by: UUID | None = None
    responded_by: UUID | None = None


class Rounds(BaseModel):
    """`next`, given as `after`, leads to the following ones; None: these were the last."""

    rounds: list[RoundView]
    next: UUID | None


class CommentView(BaseModel):
    comment_id: UUID
    words: str


class Comments(BaseModel):
    """`next`, given as `after`, leads to the following ones; None: these were the last."""

    comments: list[CommentView]
    next: UUID | None


@router.get("/feedback-groups")
async def groups() -> Groups:
    """The groups that a round can ask for, for anyone."""
    return Groups(groups=[GroupView(code=code, label=label) for code, label in POLICY.groups.items()])


@router.get("/feedback-rounds")
async def every(
    database: Db,
    caller: MaybeSignedIn,
    commitment_id: UUID | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> Rounds:
    """Rounds by their last day, the latest first, for anyone; without their figures."""
    async with database.transaction() as tx:
        found = await store.some(tx, commitment_id=commitment_id, after=after, most=limit + 1)
        today = day_in_london(tx.now)
    return Rounds(
        rounds=[view(its, today, caller) for its in found[:limit]],
        next=found[limit - 1].round_id if len(found) > limit else None,
    )


@router.get("/feedback-rounds/{round_id}")
async def show(round_id: UUID, database: Db, caller: MaybeSignedIn) -> RoundView:
    """A round, for anyone."""
    async with database.transaction() as tx:
        its = there(await store.by_id(tx, round_id))
        figures = await store.figures(tx, round_id)
        return view(its, day_in_london(tx.now), caller, figures)


@router.post("/feedback-rounds", status_code=201)
async def open_round(form: RoundForm, request: Request, database: Db, key: Key, caller: SignedIn) -> RoundView:
    """Ask members how a commitment is kept."""
    permit(caller, "team")
    asked = Asked(form.commitment_id, form.title, form.about, form.closes_on, tuple(dict.fromkeys(form.must_hear)))
    async with database.transaction() as tx:
        round_id, today = uuid4(), day_in_london(tx.now)
        earlier = await idempotency.claim(tx, key, resource_id=round_id, status=201)
        if earlier is not None:
            return view(there(await store.by_id(tx, earlier)), today, caller)
        if not await store.hold_commitment(tx, form.commitment_id):
            raise Invalid(FieldError("commitment_id", "Choose a commitment that stands in the strategy"))
        its, said = domain.ask(
            asked,
            round_id=round_id,
            is_asked=await store.is_asked(tx, form.commitment_id),
            link=page_of(request, round_id),
            policy=POLICY,
            by=caller.account_id,
            now=tx.now,
            today=today,
        )
        await store.add(tx, its)
        await outbox.put(tx, said)
    return view(its, today, caller)


@router.get("/feedback-rounds/{round_id}/comments")
async def comments(
    round_id: UUID,
    database: Db,
    caller: SignedIn,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> Comments:
    """What people wrote in a round that has closed, in no order that means anything; for the team alone."""
    permit(caller, "team")
    async with database.transaction() as tx:
        there(await store.by_id(tx, round_id))
        found = await store.comments(tx, round_id, after=after, most=limit + 1)
    return Comments(
        comments=[CommentView(comment_id=comment_id, words=words) for comment_id, words in found[:limit]],
        next=found[limit - 1][0] if len(found) > limit else None,
    )


@router.post("/feedback-rounds/{round_id}/summary", status_code=201)
async def sum_up(
    *, round_id: UUID, form: SummaryForm, request: Request, database: Db, key: Key, caller: SignedIn
) -> RoundView:
    """Publish what members answered, in words and figures; it stays so."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=round_id, status=201)
        its = there(await store.lock(tx, round_id))
        if earlier is None:
            link = page_of(request, round_id)
            its, said = domain.sum_up(its, summary=form.summary, link=link, by=caller.account_id, now=tx.now)
            await store.save(tx, its)
            await outbox.put(tx, said)
        return view(its, day_in_london(tx.now), caller, await store.figures(tx, round_id))


@router.post("/feedback-rounds/{round_id}/response", status_code=201)
async def respond(
    *, round_id: UUID, form: ResponseForm, request: Request, database: Db, key: Key, caller: SignedIn
) -> RoundView:
    """Publish what was done, or will be, about what members answered; it stays so."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=round_id, status=201)
        its = there(await store.lock(tx, round_id))
        if earlier is None:
            its, said = domain.respond(
                its,
                you_said=form.you_said,
                we_did=form.we_did,
                link=page_of(request, round_id),
                by=caller.account_id,
                now=tx.now,
            )
            await store.save(tx, its)
            await outbox.put(tx, said)
        return view(its, day_in_london(tx.now), caller, await store.figures(tx, round_id))


def there(its: Round | None) -> Round:
    if its is None:
        raise NoSuchRound
    return its


def page_of(request: Request, round_id: UUID) -> str:
    front_door: str = request.app.state.settings.front_door
    return f"{front_door.rstrip('/')}/members/feedback/{round_id}"


def view(its: Round, today: date, caller: Caller | None, figures: store.FiguresByGroup | None = None) -> RoundView:
    shown = is_team(caller) or its.summary is not None
    return RoundView(
        round_id=its.round_id,
        commitment_id=its.asked.commitment_id,
        title=its.asked.title,
        about=its.asked.about,
        closes_on=its.asked.closes_on,
        must_hear=list(its.asked.must_hear),
        is_open=its.is_open(today),
        opened_at=its.opened_at,
        closed_at=its.closed_at,
        answered=its.answered if shown else None,
        heard=list(its.heard) if shown else [],
        figures=[
            FiguresOfAGroup(group=code or None, ratings={rating: figures[code].get(rating) for rating in Rating})
            for code in (EVERYBODY, *its.asked.must_hear)
            if code in figures
        ]
        if shown and figures
        else [],
        summary=its.summary,
        summarised_at=its.summarised_at,
        you_said=its.you_said,
        we_did=its.we_did,
        responded_at=its.responded_at,
        opened_by=its.opened_by if is_team(caller) else None,
        summarised_by=its.summarised_by if is_team(caller) else None,
        responded_by=its.responded_by if is_team(caller) else None,
    )
