"""A member's interests and skills: what changes them, over HTTP and by the form of the profile."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ValidationError

from chassis import idempotency, outbox
from chassis.idempotency import Key
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import errors_from, read_form, render
from contracts.members import MemberProfileUpdated
from contracts.refusal import Invalid, Refused
from members.membership import answers, store, topics
from members.membership.api import MemberView, Text, there, view
from members.membership.domain import HasLeft, Member
from members.rights import change_store

router = APIRouter(prefix="/api/members/v1", tags=["members"], route_class=RetryingRoute)
pages = APIRouter(prefix="/members/profile", route_class=RetryingRoute, include_in_schema=False)

FIELDS: Final = ("interests", "skills")


class SameProfile(Refused):
    def __init__(self) -> None:
        super().__init__("These are the member's interests and skills already.")


class ProfileForm(BaseModel):
    """Words of the agreed lists, or of the member's own; the whole lists, as they are to be."""

    interests: list[Text]
    skills: list[Text]


def update(member: Member, interests: tuple[str, ...], skills: tuple[str, ...]) -> tuple[Member, MemberProfileUpdated]:
    """Says the codes alone: words of a member's own are free text. Raises `HasLeft`, `SameProfile`."""
    if member.left_on is not None:
        raise HasLeft
    if (interests, skills) == (member.interests, member.skills):
        raise SameProfile
    updated = MemberProfileUpdated(
        member_id=member.member_id,
        interests=topics.codes_of("interests", interests),
        skills=topics.codes_of("skills", skills),
    )
    return replace(member, interests=interests, skills=skills), updated


@router.post("/members/{member_id}/profile-updates")
async def change(member_id: UUID, form: ProfileForm, database: Db, key: Key, caller: SignedIn) -> MemberView:
    permit(caller, "team", owner=member_id)
    interests, skills = answers.topics(form.interests, form.skills)
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=member_id, status=200) is not None:
            return view(there(await store.by_id(tx, member_id)))
        before = there(await store.lock(tx, member_id))
        member, updated = update(before, interests, skills)
        await store.save(tx, member)
        await change_store.record(tx, member_id, change_store.between(before, member), caller)
        await outbox.put(tx, updated)
    return view(member)


@pages.get("/topics")
async def form(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    """The lists with what the member chose, and their own words."""
    async with database.transaction() as tx:
        member = await store.present(tx, caller.member_id) if caller.member_id else None
    if member is None:
        return render(request, "membership/not_a_member.html")
    return _form(request, _as_form(member))


@pages.post("/topics")
async def change_by_form(request: Request, database: Db, caller: SignedIn) -> Response:
    if caller.member_id is None:
        return render(request, "membership/not_a_member.html")
    values = await read_form(request, lists=FIELDS)
    try:
        wanted = ProfileForm(interests=_of(values, "interests"), skills=_of(values, "skills"))
        await change(caller.member_id, wanted, database, None, caller)
    except (Invalid, ValidationError) as error:
        return _form(request, values, errors=errors_from(error, order=FIELDS))
    except SameProfile:
        return RedirectResponse("/members/profile", 303)
    return RedirectResponse("/members/profile?changed=topics", 303)


def _of(values: Mapping[str, str | list[str]], kind: topics.Kind) -> list[str]:
    """What was ticked, as people read it, then what was written."""
    ticked, written = values.get(kind) or [], str(values.get(f"own_{kind}", ""))
    return topics.as_read(kind, ticked) + answers.listed(written, answers.TYPED)


def _as_form(member: Member) -> dict[str, str | list[str]]:
    of: Mapping[topics.Kind, tuple[str, ...]] = {"interests": member.interests, "skills": member.skills}
    values: dict[str, str | list[str]] = {}
    for kind, its in of.items():
        values[kind] = list(topics.codes_of(kind, its))
        values[f"own_{kind}"] = "\n".join(topics.own_words(kind, its))
    return values


def _form(request: Request, values: Mapping[str, str | list[str]], **more: Any) -> HTMLResponse:
    items = {
        kind: [{"value": code, "text": label} for code, label in its.items()] for kind, its in topics.LABELS.items()
    }
    return render(request, "membership/topics.html", values=values, items=items, **more)
