"""Roles over HTTP: the central team gives them to members and takes them back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from chassis import idempotency, outbox
from chassis.idempotency import Key
from chassis.identity import OF_ONE_ORGANISATION, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import LINES
from chassis.service import Db
from contracts.members import Role
from contracts.refusal import FieldError, Invalid
from members.membership import store
from members.membership.api import there
from members.places import store as organisation_store
from members.places.organisations import Register
from members.roles import domain as roles
from members.roles import store as role_store
from members.roles.domain import Grant

router = APIRouter(prefix="/api/members/v1/members/{member_id}", tags=["roles"], route_class=RetryingRoute)


class RoleForm(BaseModel):
    role: Role
    organisation: Annotated[
        Annotated[str, StringConstraints(max_length=1000), LINES] | None,
        Field(description="By code or name; for hosep and recruiting-manager, which hold for one, and for no other"),
    ] = None


class RoleView(BaseModel):
    role: Role
    organisation: str | None


class RolesView(BaseModel):
    """What the team gave and did not take back; what held for an organisation ends when they move."""

    member_id: UUID
    roles: list[RoleView]


@router.get("/roles")
async def show(member_id: UUID, database: Db, caller: SignedIn) -> RolesView:
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        there(await store.by_id(tx, member_id))
        return _view(member_id, await role_store.held_by(tx, member_id))


@router.post("/role-grants")
async def grant(member_id: UUID, form: RoleForm, database: Db, key: Key, caller: SignedIn) -> RolesView:
    """Give a role. Who has it already keeps it, and nothing is said; it is in the member's next token."""
    permit(caller, "team")
    async with database.transaction() as tx:
        repeated = await idempotency.claim(tx, key, resource_id=member_id, status=200) is not None
        wanted = _read(form, (await organisation_store.places(tx)).register)
        member = there(await store.lock(tx, member_id))
        held = await role_store.held_by(tx, member_id)
        granted = None if repeated else roles.grant(member, held, wanted, by=caller.member_id)
        if granted is None:
            return _view(member_id, held)
        await role_store.add(tx, member_id, wanted, by=caller.account_id)
        await role_store.record(tx, member_id, [wanted], granted=True, by=caller.account_id)
        await outbox.put(tx, granted)
    return _view(member_id, [*held, wanted])


@router.post("/role-revocations")
async def take_back(member_id: UUID, form: RoleForm, database: Db, key: Key, caller: SignedIn) -> RolesView:
    """Take a role back. The tokens that say it are over within ten minutes."""
    permit(caller, "team")
    async with database.transaction() as tx:
        repeated = await idempotency.claim(tx, key, resource_id=member_id, status=200) is not None
        unwanted = _read(form, (await organisation_store.places(tx)).register)
        there(await store.lock(tx, member_id))
        held = await role_store.held_by(tx, member_id)
        revoked = None if repeated else roles.take_back(member_id, held, unwanted)
        if revoked is None:
            return _view(member_id, held)
        await role_store.take_back(tx, member_id, unwanted)
        await role_store.record(tx, member_id, [unwanted], granted=False, by=caller.account_id)
        await outbox.put(tx, revoked)
    return _view(member_id, [its for its in held if its != unwanted])


def _read(form: RoleForm, register: Register) -> Grant:
    """The role and the code of its organisation. Raises `Invalid`."""
    its = register.named(form.organisation) if form.organisation else None
    if form.role in OF_ONE_ORGANISATION and its is None:
        raise Invalid(FieldError("organisation", "Say for which organisation: this role holds for one alone"))
    if form.role not in OF_ONE_ORGANISATION and form.organisation:
        raise Invalid(FieldError("organisation", "Leave the organisation out: this role holds everywhere"))
    return Grant(form.role.value, its.code if its else None)


def _view(member_id: UUID, held: list[Grant]) -> RolesView:
    shown = sorted(held, key=lambda its: (its.role, its.organisation or ""))
    return RolesView(
        member_id=member_id, roles=[RoleView(role=Role(its.role), organisation=its.organisation) for its in shown]
    )
