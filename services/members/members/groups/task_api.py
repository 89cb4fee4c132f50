"""Task groups over HTTP, for the central team: establish, say what is delivered, extend, disband."""

from datetime import date
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import BaseModel, Field

from chassis import idempotency, outbox
from chassis.idempotency import Key
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import ONE_LINE
from chassis.service import Db
from contracts.base import Summary
from members.groups import api, ending, group_store, task_groups, task_store
from members.groups.api import GroupView, Line, Words
from members.groups.task_groups import MOST, Deliverable
from members.groups.volunteering import Group, Kind

router = APIRouter(prefix="/api/members/v1", tags=["groups"], route_class=RetryingRoute)

Reason = Annotated[Summary, ONE_LINE]


class TaskGroupForm(BaseModel):
    """The title is published to everybody, for ever; members read the rest. None of it names a person."""

    title: Line
    purpose: Words
    charter: Words
    deliverables: Annotated[list[Line], Field(min_length=1, max_length=MOST)]
    ends_on: Annotated[date, Field(description="The last day, in London; after today, within three years")]
    ask: Line


class ExtensionForm(BaseModel):
    """Members read the reason: it names no person."""

    ends_on: date
    reason: Reason


class DisbandmentForm(BaseModel):
    """Members read the reason: it names no person."""

    reason: Reason


@router.post("/task-groups", status_code=201)
async def establish(form: TaskGroupForm, database: Db, key: Key, caller: SignedIn) -> GroupView:
    """Establish a group for one task, which ends on its day."""
    permit(caller, "team")
    async with database.transaction() as tx:
        group_id = uuid4()
        if (earlier := await idempotency.claim(tx, key, resource_id=group_id, status=201)) is not None:
            return await api.whole(tx, api.there(await group_store.by_id(tx, earlier)), caller)
        its = Group(
            group_id,
            Kind.TASK,
            **form.model_dump(exclude={"deliverables"}),
            established_at=tx.now,
            established_by=caller.account_id,
        )
        established = task_groups.establish(its, now=tx.now)
        await group_store.add(tx, its)
        await task_store.save_deliverables(
            tx, *(Deliverable(uuid4(), group_id, place, title) for place, title in enumerate(form.deliverables, 1))
        )
        await outbox.put(tx, established)
        return await api.whole(tx, its, caller)


@router.post("/groups/{group_id}/deliverables/{deliverable_id}/completion")
async def meet(group_id: UUID, deliverable_id: UUID, database: Db, key: Key, caller: SignedIn) -> GroupView:
    """Say that something is delivered; that stays so. With the last of them a group past its day disbands."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=deliverable_id, status=200)
        group = api.there(await task_store.lock(tx, group_id))
        if earlier is None:
            known = {its.deliverable_id: its for its in await task_store.deliverables(tx, group_id)}
            its, met = task_groups.meet(group, known.get(deliverable_id), by=caller.account_id, now=tx.now)
            await task_store.save_deliverables(tx, its)
            await outbox.put(tx, met)
        return await api.whole(tx, group, caller)


@router.post("/groups/{group_id}/extensions", status_code=201)
async def extend(group_id: UUID, form: ExtensionForm, database: Db, key: Key, caller: SignedIn) -> GroupView:
    """Give a task group a later last day. Its volunteers hear of it."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=group_id, status=201)
        group = api.there(await task_store.lock(tx, group_id))
        if earlier is None:
            group, extension, extended = task_groups.extend(
                group, form.ends_on, form.reason, by=caller.account_id, now=tx.now
            )
            await task_store.save(tx, group)
            await task_store.add_extension(tx, extension)
            await outbox.put(tx, extended)
        return await api.whole(tx, group, caller)


@router.post("/groups/{group_id}/disbandment")
async def disband(group_id: UUID, form: DisbandmentForm, database: Db, key: Key, caller: SignedIn) -> GroupView:
    """Disband a task group before its day or after it. Its volunteers hear of it, and its meetings are cancelled."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=group_id, status=200)
        group = api.there(await task_store.lock(tx, group_id))
        if earlier is None:
            group, disbanded = task_groups.disband(
                group,
                await task_store.deliverables(tx, group_id),
                form.reason,
                by=caller.account_id,
                now=tx.now,
            )
            await outbox.put(tx, *await ending.end(tx, group), disbanded)
        return await api.whole(tx, group, caller)
