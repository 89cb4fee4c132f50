"""The team's forms for the roles of one member. Each is the API's own request in a browser: its handler decides."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from chassis.database import Database
from chassis.identity import OF_ONE_ORGANISATION, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import FormError, read_form, render
from contracts.members import Role
from contracts.refusal import NotFound
from members.membership.api import MemberView
from members.membership.person_pages import back, of_the_team
from members.places import store as organisation_store
from members.roles import grants
from members.roles.domain import NotToYourself
from members.roles.records import IN_WORDS

router = APIRouter(prefix="/members/people/{member_id:uuid}/roles", route_class=RetryingRoute, include_in_schema=False)

NO_ROLE: Final = "Choose the role that they are to have"


@router.get("")
async def form(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    return await _form(request, database, await of_the_team(database, caller, member_id))


@router.post("")
async def give(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> Response:
    """A role for one organisation is for the member's own, so nobody is asked for which."""
    its = await of_the_team(database, caller, member_id)
    typed = str((await read_form(request)).get("role", ""))
    if typed not in set(Role):
        return await _form(request, database, its, error=NO_ROLE)
    wanted = grants.RoleForm(role=Role(typed), organisation=its.organisation if typed in OF_ONE_ORGANISATION else None)
    try:
        await grants.grant(member_id, wanted, database, None, caller)
    except NotToYourself as refused:
        return await _form(request, database, its, chosen=typed, error=refused.sentence)
    return back(caller, member_id, "given")


@router.post("/taken-back")
async def take_back(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    try:
        form = grants.RoleForm.model_validate(await read_form(request))
    except ValidationError:  # no form of ours
        raise NotFound("There is no such role to take back.") from None
    await grants.take_back(member_id, form, database, None, caller)
    return back(caller, member_id, "taken-back")


async def _form(
    request: Request, database: Database, its: MemberView, *, chosen: str = "", error: str = ""
) -> HTMLResponse:
    places = await organisation_store.places_now(database)
    here = places.register.label(its.organisation)
    errors: list[FormError] = [{"field": "role", "text": error, "href": "#role"}] if error else []
    items = [
        {"value": role.value, "text": IN_WORDS[role], "hint": {"text": f"For {here} alone."}}
        if role in OF_ONE_ORGANISATION
        else {"value": role.value, "text": IN_WORDS[role]}
        for role in Role
    ]
    return render(request, "roles/give.html", member=its, items=items, values={"role": chosen}, errors=errors)
