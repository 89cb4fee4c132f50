"""The pages of groups: which there are, what each is for, how to join and leave; forms for the team.

Each form is the API's own request in a browser: its handler decides, and these pages put it into words.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.database import Database
from chassis.days import day_in_london
from chassis.idempotency import FormKey
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import Filled, filled, read_form, render
from contracts.refusal import FieldError, Invalid, Refused
from members.groups import api, champion_store, group_store, meeting_store, meetings_api, task_groups, task_store
from members.groups.task_groups import Deliverable
from members.groups.volunteering import MOST_HOURS, Group, GroupExists, Kind, NoSuchVolunteer, NotInTheGroup, Skill
from members.places import store as organisation_store
from members.signing_in import deeds
from members.signing_in.deeds import Deed

router = APIRouter(prefix="/members/groups", route_class=RetryingRoute, include_in_schema=False)

ON_A_PAGE: Final = 25
MEETINGS: Final = 5  # on the group's page
A_FEW: Final = 5  # of one's own and of what waits, above all groups; of later last days
SKILLS: Final[Mapping[Skill, str]] = {
    Skill.COMMUNICATIONS: "Communications",
    Skill.DATA_ANALYSIS: "Data analysis",
    Skill.EVENTS: "Organising events",
    Skill.FACILITATION: "Facilitation",
    Skill.MENTORING: "Mentoring",
    Skill.POLICY: "Policy",
    Skill.PROJECT_MANAGEMENT: "Project management",
    Skill.RESEARCH: "Research",
    Skill.TRAINING: "Training",
    Skill.WRITING: "Writing",
}
SKILL_ITEMS: Final = [{"value": its.value, "text": text} for its, text in SKILLS.items()]
FIELDS: Final = ("title", "purpose", "ask")
OWN_FIELDS: Final = ("hours_per_month", "skills")
SENTENCES: Final = {
    "title.missing": "Enter a name for the group",
    "title.string_too_long": "The name must be 120 characters or fewer",
    "purpose.missing": "Enter what the group is for",
    "purpose.string_too_long": "What the group is for must be 1,000 characters or fewer",
    "ask.missing": "Enter where members can ask",
    "ask.string_too_long": "Where to ask must be 120 characters or fewer",
    "hours_per_month": f"Enter your hours a month as a whole number from 1 to {MOST_HOURS}",
    "skills": "Choose skills from the list",
}
DONE: Final = {
    "established": "The group is here for every member to see and join.",
    "joined": "You are in this group. You hear of its meetings.",
    "changed": "Your hours and skills in this group are changed.",
    "left": "You are not in this group any more.",
    "taken-out": "They are not in this group any more.",
    "delivered": "That is delivered. Everybody can see it.",
    "extended": "The group has its new last day. Everybody in it hears of that.",
    "disbanded": "The group is over. Everybody who was in it hears of that.",
}


class Show(StrEnum):
    """Which groups."""

    PRESENT = "present"
    OWN = "own"
    LATE = "late"
    OVER = "over"


@router.get("")
async def groups(
    request: Request, database: Db, caller: SignedIn, show: Show = Show.PRESENT, after: UUID | None = None
) -> HTMLResponse:
    """All that there are, with a few of those one is in and, for the team, of what waits; or a choice of them alone."""
    permit(caller, "member", "team")
    if show is Show.LATE:
        permit(caller, "team")
    async with database.transaction() as tx:
        chosen = functools.partial(group_store.some, tx, over=show is Show.OVER)
        whose = api.member_of(caller) if show is Show.OWN else None
        found = await chosen(late=show is Show.LATE, of_member=whose, after=after, most=ON_A_PAGE + 1)
        own, late, vacant = [], [], []
        if show is Show.PRESENT and after is None:
            own = await chosen(of_member=caller.member_id, after=None, most=A_FEW + 1) if caller.member_id else []
            if api.is_team(caller):
                late = await chosen(late=True, after=None, most=A_FEW + 1)
                vacant = await champion_store.some(tx, vacant=True, after=None, most=A_FEW + 1)
        volunteering = await group_store.volunteering_of(tx, caller.member_id) if caller.member_id else []
    return render(
        request,
        "groups/groups.html",
        groups=found[:ON_A_PAGE],
        own=own,
        hours={its.group_id: its.hours_per_month for its in volunteering},
        late=late,
        vacant=vacant,
        few=A_FEW,
        show=show.value,
        is_first=after is None,
        following=found[ON_A_PAGE - 1].group_id if len(found) > ON_A_PAGE else None,
        is_team=api.is_team(caller),
    )


@router.get("/new")
async def form(request: Request, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    return render(request, "groups/group_new.html", **filled({}))


@router.post("/new")
async def establish(request: Request, database: Db, caller: SignedIn, key: FormKey) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    try:
        form = api.GroupForm.model_validate({name: values[name] for name in FIELDS if name in values})
        its = await api.establish(form, database, key, caller)
    except (ValidationError, GroupExists) as error:
        wrong = Invalid(FieldError("title", error.sentence)) if isinstance(error, GroupExists) else error
        again = filled(values, wrong, order=FIELDS, sentences=SENTENCES)
        return render(request, "groups/group_new.html", **again)
    return _to(its.group_id, "established")


@router.get("/{group_id:uuid}")
async def group(  # noqa: PLR0917 (what was done, and a place)
    request: Request, group_id: UUID, database: Db, caller: SignedIn, done: str = "", after: UUID | None = None
) -> HTMLResponse:
    """What a group is for, where to ask, how one is in it; to the team, who else is."""
    permit(caller, "member", "team")
    return await _group(request, group_id, database, caller, done=DONE.get(done), after=after)


@router.get("/{group_id:uuid}/join")
async def join_form(request: Request, group_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """Hours and skills: to join with, or the present ones to change."""
    permit(caller, "member")
    async with database.transaction() as tx:
        its = api.there(await group_store.by_id(tx, group_id))
        own = await group_store.volunteer(tx, group_id, caller.member_id) if caller.member_id else None
    values = {"hours_per_month": str(own.hours_per_month), "skills": list(own.skills)} if own else {}
    return _join(request, its, filled(values), is_in=own is not None)


@router.post("/{group_id:uuid}/join")
async def join(request: Request, group_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "member")
    values = await read_form(request, lists=["skills"])
    answer = Response(status_code=201)
    try:
        form = api.VolunteerForm.model_validate({name: values[name] for name in OWN_FIELDS if name in values})
        await api.join(group_id, form, database, None, caller, answer)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=OWN_FIELDS, sentences=SENTENCES)
        return _join(request, await _its(database, group_id), again)
    return _to(group_id, "changed" if answer.status_code == 200 else "joined")  # noqa: PLR2004 (as the API says)


@router.post("/{group_id:uuid}/leave")
async def leave(request: Request, group_id: UUID, database: Db, caller: SignedIn) -> Response:
    """Leave; with a member's id the team takes them out."""
    values = await read_form(request)
    try:
        form = api.DepartureForm.model_validate({name: values[name] for name in ("member_id",) if name in values})
    except ValidationError:  # no form of ours
        raise NoSuchVolunteer from None
    with suppress(NotInTheGroup):  # a second click
        await api.leave(group_id, form, database, None, caller)
    return _to(group_id, "taken-out" if form.member_id else "left")


