"""Is everything flowing? A service answers its operators: by a page, and by figures for the picture of the house."""

from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from chassis import outbox, parked, resuming
from chassis.database import Conflict, Outage
from chassis.hearing import Hearing
from chassis.identity import SignedIn, permit
from chassis.operating import LONGEST_REASON, SHORTEST_REASON, After, Discard, ParkedId
from chassis.retrying import RetryingRoute
from chassis.running import Running
from chassis.web import FormError, read_form, render
from contracts.refusal import NotFound, Refused

SHOWN: Final = 20  # parked records on a page
PARTS: Final = {"database": "The database", "relay": "Sending", "background": "Work in the background"}
DONE: Final = {
    "retried": "It was handled. What waited behind it went on, as far as it could.",
    "discarded": "It was discarded, and your reason was kept. What waited behind it went on, as far as it could.",
}


@dataclass(frozen=True)
class Heard:
    """One stream as this replica hears it. What it can't know at the moment is None."""

    stream: str
    projection: str | None
    lag_records: int | None
    lag_seconds: float
    trouble: str | None


@dataclass(frozen=True)
class Figures:
    """How it flows through a service. What it hears and its checks are those of the replica that answers."""

    service: str
    replica: str
    ready: bool
    checks: dict[str, str]
    sent: dict[str, int] | None  # records on each of its streams
    outbox_backlog: int | None
    outbox_oldest_seconds: float | None
    parked: int | None
    heard: list[Heard]


async def figures(running: Running) -> Figures:
    """Asks every part now; what only a store knows that does not answer is None."""
    health = await running.health()
    sent, oldest = await _ask_store(running) if health.outbox_backlog is not None else (None, None)
    return Figures(
        service=running.service,
        replica=running.settings.replica,
        ready=health.ready,
        checks=dict(health.checks),
        sent=sent,
        outbox_backlog=health.outbox_backlog,
        outbox_oldest_seconds=oldest,
        parked=health.parked,
        heard=[_heard(its) for its in running.hearings],
    )


async def _ask_store(running: Running) -> tuple[dict[str, int] | None, float | None]:
    """What was sent on each stream, and for how many seconds the oldest waits that was not."""
    try:
        async with running.database.transaction() as tx:
            sent, written_at = await outbox.sent(tx), await outbox.oldest(tx)
    except (Outage, Conflict):
        return None, None
    prefix = running.settings.topic_prefix
    seconds = (datetime.now(UTC) - written_at).total_seconds() if written_at else 0.0
    return {topic.removeprefix(prefix): number for topic, number in sorted(sent.items())}, round(max(0.0, seconds), 1)


def _heard(hearing: Hearing) -> Heard:
    subscription = hearing.consumer.subscription
    return Heard(
        stream=subscription.stream,
        projection=subscription.projection,
        lag_records=hearing.lag_records,
        lag_seconds=round(hearing.lag_seconds, 1),
        trouble=hearing.trouble,
    )


def routes(service: str) -> APIRouter:
    """`/<service>/operations`: the page, the figures behind it, and retry and discard as plain forms."""
    router = APIRouter(prefix=f"/{service}/operations", include_in_schema=False, route_class=RetryingRoute)

    @router.get("")
    async def page(request: Request, caller: SignedIn, after: After = 0, done: str = "") -> HTMLResponse:
        permit(caller, "operator")
        return await _page(request, after=after, done=DONE.get(done))

    @router.get("/figures")
    async def show_figures(request: Request, caller: SignedIn) -> dict[str, Any]:
        permit(caller, "operator")
        return asdict(await figures(_running(request)))

    @router.post("/parked/{parked_id}/retry")
    async def retry(request: Request, caller: SignedIn, parked_id: ParkedId) -> Response:
        permit(caller, "operator")
        await read_form(request)
        running = _running(request)
        retrying = resuming.retry(running.database, running.consumers, parked_id)
        return await _answer(request, parked_id, retrying, "retried", f"retry-{parked_id}")

    @router.post("/parked/{parked_id}/discard")
    async def discard(request: Request, caller: SignedIn, parked_id: ParkedId) -> Response:
        permit(caller, "operator")
        reason = str((await read_form(request)).get("reason", ""))
        field = f"reason-{parked_id}"
        try:
            Discard(reason=reason)
        except ValidationError:
            sentence = f"Enter a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters, on one line"
            return await _refused(request, parked_id, field, sentence, status=422, reason=reason)
        running = _running(request)
        discarding = resuming.discard(running.database, running.consumers, parked_id, by=caller.account_id, why=reason)
        return await _answer(request, parked_id, discarding, "discarded", field, reason=reason)

    return router


async def _answer(
    request: Request, parked_id: int, deed: Awaitable[None], done: str, field: str, *, reason: str = ""
) -> Response:
    """Do it, and go back to the page, which says so; what the domain refuses is told at the record."""
    try:
        await deed
    except NotFound:
        raise
    except Refused as refusal:
        return await _refused(request, parked_id, field, refusal.sentence, status=409, reason=reason)
    return RedirectResponse(f"/{_running(request).service}/operations?done={done}", 303)


async def _refused(
    request: Request, parked_id: int, field: str, sentence: str, *, status: int, reason: str
) -> HTMLResponse:
    """The page again, with that record first and what to mend named at it."""
    error: FormError = {"field": field, "text": sentence, "href": f"#{field}"}
    return await _page(request, after=parked_id - 1, errors=[error], status=status, values={field: reason})


async def _page(
    request: Request,
    *,
    after: int,
    done: str | None = None,
    errors: list[FormError] | None = None,
    status: int | None = None,
    values: dict[str, str] | None = None,
) -> HTMLResponse:
    running = _running(request)
    now = await figures(running)
    rows = await _standing(running, after) if now.parked else []
    return render(
        request,
        "operations.html",
        status=status,
        figures=now,
        checks=[(in_words(part, now), answer) for part, answer in now.checks.items()],
        wrong=what_is_wrong(now),
        parked=rows[:SHOWN],
        more=rows[SHOWN - 1]["id"] if len(rows) > SHOWN else None,
        earlier=after > 0,
        done=done,
        errors=errors,
        values=values or {},
    )


async def _standing(running: Running, after: int) -> list[asyncpg.Record]:
    async with running.database.transaction() as tx:
        return await parked.standing(tx, after=after, limit=SHOWN + 1)


def what_is_wrong(its: Figures) -> list[str]:
    """What keeps things from flowing, a sentence each. That something is under way keeps nothing."""
    wrong = [f"{in_words(part, its)}: {answer}." for part, answer in its.checks.items() if answer != "ok"]
    if its.parked == 1:
        wrong.append("1 record is parked: it could not be handled, and what follows it waits.")
    elif its.parked:
        wrong.append(f"{its.parked} records are parked: they could not be handled, or wait for one that could not.")
    return wrong


def in_words(part: str, its: Figures) -> str:
    """What a check is about: `mentoring.gse.members` is what mentoring hears on that stream."""
    return PARTS.get(part) or f"Hearing {part.removeprefix(f'{its.service}.')}"


def _running(request: Request) -> Running:
    running: Running = request.app.state.running
    return running
