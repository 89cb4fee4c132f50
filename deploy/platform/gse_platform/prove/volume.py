"""`./gse prove --notices`: one event told to thousands while senders are killed, and a store that does not grow.

The house is that of the proof: real Kafka, PostgreSQL with `fsync`, four services, the mail sink. Its recipients are
put in place as having joined long ago, since their joinings would be ten thousand welcomes more.
"""

import asyncio
import logging
import random
import re
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import httpx2
from rich.console import Console
from rich.table import Table

from contracts.streams import SERVICES
from gse_platform.home import Home
from gse_platform.progress import Progress
from gse_platform.prove.check_volume import Round, Telling, against_rounds, against_telling
from gse_platform.prove.collecting import business_now
from gse_platform.prove.house import House, furnished
from gse_platform.prove.letters import Post
from gse_platform.prove.people import Tokens
from gse_platform.prove.run import move_to, remove
from gse_platform.prove.table import WIDTH
from gse_platform.up import all_ready

SENDERS_KILLED, SINKS_KILLED = 4, 3
WITHIN: Final = (0.05, 0.9)  # of the messages, the share after which something is killed
LOOK: Final = 0.1
SLOWEST: Final = 20  # messages a second; below, something is wrong
PATIENCE: Final = 180  # beside it
COMING_UP: Final = 1.0  # seconds after the first message that follows a kill, until it counts as quiet
WORD_DAYS, NOTICE_DAYS = 7, 30  # notices are kept for a year, and here for a month: ten rounds would be ten years
EVENTS: Final = "/api/events/v1/events"
FOR_EVER: Final = ("event_log", "subject_counter")
MEGABYTE: Final = 1_000_000

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Ground:
    """Where it is done."""

    house: House
    http: httpx2.AsyncClient
    notifications: asyncpg.Connection
    tokens: Tokens
    accounts: dict[str, UUID] = field(default_factory=lambda: {role: uuid4() for role in ("volunteer", "team")})

    async def publish(self) -> None:
        """An event of the profession, from its proposal on, through the front door."""
        starts = business_now(self.house) + timedelta(days=2)
        form = {
            "title": "An hour of science",
            "summary": "Somebody shows what they do",
            "link": "https://www.gov.uk/gse",
            "place": "London and online",
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=1)).isoformat(),
            "capacity": 100,
        }
        its = (await self._post(EVENTS, form, "volunteer"))["hosted_event_id"]
        await self._post(f"{EVENTS}/{its}/sign-off", None, "team")
        await self._post(f"{EVENTS}/{its}/publish", None, "volunteer")

    async def _post(self, path: str, form: Any, role: str) -> Any:
        headers = self.tokens.headers(self.accounts[role], role) | {"Idempotency-Key": str(uuid4())}
        return (await self.http.post(path, json=form, headers=headers)).raise_for_status().json()

    async def standing(self) -> dict[str, int]:
        rows = await self.notifications.fetch("SELECT state, count(*) AS notices FROM notice GROUP BY state")
        return {row["state"]: row["notices"] for row in rows}

    async def purged(self, *tables: str) -> int:
        """Wait until the purge has left nothing in these tables; gives the rows that are there all the same."""
        ends = time.monotonic() + PATIENCE
        while (rows := await self._rows(*tables)) and time.monotonic() < ends:  # noqa: ASYNC110 (no event is set there)
            await asyncio.sleep(LOOK)
        return rows

    async def _rows(self, *tables: str) -> int:
        return sum([await self.notifications.fetchval(f"SELECT count(*) FROM {table}") for table in tables])  # noqa: S608 (our own names)


