"""Erasing over HTTP, the receipts of the other services, and the word about those that are late."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from chassis import idempotency, outbox
from chassis.database import Database, Transaction
from chassis.idempotency import Key
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.erasure import (
    Holder,
    MemberDataErasedByEvents,
    MemberDataErasedByMentoring,
    MemberDataErasedByNotifications,
)
from contracts.members import MemberContactChanged
from contracts.refusal import NotFound
from members.erasure import domain as erasure
from members.erasure import store as erasure_store
from members.erasure import withdrawal_store
from members.erasure.domain import Erasure
from members.feedback.answering import forget_tokens, key_of
from members.groups import departing
from members.imports import store as import_store
from members.membership import duplicate_store, store
from members.monitoring import store as monitoring
from members.monitoring.sealing import Vault
from members.opportunities import shadow_board_store
from members.opportunities import store as opportunity_store
from members.roles import domain as roles
from members.roles import store as role_store
from members.roles.team import is_team
from members.signing_in import account_store

router = APIRouter(prefix="/api/members/v1", tags=["erasure"], route_class=RetryingRoute)

Receipt = MemberDataErasedByMentoring | MemberDataErasedByEvents | MemberDataErasedByNotifications


class ReceiptView(BaseModel):
    service: Holder
    erased_at: datetime


class ErasureView(BaseModel):
    """`late` names who should have erased by now and has not said so."""

    member_id: UUID
    requested_at: datetime
    requested_by: Annotated[UUID | None, Field(description="An account, for the team; None: the member themself")]
    due_at: datetime
    completed_at: datetime | None
    receipts: list[ReceiptView]
    late: list[Holder]


@router.post("/members/{member_id}/erasure", status_code=202)
async def erase(member_id: UUID, request: Request, database: Db, key: Key, caller: SignedIn) -> ErasureView:
    """Forget a member, present or gone. Members has forgotten them with the answer; the other services follow.

    Asked again, it answers how far it is.
    """
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        await idempotency.claim(tx, key, resource_id=member_id, status=202)
        if await store.lock(tx, member_id) is None:
            return view(await erasure_store.by_id(tx, member_id), tx.now, caller)
        await store.wait_until_may_go(tx, member_id)
        by = await account_store.unless_own(tx, caller.account_id, member_id)
        begun, said = erasure.begin(member_id, now=tx.now, hours=request.app.state.settings.erasure_hours, by=by)
        held = await role_store.held_by(tx, member_id)
        lost = roles.take_back_all(member_id, held)
        await role_store.record(tx, member_id, held, granted=False, by=caller.account_id)
        departed = await departing.let_go(tx, member_id, by=caller.account_id)
        await purge(tx, member_id, request.app.state.vault)
        await forget_tokens(tx, member_id, key_of(request))
        await idempotency.forget_what_was_sent(tx, member_id, but=key)
        await erasure_store.remember(tx, member_id)
        await erasure_store.add(tx, begun)
        await erasure_store.add_receipts(tx, begun)
        await withdrawal_store.add(tx, member_id)
        await outbox.put(tx, *departed, *lost, *said, outbox.Tombstone(of=MemberContactChanged, subject=member_id))
        return view(begun, tx.now, caller)


@router.get("/members/{member_id}/erasure")
async def show(member_id: UUID, database: Db, caller: SignedIn) -> ErasureView:
    """How far an erasure is; for the team, and for whoever still has the member's token."""
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        return view(await erasure_store.by_id(tx, member_id), tx.now, caller)


async def purge(tx: Transaction, member_id: UUID, vault: Vault) -> None:
    """Delete whatever members holds of a member, whose row the caller holds: one line for each place."""
    await role_store.forget(tx, member_id)
    await role_store.forget_in_records(tx, member_id)
    await account_store.forget_grants(tx, member_id)
    await account_store.forget(tx, member_id)
    await import_store.forget(tx, member_id)
    await opportunity_store.let_go(tx, member_id)
    await duplicate_store.forget(tx, member_id)
    await shadow_board_store.let_go(tx, member_id)
    await store.forget(tx, member_id)
    async with monitoring.opened(tx):
        await monitoring.forget(tx, vault.name(member_id))


async def note_receipt(event: Receipt, tx: Transaction) -> None:
    """A service has erased; with the last of them the erasure is complete, and everybody hears that."""
    await erasure_store.lock(tx, event.member_id)
    its = await erasure_store.by_id(tx, event.member_id)
    if its is None:
        raise LookupError("a service erased what nobody here has asked it to")
    noted, said = erasure.note(its, Holder(event.service), tx.now)
    await erasure_store.add_receipts(tx, noted)
    await erasure_store.move_on(tx, noted)
    await outbox.put(tx, *said)


async def tell_stalled(database: Database) -> int:
    """Say which services are late with an erasure, once each; says of how many. A timer's work."""
    async with database.transaction() as tx:
        overdue = await erasure_store.of_members(tx, await erasure_store.hold_overdue(tx, tx.now))
        told = [erasure.stall(its, tx.now) for its in overdue]
        for its, _ in told:
            await erasure_store.move_on(tx, its)
        await outbox.put(tx, *(stalled for _, stalled in told))
    return len(told)


def view(its: Erasure | None, now: datetime, caller: Caller) -> ErasureView:
    """Raises `NotFound` where there is none."""
    if its is None:
        raise NotFound
    return ErasureView(
        member_id=its.member_id,
        requested_at=its.requested_at,
        requested_by=its.requested_by if is_team(caller) else None,
        due_at=its.due_at,
        completed_at=its.completed_at,
        receipts=[ReceiptView(service=holder, erased_at=at) for holder, at in its.receipts.items()],
        late=erasure.late(its, now),
    )
