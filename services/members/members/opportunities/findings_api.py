"""What came of a focus group, over HTTP: that it has met, and what it found."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from chassis import idempotency, outbox
from chassis.idempotency import Key
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import ONE_LINE
from chassis.service import Db
from contracts.base import Link
from members.opportunities import calls, store
from members.opportunities.api import Day, Heading, OpportunityView, Sentence, there, view
from members.opportunities.calls import Findings

router = APIRouter(prefix="/api/members/v1", tags=["opportunities"], route_class=RetryingRoute)


class HoldingForm(BaseModel):
    held_on: Day


class FindingsForm(BaseModel):
    """Published to everybody, for ever: they name no person."""

    title: Heading
    summary: Sentence
    link: Annotated[Link, ONE_LINE]


@router.post("/opportunities/{opportunity_id}/holdings", status_code=201)
async def hold(opportunity_id: UUID, form: HoldingForm, database: Db, key: Key, caller: SignedIn) -> OpportunityView:
    """Say that a focus group has met."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=opportunity_id, status=201)
        its = there(await store.lock(tx, opportunity_id))
        if earlier is None:
            its, said = calls.hold(its, form.held_on, by=caller.account_id, now=tx.now)
            await store.save(tx, its)
            await outbox.put(tx, said)
    return view(its, tx.now, caller)


@router.post("/opportunities/{opportunity_id}/findings", status_code=201)
async def publish_findings(
    opportunity_id: UUID, form: FindingsForm, database: Db, key: Key, caller: SignedIn
) -> OpportunityView:
    """Say where everybody can read what a focus group found."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=opportunity_id, status=201)
        its = there(await store.lock(tx, opportunity_id))
        if earlier is None:
            findings = Findings(form.title, form.summary, form.link)
            its, said = calls.publish_findings(its, findings, by=caller.account_id, now=tx.now)
            await store.save(tx, its)
            await outbox.put(tx, said)
    return view(its, tx.now, caller)
