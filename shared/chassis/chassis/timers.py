"""Due work: rows with an instant, taken once, by whichever replica comes first.

The function given takes what is due in a transaction of its own (`FOR UPDATE SKIP LOCKED`, the change of state being
the guard) and says how many it took; a timer calls it until nothing is left, and again when time has passed or the
business clock was moved.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from chassis.causes import new_cause, present_cause
from chassis.clock import Clock
from chassis.database import Conflict, Database, Outage
from chassis.telemetry import logger

LOOK_SECONDS = 1.0  # at the business clock
MOVED_SECONDS = 1.0  # what it has gone beside the time that passed
log = logger(__name__)


@dataclass
class Timer:
    """Due work that is looked for every `seconds` of wall time, and at once when `wake` is called in this process.

    A business clock that was moved is noticed within a second.
    """

    name: str
    take: Callable[[Database], Awaitable[int]]
    seconds: float = 5.0
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self._woken.set()

    async def run(self, database: Database) -> None:
        """For ever; an outage is waited out and a bug is logged and tried again. Cancel it to stop."""
        while True:
            self._woken.clear()
            began, shown = time.monotonic(), database.clock()
            present_cause.set(new_cause())
            try:
                while await self.take(database):
                    present_cause.set(new_cause())
            except (Outage, Conflict):
                await asyncio.sleep(random.uniform(0.2, 1))  # noqa: S311 - jitter
                continue
            except Exception:
                log.exception("due work failed and will be tried again", timer=self.name)
                await asyncio.sleep(1)
            await self._rest(database.clock, began, shown)

    async def _rest(self, clock: Clock, began: float, shown: datetime) -> None:
        """Until it is woken, its seconds are over, or the clock does not show what it should."""
        ends = time.monotonic() + self.seconds
        while (left := ends - time.monotonic()) > 0 and not self._woken.is_set():
            passed, gone = time.monotonic() - began, (clock() - shown).total_seconds()
            if abs(gone - passed) > MOVED_SECONDS:
                return
            # Not `wait_for`, which forgets a cancellation that comes at the moment of the waking.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, LOOK_SECONDS)):
                    await self._woken.wait()
