"""Who has a place, over HTTP: who has applied, a choice by hand, and the draw that anybody can do again."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from chassis import idempotency, outbox
from chassis.idempotency import Key
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from members.opportunities import choosing, store
from members.opportunities.api import Limit, OpportunityView, there, view
from members.opportunities.calls import Interest, NotSelectedYet, Outcome

router = APIRouter(prefix="/api/members/v1", tags=["opportunities"], route_class=RetryingRoute)


class SelectionForm(BaseModel):
    numbers: Annotated[list[UUID], Field(max_length=200)]


class ApplicantView(BaseModel):
    """For the team. Of somebody who has left only the number is here."""

    number: UUID
    state: Outcome
    registered_at: datetime
    changed_at: Annotated[datetime | None, Field(description="When it came to `state`; None: it waits")]
    changed_by: Annotated[UUID | None, Field(description="An account; None: the lot, or by itself")]
    statement: str | None
    member_id: UUID | None
    name: str | None
    grade: str | None
    organisation: str | None


class Applicants(BaseModel):
    applicants: list[ApplicantView]
    next: UUID | None


class Drawn(BaseModel):
    """Somebody in the draw. `organisation` is a label of this draw alone, the same for all of one organisation.

    `chosen` is by the lot, on that day: what became of it since is for themselves and the team.
    """

    number: UUID
    band: str
    organisation: str
    chosen: bool


class Draw(BaseModel):
    seed: str
    seed_digest: str
    capacity: int
    applicants: list[Drawn]
    next: UUID | None


@router.get("/opportunities/{opportunity_id}/interests")
async def applicants(
    opportunity_id: UUID, database: Db, caller: SignedIn, after: UUID | None = None, limit: Limit = 100
) -> Applicants:
    """Who has applied, by number; for the team."""
    permit(caller, "team")
    async with database.transaction() as tx:
        there(await store.by_id(tx, opportunity_id))
        found = await store.page_of(tx, opportunity_id, after=after, limit=limit + 1)
    page = [ApplicantView.model_validate({**row, "number": row["interest_id"]}) for row in found[:limit]]
    return Applicants(applicants=page, next=page[-1].number if len(found) > limit else None)


@router.post("/opportunities/{opportunity_id}/selections", status_code=201)
async def select(
    opportunity_id: UUID, form: SelectionForm, database: Db, key: Key, caller: SignedIn
) -> OpportunityView:
    """Choose by hand, where no lot decides; the first choice tells everybody else that they have no place."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=opportunity_id, status=201)
        its = there(await store.lock(tx, opportunity_id))
        if earlier is None:
            candidates = await store.lock_candidates(tx, opportunity_id)
            choice = choosing.by_hand(its, candidates, set(form.numbers), by=caller.account_id, now=tx.now)
            its = choice.its
            await store.save_interests(tx, choice.interests)
            await store.save(tx, its)
            await outbox.put(tx, *choice.said)
    return view(its, tx.now, caller)


@router.get("/opportunities/{opportunity_id}/draw")
async def draw(opportunity_id: UUID, database: Db, after: UUID | None = None, limit: Limit = 100) -> Draw:
    """The draw as it was drawn, for anyone who wants to do it again: the seed, and every number with band and label."""
    async with database.transaction() as tx:
        its = there(await store.by_id(tx, opportunity_id))
        if its.selected_at is None or its.seed is None or its.seed_digest is None:
            raise NotSelectedYet
        everybody = await store.in_the_draw(tx, opportunity_id)
    found, chosen = of_draw(everybody, after, limit + 1), choosing.as_drawn(its, everybody)
    page = [
        Drawn(
            number=each.interest_id,
            band=each.band or "",
            organisation=each.organisation or "",
            chosen=each.interest_id in chosen,
        )
        for each in found[:limit]
    ]
    return Draw(
        seed=its.seed,
        seed_digest=its.seed_digest,
        capacity=its.capacity,
        applicants=page,
        next=page[-1].number if len(found) > limit else None,
    )


def of_draw(everybody: Sequence[Interest], after: UUID | None, limit: int) -> Sequence[Interest]:
    """So many of them, who are sorted by number, from behind `after` on."""
    first = bisect_right(everybody, after, key=lambda its: its.interest_id) if after else 0
    return everybody[first : first + limit]
