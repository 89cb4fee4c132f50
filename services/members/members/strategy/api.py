"""The strategy over HTTP: what was promised, where each promise stands, and the word when its day has passed."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from itertools import dropwhile
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter

from chassis import idempotency, outbox
from chassis.database import Database, Transaction
from chassis.days import day_in_london
from chassis.idempotency import Key
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.problems import RESPONSES
from chassis.retrying import RetryingRoute
from chassis.sentences import ONE_LINE
from chassis.service import Db
from contracts.base import Link, Summary, Title
from members.feedback import reviewing
from members.feedback.reviews import Review, Reviewing
from members.strategy import commitments, strategies
from members.strategy import store as strategy_store
from members.strategy.commitments import Commitment, Course, NoSuchCommitment, Standing
from members.strategy.strategies import Draft, NoStrategy, Strategy, Theme

router = APIRouter(prefix="/api/members/v1", tags=["strategy"], route_class=RetryingRoute, responses=RESPONSES)

_DRAFT: TypeAdapter[Draft] = TypeAdapter(Draft)
Heading = Annotated[Title, ONE_LINE]
Sentence = Annotated[Summary, ONE_LINE]
Mission = Annotated[str, StringConstraints(max_length=1000), ONE_LINE]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]


class PromiseForm(BaseModel):
    """A commitment: new, or carried over with its id. `owner` is a role, an organisation or a group; no person."""

    title: Heading
    summary: Sentence | None = None
    owner: Heading
    measure: Annotated[Sentence, Field(description="How anybody can tell that it is kept")]
    due_on: Annotated[Day, Field(description="It is overdue when this day has ended in London")]
    commitment_id: UUID | None = None


class GoalForm(BaseModel):
    title: Heading
    commitments: Annotated[list[PromiseForm], Field(max_length=50)] = []


class ThemeForm(BaseModel):
    title: Heading
    summary: Sentence | None = None
    goals: Annotated[list[GoalForm], Field(min_length=1, max_length=20)]


class StrategyForm(BaseModel):
    """A whole version. All of it is published to everybody, for ever: it names no person.

    What was a commitment and does not stand in it is dropped.
    """

    follows: Annotated[int, Field(ge=0, description="The version in force, 0 when none is")]
    title: Heading
    summary: Sentence
    link: Annotated[Link, ONE_LINE]
    mission: Mission
    themes: Annotated[list[ThemeForm], Field(min_length=1, max_length=20)]


class StrategyView(BaseModel):
    """A version as it was published; where its commitments stand now is told by `commitments`."""

    strategy_id: UUID
    version: int
    title: str
    summary: str
    link: str
    mission: str
    themes: tuple[Theme, ...]
    published_at: datetime
    published_by: Annotated[UUID | None, Field(description="An account; for the team alone")] = None


class ProgressForm(BaseModel):
    """`summary` is published to everybody: it names no person."""

    status: Course
    percent: Annotated[int, Field(ge=0, le=100)]
    summary: Sentence | None = None


class ProgressView(BaseModel):
    status: Course
    percent: int
    summary: str | None
    reported_on: date
    reported_at: datetime
    reported_by: Annotated[UUID | None, Field(description="An account; for the team alone")] = None


class ReviewView(BaseModel):
    """Whether members were heard on it in the period of these days, both of which are in it."""

    state: Reviewing
    first_day: date
    last_day: date


class CommitmentView(BaseModel):
    commitment_id: UUID
    standing: Standing
    title: str
    summary: str | None
    owner: str
    measure: str
    due_on: date
    made_in: Annotated[int, Field(description="The version of the strategy in which it was promised first")]
    course: Course | None
    percent: int
    completed_on: date | None
    completed_by: Annotated[UUID | None, Field(description="An account; for the team alone")] = None
    review: Annotated[ReviewView | None, Field(description="None: it is completed or dropped, and needs none")]


class CommitmentWithProgress(CommitmentView):
    """With the newest hundred reports, the newest first."""

    progress: list[ProgressView]


class Commitments(BaseModel):
    """`next`, given as `after`, leads to the following ones; None: these were the last."""

    commitments: list[CommitmentView]
    next: UUID | None


@router.get("/strategy")
async def present(database: Db, caller: MaybeSignedIn) -> StrategyView:
    """The version in force, for anyone."""
    async with database.transaction() as tx:
        return _strategy(await strategy_store.in_force(tx), caller)


@router.get("/strategies/{version}")
async def of_version(
    version: Annotated[int, Field(ge=1, lt=2**31)], database: Db, caller: MaybeSignedIn
) -> StrategyView:
    """A version as it was published, for anyone."""
    async with database.transaction() as tx:
        return _strategy(await strategy_store.version(tx, version), caller)


@router.post("/strategies", status_code=201)
async def publish(form: StrategyForm, database: Db, key: Key, caller: SignedIn, answer: Response) -> StrategyView:
    """Publish the version after the one in force. The very same again, and nothing happens: 200."""
    permit(caller, "team")
    draft = _DRAFT.validate_python(form.model_dump(exclude={"follows"}))
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=uuid4(), status=201) is not None:
            return _strategy(await strategy_store.version(tx, form.follows + 1), caller)
        await strategy_store.hold(tx)
        in_force = await strategy_store.in_force(tx)
        if strategies.is_again(draft, form.follows, in_force):
            answer.status_code = 200
            return _strategy(in_force, caller)
        known = await strategy_store.hold_every(tx)
        publication = strategies.publish(
            draft, form.follows, in_force, known, new_id=uuid4, by=caller.account_id, now=tx.now
        )
        await strategy_store.add(tx, publication.strategy)
        await strategy_store.save(tx, *publication.commitments)
        await outbox.put(tx, *publication.said)
    return _strategy(publication.strategy, caller)


@router.get("/commitments")
async def every(
    database: Db,
    caller: MaybeSignedIn,
    status: Standing | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> Commitments:
    """The commitments of the strategy in force by their day, for anyone; with a status those of all versions."""
    async with database.transaction() as tx:
        today = day_in_london(tx.now)
        found = await strategy_store.every(tx)  # a strategy has some dozens: where each stands is decided in one place
        reviews = await reviewing.reviews(tx, found, today)
    if after is not None:
        found = list(dropwhile(lambda its: its.commitment_id != after, found))[1:]
    chosen = [
        its for its in found if (commitments.standing(its, today) is status if status else its.dropped_at is None)
    ]
    page = chosen[:limit]
    return Commitments(
        commitments=[CommitmentView(**_commitment(its, today, caller, reviews)) for its in page],
        next=page[-1].commitment_id if len(chosen) > limit else None,
    )


@router.get("/commitments/{commitment_id}")
async def show(commitment_id: UUID, database: Db, caller: MaybeSignedIn) -> CommitmentWithProgress:
    """A commitment and what was reported of it, for anyone; one that was dropped too."""
    async with database.transaction() as tx:
        its = there(await strategy_store.by_id(tx, commitment_id))
        return await _whole(tx, its, caller)


@router.post("/commitments/{commitment_id}/progress", status_code=201)
async def report(
    commitment_id: UUID, form: ProgressForm, database: Db, key: Key, caller: SignedIn
) -> CommitmentWithProgress:
    """Say how far a commitment is."""
    permit(caller, "team")
    async with database.transaction() as tx:
        progress_id = uuid4()
        earlier = await idempotency.claim(tx, key, resource_id=progress_id, status=201)
        its = there(await strategy_store.lock(tx, commitment_id))
        if earlier is None:
            its, progress, said = commitments.report(
                its,
                progress_id=progress_id,
                course=form.status,
                percent=form.percent,
                summary=form.summary,
                by=caller.account_id,
                now=tx.now,
            )
            await strategy_store.save(tx, its)
            await strategy_store.add_progress(tx, progress)
            await outbox.put(tx, said)
        return await _whole(tx, its, caller)


@router.post("/commitments/{commitment_id}/completion")
async def complete(commitment_id: UUID, database: Db, key: Key, caller: SignedIn) -> CommitmentWithProgress:
    """Say that a commitment is kept; that stays so."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=commitment_id, status=200)
        its = there(await strategy_store.lock(tx, commitment_id))
        if earlier is None:
            its, said = commitments.complete(its, by=caller.account_id, now=tx.now)
            await strategy_store.save(tx, its)
            await outbox.put(tx, said)
        return await _whole(tx, its, caller)


