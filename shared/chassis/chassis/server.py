"""uvicorn that rests: it sees its end when it is asked to end, and looks for it once a second, not ten times."""

import asyncio
import contextlib
from types import FrameType

import uvicorn

LOOK_SECONDS = 1.0  # the grain of the date header; and a signal between two steps of the loop may wake nobody


class Server(uvicorn.Server):
    """As uvicorn's own in everything else."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._asked = asyncio.Event()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._asked.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        # A signal's handler runs in the midst of the loop, which may be asleep.
        asyncio.get_running_loop().call_soon_threadsafe(self._asked.set)
