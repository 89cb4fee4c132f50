"""PostgreSQL on this machine: one cluster as a child process, its data in a home that later starts find again."""

import asyncio
import secrets
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGQUIT
from typing import Any
from urllib.parse import quote

from testkit import children
from testkit.homes import corrupt, last_words, open_home, remember, remembered
from testkit.jars import postgres_programs
from testkit.ports import HOST, PortLostError, candidates, require_free
from testkit.postgres_databases import ADMIN, close_to_strangers, make_database
from testkit.postgres_place import Place, place_for
from testkit.progress import Progress, silent
from testkit.unavailable import Unavailable, disk_full, in_words

START_SECONDS = 60
STOP_SECONDS = 20
MEMORY = {"port", "password", "folder"}


@dataclass
class PostgresProcess:
    """A running cluster. It ends with `stop`, with `kill`, or with this process."""

    home: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    password: str

    def __repr__(self) -> str:
        return f"PostgresProcess({str(self.home)!r}, port={self.port}, pid={self.pid})"

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def admin_url(self) -> str:
        """The superuser's way in."""
        return self.url("postgres", ADMIN, self.password)

    def url(self, database: str, user: str, password: str) -> str:
        return f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{HOST}:{self.port}/{database}"

    def create_database(self, name: str, owner: str, password: str) -> str:
        """A database and the one role that may connect to it; what is there stays. Returns the owner's address."""
        _in_a_loop_of_its_own(make_database(self.admin_url, name, owner, password))
        return self.url(name, owner, password)

    def poll(self) -> int | None:
        """The exit code once it has ended by itself, else None."""
        return self.process.poll()

    def stop(self) -> None:
        """In order, ending open connections: the next start has nothing to recover."""
        children.stop(self.process, within=STOP_SECONDS, how=SIGINT)

    def kill(self) -> None:
        """As a power cut would. The home can be started again: what was committed is there."""
        children.kill(self.process)


def start_postgres(home: Path, *, port: int = 0, progress: Progress = silent) -> PostgresProcess:
    """A cluster that listens at 127.0.0.1 only, asks everybody for a password, and syncs each commit to disk.

    As root it runs as a user with fewer rights, and where that user cannot reach `home`, data and programs live in a
    folder under /var/tmp that `home` remembers (`folder`). Port 0 takes the port of the last start if it is free, else
    any. Blocks until it answers; raises Unavailable with a sentence when it cannot.
    """
    require_free(port)
    home = open_home(home)
    programs = postgres_programs(progress)
    with in_words(home):
        memory = _memory(home)
        place = place_for(home, programs, folder=memory["folder"])
        memory["folder"] = str(place.folder)
        remember(home / "postgres.json", memory)
        _initialise_once(home, place, memory["password"], progress)
        progress("Starting PostgreSQL")
        for chosen in candidates(port, last=memory["port"]):
            try:
                postgres = _started(home, place, chosen, memory["password"])
            except PortLostError:
                continue
            try:
                _in_a_loop_of_its_own(close_to_strangers(postgres.admin_url))
            except BaseException:
                postgres.kill()
                raise
            remember(home / "postgres.json", memory | {"port": chosen})
            return postgres
    raise AssertionError("candidates never end without a reason")


def _memory(home: Path) -> dict[str, Any]:
    memory = remembered(home / "postgres.json", MEMORY)
    if memory is None:
        if (home / "postgres").exists():
            raise corrupt(home, "it has data but no postgres.json")
        memory = {"port": 0, "password": secrets.token_urlsafe(24), "folder": None}
    return memory


def _initialise_once(home: Path, place: Place, password: str, progress: Progress) -> None:
    """Makes the cluster beside its place and renames, so that an interrupted start leaves nothing half-made."""
    if place.data.exists():
        return
    progress("Making PostgreSQL's storage (once)")
    half, password_file = place.folder / "data.half", place.folder / "password"
    children.remove(half)
    place.write(password_file, password)
    arguments = ["--auth=scram-sha-256", f"--username={ADMIN}", f"--pwfile={password_file}", "--encoding=UTF8"]
    arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"]
    log = home / "initdb.log"
    try:
        command: list[str | Path] = [place.programs / "bin" / "initdb", f"--pgdata={half}", *arguments]
        process = children.start(command, log=log, cwd=place.folder, user=place.user, env={"TZ": "UTC", "LC_ALL": "C"})
        if process.wait(START_SECONDS) != 0:
            raise _diagnosis(home, log)
        half.rename(place.data)
    finally:
        password_file.unlink()


class _StillDyingError(Exception):
    """A killed server's children take a moment to notice that it is gone, and the next one must wait for them."""


def _started(home: Path, place: Place, port: int, password: str) -> PostgresProcess:
    deadline = time.monotonic() + START_SECONDS
    while True:
        postgres = _start(home, place, port, password)
        try:
            _wait(postgres)
        except _StillDyingError:
            if time.monotonic() > deadline:
                raise Unavailable(f"Another PostgreSQL still runs on {home}: stop that one first.") from None
            time.sleep(0.2)
        except BaseException:
            postgres.kill()
            raise
        else:
            return postgres


def _start(home: Path, place: Place, port: int, password: str) -> PostgresProcess:
    settings = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        # Small while nothing happens: a quarter of the usual buffers, since the system's own cache stands behind them,
        # and no three processes that only read ahead.
        "shared_buffers": "32MB",
        "io_method": "sync",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # A failing statement and the key it names hold people's names and addresses: neither belongs in a log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    command: list[str | Path] = [place.programs / "bin" / "postgres", "-D", place.data, *options]
    process = children.start(
        command,
        log=home / "postgres.log",
        cwd=place.folder,
        user=place.user,
        env={"TZ": "UTC", "LC_ALL": "C"},
        death_signal=SIGQUIT,  # at once, taking its own children along; recovery at the next start does the rest
    )
    return PostgresProcess(home=home, folder=place.folder, port=port, process=process, password=password)


def _wait(postgres: PostgresProcess) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "database system is ready to accept connections" not in postgres.log.read_text(errors="replace"):
        if postgres.poll() is not None:
            raise _diagnosis(postgres.home, postgres.log)
        if time.monotonic() > deadline:
            raise Unavailable(f"PostgreSQL was not ready within {START_SECONDS} seconds: see {postgres.log}.")
        time.sleep(0.02)


def _diagnosis(home: Path, log: Path) -> Exception:
    said = log.read_text(errors="replace")
    if "Address already in use" in said:
        return PortLostError()
    if "pre-existing shared memory block" in said:
        return _StillDyingError()
    if "No space left on device" in said:
        return disk_full(home)
    if 'lock file "postmaster.pid" already exists' in said:
        return Unavailable(f"Another PostgreSQL runs on {home}: stop that one first.")
    fatal = [line for line in said.splitlines() if "FATAL:" in line or "PANIC:" in line or "error:" in line]
    return corrupt(home, f"PostgreSQL ended with: {fatal[-1] if fatal else last_words(log)}")


def _in_a_loop_of_its_own(work: Any) -> None:
    """For callers in any thread, with or without a running event loop."""
    children.in_thread(lambda: asyncio.run(work))