async def _group(
    request: Request, group_id: UUID, database: Database, caller: Caller, *, done: str | None, after: UUID | None
) -> HTMLResponse:
    async with database.transaction() as tx:
        its = api.there(await group_store.by_id(tx, group_id))
        own = await group_store.volunteer(tx, group_id, caller.member_id) if caller.member_id else None
        others = []
        if api.is_team(caller):
            others = await group_store.volunteers(tx, group_id, after=after, most=ON_A_PAGE + 1)
        places = await organisation_store.places(tx)
        parts = await task_store.deliverables(tx, group_id)
        later = await task_store.extensions(tx, group_id, before=None, most=A_FEW + 1)
        told = await deeds.for_team(tx, caller, *_deeds(its, parts))
        met = await meeting_store.some(tx, group_id, after=None, most=MEETINGS + 1)
        may_run = await meetings_api.may_run(tx, group_id, caller)
        stands = task_groups.state(its, day_in_london(tx.now))
    return render(
        request,
        "groups/group.html",
        its=its,
        stands=stands.value,
        deliverables=parts,
        extensions=later[:A_FEW],
        has_more_extensions=len(later) > A_FEW,
        deeds=told,
        meetings=met[:MEETINGS],
        has_more_meetings=len(met) > MEETINGS,
        may_run=may_run,
        own=own,
        skilled=skilled,
        volunteers=others[:ON_A_PAGE],
        is_first=after is None,
        following=others[ON_A_PAGE - 1].its.volunteering_id if len(others) > ON_A_PAGE else None,
        label=places.register.label,
        is_team=api.is_team(caller),
        is_member=caller.member_id is not None,
        done=done,
    )


def _deeds(its: Group, parts: Sequence[Deliverable]) -> list[Deed]:
    """What was done with a group, but for its later last days, which have a page of their own."""
    over = "Closed" if its.kind is Kind.STANDING else "Disbanded"
    return [
        Deed("Established", its.established_at, its.established_by),
        *(Deed(f"“{each.title}” delivered", each.met_at, each.met_by) for each in parts),
        Deed(over, its.disbanded_at, its.disbanded_by),
    ]


def _join(request: Request, its: Group, form: Filled, *, is_in: bool = False) -> HTMLResponse:
    return render(request, "groups/join.html", its=its, items=SKILL_ITEMS, is_in=is_in, **form)


def skilled(skills: Iterable[Skill]) -> str:
    return ", ".join(SKILLS[its] for its in skills)


def _to(group_id: UUID, done: str) -> RedirectResponse:
    return RedirectResponse(f"/members/groups/{group_id}?done={done}", 303)


async def _its(database: Database, group_id: UUID) -> Group:
    async with database.transaction() as tx:
        return api.there(await group_store.by_id(tx, group_id))
