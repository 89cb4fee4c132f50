"""Starts modules of ours as processes by forking one that has imported before what all of them share.

Four services and their neighbours import much the same: one import instead of seven is half of the platform's start,
and the memory of it is shared. Each is a process of its own all the same: with its own number, session, environment,
log, exit code and end. All of them die with the forking process, and that one with this one; it is started again when
it is needed. What is forked runs the code of the time when the platform was started. Linux only.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from gse_platform.supervisor import DRAIN
from testkit import children

BIRTH_SECONDS = 60  # the first waits for all the imports
# Its children write their own command lines over this one, so there is room for them.
ROOM = "-" * 120


@dataclass(frozen=True)
class Fork:
    """A module of ours as a part."""

    pid: int
    ended: "Future[int]"

    def poll(self) -> int | None:
        return self.ended.result() if self.ended.done() else None

    def stop(self) -> None:
        self._signal(signal.SIGTERM)
        try:
            self.ended.result(DRAIN)
        except TimeoutError:
            self.kill()

    def kill(self) -> None:
        """With what it started, as a power cut would."""
        if not self.ended.done():
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:  # it has ended, or has just begun and has no group of its own yet
                self._signal(signal.SIGKILL)
            self.ended.result()

    def _signal(self, number: signal.Signals) -> None:
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


@dataclass
class _Mother:
    """The forking process, and what it tells."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    born: SimpleQueue[Fork | OSError | None] = field(default_factory=SimpleQueue)

    def listen(self) -> None:
        living: dict[str, Future[int]] = {}
        try:
            with self.channel, contextlib.suppress(ConnectionResetError), self.channel.makefile() as lines:
                for line in lines:
                    match line.split():
                        case ["started", pid]:
                            living[pid] = Future()
                            self.born.put(Fork(int(pid), living[pid]))
                        case ["failed", number]:
                            self.born.put(OSError(int(number), os.strerror(int(number))))
                        case ["ended", pid, code]:
                            living.pop(pid).set_result(int(code))
        finally:
            self.born.put(None)
            for ended in living.values():
                ended.set_result(-signal.SIGKILL)  # by the kernel, since their parent has gone


class Nursery:
    """Started by `begin`, and again by a `start` when it has died; gone when `close` returns."""

    def __init__(self, logs: Path) -> None:
        self._log = logs / "nursery.log"
        self._lock = threading.Lock()
        self._mother: _Mother | None = None

    def begin(self) -> None:
        """Let it import while other things are done. Returns at once."""
        with self._lock:
            self._living()

    def start(self, words: Sequence[str], log: Path, env: Mapping[str, str]) -> Fork:
        """`python -m <words>` with a log and an environment of its own. Blocks until it is there."""
        children.turn(log)
        order = {"words": list(words), "log": str(log), "environment": dict(env)}
        with self._lock:
            mother = self._living()
            with contextlib.suppress(OSError):  # it has ended, as `born` tells
                mother.channel.sendall(json.dumps(order).encode() + b"\n")
            try:
                fork = mother.born.get(timeout=BIRTH_SECONDS)
            except Empty:
                children.kill(mother.process)
                fork = None
            if fork is None:
                self._mother = None
                raise RuntimeError(f"the process that starts it ended: see {self._log}")
            if isinstance(fork, OSError):
                raise fork
            return fork

    def close(self) -> None:
        """End it; what of it still runs is ended by the kernel."""
        with self._lock:
            if self._mother is not None:
                children.kill(self._mother.process)
                self._mother = None

    def _living(self) -> _Mother:
        if self._mother is None or self._mother.process.poll() is not None:
            ours, theirs = socket.socketpair()
            with theirs:
                end = theirs.fileno()
                line = [sys.executable, "-P", "-m", "gse_platform.nursery_process", str(end), ROOM]
                process = children.start(line, log=self._log, inherits=[end])
            self._mother = _Mother(process, ours)
            threading.Thread(target=self._mother.listen, name="nursery", daemon=True).start()
        return self._mother


@contextlib.contextmanager
def preparing(logs: Path) -> Iterator[Callable[[Sequence[str], Path, Mapping[str, str]], Fork] | None]:
    """How to start modules from a nursery that lives for the block; None on a system that it is not for."""
    if not _is_told_of_ends():
        yield None
        return
    nursery = Nursery(logs)
    try:
        nursery.begin()
        yield nursery.start
    finally:
        nursery.close()


def _is_told_of_ends() -> bool:
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # an old system, or one that forbids it
        return False
    return True
