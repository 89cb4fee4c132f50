"""The gse command: what each word does stands in the module of its name, which is loaded when that word is said."""

import asyncio
import errno
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gse_platform import clock as clocks
from gse_platform import home as homes
from gse_platform.home import CannotGoOn, read_state, the_home
from gse_platform.nursery import preparing
from gse_platform.personas import PERSONAS
from gse_platform.progress import Progress, console
from testkit.unavailable import Unavailable

if TYPE_CHECKING:
    from gse_platform.parked import Parked
    from gse_platform.up import Story

app = typer.Typer(
    help="The GSE profession platform on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
parked = typer.Typer(help="The events that could not be handled: list, show, retry, discard.", no_args_is_help=True)
app.add_typer(parked, name="parked")
kafka = typer.Typer(
    help="Topics, users and rights on Kafka, as declared in deploy/kafka/access.toml: plan, apply.",
    no_args_is_help=True,
)
app.add_typer(kafka, name="kafka")
rebuild = typer.Typer(help="What was lost or is wrong, made anew from what was said.", no_args_is_help=True)
app.add_typer(rebuild, name="rebuild")
JSON = Annotated[bool, typer.Option("--json", help="For programs.")]
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command()
def up() -> None:
    """Start the whole platform and stay: Kafka, PostgreSQL, four services, sign-in, mail, one address. Ctrl-C stops it.

    GSE_HOME is the folder for its state (default .gse), GSE_PORT the port of its address (default 8000).
    """
    raise typer.Exit(_bring_up())


@app.command()
def demo(
    people: Annotated[
        int, typer.Option("--people", min=20, max=20_000, help="How many members; on the first demo.")
    ] = 2000,
) -> None:
    """Start the platform and tell some months of 2,000 members in it, event by event; it stays running for a look."""
    from gse_platform.demo.story import story  # noqa: PLC0415 (brokers' clients take a second to load)

    raise typer.Exit(_bring_up(partial(story, count=people)))


@app.command()
def prove(
    *,
    commands: Annotated[int, typer.Option("--commands", min=1, help="How many, sent through the front door.")] = 1000,
    faults: Annotated[int, typer.Option("--faults", min=0, help="How many, in step with the commands.")] = 18,
    seed: Annotated[int | None, typer.Option("--seed", help="Draws commands and faults; any when left out.")] = None,
    mutants: Annotated[bool, typer.Option("--mutants", help="Show that it catches seventeen naive builds.")] = False,
    notices: Annotated[bool, typer.Option("--notices", help="One event told to thousands, and its store.")] = False,
    recipients: Annotated[int, typer.Option("--recipients", min=1, help="Of that event.")] = 10_000,
    statistics: Annotated[bool, typer.Option("--statistics", help="Attack the figures of random professions.")] = False,
    populations: Annotated[int, typer.Option("--populations", min=1, help="How many of these.")] = 1000,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Of telling and purging.")] = 10,
    only: Annotated[list[int] | None, typer.Option("--only", metavar="N…", help="Of those, these numbers.")] = None,
    more: Annotated[list[int] | None, typer.Argument(hidden=True)] = None,
) -> None:
    """On a platform of its own: that nothing is lost, doubled or out of order, whatever is killed, stopped or cut."""
    if (only or more) and not (mutants and only):
        raise CannotGoOn("Numbers are those of naive builds: ./gse prove --mutants --only 4 13")
    if mutants:
        from gse_platform.prove.mutants.run import prove_mutants  # noqa: PLC0415 (as above)

        raise typer.Exit(prove_mutants([*(only or []), *(more or [])]))
    if statistics:
        from gse_platform import quality  # noqa: PLC0415 (as above)

        quality.attack(populations, seed or 0)
    if notices:
        from gse_platform.prove.volume import prove_notices  # noqa: PLC0415 (as above)

        raise typer.Exit(prove_notices(recipients, rounds, seed))
    from gse_platform.prove.run import prove as run_the_proof  # noqa: PLC0415 (as above)

    raise typer.Exit(run_the_proof(commands, faults, seed))


@app.command(context_settings=PASS_ON)
def bench(context: typer.Context) -> None:
    """Measure each figure beside its limit and its peer, in one run; a name measures that one alone."""
    from gse_platform import quality  # noqa: PLC0415 (as above)

    quality.bench(context.args)


@app.command(context_settings=PASS_ON)
def test(context: typer.Context) -> None:
    """Run every test; arguments go to pytest, paths are from the root of the repository."""
    from gse_platform import quality  # noqa: PLC0415 (as above)

    quality.test(context.args)


@app.command()
def check() -> None:
    """Format, lint, types, import rules, contracts, lock freshness."""
    from gse_platform import quality  # noqa: PLC0415 (as above)

    raise typer.Exit(0 if quality.check() else 1)


@app.command()
def status(as_json: JSON = False) -> None:  # noqa: FBT002 (an option is a keyword to typer)
    """Every address, and for each service: ready, backlog, lag, parked."""
    from gse_platform.status import show_status  # noqa: PLC0415 (as above)

    show_status(the_home(), as_json=as_json)


@app.command()
def token(persona: Annotated[str, typer.Option("--as", help=", ".join(each.key for each in PERSONAS))]) -> None:
    """A bearer token from the local identity provider, good for ten minutes."""
    from gse_platform.tokens import token as token_for  # noqa: PLC0415 (as above)

    if persona not in {each.key for each in PERSONAS}:
        raise CannotGoOn(f"There is no persona {persona}. There are: {', '.join(each.key for each in PERSONAS)}")
    print(token_for(read_state(the_home()), persona))


@app.command()
def clock(to: Annotated[str, typer.Option("--to", metavar="INSTANT", help="2027-02-11 or 2027-02-11T09:00")]) -> None:
    """Move the business clock of the local platform forwards. Tokens and time-outs stay on wall time."""
    read_state(the_home())
    before, after = clocks.move_clock(the_home().clock, to, clocks.wall_clock())
    print(f"Business time was {clocks.told(before)}, is now {clocks.told(after)}")


@app.command()
def tail(
    streams: Annotated[list[str], typer.Argument(metavar="STREAM…", help="such as gse.members.public")],
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Everything since the first event.")] = False,  # noqa: FBT002
    until_end: Annotated[bool, typer.Option("--until-end", help="Stop at what is there now.")] = False,  # noqa: FBT002
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Stop after so many events.")] = None,
    as_json: JSON = False,  # noqa: FBT002 (an option is a keyword to typer)
) -> None:
    """What a department sees: events as they come; with --json one CloudEvent a line.

    What was there at the start is told in causal order: an effect after its cause, the events of a subject in their
    numbers, else by time. For that all of it is read first: 100,000 events take six seconds and 350 MB.
    """
    from gse_platform.tail import Reach  # noqa: PLC0415 (as above)
    from gse_platform.tail import tail as tail_streams  # noqa: PLC0415

    reach = Reach(from_beginning=from_beginning, until_end=until_end, limit=limit)
    asyncio.run(tail_streams(read_state(the_home())["kafka"], streams, reach, as_json=as_json))


@app.command()
def pictures(
    folder: Annotated[Path | None, typer.Argument(help="Where to; without it, pictures in the home.")] = None,
) -> None:
    """Take a picture of every page of the running site, 390 and 1280 pixels wide."""
    from gse_platform.pictures import pictures as take_pictures  # noqa: PLC0415 (a browser's client, as above)

    asyncio.run(take_pictures(read_state(the_home()), folder or the_home().path / "pictures"))


Service = Annotated[str, typer.Argument(metavar="SERVICE")]
Identity = Annotated[str, typer.Argument(metavar="ID")]


@parked.command("list")
def parked_list(as_json: JSON = False) -> None:  # noqa: FBT002 (an option is a keyword to typer)
    """What is parked, in every service."""
    from gse_platform.parked import show_all  # noqa: PLC0415 (as above)

    show_all(_parked().every(), as_json=as_json)


@parked.command("show")
def parked_show(service: Service, identity: Identity) -> None:
    """One parked event, and why it stands there."""
    _print(_parked().ask("GET", service, f"/{identity}"))


@parked.command("retry")
def parked_retry(service: Service, identity: Identity) -> None:
    """Handle it again now, and what waits behind it."""
    _print(_parked().ask("POST", service, f"/{identity}/retry"))


@parked.command("discard")
def parked_discard(service: Service, identity: Identity, reason: Annotated[str, typer.Option("--reason")]) -> None:
    """Give it up, with a reason that is kept, and go on with what waits behind it."""
    _print(_parked().ask("POST", service, f"/{identity}/discard", {"reason": reason}))


Renew = Annotated[bool, typer.Option("--renew-passwords", help="Set every password again; no plan can compare them.")]


@kafka.command("plan")
def kafka_plan(renew: Renew = False, as_json: JSON = False) -> None:  # noqa: FBT002
    """What apply would change. Exit code 0 for nothing, 2 for something.

    Asks the running platform's Kafka, or the one that GSE_KAFKA_BOOTSTRAP gives, as its operator.
    """
    from gse_platform import kafka as its  # noqa: PLC0415 (as above)

    raise typer.Exit(2 if its.show_plan(the_home(), renew=renew, as_json=as_json) else 0)


@kafka.command("apply")
def kafka_apply(renew: Renew = False, as_json: JSON = False) -> None:  # noqa: FBT002
    """Make topics, users and rights what is declared, taking back what is not, and show what was done."""
    from gse_platform import kafka as its  # noqa: PLC0415 (as above)

    its.apply_plan(the_home(), renew=renew, as_json=as_json)


@rebuild.command("projection")
def rebuild_projection(service: Service, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Throw a service's projection away and fill it again from its stream, beside the running service."""
    from gse_platform import rebuild as rebuilding  # noqa: PLC0415 (as above)

    raise typer.Exit(rebuilding.projection(read_state(the_home()), service, name))


@rebuild.command("store")
def rebuild_store(service: Service) -> None:
    """A store was restored from a backup: take up what its service has said since, and list it."""
    from gse_platform import rebuild as rebuilding  # noqa: PLC0415 (as above)

    raise typer.Exit(rebuilding.store(read_state(the_home()), service))


@rebuild.command("streams")
def rebuild_streams() -> None:
    """Write the streams that Kafka has lost again, from the services' event logs; may be killed and run again."""
    from gse_platform.lost_streams import rebuild_streams as rebuild_lost  # noqa: PLC0415 (as above)

    rebuild_lost(the_home(), Progress().say)


@app.command()
def lock(upgrade: Annotated[bool, typer.Option("--upgrade", help="Take newer versions.")] = False) -> None:  # noqa: FBT002
    """Compile requirements.lock from what every package asks for."""
    from gse_platform import requirements  # noqa: PLC0415 (as above)

    requirements.compile_lock(upgrade=upgrade)


def _bring_up(story: "Story | None" = None) -> int:
    """What the services share is loaded beside what this process itself needs."""
    home = the_home()
    homes.make(home)
    with homes.held(home), preparing(home.logs) as start:
        from gse_platform.up import up as run  # noqa: PLC0415 (as above)

        return run(home, start, story)


def _parked() -> "Parked":
    from gse_platform.parked import Parked  # noqa: PLC0415 (as above)

    return Parked(read_state(the_home()))


def _print(found: Any) -> None:
    print("Done." if found is None else json.dumps(found, indent=2, ensure_ascii=False))


def main() -> None:
    """Run the command; what a person can mend is a sentence and exit code 1, never a traceback."""
    try:
        app(prog_name="./gse")
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        console.print(sentence, markup=False, soft_wrap=True)
        sys.exit(1)


def _sentence(error: Exception) -> str | None:
    """What to tell the person; None for a bug of ours."""
    if isinstance(error, ExceptionGroup):
        sentences = [_sentence(each) for each in error.exceptions]
        return None if None in sentences else "\n".join(dict.fromkeys(filter(None, sentences)))
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full: make room, then start again."
    return str(error) if isinstance(error, (CannotGoOn, Unavailable)) else None
