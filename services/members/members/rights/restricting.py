"""Restricting over HTTP, and the record of changes: the member for themselves, and the team.

Restricted, a member stays one: they sign in, change, leave, are erased and hear what they must. They are in no
statistics and no list, no pool of a match run, and get no mail that can be done without.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from chassis import idempotency, outbox
from chassis.database import Database, Transaction
from chassis.idempotency import IdempotencyKey, Key
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.erasure import MemberProcessingRestricted
from members.membership import store
from members.membership.api import there
from members.membership.domain import HasLeft
from members.rights import change_store, restriction_store
from members.rights.change_store import Change, What, Who
from members.roles.team import is_team

router = APIRouter(prefix="/api/members/v1", tags=["rights"], route_class=RetryingRoute)
Place = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


class RestrictionView(BaseModel):
    member_id: UUID
    restricted_since: Annotated[datetime | None, Field(description="None: not restricted")]


class ChangeView(BaseModel):
    change_id: int
    what: What
    who: Who
    at: datetime
    by: Annotated[UUID | None, Field(description="The account, for the team; None for a merger of organisations")]


class Changes(BaseModel):
    """The newest first. `next`, given as `before`, leads to the following ones; None: these were the last."""

    changes: list[ChangeView]
    next: int | None


@router.get("/members/{member_id}/restriction")
async def show(member_id: UUID, database: Db, caller: SignedIn) -> RestrictionView:
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        there(await store.present(tx, member_id))
        return RestrictionView(member_id=member_id, restricted_since=await restriction_store.since(tx, member_id))


@router.post("/members/{member_id}/restrictions")
async def restrict(member_id: UUID, database: Db, key: Key, caller: SignedIn) -> RestrictionView:
    """From now on what is held of the member is kept, and used for no more than it must be. Again: nothing happens."""
    return await _settle(database, key, member_id, caller, restricted=True)


@router.post("/members/{member_id}/restriction-ends")
async def lift(member_id: UUID, database: Db, key: Key, caller: SignedIn) -> RestrictionView:
    """The member is as any other again. Again: nothing happens."""
    return await _settle(database, key, member_id, caller, restricted=False)


@router.get("/members/{member_id}/changes")
async def changes(
    member_id: UUID,
    database: Db,
    caller: SignedIn,
    before: Place = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> Changes:
    """What was changed of the member, when and by whom; not from what nor to what."""
    permit(caller, "team", owner=member_id)
    found, following = await some_changes(database, member_id, before, limit)
    by_account = is_team(caller)
    return Changes(
        changes=[ChangeView(**vars(its) | {"by": its.by if by_account else None}) for its in found], next=following
    )


async def some_changes(
    database: Database, member_id: UUID, before: int | None, most: int
) -> tuple[list[Change], int | None]:
    """Some lines, and from which one the next are to be asked for."""
    async with database.transaction(one_statement=True) as tx:
        found = await change_store.changes_of(tx, member_id, before=before, most=most + 1)
    return found[:most], found[most - 1].change_id if len(found) > most else None


async def _settle(
    database: Database, key: IdempotencyKey | None, member_id: UUID, caller: Caller, *, restricted: bool
) -> RestrictionView:
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=member_id, status=200) is None:
            member = there(await store.lock(tx, member_id))
            if member.left_on is not None:
                raise HasLeft
            if restricted:
                await outbox.put(tx, *await restrict_held(tx, member_id, caller))
            elif await restriction_store.lift(tx, member_id):
                await change_store.record(tx, member_id, [What.NOT_RESTRICTED], caller)
                await outbox.put(tx, MemberProcessingRestricted(member_id=member_id, restricted=False))
        return RestrictionView(member_id=member_id, restricted_since=await restriction_store.since(tx, member_id))


async def restrict_held(tx: Transaction, member_id: UUID, caller: Caller) -> list[MemberProcessingRestricted]:
    """Restrict a present member whose row is held, unless they are already; gives what is to be said."""
    if not await restriction_store.restrict(tx, member_id, by=caller.account_id):
        return []
    await change_store.record(tx, member_id, [What.RESTRICTED], caller)
    return [MemberProcessingRestricted(member_id=member_id, restricted=True)]
