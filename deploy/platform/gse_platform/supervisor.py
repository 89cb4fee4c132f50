"""Keeps the parts of the platform running: starts them, names and restarts what dies, and leaves nothing behind.

Promise: when `stop` returns, no part runs. When this process is killed outright the parts die with it, because each
was started as a child that asks the system for that (testkit.children).
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from testkit import children

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
# A part that ran this long before it died begins again with the shortest pause.
SETTLED = 30.0
LOOK_EVERY = 0.2
# What a service may take to drain (it promises 25 s), and a moment more.
DRAIN = 27.0


class Running(Protocol):
    """A part that was started.

    `poll` gives its exit code once it has ended, `stop` asks it to end and waits, `kill` ends it at once.
    """

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def stop(self) -> None: ...

    def kill(self) -> None: ...


@dataclass(frozen=True)
class Part:
    """Something to keep running. `start` may block. Parts of a higher layer need those below and stop before them."""

    name: str
    layer: int
    start: Callable[[], Running]
    log: Path | None = None

    def last_words(self) -> str:
        """The end of its log, for a sentence about its death; empty when it said nothing."""
        try:
            lines = (self.log.read_text(errors="replace") if self.log else "").split("\n")
        except OSError:
            return ""
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")


@dataclass(frozen=True)
class Process:
    """A program of ours as a part."""

    popen: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.popen.pid

    def poll(self) -> int | None:
        return self.popen.poll()

    def stop(self) -> None:
        children.stop(self.popen, within=DRAIN)

    def kill(self) -> None:
        children.kill(self.popen)


def program(name: str, layer: int, command: Sequence[str], *, env: Mapping[str, str], logs: Path) -> Part:
    """A part that is one program; its output goes to a log of its name."""
    log = logs / f"{name}.log"
    return Part(name, layer, lambda: Process(children.start(command, log=log, env=env)), log)


@dataclass
class Supervisor:
    """`say` names what dies; `changed` is called whenever a process came or was replaced."""

    say: Callable[[str], None]
    changed: Callable[[], None] = lambda: None
    running: dict[str, Running] = field(default_factory=dict)
    _layers: dict[str, int] = field(default_factory=dict)
    _starting: dict[str, asyncio.Future[Running]] = field(default_factory=dict)
    _watches: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: bool = False

    async def start(self, part: Part) -> Running:
        """Start a part for the first time; from then on it is kept running."""
        running = await self._begin(part)
        self._watches.append(asyncio.create_task(self._watch(part), name=f"watch {part.name}"))
        return running

    async def _begin(self, part: Part) -> Running:
        """Shielded: a Ctrl-C in the middle of a start must still get hold of what was started, to stop it."""
        self._layers[part.name] = part.layer
        starting = asyncio.ensure_future(asyncio.to_thread(part.start))
        self._starting[part.name] = starting
        starting.add_done_callback(lambda done: self._began(part, done))
        return await asyncio.shield(starting)

    def _began(self, part: Part, done: asyncio.Future[Running]) -> None:
        self._starting.pop(part.name, None)
        if not done.cancelled() and done.exception() is None:
            self.running[part.name] = done.result()
            if not self._stopping:
                self.changed()

    async def _watch(self, part: Part) -> None:
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            how = await ended(self.running[part.name])
            if self._stopping:
                return
            pause = FIRST_PAUSE if time.monotonic() - began > SETTLED else pause
            how += f": {words}" if how.startswith("exit") and (words := part.last_words()) else ""
            self.say(f"{part.name} died ({how}); starting it again in {pause:g} s")
            pause = await self._begin_again(part, pause)

    async def _begin_again(self, part: Part, pause: float) -> float:
        """Try until it starts; returns the pause before the next attempt, should it die at once."""
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                await self._begin(part)
            except Exception as error:  # noqa: BLE001 (whatever it is: it is named, and tried again)
                self.say(f"{part.name} did not start ({error}); trying again in {pause:g} s")
            else:
                self.say(f"{part.name} runs again")
                return pause

    async def stop(self) -> None:
        """Stop everything, the highest layer first; within a layer all at once."""
        self._stopping = True
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        if self._starting:
            await asyncio.wait(self._starting.values(), timeout=DRAIN)
        for layer in sorted(set(self._layers.values()), reverse=True):
            stopping = [
                asyncio.to_thread(running.stop) for name, running in self.running.items() if self._layers[name] == layer
            ]
            await asyncio.gather(*stopping, return_exceptions=True)

    def kill(self) -> None:
        """End everything now."""
        self._stopping = True
        for running in self.running.values():
            with contextlib.suppress(Exception):
                running.kill()


async def ended(running: Running) -> str:
    """Wait for the end of a process and say how it came."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # it has ended and was asked how; or the system is too old to tell
            await _over(os.pidfd_open(running.pid))
    while (code := running.poll()) is None:  # noqa: ASYNC110 (a process sets no event)
        await asyncio.sleep(LOOK_EVERY)
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


async def _over(process: int) -> None:
    """Wait until the system says that the process of this descriptor has ended, and close the descriptor."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(process)
        os.close(process)
