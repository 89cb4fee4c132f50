"""Due work: rows with an instant, taken once, by whichever replica comes first.

The function given takes what is due in a transaction of its own (`FOR UPDATE SKIP LOCKED`, the change of state being
the guard) and says how many it took; a timer calls it until nothing is left, and again when time has passed.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from chassis.causes import new_cause, present_cause
from chassis.database import Conflict, Database, Outage
from chassis.telemetry import logger

log = logger(__name__)


@dataclass
class Timer:
    """Due work that is looked for every `seconds` of wall time, and at once when `wake` is called in this process."""

    name: str
    take: Callable[[Database], Awaitable[int]]
    seconds: float = 1.0
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self._woken.set()

    async def run(self, database: Database) -> None:
        """For ever; an outage is waited out and a bug is logged and tried again. Cancel it to stop."""
        while True:
            self._woken.clear()
            present_cause.set(new_cause())
            try:
                while await self.take(database):
                    present_cause.set(new_cause())
            except (Outage, Conflict):
                await asyncio.sleep(random.uniform(0.2, 1))  # noqa: S311 - jitter
            except Exception:
                log.exception("due work failed and will be tried again", timer=self.name)
                await asyncio.sleep(1)
            # Not `wait_for`, which forgets a cancellation that comes at the moment of the waking.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.seconds):
                    await self._woken.wait()
