"""Pages of a member's rights: being restricted, and what was changed of them; for the team, how erasures go.

Each form is the API's own request in a browser: the API's handler decides.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from chassis.database import Database
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import read_form, render
from contracts.erasure import Holder
from contracts.refusal import NotFound
from members.membership import store
from members.rights import erasures, restricting, restriction_store
from members.rights.change_store import What, Who
from members.rights.restricting import Place
from members.signing_in import deeds

router = APIRouter(prefix="/members", route_class=RetryingRoute, include_in_schema=False)

ON_A_PAGE: Final = 25
RESTRICTION: Final = "/members/profile/restriction"
WHAT: Final[Mapping[What, str]] = {
    What.NAME: "Name",
    What.EMAIL: "Email address",
    What.GRADE: "Grade",
    What.ORGANISATION: "Organisation",
    What.INTERESTS: "Interests",
    What.SKILLS: "Skills",
    What.RESTRICTED: "Use of your details restricted",
    What.NOT_RESTRICTED: "Restriction ended",
    What.ADDRESS_ASKED: "Another link sent to confirm your email address",
}
WHO: Final[Mapping[Who, str]] = {
    Who.MEMBER: "You",
    Who.TEAM: "The central team",
    Who.LIST: "A list from your organisation",
    Who.MERGER: "The merger of your organisation",
}


@router.get("/profile/restriction")
async def restriction(request: Request, database: Db, caller: SignedIn, done: bool = False) -> HTMLResponse:  # noqa: FBT001, FBT002 (a query parameter)
    """Whether the member is restricted, what that means, and a button for the other."""
    member_id = await _present(database, caller)
    if member_id is None:
        return render(request, "membership/not_a_member.html")
    async with database.transaction(one_statement=True) as tx:
        since = await restriction_store.since(tx, member_id)
    return render(request, "rights/restriction.html", since=since, done=done)


@router.post("/profile/restriction")
async def restrict(request: Request, database: Db, caller: SignedIn) -> Response:
    member_id = await _present(database, caller)
    if member_id is None:
        return render(request, "membership/not_a_member.html")
    settle = restricting.lift if (await read_form(request)).get("restricted") == "no" else restricting.restrict
    await settle(member_id, database, None, caller)
    return RedirectResponse(f"{RESTRICTION}?done=true", 303)


@router.get("/profile/changes")
async def changes(request: Request, database: Db, caller: SignedIn, before: Place = None) -> HTMLResponse:
    """What was changed of the member, by whom and when."""
    member_id = await _present(database, caller)
    if member_id is None:
        return render(request, "membership/not_a_member.html")
    found, following = await restricting.some_changes(database, member_id, before, ON_A_PAGE)
    return render(
        request,
        "rights/changes.html",
        changes=found,
        what=WHAT,
        who=WHO,
        first="/members/profile/changes" if before else None,
        following=f"/members/profile/changes?before={following}" if following else None,
    )


@router.get("/people/{member_id:uuid}/changes")
async def changes_of(
    request: Request, member_id: UUID, database: Db, caller: SignedIn, before: Place = None
) -> HTMLResponse:
    """For the team: what was changed of a member, by which account and when."""
    permit(caller, "team")
    found, following = await restricting.some_changes(database, member_id, before, ON_A_PAGE)
    async with database.transaction() as tx:
        member = await store.present(tx, member_id)
        behind = await deeds.behind(tx, caller, [its.by for its in found])
    if member is None:
        raise NotFound("There is no such member, or they have left: what was changed of them is deleted then.")
    here = f"/members/people/{member_id}"
    return render(
        request,
        "rights/changes.html",
        member=member,
        changes=found,
        behind=behind,
        what=WHAT,
        who={**WHO, Who.MEMBER: "The member"},
        first=f"{here}/changes" if before else None,
        following=f"{here}/changes?before={following}" if following else None,
    )


@router.get("/erasures")
async def every_erasure(
    request: Request,
    database: Db,
    caller: SignedIn,
    before: UUID | None = None,
    unfinished: bool = False,  # noqa: FBT001, FBT002 (a query parameter)
) -> HTMLResponse:
    """For the team: each erasure, which service has erased, which has not, and which is late."""
    permit(caller, "team")
    its = await erasures.some(database, caller, before=before, most=ON_A_PAGE, unfinished=unfinished)
    async with database.transaction(one_statement=True) as tx:
        behind = await deeds.behind(tx, caller, [each.requested_by for each in its.erasures])
    here = f"/members/erasures?unfinished={'true' if unfinished else 'false'}"
    return render(
        request,
        "rights/erasures.html",
        erasures=its.erasures,
        services=list(Holder),
        behind=behind,
        unfinished=unfinished,
        first=here if before else None,
        following=f"{here}&before={its.next}" if its.next else None,
    )


async def _present(database: Database, caller: Caller) -> UUID | None:
    """The member behind the account, who has not left."""
    if caller.member_id is None:
        return None
    async with database.transaction(one_statement=True) as tx:
        return caller.member_id if await store.present(tx, caller.member_id) else None
