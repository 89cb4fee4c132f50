"""The commitments of the strategy over HTTP: where each stands, what is reported of it, and that it is kept."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from itertools import dropwhile
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from chassis import idempotency, outbox, paging
from chassis.database import Transaction
from chassis.days import day_in_london
from chassis.idempotency import Key
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from members.feedback import reviewing
from members.feedback.reviews import Review, Reviewing
from members.roles.team import is_team
from members.strategy import commitments
from members.strategy import store as strategy_store
from members.strategy.api import Sentence
from members.strategy.commitments import Commitment, Course, NoSuchCommitment, Standing

router = APIRouter(prefix="/api/members/v1", tags=["strategy"], route_class=RetryingRoute)

Limit = Annotated[int, Query(ge=1, le=100)]
MOST: Final = 100  # reports with a commitment


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


class ProgressList(BaseModel):
    """The newest first. `next`, given as `after`, leads to earlier ones; None: these were the last."""

    progress: list[ProgressView]
    next: UUID | None


class CommitmentWithProgress(CommitmentView, ProgressList):
    """With the newest hundred reports; `next` leads to earlier ones at `progress`."""


class Commitments(BaseModel):
    """`next`, given as `after`, leads to the following ones; None: these were the last."""

    commitments: list[CommitmentView]
    next: UUID | None


@router.get("/commitments")
async def every(
    database: Db,
    caller: MaybeSignedIn,
    status: Standing | None = None,
    after: UUID | None = None,
    limit: Limit = 100,
) -> Commitments:
    """The commitments of the strategy in force by their day, for anyone; with a status those of all versions."""
    async with database.transaction() as tx:
        today = day_in_london(tx.now)
        found = await strategy_store.every(tx)  # a strategy has some dozens: where each stands is decided in one place
        reviews = await reviewing.reviews(tx, found, today)
        await paging.begin_behind(tx, "SELECT FROM commitment WHERE commitment_id = $1", after)
    if after is not None:
        found = list(dropwhile(lambda its: its.commitment_id != after, found))[1:]
    chosen = [
        its for its in found if (commitments.standing(its, today) is status if status else its.dropped_at is None)
    ]
    page, following = paging.page(chosen, limit, attrgetter("commitment_id"))
    return Commitments(
        commitments=[CommitmentView(**_commitment(its, today, caller, reviews)) for its in page],
        next=following,
    )


@router.get("/commitments/{commitment_id}")
async def show(commitment_id: UUID, database: Db, caller: MaybeSignedIn) -> CommitmentWithProgress:
    """A commitment and what was reported of it, for anyone; one that was dropped too."""
    async with database.transaction() as tx:
        its = there(await strategy_store.by_id(tx, commitment_id))
        return await _whole(tx, its, caller)


@router.get("/commitments/{commitment_id}/progress")
async def progress(
    commitment_id: UUID, database: Db, caller: MaybeSignedIn, after: UUID | None = None, limit: Limit = 100
) -> ProgressList:
    """What was reported of a commitment, for anyone."""
    async with database.transaction() as tx:
        there(await strategy_store.by_id(tx, commitment_id))
        return await _reported(tx, commitment_id, caller, after=after, limit=limit)


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
            its, reported, said = commitments.report(
                its,
                progress_id=progress_id,
                course=form.status,
                percent=form.percent,
                summary=form.summary,
                by=caller.account_id,
                now=tx.now,
            )
            await strategy_store.save(tx, its)
            await strategy_store.add_progress(tx, reported)
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


def there(its: Commitment | None) -> Commitment:
    if its is None:
        raise NoSuchCommitment
    return its


def _commitment(
    its: Commitment, today: date, caller: Caller | None, reviews: Mapping[UUID, Review]
) -> dict[str, object]:
    by, review = its.completed_by if is_team(caller) else None, reviews.get(its.commitment_id)
    return {
        **asdict(its),
        "standing": commitments.standing(its, today),
        "completed_by": by,
        "review": asdict(review) if review else None,
    }


async def _whole(tx: Transaction, its: Commitment, caller: Caller | None) -> CommitmentWithProgress:
    today = day_in_london(tx.now)
    reported = await _reported(tx, its.commitment_id, caller, after=None, limit=MOST)
    about = _commitment(its, today, caller, await reviewing.reviews(tx, [its], today))
    return CommitmentWithProgress(**about, **dict(reported))


async def _reported(
    tx: Transaction, commitment_id: UUID, caller: Caller | None, *, after: UUID | None, limit: int
) -> ProgressList:
    found = await strategy_store.progress_of(tx, commitment_id, after=after, most=limit + 1)
    page = found[:limit]
    return ProgressList(
        progress=[
            ProgressView(
                status=each.course,
                percent=each.percent,
                summary=each.summary,
                reported_on=each.reported_on,
                reported_at=each.reported_at,
                reported_by=each.reported_by if is_team(caller) else None,
            )
            for each in page
        ],
        next=page[-1].progress_id if len(found) > limit else None,
    )
