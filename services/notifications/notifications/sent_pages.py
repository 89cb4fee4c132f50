"""The team's pages: what went out, to whom, and why not; and what is sent again. Members are bare ids here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from chassis.database import Transaction
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import moment, read_form, render
from contracts.notifications import NoticeCategory
from contracts.refusal import NotFound, Refused
from notifications import redelivering, redelivering_store, sent, sent_figures, sent_store
from notifications.deciding import ADDRESS_FAILED, OUTSIDE_HOURS, PREFERENCE, RESTRICTED, TOO_LATE
from notifications.domain import DIGEST, NoSuchNotice, NoticeState
from notifications.letters import CATEGORIES
from notifications.redelivering import TO_BE_SENT_AGAIN
from notifications.sent import Outcome, Told, Wanted
from notifications.sent_figures import OUTCOMES
from notifications.told import TEMPLATES

router = APIRouter(prefix="/notifications/sent", route_class=RetryingRoute, include_in_schema=False)

HOME: Final = "/notifications/sent"
DAYS: Final = 30
EVENTS_ON_A_PAGE: Final = 20
NOTICES_ON_A_PAGE: Final = 50
A_FEW: Final = 5
AT_ONCE: Final = 10_000  # sent again by one form
LARGEST: Final = 2**63 - 1  # of a notice's number
STATES: Final[Mapping[str, str]] = {its: OUTCOMES[its] for its in NoticeState}
REASONS: Final[Mapping[str | None, str]] = {
    None: "",
    PREFERENCE: "the member wants none of this kind",
    TOO_LATE: "it would have come too late",
    ADDRESS_FAILED: "no mail reaches the member, who wants it nowhere else",
    OUTSIDE_HOURS: "it waits until the member's hours open",
    RESTRICTED: "the use of the member's details is restricted",
}
CATEGORY_WORDS: Final = {**CATEGORIES, NoticeCategory.WORK: "What waits for volunteers and the team"}


@dataclass(frozen=True)
class Line:
    """One event in the list."""

    href: str
    title: str
    when: str
    who: str
    notices: list[str]


@dataclass(frozen=True)
class Shown:
    """One notice, without who it is to but for their id."""

    notice_id: UUID
    event_id: UUID
    member_id: UUID
    what: str
    standing: str
    reason: str
    when: str
    can_go_again: bool


@router.get("")
async def overview(  # noqa: PLR0917 (three filters)
    request: Request,
    database: Db,
    caller: SignedIn,
    type: str = "",  # noqa: A002 - a field of the form
    category: str = "",
    state: str = "",
    after: Annotated[str | None, Query(max_length=60)] = None,
) -> HTMLResponse:
    """What needs somebody, a month in two pictures, and every event with how its notices stand."""
    permit(caller, "team")
    wanted = Wanted(
        type if type in sent.event_types() else None,
        NoticeCategory(category) if category in set(NoticeCategory) else None,
        NoticeState(state) if state in set(NoticeState) else None,
    )
    async with database.transaction() as tx:
        events, following = await sent.occasions(tx, wanted, after=after, limit=EVENTS_ON_A_PAGE)
        figures = await _figures(tx) if after is None and wanted == Wanted() else {}
    chosen = {"type": wanted.type or "", "category": wanted.category or "", "state": wanted.state or ""}
    return render(
        request,
        "sent.html",
        events=[_line(its) for its in events],
        values=chosen,
        types=_items({its: in_words(its) for its in sent.event_types()}),
        categories=_items({its: CATEGORY_WORDS[its] for its in NoticeCategory}),
        states=_items(STATES),
        is_chosen=any(chosen.values()),
        is_first=after is None,
        newest=_address(chosen),
        earlier=_address(chosen | {"after": following}) if following else None,
        **figures,
    )


async def _figures(tx: Transaction) -> dict[str, Any]:
    """What the first screen shows."""
    volumes = await sent.volumes(tx, DAYS)
    return {
        "attention": await sent.needs_attention(tx),
        "unknown": [_shown(row) for row in await sent_store.newest_unknown(tx, A_FEW)],
        "volumes": sent_figures.volumes_chart(volumes),
        "volumes_in_words": sent_figures.volumes_in_words(volumes),
        "delays": sent_figures.delays_chart(volumes),
        "delays_in_words": sent_figures.delays_in_words(volumes),
        "half_and_most": sent_figures.half_and_most(volumes),
        "delays_by_day": sent_figures.delays_by_day(volumes),
    }


@router.get("/{event_id:uuid}")
async def of_event(  # noqa: PLR0917 (a filter, a page and what was done)
    request: Request,
    event_id: UUID,
    database: Db,
    caller: SignedIn,
    state: str = "",
    after: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
    again: Annotated[int | None, Query(ge=0, le=AT_ONCE)] = None,
    refused: Annotated[int, Query(ge=0, le=AT_ONCE)] = 0,
) -> HTMLResponse:
    """One event: where its notices stand and why, and each of them."""
    permit(caller, "team")
    return await _of_event(request, event_id, database, state=state, after=after, again=again, refused=refused)


@router.get("/{event_id:uuid}/again")
async def before_sending_again(
    request: Request, event_id: UUID, database: Db, caller: SignedIn, state: str = ""
) -> HTMLResponse:
    """Says to how many people all of one state would go again, and has the button."""
    permit(caller, "team")
    its_state = _to_be_sent_again(state)
    async with database.transaction() as tx:
        its = await sent.occasion(tx, event_id)
    return render(
        request,
        "sent_again.html",
        title=in_words(its.type),
        href=f"{HOME}/{event_id}",
        state=its_state,
        notices=its.notices.get(its_state, 0),
        most=AT_ONCE,
    )


@router.post("/{event_id:uuid}/again")
async def send_again(request: Request, event_id: UUID, database: Db, caller: SignedIn) -> Response:
    """One notice, or all of this event that stand in one state; and back to the event, which says what became of it."""
    permit(caller, "team")
    form = await read_form(request)
    one, state = form.get("notice_id"), form.get("state")
    async with database.transaction() as tx:
        if one is not None:
            notices = [_id(one)]
        else:
            notices = await redelivering_store.in_one_state(tx, event_id, _to_be_sent_again(state), AT_ONCE)
        answers = await redelivering.send_again(tx, notices, by=caller.account_id)
    refusals = [its for its in answers.values() if its is not None]
    if one is not None and refusals:
        [refusal] = refusals
        if isinstance(refusal, NotFound):
            raise refusal
        return await _of_event(request, event_id, database, refusal=refusal)
    done = {"again": len(answers) - len(refusals)} | ({"refused": len(refusals)} if refusals else {})
    return RedirectResponse(f"{HOME}/{event_id}?{urlencode(done)}", 303)


async def _of_event(
    request: Request, event_id: UUID, database: Db, *, state: str = "", after: int = 0, **more: Any
) -> HTMLResponse:
    refusal: Refused | None = more.pop("refusal", None)
    chosen = NoticeState(state) if state in set(NoticeState) else None
    async with database.transaction() as tx:
        its = await sent.occasion(tx, event_id)
        reasons = await sent_store.reasons_of(tx, event_id)
        rows = await sent_store.notices_of(tx, event_id, state=chosen, after=after, limit=NOTICES_ON_A_PAGE + 1)
    shown = rows[:NOTICES_ON_A_PAGE]
    here = f"{HOME}/{event_id}"
    following = {"state": chosen or "", "after": shown[-1]["number"]} if len(rows) > NOTICES_ON_A_PAGE else None
    return render(
        request,
        "sent_event.html",
        status=409 if refusal else 200,
        refusal=refusal.sentence if refusal else None,
        event=_line(its),
        is_kept=its.type is not None,
        reasons=[(OUTCOMES[row["outcome"]], _reason(row["reason"]), row["notices"]) for row in reasons],
        all_again=[(each, STATES[each], its.notices[each]) for each in TO_BE_SENT_AGAIN if its.notices.get(each)],
        notices=[_shown(row) for row in shown],
        states=_items({each: words for each, words in STATES.items() if any(row["state"] == each for row in reasons)}),
        values={"state": chosen or ""},
        chosen=STATES[chosen] if chosen else None,
        here=here,
        is_first=after == 0,
        oldest=_address({"state": chosen or ""}, here),
        newer=_address(following, here) if following else None,
        **more,
    )


def in_words(type_: str | None) -> str:
    """`Member joined`, of a type of event."""
    if type_ is None:
        return "An event that is no longer kept"
    return re.sub("(?<=.)[A-Z]", lambda found: f" {found[0].lower()}", type_)


def _line(its: Told) -> Line:
    return Line(
        href=f"{HOME}/{its.event_id}",
        title=in_words(its.type),
        when=moment(its.heard_at) if its.heard_at else "",
        who=", ".join(sent.who(its.type)).capitalize(),
        notices=[f"{notices:,} {OUTCOMES[each].lower()}" for each, notices in sent.in_order(its.notices, [*OUTCOMES])],
    )


def _shown(row: asyncpg.Record) -> Shown:
    state = NoticeState(row["state"])
    is_in_inbox_alone = state is NoticeState.SENT and row["channel"] == Outcome.INBOX
    return Shown(
        notice_id=row["notice_id"],
        event_id=row["event_id"],
        member_id=row["member_id"],
        what=TEMPLATES[row["template"], row["template_version"]].subject,
        standing=OUTCOMES[Outcome.INBOX if is_in_inbox_alone else state],
        reason=_reason(row["reason"]),
        when=moment(row["sent_at"] or row["due_at"]),
        can_go_again=state in TO_BE_SENT_AGAIN and row["template"] != DIGEST.name,
    )


def _reason(reason: str | None) -> str:
    return REASONS.get(reason, reason or "")


def _items(words: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "text": text} for value, text in words.items()]


def _address(values: Mapping[str, object], path: str = HOME) -> str:
    chosen = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{chosen}" if chosen else path


def _to_be_sent_again(state: object) -> NoticeState:
    """Raises `NoSuchNotice` for any other state."""
    found = next((its for its in TO_BE_SENT_AGAIN if its == state), None)
    if found is None:
        raise NoSuchNotice
    return found


def _id(text: object) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise NoSuchNotice from None
