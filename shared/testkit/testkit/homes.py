"""What a broker or a store remembers in its home, so that a second start finds the first one's data."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from testkit.unavailable import Unavailable, in_words, require_space


def open_home(home: Path) -> Path:
    """The home as a folder that exists, can be written to and has room."""
    home = home.absolute()
    with in_words(home):
        home.mkdir(parents=True, exist_ok=True)
        probe = home / ".probe"
        probe.touch()
        probe.unlink()
    require_space(home)
    return home


@contextlib.contextmanager
def sole_use(home: Path, what: str) -> Iterator[int]:
    """One server at a time in a home. The descriptor given holds the lock, also in a child that inherits it."""
    with (home / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Unavailable(f"Another {what} runs on {home}: stop that one first.") from error
        yield lock.fileno()


def remembered(file: Path, needed: set[str]) -> dict[str, Any] | None:
    """What a former start wrote; None before the first one."""
    try:
        memory = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    except (ValueError, OSError):
        memory = None
    if not isinstance(memory, dict) or not needed <= memory.keys():
        raise corrupt(file.parent, f"{file.name} cannot be read")
    return memory


def remember(file: Path, memory: dict[str, Any]) -> None:
    """Whole or not at all; for this user's eyes only, since it holds passwords."""
    half = file.with_name(file.name + ".half")
    with in_words(file.parent):
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
            json.dump(memory, out, indent=1)
        half.replace(file)


def corrupt(home: Path, reason: str) -> Unavailable:
    return Unavailable(
        f"The data in {home} cannot be used ({reason}): move that folder away, or delete it if you do not need it, "
        "then start again."
    )


def last_words(log: Path, *, lines: int = 1) -> str:
    """The end of a log, for a sentence about a program that has ended."""
    try:
        said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        said = []
    return " / ".join(said[-lines:]) or "it said nothing"
