"""A member's own pages: what they belong to and can do, and what they were told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from jinja2.utils import urlize
from markupsafe import Markup

from chassis.database import Transaction
from chassis.days import day_in_london
from chassis.identity import Caller, SignedIn
from chassis.service import Db
from chassis.web import days, moment, render
from notifications import (
    choosing_store,
    door_pages,
    given_store,
    group_store,
    hosted_event_store,
    inbox_store,
    my_store,
    recipient_store,
)
from notifications.coming import Entry, entry_of
from notifications.domain import NoSuchNotice, NoticeState, Recipient, RecipientState
from notifications.hosted_event_notices import Announcement
from notifications.inbox import whereabouts, words_of
from notifications.told import TEMPLATES

router = APIRouter(include_in_schema=False)

A_PAGE: Final = 20
A_FEW: Final = 3
LARGEST: Final = 2**63 - 1  # of a notice's number, which the addresses of older ones hold
WRAPPED: Final = 75  # characters; a line of a letter that is shorter ends where its writer wanted it to
NOT_SENT: Final[Mapping[NoticeState, str]] = {
    NoticeState.WAITING: "On its way",
    NoticeState.DUE: "On its way",
    NoticeState.SENDING: "On its way",
    NoticeState.GATHERED: "In your next digest",
    NoticeState.FAILED: "Not delivered",
    NoticeState.UNKNOWN: "May be lost",
}


@dataclass(frozen=True)
class Line:
    """One notice in a list; `status` is None for what was sent, and such a one may be unread."""

    href: str
    title: str
    about: str
    when: str
    status: str | None
    is_unread: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Of a letter in plain text: a heading if its first line is one, and its lines, in which addresses are links."""

    heading: str
    lines: list[Markup]


@router.get("/my")
async def my(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    """What do I belong to, what is waiting for me, what can I do?"""
    async with database.transaction() as tx:
        member = await the_member(tx, request, caller)
        if isinstance(member, HTMLResponse):
            return member
        member_id = member.member_id
        places = await my_store.places_of(tx, member_id, tx.now, limit=A_PAGE + 1)
        pairs = await my_store.pairs_of(tx, member_id)
        doors = await door_pages.open_doors(tx, caller, shown=A_FEW)
        groups = await group_store.groups_of(tx, member_id, most=A_PAGE)
        given = await given_store.of(tx, member_id, most=A_PAGE)
        schemes = await my_store.open_schemes(tx, limit=A_FEW)
        key_dates = await my_store.key_dates_to_come(tx, day_in_london(tx.now), limit=A_FEW)
        told = await inbox_store.newest(tx, member_id, before=None, limit=A_FEW)
        unread = await inbox_store.count_unread(tx, member_id)
        announced = await hosted_event_store.announcements(tx, [row["hosted_event_id"] for row in told])
    return render(
        request,
        "my.html",
        name=member.name,
        places=[entry_of(row) for row in places[:A_PAGE]],
        has_more_places=len(places) > A_PAGE,
        pairs=pairs,
        doors=doors,
        groups=groups,
        given=given,
        schemes=schemes,
        key_dates=[Entry(days(row["starts_on"], row["ends_on"]), row["title"]) for row in key_dates],
        told=[_line(row, announced) for row in told],
        unread=unread,
        is_team="team" in caller.roles,
    )


@router.get("/notifications/inbox")
async def inbox(
    request: Request, database: Db, caller: SignedIn, after: Annotated[int | None, Query(ge=1, le=LARGEST)] = None
) -> HTMLResponse:
    """What did I hear? Newest first; `after` is the number of the last one on the page before."""
    async with database.transaction() as tx:
        member = await the_member(tx, request, caller)
        if isinstance(member, HTMLResponse):
            return member
        rows = await inbox_store.newest(tx, member.member_id, before=after, limit=A_PAGE + 1)
        unread = await inbox_store.count_unread(tx, member.member_id)
        announced = await hosted_event_store.announcements(tx, [row["hosted_event_id"] for row in rows])
    shown = rows[:A_PAGE]
    return render(
        request,
        "inbox.html",
        told=[_line(row, announced) for row in shown],
        unread=unread,
        older=shown[-1]["number"] if len(rows) > A_PAGE else None,
        is_first=after is None,
    )


@router.get("/notifications/inbox/{notice_id:uuid}")
async def notice(request: Request, notice_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """One message as it was written, which is read by that. Raises `NoSuchNotice`."""
    async with database.transaction() as tx:
        member = await the_member(tx, request, caller)
        if isinstance(member, HTMLResponse):
            return member
        row = await inbox_store.one(tx, member.member_id, notice_id)
        if row is None:
            raise NoSuchNotice
        if row["read_at"] is None:
            await inbox_store.mark_read(tx, member.member_id, notice_id)
        announced = await hosted_event_store.announcements(tx, [row["hosted_event_id"]])
        hours = await choosing_store.hours_of(tx, member.member_id)
    its = request.app.state.settings
    text = words_of(row, announced, member.name, front_door=its.front_door, days=its.body_days, now=tx.now)
    event = announced.get(row["hosted_event_id"])
    return render(
        request,
        "notice.html",
        line=_line(row, announced),
        where=whereabouts(row, hours, has_address=member.email is not None, now=tx.now),
        paragraphs=None if text is None else paragraphs(text),
        body_days=its.body_days,
        event={"href": f"/events/{event.hosted_event_id}", "title": event.title} if event else None,
    )


async def the_member(tx: Transaction, request: Request, caller: Caller) -> Recipient | HTMLResponse:
    """The member who is asking, or the page for who is none, or none yet here."""
    if caller.member_id is None:
        return render(request, "not_a_member.html", has_left=False)
    recipient = await recipient_store.recipient_of(tx, caller.member_id)
    if recipient:
        has_left = recipient.state is RecipientState.LEFT
    else:
        has_left = await recipient_store.is_erased(tx, caller.member_id)
    if has_left:
        return render(request, "not_a_member.html", has_left=True)
    if recipient is None or recipient.state is RecipientState.EXPECTED:
        return render(request, "not_ready.html", status=409, headers={"Retry-After": "2"})
    return recipient


def paragraphs(text: str) -> list[Paragraph]:
    """The words of a letter for a page: lines that were wrapped are one again, and a short first one is a heading."""
    found = []
    for block in text.strip().split("\n\n"):
        lines = [""]
        for line in block.strip().splitlines():
            lines[-1] = f"{lines[-1]} {line}".strip()
            if len(line) < WRAPPED or "://" in line.rpartition(" ")[2]:  # nothing goes on behind an address
                lines.append("")
        lines = [line for line in lines if line]
        heading = lines.pop(0) if len(lines) > 1 and lines[0][-1].isalnum() and ": " not in lines[0] else ""
        found.append(Paragraph(heading, [_linked(line) for line in lines]))
    return found


def _linked(line: str) -> Markup:
    """The line, escaped, with the addresses in it as links of the site's own look."""
    return Markup(urlize(line).replace("<a href", '<a class="govuk-link" href'))  # noqa: S704 - urlize has escaped it


def _line(row: asyncpg.Record, announced: Mapping[UUID, Announcement]) -> Line:
    its = announced.get(row["hosted_event_id"])
    return Line(
        href=f"/notifications/inbox/{row['notice_id']}",
        title=TEMPLATES[row["template"], row["template_version"]].subject,
        about=its.title if its else row["about_name"] or "",
        when=moment(row["sent_at"] or row["created_at"]),
        status=NOT_SENT.get(NoticeState(row["state"])),
        is_unread=row["state"] == NoticeState.SENT and row["read_at"] is None,
    )
