"""Composes a service: its app.py lists the parts and calls `create`; `commands.main` runs it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from jinja2 import Environment

from chassis import migrations, operating, operations, problems, schemas, web
from chassis.database import Database, Outage
from chassis.identity import TokenKeys
from chassis.limits import Limits
from chassis.running import running
from chassis.sender import Sender
from chassis.settings import ServiceSettings
from chassis.shelves import Shelf
from chassis.subscription import Subscription
from chassis.telemetry import logger
from chassis.timers import Timer

STOP_SECONDS = 5  # for requests that are under way; the parts behind them have twenty
log = logger(__name__)
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def create(
    settings: ServiceSettings,
    *,
    name: str,
    package: str,
    routers: Sequence[APIRouter],
    subscriptions: Sequence[Subscription] = (),
    timers: Sequence[Timer] = (),
    senders: Sequence[Sender[Any, Any]] = (),
    pages: Environment | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """The service as one application: its routes, and everything that runs beside them from start to stop.

    `package` is the `__file__` of the service's app.py; its migrations stand beside it. Without `pages` of its own a
    service has the errors' pages all the same: people may follow a link to any address.
    """
    wanted = migrations.wanted(name, migrations.migrations_of(package))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.token_keys = TokenKeys.load(settings.token_keys)
        async with running(name, settings, wanted, subscriptions=subscriptions, timers=timers, senders=senders) as its:
            app.state.running = its
            yield

    app = FastAPI(
        title=f"GSE {name}",
        version="1",
        openapi_url=f"/api/{name}/openapi.json",
        docs_url=None,
        responses=problems.RESPONSES,
        redoc_url=None,
        lifespan=lifespan,
        dependencies=[Depends(_before_every_handler)],
    )
    app.state.settings = settings
    app.state.subscriptions = subscriptions
    # The service's own come first: routes are tried in their order, and theirs are asked for most.
    for router in (
        *routers,
        operating.health_routes(),
        operating.parked_routes(name),
        operations.routes(name),
        schemas.routes(name),
    ):
        app.include_router(Shelf(router))
    web.install(app, front_door=settings.front_door, pages=pages or web.create_pages(name), limits=limits)
    return app


# Dependencies are coroutines, those that wait for nothing too: FastAPI sends a plain function to another thread.
async def _database(request: Request) -> Database:
    database: Database = request.app.state.running.database
    return database


Db = Annotated[Database, Depends(_database)]
"""The service's database; handlers open their transaction on it themselves."""


async def _before_every_handler(request: Request) -> None:
    _refuse_without_room(request)
    await web.guard(request)


def _refuse_without_room(request: Request) -> None:
    """Writing is refused for a while when what was said cannot leave; reading goes on."""
    running_service = getattr(request.app.state, "running", None)
    if (
        request.method in WRITING
        and running_service is not None
        and running_service.outbox_backlog > request.app.state.settings.outbox_bound
    ):
        raise Outage("too much waits to be sent")
