"""The record of roles for the central team: who was given what, who lost it, when, and by whom. By ids, no names."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from chassis.database import Database
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import FormError, render
from contracts.members import Role
from members.places import store as organisation_store
from members.roles import store as role_store
from members.roles.store import Recorded

router = APIRouter(prefix="/api/members/v1", tags=["roles"], route_class=RetryingRoute)
pages = APIRouter(prefix="/members/roles", route_class=RetryingRoute, include_in_schema=False)

ON_A_PAGE: Final = 25
Place = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
IN_WORDS: Final[Mapping[str, str]] = {
    Role.VOLUNTEER: "Volunteer",
    Role.SCHEME_LEAD: "Scheme lead",
    Role.HOSEP: "Head of profession",
    Role.RECRUITING_MANAGER: "Recruiting manager",
    Role.TEAM: "Central team",
    Role.OPERATOR: "Operator",
}


class RecordView(BaseModel):
    record_id: int
    member_id: Annotated[UUID | None, Field(description="None: erased since")]
    role: str
    organisation: str | None
    granted: Annotated[bool, Field(description="Given; otherwise taken back, by the team or by leaving")]
    at: datetime
    by: Annotated[UUID, Field(description="The account that did it")]
    by_member: Annotated[UUID | None, Field(description="The member behind that account, where there is one now")]


class Records(BaseModel):
    """The newest first. `next`, given as `before`, leads to the following ones; None: these were the last."""

    records: list[RecordView]
    next: int | None


@router.get("/role-records")
async def every(  # noqa: PLR0917 (two filters, two of paging)
    database: Db,
    caller: SignedIn,
    member_id: UUID | None = None,
    role: Role | None = None,
    before: Place = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> Records:
    """What was recorded of roles, of one member or one role where they are given; for the team."""
    permit(caller, "team")
    found, following = await _some(database, member_id, role, before, limit)
    return Records(records=[RecordView(**vars(its)) for its in found], next=following)


@pages.get("")
async def page(  # noqa: PLR0917 (two filters and a place)
    request: Request, database: Db, caller: SignedIn, member: str = "", role: str = "", before: Place = None
) -> HTMLResponse:
    permit(caller, "team")
    errors: list[FormError] = []
    try:
        member_id = UUID(member.strip()) if member.strip() else None
    except ValueError:
        member_id = None
        text = "Enter the whole id of a member, such as 3f0c9a52-6d1e-4c0b-9a57-0f6c2f1d8e44"
        errors.append({"field": "member", "text": text, "href": "#member"})
    wanted = Role(role) if role in set(Role) else None
    found, following = ([], None) if errors else await _some(database, member_id, wanted, before, ON_A_PAGE)
    places = await organisation_store.places_now(database)
    chosen = {name: text for name, text in (("member", member.strip()), ("role", wanted or "")) if text}
    return render(
        request,
        "roles/roles.html",
        records=found,
        in_words=IN_WORDS,
        label=places.register.label,
        me=caller.account_id,
        values={"member": member, "role": wanted or ""},
        errors=errors,
        roles=[{"value": its.value, "text": text} for its, text in IN_WORDS.items() if isinstance(its, Role)],
        is_chosen=bool(chosen),
        is_first=before is None,
        first="/members/roles?" + urlencode(chosen),
        following=f"/members/roles?{urlencode(chosen | {'before': str(following)})}" if following else None,
    )


async def _some(
    database: Database, member_id: UUID | None, role: Role | None, before: int | None, most: int
) -> tuple[list[Recorded], int | None]:
    """Some lines, and from which one the next are to be asked for."""
    async with database.transaction(one_statement=True) as tx:
        found = await role_store.records(tx, member_id=member_id, role=role, before=before, most=most + 1)
    return found[:most], found[most - 1].record_id if len(found) > most else None
