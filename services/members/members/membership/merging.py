"""One person who is a member twice: finding both, merging them into one, or saying that they are two people.

To the other services the one that ends has left: what they keep of it ends as with anybody who leaves, and nobody
outside learns why. Who stays is as they were, but restricted where one of the two was. Whoever signed in as the one
that ended is the other one from then on.
"""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from chassis import idempotency
from chassis.database import Transaction
from chassis.idempotency import Key
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import FormError, read_form, render
from contracts.refusal import NotFound, Refused
from members.feedback.answering import key_of
from members.membership import duplicate_store, leaving, store
from members.membership.api import MemberView, there, view
from members.membership.domain import HasLeft, Member
from members.membership.duplicate_store import Pair
from members.membership.joining_pages import LONG_NAMES
from members.places import store as organisation_store
from members.rights import restricting, restriction_store
from members.roles.records import IN_WORDS
from members.signing_in import account_store

router = APIRouter(prefix="/api/members/v1", tags=["members"], route_class=RetryingRoute)
pages = APIRouter(prefix="/members/people/duplicates", route_class=RetryingRoute, include_in_schema=False)

HERE: Final = "/members/people/duplicates"
ON_A_PAGE: Final = 25
DONE: Final = {
    "merged": "They are one member now. The other one has left the profession.",
    "two": "They stay two members, and are not shown here again.",
}


class SameMember(Refused):
    def __init__(self) -> None:
        super().__init__("This is one member. Give two that are to become one.")


class MergerForm(BaseModel):
    """Who ends; the one in the address stays."""

    ended: UUID


class TwoPeopleForm(BaseModel):
    first: UUID
    second: UUID


class PairView(BaseModel):
    first: MemberView
    second: MemberView
    same_name: bool
    same_address: bool


class Pairs(BaseModel):
    """`next` is for `after_first` and `after_second`; None: these were the last."""

    pairs: list[PairView]
    next: tuple[UUID, UUID] | None


@router.get("/duplicates")
async def every(
    database: Db,
    caller: SignedIn,
    after_first: UUID | None = None,
    after_second: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> Pairs:
    """Pairs of members who may be one person: one name in one organisation, or one address before the @."""
    permit(caller, "team")
    after = (after_first, after_second) if after_first and after_second else None
    async with database.transaction() as tx:
        found, following = await _some(tx, after, limit)
    views = [
        PairView(first=view(one), second=view(other), same_name=its.same_name, same_address=its.same_address)
        for its, one, other in found
    ]
    return Pairs(pairs=views, next=following)


@router.post("/members/{member_id}/mergers")
async def merge(  # noqa: PLR0917 - what the framework gives
    member_id: UUID, form: MergerForm, request: Request, database: Db, key: Key, caller: SignedIn
) -> MemberView:
    """The member in the address stays; the other one leaves, and who signed in as them and a restriction follow."""
    permit(caller, "team")
    if form.ended == member_id:
        raise SameMember
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=member_id, status=200) is not None:
            return view(there(await store.by_id(tx, member_id)))
        held = {each: await store.lock(tx, each) for each in sorted((member_id, form.ended))}
        surviving, ended = there(held[member_id]), there(held[form.ended])
        if surviving.left_on is not None:
            raise HasLeft
        if await duplicate_store.merged_into(tx, ended.member_id) == member_id:
            return view(surviving)
        # As one person they asked for it.
        is_restricted = await restriction_store.since(tx, ended.member_id) is not None
        restricted = await restricting.restrict_held(tx, member_id, caller) if is_restricted else ()
        keys = request.app.state.vault, key_of(request)
        await leaving.leave(tx, ended, *keys, *restricted, by=caller.account_id)
        await account_store.lead_to_another(tx, ended.member_id, member_id)
        await duplicate_store.merged(tx, ended.member_id, member_id, caller.account_id)
    return view(surviving)


@router.post("/two-people", status_code=204)
async def are_two(form: TwoPeopleForm, database: Db, key: Key, caller: SignedIn) -> None:
    """They look like one person and are two; nobody is asked again. Said again, nothing happens."""
    permit(caller, "team")
    first, second = sorted((form.first, form.second))
    if first == second:
        raise SameMember
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=first, status=204) is not None:
            return
        there(await store.lock(tx, first)), there(await store.lock(tx, second))
        await duplicate_store.are_two(tx, first, second, caller.account_id)


@pages.get("")
async def page(  # noqa: PLR0917 (two of paging)
    request: Request,
    database: Db,
    caller: SignedIn,
    after_first: UUID | None = None,
    after_second: UUID | None = None,
    done: str = "",
) -> HTMLResponse:
    permit(caller, "team")
    after = (after_first, after_second) if after_first and after_second else None
    async with database.transaction() as tx:
        pairs, following = await _some(tx, after, ON_A_PAGE)
        places = await organisation_store.places(tx)
    return render(
        request,
        "membership/duplicates.html",
        pairs=pairs,
        label=places.register.label,
        done=DONE.get(done),
        is_first=after is None,
        following=f"{HERE}?after_first={following[0]}&after_second={following[1]}" if following else None,
    )


@pages.get("/{first}/{second}")
async def compare(request: Request, first: UUID, second: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """Both side by side, and what can be done."""
    permit(caller, "team")
    return await _compared(request, first, second, database)


@pages.post("/{first}/{second}")
async def decide(request: Request, first: UUID, second: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    stays = (await read_form(request)).get("stays")
    if stays == "both":
        await are_two(TwoPeopleForm(first=first, second=second), database, None, caller)
        return RedirectResponse(f"{HERE}?done=two", 303)
    if stays not in {"first", "second"}:
        text = "Choose which of the two stays, or that they are two people"
        return await _compared(request, first, second, database, [{"field": "stays", "text": text, "href": "#stays"}])
    surviving, ended = (first, second) if stays == "first" else (second, first)
    await merge(surviving, MergerForm(ended=ended), request, database, None, caller)
    return RedirectResponse(f"{HERE}?done=merged", 303)


async def _some(
    tx: Transaction, after: tuple[UUID, UUID] | None, most: int
) -> tuple[list[tuple[Pair, Member, Member]], tuple[UUID, UUID] | None]:
    """Some pairs with their members, and behind which one the next are."""
    found = await duplicate_store.candidates(tx, after=after, most=most + 1)
    shown = found[:most]
    members = await store.by_ids(tx, {each for its in shown for each in (its.first_id, its.second_id)})
    last = (shown[-1].first_id, shown[-1].second_id) if len(found) > most else None
    return [(its, members[its.first_id], members[its.second_id]) for its in shown], last


async def _compared(
    request: Request, first: UUID, second: UUID, database: Db, errors: list[FormError] | None = None
) -> HTMLResponse:
    async with database.transaction() as tx:
        both = await store.present(tx, first), await store.present(tx, second)
        held = await duplicate_store.roles_of(tx, (first, second))
        places = await organisation_store.places(tx)
    if first == second or None in both:
        raise NotFound("There are no two members here any more: one has left, or was merged or erased.")
    return render(
        request,
        "membership/duplicate.html",
        both=both,
        roles={each: [IN_WORDS.get(role, role) for role in its] for each, its in held.items()},
        label=places.register.label,
        grade_names=LONG_NAMES,
        values={},
        errors=errors,
    )
