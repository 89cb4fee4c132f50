"""Child processes that cannot outlive this one, however it ends.

Each child has a session of its own, so that Ctrl-C reaches only the parent, which then decides the order of stopping.
The kernel sends it a signal when the *thread* that started it ends: so all children are started by one thread here
that lives as long as the process does, and never by a worker thread of somebody's pool.
"""

import contextlib
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class User:
    """Somebody with fewer rights, for programs that refuse to run as root."""

    uid: int
    gid: int


def command_line(
    command: Sequence[str | Path], *, user: User | None = None, death_signal: signal.Signals = signal.SIGKILL
) -> list[str]:
    """The same program, told to die with this process.

    For those who start processes themselves: only from the main thread, and with `start_new_session=True`.
    """
    identity = "-" if user is None else f"{user.uid}:{user.gid}"
    start = [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), str(int(death_signal)), identity]
    return [*start, *map(str, command)]


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: User | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    inherits: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Starts a program in the background with its output in a fresh log; the log before it is kept as `<name>.1`."""
    turn(log)
    line = command_line(command, user=user, death_signal=death_signal)

    def spawn() -> subprocess.Popen[bytes]:
        descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            return subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
                umask=0o077,
                pass_fds=inherits,
            )
        finally:
            os.close(descriptor)

    return _spawner.call(spawn)


def turn(log: Path) -> None:
    """Makes way for a fresh log; the one before is kept as `<name>.1`."""
    with contextlib.suppress(FileNotFoundError):
        log.replace(log.with_name(log.name + ".1"))


def stop(process: subprocess.Popen[bytes], *, within: float, how: signal.Signals = signal.SIGTERM) -> None:
    """Asks a child to end and waits for it; what has not ended within the time is killed."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Ends a child and what it started at once, as a power cut would."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def remove(folder: Path) -> None:
    """A folder and all in it, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def in_thread(work: Callable[[], None]) -> None:
    """Waits for something that wants a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


class _Spawner:
    """One thread that starts all children, made at the first of them."""

    def __init__(self) -> None:
        self._orders: queue.SimpleQueue[tuple[Callable[[], subprocess.Popen[bytes]], Future[subprocess.Popen[bytes]]]]
        self._orders = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def call(self, spawn: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="children", daemon=True)
                self._thread.start()
        answer: Future[subprocess.Popen[bytes]] = Future()
        self._orders.put((spawn, answer))
        return answer.result()

    def _work(self) -> None:
        while True:
            spawn, answer = self._orders.get()
            try:
                answer.set_result(spawn())
            except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that asked
                answer.set_exception(error)


_spawner = _Spawner()
