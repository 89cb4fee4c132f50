"""Where a scenario is played: a platform, people who come through its front door, and faults at a given moment."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from gse_platform.home import CannotGoOn
from gse_platform.prove import witness
from gse_platform.prove.collecting import business_now
from gse_platform.prove.commands import members
from gse_platform.prove.generator import run
from gse_platform.prove.house import House
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Profession
from gse_platform.prove.proxy import HOST
from gse_platform.prove.run import move_to, next_morning
from gse_platform.up import all_ready
from testkit.ports import free_port

AT_ONCE = 6
PATIENCE = 60
JOINING = 4.0  # seconds until a second replica has its share


@dataclass
class Scene:
    """What a scenario may do."""

    house: House
    profession: Profession
    _lives: dict[str, int] = field(default_factory=dict)

    async def join(self, count: int) -> list[Person]:
        """So many people join, some at a time; gives those who did."""
        before = len(self.profession.people)
        one_of_few = asyncio.Semaphore(AT_ONCE)

        async def join() -> None:
            async with one_of_few:
                await members.join(self.profession)

        await asyncio.gather(*(join() for _ in range(count)))
        return [its for its in self.profession.people[before:] if not its.busy]

    async def move(self, person: Person, times: int) -> None:
        """Somebody changes grade, again and again; whose command has no answer is left alone, as by the generator."""
        for _ in range(times):
            if not person.busy:
                await members.change_grade(self.profession, person)

    async def erase(self, *people: Person) -> None:
        for person in people:
            await members.erase(self.profession, person)

    async def ask(self, command: Callable[[Profession], Awaitable[None]], times: int = 1) -> None:
        """A command, so many times after each other, drawn as by the generator."""
        for _ in range(times):
            await command(self.profession)

    async def ask_about(self, command: Callable[[Profession, Person], Awaitable[None]], person: Person) -> None:
        """The same of somebody, unless their last has no answer."""
        if not person.busy:
            person.busy = True
            await command(self.profession, person)

    async def a_day_passes(self, service: str) -> None:
        """It is the second morning after this one, and a service has done what is due by then."""
        for _ in range(2):
            move_to(self.house, next_morning(business_now(self.house)))
        url, now, deadline = self.house.databases[service], business_now(self.house), time.monotonic() + PATIENCE
        while open_ones := {what for what, count in (await witness.unsettled(url, service, now)).items() if count}:
            if time.monotonic() > deadline:
                raise CannotGoOn(f"{service} does not do what is due: {', '.join(sorted(open_ones))}")
            await asyncio.sleep(0.1)

    async def everyday(self, commands: int) -> None:
        """So many commands of all kinds, as the generator draws them."""

        async def at_once(_number: int) -> None:
            pass

        await run(self.profession, len(self.profession.history.commands) + commands, at_once)

    async def begin(self, service: str) -> None:
        """The first start of a service that the scenario keeps for later."""
        await self.house.begin([service])

    async def kill(self, service: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a service; the supervisor starts it again."""
        await self.back(service)
        pid = self._lives[service] = self.house.part(service).pid
        os.kill(pid, how)

    async def stop(self, service: str) -> None:
        """Ask a service to end in order, as a deployment does; it is started again."""
        await self.kill(service, signal.SIGTERM)

    async def back(self, service: str) -> None:
        """Wait until a service that was ended lives again, and is ready."""
        deadline = time.monotonic() + PATIENCE
        while (its := self.house.part(service)).poll() is not None or its.pid == self._lives.get(service):
            if time.monotonic() > deadline:
                raise CannotGoOn(f"{service} did not come back")
            await asyncio.sleep(0.1)
        await all_ready(self.house.platform, lambda _: None, [service])

    async def hears(self, service: str) -> None:
        """Wait until a service has noted that it heard something more."""
        url = self.house.databases[service]
        before, deadline = sum((await witness.heard_so_far(url)).values()), time.monotonic() + PATIENCE
        while sum((await witness.heard_so_far(url)).values()) == before:
            if time.monotonic() > deadline:
                raise CannotGoOn(f"{service} hears nothing")
            await asyncio.sleep(0.02)

    @contextlib.asynccontextmanager
    async def meanwhile(self, commands: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
        """While these commands are sent."""
        async with asyncio.TaskGroup() as both:
            both.create_task(commands)
            yield

    @contextlib.contextmanager
    def cut(self, store: str) -> Iterator[None]:
        """Nobody reaches Kafka, or the database of a service."""
        self.house.proxies[store].cut()
        try:
            yield
        finally:
            self.house.proxies[store].heal()

    @contextlib.asynccontextmanager
    async def second(self, service: str) -> AsyncIterator[None]:
        """Another replica beside the first, which is ready."""
        port = free_port()
        its = await asyncio.to_thread(self.house.start_second, service, port)
        try:
            await self._answers(service, f"http://{HOST}:{port}/health/ready")
            await asyncio.sleep(JOINING)
            yield
        finally:
            await asyncio.to_thread(its.stop)

    async def _answers(self, service: str, url: str) -> None:
        deadline = time.monotonic() + PATIENCE
        async with httpx2.AsyncClient(timeout=5, trust_env=False) as client:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx2.HTTPError):
                    if (await client.get(url)).is_success:
                        return
                await asyncio.sleep(0.2)
        raise CannotGoOn(f"the second replica of {service} does not become ready")
