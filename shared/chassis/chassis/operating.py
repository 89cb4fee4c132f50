"""What an operator asks of a service: its health, its parked records, its metrics."""

from operator import itemgetter
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from chassis import paging, parked, resuming
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.running import Running
from contracts.refusal import NotFound

SHORTEST_REASON, LONGEST_REASON = 3, 500
LARGEST_ID: Final = 2**63 - 1
ParkedId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
After = Annotated[int, Query(ge=0, le=LARGEST_ID)]


class Discard(BaseModel):
    """The reason is kept: it holds no control character, which the store would not take."""

    reason: str = Field(min_length=SHORTEST_REASON, max_length=LONGEST_REASON, pattern=r"^[^\x00-\x1f\x7f]*$")


def health_routes() -> APIRouter:
    """For the machines of the deployment; the front door does not pass them on."""
    router = APIRouter(include_in_schema=False)

    @router.get("/health/live")
    async def live(request: Request, response: Response) -> dict[str, str]:
        """The loop turns, or there is no answer; and nothing has ended that only a restart brings back."""
        lost = _running(request).lost
        response.status_code = 503 if lost else 200
        return {"status": "; ".join(lost) or "ok"}

    @router.get("/health/ready")
    async def ready(request: Request, response: Response) -> dict[str, Any]:
        state = await _running(request).health()
        response.status_code = 200 if state.ready else 503
        return {"ready": state.ready, "checks": state.checks}

    @router.get("/health/status")
    async def status(request: Request) -> dict[str, Any]:
        running = _running(request)
        state = await running.health()
        return {
            "service": running.service,
            "ready": state.ready,
            "checks": state.checks,
            "outbox_backlog": state.outbox_backlog,
            "lag_records": state.lag_records,
            "lag_seconds": state.lag_seconds,
            "parked": state.parked,
        }

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        return Response(generate_latest(_running(request).metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router


def parked_routes(service: str) -> APIRouter:
    """Parked records, for operators: list, show, retry, discard. No bodies: they may be personal."""
    router = APIRouter(prefix=f"/api/{service}/v1/parked", tags=["operations"], route_class=RetryingRoute)

    @router.get("")
    async def list_parked(
        request: Request,
        caller: SignedIn,
        after: After = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> dict[str, Any]:
        permit(caller, "operator")
        async with _running(request).database.transaction() as tx:
            found = await parked.standing(tx, after=after, limit=limit + 1)
        rows, following = paging.page(found, limit, itemgetter("id"))
        return {"parked": [dict(row) for row in rows], "next": following}

    @router.get("/{parked_id}")
    async def show_parked(request: Request, caller: SignedIn, parked_id: ParkedId) -> dict[str, Any]:
        permit(caller, "operator")
        async with _running(request).database.transaction() as tx:
            row = await parked.by_id(tx, parked_id)
        if row is None:
            raise NotFound("There is no such parked record; it may have gone on meanwhile.")
        shown = {
            name: row[name]
            for name in set(row.keys()) - {"key", "headers", "value", "discarded_at", "discarded_by", "discarded_why"}
        }
        return {**shown, "value_bytes": None if row["value"] is None else len(row["value"])}

    @router.post("/{parked_id}/retry", status_code=204)
    async def retry_parked(request: Request, caller: SignedIn, parked_id: ParkedId) -> None:
        permit(caller, "operator")
        running = _running(request)
        await resuming.retry(running.database, running.consumers, parked_id)

    @router.post("/{parked_id}/discard", status_code=204)
    async def discard_parked(request: Request, caller: SignedIn, parked_id: ParkedId, form: Discard) -> None:
        permit(caller, "operator")
        running = _running(request)
        await resuming.discard(running.database, running.consumers, parked_id, by=caller.account_id, why=form.reason)

    return router


def _running(request: Request) -> Running:
    running: Running = request.app.state.running
    return running