async def tell_overdue(database: Database) -> int:
    """Say of the commitments whose day has ended in London that they are overdue; says of how many. A timer's work."""
    async with database.transaction() as tx:
        late = await strategy_store.take_overdue(tx, day_in_london(tx.now))
        told = [commitments.tell_overdue(its, tx.now) for its in late]
        await strategy_store.save(tx, *(its for its, _ in told))
        await outbox.put(tx, *(said for _, said in told))
    return len(told)


def there(its: Commitment | None) -> Commitment:
    if its is None:
        raise NoSuchCommitment
    return its


def _is_team(caller: Caller | None) -> bool:
    return caller is not None and "team" in caller.roles


def _strategy(its: Strategy | None, caller: Caller | None) -> StrategyView:
    if its is None:
        raise NoStrategy
    return StrategyView(
        strategy_id=its.strategy_id,
        version=its.version,
        **vars(its.words),
        published_at=its.published_at,
        published_by=its.published_by if _is_team(caller) else None,
    )


def _commitment(
    its: Commitment, today: date, caller: Caller | None, reviews: Mapping[UUID, Review]
) -> dict[str, object]:
    by, review = its.completed_by if _is_team(caller) else None, reviews.get(its.commitment_id)
    return {
        **asdict(its),
        "standing": commitments.standing(its, today),
        "completed_by": by,
        "review": asdict(review) if review else None,
    }


async def _whole(tx: Transaction, its: Commitment, caller: Caller | None) -> CommitmentWithProgress:
    today = day_in_london(tx.now)
    return CommitmentWithProgress(
        **_commitment(its, today, caller, await reviewing.reviews(tx, [its], today)),
        progress=[
            ProgressView(
                status=each.course,
                percent=each.percent,
                summary=each.summary,
                reported_on=each.reported_on,
                reported_at=each.reported_at,
                reported_by=each.reported_by if _is_team(caller) else None,
            )
            for each in await strategy_store.progress_of(tx, its.commitment_id)
        ],
    )
