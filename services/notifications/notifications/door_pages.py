"""Get involved: one page of all that one can do, for anyone; who signs in sees what is open to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chassis.database import Transaction
from chassis.identity import Caller, MaybeSignedIn
from chassis.service import Db
from chassis.web import date, moment, render
from contracts.members import Grade
from notifications import door_store, my_store, recipient_store
from notifications.coming import Entry, entry_of
from notifications.door_store import QUESTION, SEAT, Door
from notifications.letters import GRADES

router = APIRouter(include_in_schema=False)

SHOWN: Final = 10  # of each kind: the page behind the link below them has all
KINDS: Final[Mapping[str, str]] = {
    "focus-group": "Focus group",
    "shadow-board": "Shadow Board",
    "champion": "Champion",
    "programme": "Programme",
}
SHADOW_BOARD: Final = "/members/opportunities/shadow-board"


@dataclass(frozen=True)
class Opening:
    """One door as people read it: where it leads, what it is called, more of it, and until when."""

    href: str
    title: str
    more: str = ""
    note: str = ""


@dataclass(frozen=True)
class Doors:
    """All that is open to somebody. `closed_to` counts what one of another grade may apply for."""

    to_apply_for: list[Opening]
    closed_to: int
    seats: list[Opening]
    questions: list[Opening]
    groups: list[Opening]
    themes: int
    events: list[Entry]


@router.get("/get-involved")
async def get_involved(request: Request, database: Db, caller: MaybeSignedIn) -> HTMLResponse:
    """Which doors are open to me?"""
    async with database.transaction() as tx:
        doors = await open_doors(tx, caller, shown=SHOWN)
        schemes = await my_store.open_schemes(tx, limit=SHOWN)
    is_member = caller is not None and caller.member_id is not None
    return render(request, "get_involved.html", doors=doors, schemes=schemes, is_member=is_member)


async def open_doors(tx: Transaction, caller: Caller | None, *, shown: int) -> Doors:
    """At most `shown` of each kind, without the groups that they are in and the events at which they have a place."""
    member_id = caller.member_id if caller else None
    grade = await recipient_store.grade_of(tx, member_id) if member_id else None
    groups = await door_store.groups_to_join(tx, member_id, most=shown)
    events = await my_store.open_to(tx, member_id, tx.now, limit=shown)
    return Doors(
        to_apply_for=[_to_apply_for(its) for its in await door_store.to_apply_for(tx, tx.now, grade, most=shown)],
        closed_to=await door_store.closed_to(tx, tx.now, grade),
        seats=[Opening(SHADOW_BOARD, its.title) for its in await door_store.open_of(tx, SEAT, tx.now, most=shown)],
        questions=[_question(its) for its in await door_store.open_of(tx, QUESTION, tx.now, most=shown)],
        groups=[_group(its) for its in groups],
        themes=await door_store.themes_without_champion(tx),
        events=[entry_of(row) for row in events],
    )


def who_may(grades: Sequence[str] | None) -> str:
    """Which grades may apply, the lowest first, in words."""
    if grades is None or len(grades) == len(Grade):
        return "for all grades"
    ladder = [its.value for its in Grade]
    first, last = ladder.index(grades[0]), ladder.index(grades[-1])
    names = [GRADES.get(its, its) for its in grades]
    if len(grades) > 2 and ladder[first : last + 1] == list(grades):  # noqa: PLR2004 - two need no range
        return f"for grades from {names[0]} to {names[-1]}"
    return f"for grades {' and '.join(names)}"


def _to_apply_for(its: Door) -> Opening:
    until = f", closes {moment(its.closes_at)}" if its.closes_at else ""
    note = f"{KINDS.get(its.kind, 'Opportunity')}, {who_may(its.grades)}{until}"
    return Opening(f"/members/opportunities/{its.door_id}", its.title, its.summary or "", note)


def _question(its: Door) -> Opening:
    return Opening(f"/members/feedback/{its.door_id}", its.title, note=_until(its))


def _group(its: Door) -> Opening:
    return Opening(f"/members/groups/{its.door_id}", its.title, note=_until(its))


def _until(its: Door) -> str:
    return f"Until {date(its.ends_on)}" if its.ends_on else ""
