"""The words of a service: `python -m <service>.app serve`, and those that a deployment or a runbook uses.

migrate               apply what is missing
serve                 run, until SIGTERM
migrate serve         both in one process, where one person runs both: another one costs a second for its imports
adopt, lost-streams, rebuild-streams, hear-again STREAM…, rebuild-projection NAME      see deploy/README.md
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn, TypeVar

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from pydantic_settings import SettingsError

from chassis import adopting, lost_streams, migrations, projections
from chassis.database import Conflict, Outage
from chassis.migrations import WrongSchema
from chassis.server import Server
from chassis.settings import ServiceSettings
from chassis.telemetry import configure_logs, logger
from contracts.refusal import Refused

WORDS = (
    "migrate | serve | migrate serve | adopt | lost-streams | rebuild-streams | hear-again STREAM... "
    "| rebuild-projection NAME"
)
STOP_SECONDS = 5  # for requests that are under way; the parts behind them have twenty
WRONG_CALL = 2
log = logger(__name__)
S = TypeVar("S", bound=ServiceSettings)
say = partial(print, flush=True)


def main(
    settings_type: type[S],
    create_app: Callable[[S], FastAPI],
    *,
    name: str,
    package: str,
    newest: lost_streams.Newest | None = None,
) -> None:
    """Do what the arguments ask. A service with a personal stream gives `newest`, to write it again when it was lost.

    Exit codes: 0 done, 1 the state is wrong, 2 the call is wrong.
    """
    words = sys.argv[1:]
    if not _are_words(words):
        _refuse_the_call(f"usage: python -m {name}.app {WORDS}")
    settings = _read(settings_type, name)
    configure_logs(name, settings.log_format)
    wanted = migrations.wanted(name, migrations.migrations_of(package))
    try:
        match words:
            case ["adopt"]:
                asyncio.run(adopting.run(name, settings, wanted, say))
            case ["rebuild-projection", projection]:
                subscriptions = create_app(settings).state.subscriptions
                say(asyncio.run(projections.run(name, settings, wanted, subscriptions, projection)))
            case [word, *streams] if word in lost_streams.WORDS:
                asyncio.run(lost_streams.run(name, settings, newest, [word, *streams], say))
            case _:
                if "migrate" in words:
                    url = settings.database_url.get_secret_value()
                    applied = asyncio.run(migrations.migrate(url, wanted, patiently="serve" in words))
                    say(f"{name}: {len(applied)} migrations applied")
                if "serve" in words:
                    asyncio.run(_serve(create_app(settings), settings))
    except (WrongSchema, Refused, adopting.CannotAdopt, lost_streams.CannotRebuild) as error:
        sys.exit(f"{name}: {error}")
    except (Outage, Conflict) as error:
        sys.exit(f"{name}: {error}. Nothing has changed: run it again.")


def _are_words(words: Sequence[str]) -> bool:
    match words:
        case ["migrate"] | ["serve"] | ["migrate", "serve"] | ["adopt"] | ["rebuild-projection", _]:
            return True
        case _:
            return lost_streams.are_words(words)


def _read(settings_type: type[S], name: str) -> S:
    try:
        return settings_type()
    except ValidationError as error:
        wrong = ", ".join(_variable(settings_type, str(its["loc"][0])) for its in error.errors() if its["loc"])
        _refuse_the_call(f"{name}: these settings are missing or wrong: {wrong}")
    except SettingsError:
        _refuse_the_call(f"{name}: a setting that holds JSON cannot be read")


def _variable(settings_type: type[ServiceSettings], field: str) -> str:
    """The name of the environment variable behind a field; an alias is one already."""
    prefix = settings_type.model_config.get("env_prefix", "")
    return f"{prefix}{field}".upper() if field in settings_type.model_fields else field


def _refuse_the_call(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)  # noqa: T201 - a command's answer
    sys.exit(WRONG_CALL)


async def _serve(app: FastAPI, settings: ServiceSettings) -> None:
    # uvicorn raises the signal again after its stop; a drained stop is a success, not a death by signal.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: None)
    server = Server(
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
