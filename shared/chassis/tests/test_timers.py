"""Due work is looked for when its time has come: by the wall, by whoever knows, and by the business clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chassis.clock import clock_from
from chassis.database import Database
from chassis.timers import Timer

TO = timedelta(days=40)


@contextlib.asynccontextmanager
async def looking(store: Database, seconds: float) -> AsyncIterator[tuple[Timer, "asyncio.Queue[datetime]"]]:
    """A timer that runs, and the business instants at which it looked."""
    looks = asyncio.Queue[datetime]()

    async def look(database: Database) -> int:
        async with database.transaction() as tx:
            await looks.put(tx.now)
        return 0

    timer = Timer("test", look, seconds=seconds)
    task = asyncio.create_task(timer.run(store))
    try:
        async with asyncio.timeout(20):
            yield timer, looks
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_it_looks_at_its_start_and_again_when_its_seconds_are_over(store: Database) -> None:
    async with looking(store, seconds=0.01) as (_, looks):
        for _ in range(3):
            await looks.get()


async def test_it_looks_when_it_is_woken(store: Database) -> None:
    async with looking(store, seconds=3600) as (timer, looks):
        await looks.get()
        timer.wake()
        await looks.get()


async def test_it_looks_when_the_business_clock_was_moved_there_and_back(store: Database, tmp_path: Path) -> None:
    store.clock = clock_from(tmp_path / "clock")
    async with looking(store, seconds=3600) as (_, looks):
        await looks.get()
        (tmp_path / "clock").write_text(str(TO.total_seconds()))
        assert await looks.get() - datetime.now(UTC) > TO / 2
        (tmp_path / "clock").write_text("0")
        assert await looks.get() - datetime.now(UTC) < TO / 2


@pytest.mark.parametrize("turns", range(6))
async def test_a_timer_woken_at_the_moment_of_its_stop_stops(store: Database, turns: int) -> None:
    looked = asyncio.Event()

    async def nothing(_database: Database) -> int:
        looked.set()
        return 0

    timer = Timer("test", nothing, seconds=3600)
    task = asyncio.create_task(timer.run(store))
    await looked.wait()
    await asyncio.sleep(0.01)
    timer.wake()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=2)
    if not done:
        task.cancel()
    assert done == {task}
