"""`./gse prove`: a platform of its own, thousands of commands, everything that goes wrong, and then the books."""

import asyncio
import contextlib
import json
import logging
import random
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import httpx2

from gse_platform.clock import HERE, move_clock, wall_clock
from gse_platform.home import Home
from gse_platform.progress import Progress
from gse_platform.prove import collecting, table
from gse_platform.prove.asking import AT_ONCE, SECONDS, History
from gse_platform.prove.bad_records import Stranger
from gse_platform.prove.checks import verdicts
from gse_platform.prove.collecting import Marks
from gse_platform.prove.commands import monitoring, notices
from gse_platform.prove.generator import run
from gse_platform.prove.house import House, built
from gse_platform.prove.letters import Post
from gse_platform.prove.nemesis import Nemesis, plan
from gse_platform.prove.outcome import Outcome
from gse_platform.prove.people import Names, Tokens, marker
from gse_platform.prove.profession import Profession

SHORT = 40  # faults; above, stops and cuts last longer
ASKED_AGAIN = 0.03
SENT_AGAIN = 3  # times that the team looks at the end, when kills have left some mail unknown
MORNING, NOON = time_of_day(8, 1), time_of_day(12)  # digests are made at eight
WAIT_FOR_COMMANDS = 45  # seconds that a fault waits for its share of the commands
LEVEL = f"Everything was level within {collecting.LEVEL_SECONDS} s of the end"
STRANGE = "Nobody was answered 500, and every fault could be done"


@dataclass(frozen=True)
class Size:
    """How much is done in a run, and the seed that everything is drawn from."""

    commands: int
    faults: int
    seed: int

    def chance(self, what: str) -> random.Random:
        return random.Random(f"{self.seed} {what}")  # noqa: S311 (a repeatable choice is the point)


def prove(commands: int, faults: int, seed: int | None) -> int:
    """Run the proof and show what held. Returns 0 only when everything did; otherwise the evidence stays."""
    # Kafka is away now and then, which is the point; its client need not tell the person at the terminal.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    size = Size(commands, faults, secrets.randbelow(1_000_000) if seed is None else seed)
    folder = Path(tempfile.mkdtemp(prefix="gse-prove-"))
    progress = Progress()
    progress.say(f"{commands:,} commands and {faults} faults, seed {size.seed}; everything is in {folder}")
    try:
        outcome = asyncio.run(_run(size, folder, progress))
    except BaseException:
        progress.say(f"The proof came to no end; what there is lies in {folder}")
        raise
    table.show(outcome, size.seed)
    if outcome.holds:
        remove(folder)
        return 0
    _keep_evidence(outcome, folder)
    progress.say(f"The evidence lies in {folder}: history.jsonl, violations.json, faults.txt, the streams, home/logs")
    return 1


async def _run(size: Size, folder: Path, progress: Progress) -> Outcome:
    began = time.monotonic()
    letters = size.chance("letters")
    marks, told = Marks(canary=marker(letters), poison=marker(letters)), list[str]()
    async with contextlib.AsyncExitStack() as stack:
        with progress.step("The platform"):
            house = await stack.enter_async_context(built(Home(folder / "home"), told.append))
        http = httpx2.AsyncClient(base_url=house.platform.front_door, timeout=SECONDS, trust_env=False)
        history = History(await stack.enter_async_context(http), size.chance("history"))
        stranger = Stranger(house.operator, size.chance("stranger"), marks.poison)
        with progress.step("Commands and faults") as tell:
            note = _noting(history, size, told, tell)
            nemesis = Nemesis(house, stranger, lambda: collecting.true_ids(house), size.chance("nemesis"), note)
            profession = await _under_fire(size, history, nemesis, marks)
        with progress.step("Asking again what had no answer"):
            unknown = await history.settle()
            asked_again = await history.ask_again(ASKED_AGAIN)
            for _ in range(SENT_AGAIN):
                await notices.send_again(profession)
            await monitoring.release(profession)
            unknown += await history.settle()
        move_to(house, next_monday(collecting.business_now(house)))
        with progress.step("Becoming level, on the Monday after") as tell:
            level_after = await collecting.level(house, tell)
        history.keep(folder / "history.jsonl")
        (folder / "faults.txt").write_text("\n".join(told) + "\n")
        with progress.step("Reading ledgers and streams"):
            facts = await collecting.collect(house, history, stranger, marks, folder)
    found = verdicts(facts)
    late = level_after is None or level_after > collecting.LEVEL_SECONDS
    found[LEVEL] = [f"it took {level_after or collecting.LONGEST_SECONDS:.0f} s or more"] if late else []
    found[STRANGE] = [*history.strange, *nemesis.failed]
    return Outcome(facts, found, size.faults, time.monotonic() - began, level_after, asked_again, len(unknown))


async def _under_fire(size: Size, history: History, nemesis: Nemesis, marks: Marks) -> Profession:
    """All commands and all faults, the two in step with each other."""
    half = size.commands // 2  # there a night passes, once

    async def command_may_begin(number: int) -> None:
        nonlocal half
        if number >= half:
            half = size.commands + AT_ONCE
            move_to(nemesis.house, next_morning(collecting.business_now(nemesis.house)))
        while number / size.commands > (nemesis.done + 1) / (size.faults + 1):  # noqa: ASYNC110 (two counters)
            await asyncio.sleep(0.05)

    async def fault_may_begin(number: int) -> None:
        patience = time.monotonic() + WAIT_FOR_COMMANDS
        while len(history.commands) / size.commands < (number + 1) / (size.faults + 1):
            if time.monotonic() > patience:
                return
            await asyncio.sleep(0.05)

    profession = Profession(
        history,
        Tokens.of(nemesis.house.platform.keys.signing),
        Names(size.chance("names"), marks.canary),
        size.chance("profession"),
        Post(nemesis.house.platform.mail, history.http),
        lambda: collecting.business_now(nemesis.house),
    )
    faults = plan(size.faults, size.chance("faults"), short=size.faults <= SHORT)
    async with asyncio.TaskGroup() as both:
        both.create_task(run(profession, size.commands, command_may_begin))
        both.create_task(nemesis.run(faults, fault_may_begin))
    nemesis.house.heal()
    return profession


def next_morning(now: datetime) -> datetime:
    """Just after the next digests of a day, in London."""
    at = datetime.combine(now.astimezone(HERE).date(), MORNING, HERE)
    return at if at > now else at + timedelta(days=1)


def next_monday(now: datetime) -> datetime:
    """At noon, so that every digest is due and everybody's hours are open."""
    today = now.astimezone(HERE).date()
    return datetime.combine(today + timedelta(days=7 - today.weekday()), NOON, HERE)


def move_to(house: House, instant: datetime) -> None:
    move_clock(house.platform.home.clock, instant.isoformat(), wall_clock())


def _noting(history: History, size: Size, told: list[str], tell: Callable[[str], None]) -> Callable[[str], None]:
    """Tells what goes wrong now, and how far the commands are; kept with the time, too."""
    began = time.monotonic()

    def note(what: str) -> None:
        told.append(f"{time.monotonic() - began:7.1f} s  {what}")
        tell(f"{len(history.commands):,} of {size.commands:,} commands; {what}")

    return note


def _keep_evidence(outcome: Outcome, folder: Path) -> None:
    (folder / "violations.json").write_text(json.dumps(outcome.verdicts, indent=2) + "\n")


def remove(folder: Path) -> None:
    """A folder with a home in it, and the store's where its user could not reach that."""
    memory = folder / "home" / "postgres" / "postgres.json"
    if memory.exists():
        shutil.rmtree(json.loads(memory.read_text())["folder"], ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
