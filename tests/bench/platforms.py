"""The platform to be measured: `gse up` as anybody starts it, in a home of its own, and what its processes take."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from gse_platform.prove.people import Tokens
from gse_platform.prove.run import remove

GSE_UP = [sys.executable, "-P", "-m", "gse_platform", "up"]
STOP_SECONDS = 60
MIB = 1024  # kB, as /proc counts
OF_THE_KERNEL = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


@dataclass
class Up:
    """A running platform; `seconds` is what it took until it said Ready."""

    process: subprocess.Popen[str]
    home: Path
    seconds: float
    stopped: list[int] = field(default_factory=list)

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "platform.json").read_text())
        return found

    def tokens(self) -> Tokens:
        """Signs as members does at a sign-in."""
        return Tokens.of(self.home / "keys" / "signing.json")

    def pause(self, *names: str) -> None:
        """Stop processes where they are, so that they take nothing of the machine; they go on before the end."""
        for name in names:
            pid = self.state["pids"][name]
            os.kill(pid, signal.SIGSTOP)
            self.stopped.append(pid)


@contextmanager
def up(home: Path) -> Iterator[Up]:
    """`gse up` until the block ends, with its log beside the home."""
    environment = os.environ | {"GSE_HOME": str(home), "GSE_PORT": "0", "NO_COLOR": "1"}
    begun = time.monotonic()
    with (
        home.with_suffix(".log").open("w") as log,
        subprocess.Popen(
            GSE_UP, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        ) as process,
    ):
        its = Up(process, home, 0.0)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("Ready: "):
                raise RuntimeError(f"the platform did not start: {home.with_suffix('.log').read_text()[-500:]}")
            its.seconds = time.monotonic() - begun
            yield its
        finally:
            for pid in its.stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def fresh_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="gse-bench-"))
    try:
        yield folder / "home"
    finally:
        remove(folder)


@dataclass(frozen=True)
class Taken:
    """What a tree of processes holds of memory and has used of processors, by the name of each."""

    mib: dict[str, float]
    cpu_seconds: dict[str, float]


def taken(root: int) -> Taken:
    """PSS, in which shared pages count once in all: forks and PostgreSQL's buffers would count many times as RSS."""
    mib, cpu = dict[str, float](), dict[str, float]()
    for pid in _tree(root):
        with suppress(FileNotFoundError, ProcessLookupError):
            name = _name(pid)
            [kilobytes] = OF_THE_KERNEL.findall(Path(f"/proc/{pid}/smaps_rollup").read_text())
            fields = _after_the_name(pid)
            mib[name] = mib.get(name, 0) + int(kilobytes) / MIB
            # Its own time, and that of children that have ended: a server's short-lived ones are counted too.
            ticks = sum(int(each) for each in fields[11:15])
            cpu[name] = cpu.get(name, 0) + ticks / os.sysconf("SC_CLK_TCK")
    return Taken(mib, cpu)


def _tree(root: int) -> list[int]:
    parents = dict[int, int]()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError):
                parents[int(entry.name)] = int(_after_the_name(int(entry.name))[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _after_the_name(pid: int) -> list[str]:
    """The fields of stat from the third on: the name before them may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _name(pid: int) -> str:
    """What a person would call the process."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    if words[0].startswith("postgres:") or words[0].endswith("/postgres"):
        return "PostgreSQL"
    if "kafka.Kafka" in words:
        return "Kafka"
    modules = [word for before, word in pairwise(words) if before == "-m"]
    return modules[0] if modules else "another"