def prove_notices(recipients: int, rounds: int, seed: int | None) -> int:
    """Run it and show the figures. Returns 0 only when everything held; otherwise the evidence stays."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    chosen = secrets.randbelow(1_000_000) if seed is None else seed
    folder, progress = Path(tempfile.mkdtemp(prefix="gse-prove-notices-")), Progress()
    progress.say(f"{recipients:,} recipients and {rounds} rounds, seed {chosen}; everything is in {folder}")
    try:
        telling, stores = asyncio.run(_run(recipients, rounds, chosen, folder, progress))
    except BaseException:
        progress.say(f"The proof came to no end; what there is lies in {folder}")
        raise
    found = against_telling(telling) | against_rounds(stores, recipients)
    _show(telling, stores, found, chosen)
    if any(found.values()):
        progress.say(f"The evidence lies in {folder}: home/logs, home/mail and the store")
        return 1
    remove(folder)
    return 0


async def _run(
    recipients: int, rounds: int, seed: int, folder: Path, progress: Progress
) -> tuple[Telling, list[Round]]:
    async with _ground(Home(folder / "home"), progress) as ground:
        with progress.step("Recipients"):
            await _put_in_place(ground, recipients)
        with progress.step("One event, and kills") as tell:
            chance = random.Random(f"{seed} kills")  # noqa: S311 (a repeatable choice is the point)
            telling = await _told_to_all(ground, recipients, _kills(chance), tell)
        stores = [await _let_go(ground, telling, 1, progress)]
        for number in range(2, rounds + 1):
            with progress.step(f"Round {number} of {rounds}") as tell:
                told = await _told_to_all(ground, recipients, [], tell)
            stores.append(await _let_go(ground, told, number, progress))
        return telling, stores


@asynccontextmanager
async def _ground(home: Home, progress: Progress) -> AsyncIterator[Ground]:
    """Without witnesses, whose triggers would slow what is measured."""
    async with AsyncExitStack() as stack:
        with progress.step("The platform"):
            house = await stack.enter_async_context(furnished(home, lambda _: None, witnessed=False))
            house.environments["notifications"] |= {
                "NOTIFICATIONS_BODY_DAYS": str(WORD_DAYS),
                "NOTIFICATIONS_NOTICE_DAYS": str(NOTICE_DAYS),
            }
            await house.begin(SERVICES)
        http = httpx2.AsyncClient(base_url=house.platform.front_door, timeout=60, trust_env=False)
        await stack.enter_async_context(http)
        connection = await asyncpg.connect(house.databases["notifications"])
        stack.push_async_callback(connection.close)
        yield Ground(house, http, connection, Tokens.of(house.platform.keys.signing))


async def _put_in_place(ground: Ground, recipients: int) -> None:
    await ground.notifications.execute(
        """
        INSERT INTO recipient (member_id, state, name, email)
        SELECT gen_random_uuid(), 'known', 'Somebody ' || number, 'somebody.' || number || '@many.example'
        FROM generate_series(1, $1::int) AS number""",
        recipients,
    )
    await ground.notifications.execute("ANALYZE recipient")


def _kills(chance: random.Random) -> list[tuple[float, str]]:
    """What is killed once which share of the messages is sent, in this order."""
    whom = ["notifications"] * SENDERS_KILLED + ["mail-sink"] * SINKS_KILLED
    chance.shuffle(whom)
    return list(zip(sorted(chance.uniform(*WITHIN) for _ in whom), whom, strict=True))


async def _told_to_all(ground: Ground, recipients: int, kills: list[tuple[float, str]], tell: Tell) -> Telling:
    """Publishes, kills at each share, and waits until nothing is to be sent any more."""
    before = len(await Post(ground.house.platform.mail, ground.http).heads())
    began = time.monotonic()
    await ground.publish()
    left, looks, killed = list(kills), list[tuple[float, int]](), list[float]()
    ends = began + recipients / SLOWEST + PATIENCE
    while time.monotonic() < ends:
        states = await ground.standing()
        ended = states.get("sent", 0) + states.get("unknown", 0)
        looks.append((time.monotonic(), states.get("sent", 0)))
        tell(f"{ended * 20 // recipients * 5} % of {recipients:,}, {len(killed)} kills")
        if left and ended >= left[0][0] * recipients:
            _, whom = left.pop(0)
            ground.house.part(whom).kill()
            killed.append(time.monotonic())
        elif not left and ended == recipients:
            break
        await asyncio.sleep(LOOK)
    # The last kill may have met the sink when there was nothing left to send.
    await all_ready(ground.house.platform, lambda _: None)
    rows = await ground.notifications.fetch("SELECT coalesce(message_id, notice_id::text) AS id, state FROM notice")
    heads = await Post(ground.house.platform.mail, ground.http).heads()
    quiet_seconds, quiet_sent = quiet(looks, killed)
    return Telling(
        recipients,
        {row["id"]: row["state"] for row in rows},
        [head["message_id"] for head in heads[before:]],
        len(killed),
        time.monotonic() - began,
        quiet_seconds,
        quiet_sent,
    )


def quiet(looks: list[tuple[float, int]], kills: list[float]) -> tuple[float, int]:
    """Seconds in which messages flowed and nothing was killed or just coming up, and how many went out in them."""
    seconds, sent, flowing_since = 0.0, 0, None
    for (at, count), (later, more) in pairwise(looks):
        if any(at <= kill <= later for kill in kills):
            flowing_since = None
        elif flowing_since is None and more > count:
            flowing_since = later
        elif flowing_since is not None and at - flowing_since >= COMING_UP and more < looks[-1][1]:
            seconds, sent = seconds + later - at, sent + more - count
    return seconds, sent


async def _let_go(ground: Ground, told: Telling, number: int, progress: Progress) -> Round:
    """The words' days pass, then the notices'; what is left is vacuumed and measured."""
    with progress.step(f"Purging after round {number}"):
        move_to(ground.house, business_now(ground.house) + timedelta(days=WORD_DAYS + 1))
        left = await ground.purged("notice_body")
        kept = sum((await ground.standing()).values())
        move_to(ground.house, business_now(ground.house) + timedelta(days=NOTICE_DAYS))
        left += await ground.purged("notice", "occasion WHERE type = 'EventPublished'")
        # What a first pass empties of an index can be used again after the next; autovacuum too comes more than once.
        for _ in range(2):
            await ground.notifications.execute("VACUUM")
        sizes = await _sizes(ground.notifications)
    of_chassis, forever = _chassis_tables(), {its for its in sizes if its.startswith(FOR_EVER)}
    own = {its for its in sizes if its not in of_chassis and not its.startswith(FOR_EVER)}
    other = sizes.keys() - own - forever
    return Round(
        number,
        told.states["sent"] + told.states["unknown"],
        kept,
        left,
        *(sum(sizes[its] for its in tables) for tables in (own, forever, other)),
    )


async def _sizes(connection: asyncpg.Connection) -> dict[str, int]:
    rows = await connection.fetch(
        """
        SELECT relname, pg_total_relation_size(oid) AS size FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"""
    )
    return {row["relname"]: row["size"] for row in rows}


def _chassis_tables() -> set[str]:
    """What the chassis' own migrations make."""
    folder = resources.files("chassis") / "migrations"
    made = (re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", its.read_text()) for its in folder.iterdir())
    return {"schema_migration", *(name for names in made for name in names)}


def _show(telling: Telling, stores: list[Round], found: dict[str, list[str]], seed: int) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    states = telling.states
    told = Table(box=None, show_header=False, pad_edge=False)
    for what, figure in {
        "Recipients": f"{telling.recipients:,}",
        "Kills": f"{telling.kills}, of notifications and of the mail sink",
        "Notices": ", ".join(f"{state} {count:,}" for state, count in sorted(states.items())),
        "In the sink": f"{len(telling.taken):,} messages, {len(set(telling.taken)):,} Message-IDs",
        "Time": f"{telling.seconds:.0f} s in all; {telling.rate:.0f} messages a second while quiet"
        f" ({telling.quiet_seconds:.0f} s)",
    }.items():
        told.add_row(what, figure)
    console.print(told)
    console.print()
    sizes = Table(box=None, pad_edge=False)
    for title in ("Round", "Told", "Own tables, MB", "Kept for ever by the chassis, MB", "Its other tables, MB"):
        sizes.add_column(title, justify="right")
    for its in stores:
        row = (its.own, its.kept_for_ever, its.other)
        sizes.add_row(str(its.number), f"{its.told:,}", *(f"{size / MEGABYTE:.2f}" for size in row))
    console.print(sizes)
    console.print()
    held = Table(box=None, show_header=False, pad_edge=False)
    for sentence, against in found.items():
        held.add_row("[red]no [/]" if against else "[green]yes[/]", sentence)
        for line in against[:5]:
            held.add_row("", line)
    console.print(held)
    console.print(f"\n{'Something did not hold' if any(found.values()) else 'Everything held'}. Seed {seed}.")
