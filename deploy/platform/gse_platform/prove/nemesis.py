"""What goes wrong in a run: kills, stops, cuts and strangers, one after the other, drawn from a seed.

Services, Kafka and PostgreSQL are started again by the platform's own supervisor, as they would be anywhere.
"""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import asyncpg
from aiokafka.errors import KafkaError

from contracts.streams import SERVICES
from gse_platform.prove.bad_records import Stranger
from gse_platform.prove.house import House

STOPPED = (5.5, 20.0)  # seconds; the shortest is past a relay's lease, the longest past a place in a group
PAST_ITS_PLACE = (11.0, 15.0)
JOINING = 4
CUT = (2.0, 8.0)
SETTLE = (1.0, 4.0)
BAD_RECORDS = 12
PATIENCE = 60
SLOW = 0.15

Told = Callable[[str], None]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: what, to whom, for how long (seconds, where it lasts)."""

    what: str
    whom: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        lasting = f" for {self.seconds:.0f} s" if self.seconds else ""
        return f"{self.what} {self.whom}".rstrip() + lasting


# What a deck of faults holds; a run deals as many decks as it needs, each shuffled.
DECK: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("kill", SERVICES),
    ("stop", SERVICES),
    ("kill", ("kafka",)),
    ("kill", ("postgres",)),
    ("kill", SERVICES),
    ("cut", ("kafka",)),
    ("cut", SERVICES),
    ("silence", ("kafka", *SERVICES)),
    ("slow", ("kafka", *SERVICES)),
    ("second replica of", ("mentoring", "events", "notifications")),
    ("stop", SERVICES),
    ("kill", SERVICES),
    ("bad records", ("",)),
    ("bad records", ("",)),
    ("second replica of", SERVICES),
    ("kill and kill again", SERVICES),
    ("kill", ("kafka", "postgres")),
    ("stop one of two replicas of", ("mentoring", "events", "notifications")),
)


def plan(count: int, chance: random.Random, *, short: bool) -> list[Fault]:
    """The faults of a run in their order, the same for the same seed. A short run stops nobody for long."""
    found: list[Fault] = []
    while len(found) < count:
        deck = list(DECK)
        chance.shuffle(deck)
        found += [_fault(what, chance.choice(whom), chance, short=short) for what, whom in deck]
    return found[:count]


def _fault(what: str, whom: str, chance: random.Random, *, short: bool) -> Fault:
    if what == "stop":
        return Fault(what, whom, chance.uniform(STOPPED[0], STOPPED[0] + 1.5 if short else STOPPED[1]))
    if what == "stop one of two replicas of":
        return Fault(what, whom, chance.uniform(*PAST_ITS_PLACE))
    if what in {"cut", "silence", "slow", "second replica of"}:
        return Fault(what, whom, chance.uniform(CUT[0], CUT[1] / 2 if short else CUT[1]))
    return Fault(what, whom)


@dataclass
class Nemesis:
    """Does the faults. `done` counts them."""

    house: House
    stranger: Stranger
    true_ids: Callable[[], Awaitable[dict[str, str]]]
    chance: random.Random
    tell: Told
    done: int = 0
    failed: list[str] = field(default_factory=list)  # faults that could not be done, which is a finding too

    async def run(self, faults: list[Fault], may_begin: Callable[[int], Awaitable[None]]) -> None:
        for number, fault in enumerate(faults):
            await may_begin(number)
            self.tell(f"fault {number + 1} of {len(faults)}: {fault}")
            try:
                async with self._doing(fault):
                    await asyncio.sleep(fault.seconds)
            except Exception as error:  # noqa: BLE001 (whatever it is: it is told, and the run goes on)
                self.failed.append(f"{fault}: {type(error).__name__}")
            self.done = number + 1
            await asyncio.sleep(self.chance.uniform(*SETTLE))

    @contextlib.asynccontextmanager
    async def _doing(self, fault: Fault) -> AsyncIterator[None]:
        if fault.what in {"kill", "kill and kill again"}:
            await self._kill(fault.whom)
            if fault.what == "kill and kill again":
                await asyncio.sleep(self.chance.uniform(0.7, 3.0))  # in the midst of its start, or just after it
                await self._kill(fault.whom)
            yield
        elif fault.what == "stop":
            async with self._stopped(fault.whom):
                yield
        elif fault.what == "second replica of":
            async with self._second(fault.whom):
                yield
        elif fault.what == "stop one of two replicas of":
            # The other takes over what the stopped one holds, and that one goes on as if nothing had been.
            async with self._second(fault.whom), self._stopped(fault.whom):
                yield
        elif fault.what == "bad records":
            await self._plant()
            yield
        else:
            proxy = self.house.proxies[fault.whom]
            if fault.what == "slow":
                proxy.delay = SLOW
            else:
                (proxy.cut if fault.what == "cut" else proxy.silence)()
            try:
                yield
            finally:
                proxy.heal()

    @contextlib.asynccontextmanager
    async def _stopped(self, whom: str) -> AsyncIterator[None]:
        pid = await self._living(whom)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    @contextlib.asynccontextmanager
    async def _second(self, whom: str) -> AsyncIterator[None]:
        """Another replica, there with its share of the streams, and gone in order or without."""
        second = await asyncio.to_thread(self.house.start_second, whom)
        try:
            await asyncio.sleep(JOINING)
            yield
        finally:
            await asyncio.to_thread(self.chance.choice((second.kill, second.stop)))

    async def _plant(self) -> None:
        """A fault before this one may still keep the stores away."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self.stranger.plant(await self.true_ids(), BAD_RECORDS)
                except (OSError, KafkaError, asyncpg.PostgresError):
                    await asyncio.sleep(1)
                else:
                    return

    async def _kill(self, whom: str) -> None:
        pid = await self._living(whom)
        # PostgreSQL by its own immediate stop: a kill would leave its children, and with them the memory they share.
        os.kill(pid, signal.SIGQUIT if whom == "postgres" else signal.SIGKILL)

    async def _living(self, whom: str) -> int:
        """The part's process; one that died is waited for, since the supervisor starts it again."""
        async with asyncio.timeout(PATIENCE):
            while (part := self.house.part(whom)).poll() is not None:  # noqa: ASYNC110 (a process sets no event)
                await asyncio.sleep(0.2)
        return part.pid
