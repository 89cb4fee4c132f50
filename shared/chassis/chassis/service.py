"""Composes a service and runs it. A service's app.py lists its parts and calls `create` and `main`."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, NoReturn, TypeVar

import uvicorn
import uvloop
from fastapi import APIRouter, Depends, FastAPI, Request
from jinja2 import Environment
from pydantic import ValidationError
from pydantic_settings import SettingsError

from chassis import lost_streams, migrations, operating, operations, problems, rebuilding, schemas, web
from chassis.database import Conflict, Database, Outage
from chassis.identity import TokenKeys
from chassis.limits import Limits
from chassis.migrations import Migration, WrongSchema
from chassis.running import running
from chassis.sender import Sender
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.telemetry import configure_logs, logger
from chassis.timers import Timer
from contracts.refusal import Refused

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
        dependencies=[Depends(_room_to_write), Depends(web.guard)],
    )
    app.state.settings = settings
    app.state.subscriptions = subscriptions
    app.include_router(operating.health_routes())
    app.include_router(operating.parked_routes(name))
    app.include_router(operations.routes(name))
    app.include_router(schemas.routes(name))
    for router in routers:
        app.include_router(router)
    web.install(app, front_door=settings.front_door, pages=pages or web.create_pages(name), limits=limits)
    return app


def _database(request: Request) -> Database:
    database: Database = request.app.state.running.database
    return database


Db = Annotated[Database, Depends(_database)]
"""The service's database; handlers open their transaction on it themselves."""


def _room_to_write(request: Request) -> None:
    """Writing is refused for a while when what was said cannot leave; reading goes on."""
    running_service = getattr(request.app.state, "running", None)
    if (
        request.method in WRITING
        and running_service is not None
        and running_service.outbox_backlog > request.app.state.settings.outbox_bound
    ):
        raise Outage("too much waits to be sent")


S = TypeVar("S", bound=ServiceSettings)


def main(
    settings_type: type[S],
    create_app: Callable[[S], FastAPI],
    *,
    name: str,
    package: str,
    newest: lost_streams.Newest | None = None,
) -> None:
    """`python -m <service>.app migrate | serve | migrate serve | rebuild-projection NAME`, or `lost_streams.WORDS`.

    To migrate and serve in one process where one person runs both: a process of its own costs a second for its imports.
    A service with a personal stream gives `newest`, to rebuild it.
    Exit codes: 0 done, 1 the state is wrong, 2 the call is wrong.
    """
    commands, name_asked = sys.argv[1:], ""
    if len(commands) == 2 and commands[0] == "rebuild-projection":  # noqa: PLR2004 - the command and the name
        name_asked = commands.pop()
    streams = lost_streams.are_words(commands)
    if commands not in (["migrate"], ["serve"], ["migrate", "serve"]) and not name_asked and not streams:
        _refuse_the_call(
            f"usage: python -m {name}.app migrate | serve | migrate serve | rebuild-projection NAME"
            " | lost-streams | rebuild-streams | hear-again STREAM..."
        )
    try:
        settings = settings_type()
    except ValidationError as error:
        wrong = ", ".join(_variable(settings_type, str(its["loc"][0])) for its in error.errors() if its["loc"])
        _refuse_the_call(f"{name}: these settings are missing or wrong: {wrong}")
    except SettingsError:
        _refuse_the_call(f"{name}: a setting that holds JSON cannot be read")
    configure_logs(name, settings.log_format)
    wanted = migrations.wanted(name, migrations.migrations_of(package))
    if name_asked:
        _rebuild(name, settings, wanted, create_app(settings).state.subscriptions, name_asked)
        return
    try:
        if streams:
            asyncio.run(lost_streams.run(name, settings, newest, commands, partial(print, flush=True)))
            return
        if "migrate" in commands:
            url = settings.database_url.get_secret_value()
            applied = asyncio.run(migrations.migrate(url, wanted, patiently="serve" in commands))
            print(f"{name}: {len(applied)} migrations applied", flush=True)  # noqa: T201 - a command's answer
        if "serve" not in commands:
            return
        uvloop.run(_serve(create_app(settings), settings))
    except (WrongSchema, lost_streams.CannotRebuild) as error:
        sys.exit(f"{name}: {error}")


def _rebuild(
    name: str, settings: ServiceSettings, wanted: list[Migration], subscriptions: Sequence[Subscription], asked: str
) -> None:
    try:
        done = asyncio.run(rebuilding.run(name, settings, wanted, subscriptions, asked))
    except (Refused, WrongSchema) as its:
        sys.exit(f"{name}: {its}")
    except (Outage, Conflict) as its:
        sys.exit(f"{name}: {its}. Nothing has changed: run it again.")
    print(done)  # noqa: T201 - a command's answer


def _variable(settings_type: type[ServiceSettings], field: str) -> str:
    """The name of the environment variable behind a field; an alias is one already."""
    prefix = settings_type.model_config.get("env_prefix", "")
    return f"{prefix}{field}".upper() if field in settings_type.model_fields else field


def _refuse_the_call(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)  # noqa: T201 - a command's answer
    sys.exit(2)


async def _serve(app: FastAPI, settings: ServiceSettings) -> None:
    # uvicorn raises the signal again after its stop; a drained stop is a success, not a death by signal.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: None)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )
    asyncio.get_running_loop().set_exception_handler(_tell)
    serving = asyncio.create_task(server.serve())
    while not (serving.done() or server.started):
        await asyncio.wait({serving}, timeout=0.1)
        if server.should_exit and not serving.done() and not server.started:
            # uvicorn heeds a signal only after the start, which waits for the store for as long as it is away.
            serving.cancel()
            await asyncio.wait({serving})
            return
    await serving
    if not server.started:
        sys.exit(1)


def _tell(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Of an error that nobody awaits, its class and places; asyncio's own words quote its text."""
    error = context.get("exception")
    if not isinstance(error, SystemExit):  # a refused start, which has been told
        log.error("an error that nobody awaits", exc_info=error)
