"""A home: the folder that holds one local platform. One running instance each, found again by the other commands."""

import fcntl
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
ROOM_NEEDED = 500_000_000


class CannotGoOn(Exception):  # noqa: N818 (a sentence for the person at the terminal, shown without a traceback)
    """What stands in the way and what to do about it, in one sentence."""


@dataclass(frozen=True)
class Home:
    path: Path

    @property
    def state(self) -> Path:
        return self.path / "platform.json"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def mail(self) -> Path:
        return self.path / "mail"

    @property
    def clock(self) -> Path:
        return self.path / "clock"


def the_home() -> Home:
    return Home(Path(os.environ.get("GSE_HOME") or ROOT / ".gse").absolute())


def make(home: Home) -> None:
    try:
        for folder in (home.path, home.logs, home.keys, home.mail):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotGoOn(
            f"The home {home.path} cannot be made ({error.strerror}): set GSE_HOME to a folder that you may write to.",
        ) from None
    if shutil.disk_usage(home.path).free < ROOM_NEEDED:
        raise CannotGoOn(
            f"The disk that holds {home.path} is almost full: free 500 MB or set GSE_HOME to another disk."
        )


@contextmanager
def held(home: Home) -> Iterator[None]:
    """Hold the home for this process; the system lets go of it however the process ends."""
    with (home.path / "lock").open("a+") as lock:
        if not _locked(lock.fileno()):
            lock.seek(0)
            raise CannotGoOn(
                f"Another gse (pid {lock.read().strip() or 'unknown'}) runs in {home.path}:"
                " stop it with Ctrl-C, or set GSE_HOME and GSE_PORT to start a second platform beside it.",
            )
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _locked(lock: int) -> bool:
    """Tried for a moment, since a command that only asks whether somebody runs here holds the lock for an instant."""
    for _ in range(5):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return True
    return False


def runs(home: Home) -> bool:
    """Whether a living process holds the home."""
    try:
        with (home.path / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def write_state(home: Home, state: dict[str, Any]) -> None:
    write_privately(home.state, json.dumps(state, indent=2) + "\n")


def read_state(home: Home) -> dict[str, Any]:
    """What the running platform wrote of itself."""
    nothing = f"Nothing runs in {home.path}: start it with ./gse up"
    if not runs(home):
        raise CannotGoOn(nothing)
    state = read_json(home.state, {})
    if not state or state.get("pid") != _holder(home):
        raise CannotGoOn(f"The platform in {home.path} is only starting: try again in a moment")
    return state


def _holder(home: Home) -> int | None:
    words = (home.path / "lock").read_text().strip()
    return int(words) if words.isdigit() else None


def read_json(path: Path, otherwise: dict[str, Any]) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return otherwise
    except (ValueError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict):
        raise CannotGoOn(
            f"{path} is damaged: move the home {path.parent} away (or delete it) and start again with ./gse up",
        )
    return found


def write_privately(path: Path, text: str) -> None:
    """Replace the file at once, readable by its owner only: a reader sees the old text or the new."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def remembered(home: Home, name: str, fresh: dict[str, Any]) -> dict[str, Any]:
    """What an earlier start wrote under this name; what is missing there is added from `fresh`."""
    path = home.path / name
    found = read_json(path, {})
    whole = fresh | found
    if whole != found:
        write_privately(path, json.dumps(whole, indent=2) + "\n")
    return whole


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def ports(home: Home, *names: str) -> dict[str, int]:
    """A port for each name: the one of the last start where it is still free, so that addresses stay true."""
    before = read_json(home.path / "ports.json", {})
    chosen: dict[str, int] = {}
    with_sockets = []
    for name in names:
        port = before.get(name)
        if isinstance(port, int) and port not in chosen.values() and is_free(port):
            chosen[name] = port
            continue
        # Held until all are chosen, so that no two names get the same.
        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        with_sockets.append(probe)
        chosen[name] = probe.getsockname()[1]
    for probe in with_sockets:
        probe.close()
    write_privately(home.path / "ports.json", json.dumps(before | chosen, indent=2) + "\n")
    return chosen


def front_door_port() -> int:
    """The one fixed port. 0 asks for any free one."""
    words = os.environ.get("GSE_PORT") or "8000"
    if not words.isdigit() or int(words) > 65535:  # noqa: PLR2004 (the highest port there is)
        raise CannotGoOn(f"GSE_PORT is {words!r}: it must be a port number such as 8000.")
    port = int(words)
    if port and not is_free(port):
        raise CannotGoOn(f"Port {port} is taken by another program: stop that, or set GSE_PORT to a free port.")
    return port
