"""uvicorn that rests: it looks for its end when it is asked to end, not ten times a second."""

import asyncio
import contextlib
from types import FrameType

import uvicorn

DATE_SECONDS = 1.0  # the grain of the header


class Server(uvicorn.Server):
    """As uvicorn's own in everything else."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._asked = asyncio.Event()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DATE_SECONDS if self.config.date_header else None):
                    await self._asked.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        # A signal's handler runs in the midst of the loop, which may be asleep.
        asyncio.get_running_loop().call_soon_threadsafe(self._asked.set)
