import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from gse_platform.supervisor import Part, Running, Supervisor, program

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


async def test_what_dies_is_named_and_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(say=said.append)
    first = await supervisor.start(sleeper("members", tmp_path))

    os.kill(first.pid, signal.SIGKILL)
    await until(lambda: supervisor.running["members"].pid != first.pid)

    assert said[0] == "members died (signal SIGKILL); starting it again in 0.5 s"
    assert alive(supervisor.running["members"].pid)
    await supervisor.stop()


async def test_what_dies_again_and_again_is_given_longer_and_longer_pauses(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(say=said.append)
    failing = [sys.executable, "-c", "print('no such database'); raise SystemExit(3)"]
    await supervisor.start(program("events", 0, failing, env={}, logs=tmp_path))

    await until(lambda: sum("died" in line for line in said) == 3)
    await supervisor.stop()

    assert [line for line in said if "died" in line] == [
        "events died (exit code 3: no such database); starting it again in 0.5 s",
        "events died (exit code 3: no such database); starting it again in 1 s",
        "events died (exit code 3: no such database); starting it again in 2 s",
    ]


async def test_a_restart_that_fails_is_tried_again(tmp_path: Path) -> None:
    said: list[str] = []
    attempts: list[int] = []

    def start() -> Running:
        attempts.append(1)
        if len(attempts) == 2:
            raise RuntimeError("the port is still taken")
        return sleeper("kafka", tmp_path).start()

    supervisor = Supervisor(say=said.append)
    first = await supervisor.start(Part("kafka", 0, start))
    os.kill(first.pid, signal.SIGKILL)
    await until(lambda: "kafka runs again" in said)
    await supervisor.stop()

    assert said[1] == "kafka did not start (the port is still taken); trying again in 1 s"


async def test_stopping_goes_from_the_top_down_and_leaves_nothing(tmp_path: Path) -> None:
    supervisor = Supervisor(say=lambda _: None)
    order = tmp_path / "order"
    for name, layer in (("kafka", 0), ("members", 1), ("front-door", 2)):
        await supervisor.start(program(name, layer, noting_its_end(name, order), env={}, logs=tmp_path))
    await until(lambda: all("ready" in (tmp_path / f"{name}.log").read_text() for name in supervisor.running))

    pids = [running.pid for running in supervisor.running.values()]
    await supervisor.stop()

    assert order.read_text().split() == ["front-door", "members", "kafka"]
    assert not any(alive(pid) for pid in pids)


async def test_a_stop_in_the_middle_of_a_start_gets_hold_of_what_was_starting(tmp_path: Path) -> None:
    started: list[Running] = []
    going = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow() -> Running:
        loop.call_soon_threadsafe(going.set)
        started.append(sleeper("kafka", tmp_path).start())
        return started[0]

    supervisor = Supervisor(say=lambda _: None)
    starting = asyncio.create_task(supervisor.start(Part("kafka", 0, slow)))
    await going.wait()
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await supervisor.stop()

    assert not alive(started[0].pid)


def test_a_killed_supervisor_takes_its_parts_with_it(tmp_path: Path) -> None:
    code = f"""
import asyncio, pathlib
from gse_platform.supervisor import Supervisor, program
async def main():
    supervisor = Supervisor(say=print)
    part = program("members", 0, {SLEEPER!r}, env={{}}, logs=pathlib.Path({str(tmp_path)!r}))
    print((await supervisor.start(part)).pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()

    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


def sleeper(name: str, logs: Path) -> Part:
    return program(name, 0, SLEEPER, env={}, logs=logs)


def noting_its_end(name: str, file: Path) -> list[str]:
    code = f"""
import signal, sys
def end(*_):
    with open({str(file)!r}, "a") as out:
        out.write({name!r} + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
signal.pause()
"""
    return [sys.executable, "-c", code]


def alive(pid: int) -> bool:
    """Whether it still runs; one that has ended and was not collected by its parent does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not holds():  # noqa: ASYNC110 (what is waited for sets no event)
            await asyncio.sleep(0.02)
