"""A cluster on this machine: its home, its roles, its user, its end."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from testkit import children
from testkit.postgres_process import PostgresProcess, start_postgres
from testkit.unavailable import Unavailable

Start = Callable[[Path], PostgresProcess]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresProcess]:
    postgres = start_postgres(tmp_path_factory.mktemp("running"))
    yield postgres
    postgres.stop()
    shutil.rmtree(postgres.folder)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers that are gone after the test, with what they kept outside their homes."""
    started: list[PostgresProcess] = []

    def begin(home: Path) -> PostgresProcess:
        started.append(start_postgres(home))
        return started[-1]

    yield begin
    for postgres in started:
        postgres.stop()
        children.remove(postgres.folder)


@pytest.fixture
def open_home() -> Iterator[Path]:
    """A folder that every user of the machine may enter, unlike pytest's own."""
    home = Path(tempfile.mkdtemp())
    home.chmod(0o755)
    yield home
    shutil.rmtree(home)


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_second_start_finds_data_and_port_again_after_a_stop_and_after_a_kill(
    start: Start, open_home: Path
) -> None:
    first = start(open_home)
    url = first.create_database("things", "things", "it's a p@ss:word/")
    await ask(url, "CREATE TABLE thing AS SELECT 1 AS n")
    first.stop()
    assert first.poll() == 0

    second = start(open_home)
    await ask(url, "INSERT INTO thing VALUES (2)")
    second.kill()

    third = start(open_home)
    assert (third.port, third.folder) == (first.port, open_home / "postgres")
    assert await ask(url, "SELECT array_agg(n) FROM thing") == [1, 2]


def test_root_runs_it_as_somebody_else_where_that_user_may_go(running: PostgresProcess) -> None:
    runs_as = Path(f"/proc/{running.pid}").stat().st_uid
    data_of = (running.folder / "data").stat()
    assert runs_as != 0
    assert (data_of.st_uid, data_of.st_mode & 0o777) == (runs_as, 0o700)
    assert (running.home / "postgres.json").stat().st_mode & 0o777 == 0o600
    # pytest's folders are closed to others: for root the data lives outside, for everybody else at home.
    assert running.folder.is_relative_to("/var/tmp" if os.getuid() == 0 else running.home)


async def test_the_owner_of_one_database_cannot_enter_another(running: PostgresProcess) -> None:
    members = running.create_database("members", "members", "m")
    running.create_database("events", "events", "e")
    assert await ask(members, "SELECT current_user") == "members"
    for database in ("events", "postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(running.url(database, "members", "m"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(running.url("members", "members", "guess"))


async def test_a_database_that_is_there_stays_and_its_password_becomes_the_given_one(running: PostgresProcess) -> None:
    await ask(running.create_database("kept", "kept", "old"), "CREATE TABLE thing AS SELECT 1 AS n")
    url = running.create_database("kept", "kept", "new")
    assert await ask(url, "SELECT n FROM thing") == 1


async def test_every_commit_is_synced_to_disk_and_nobody_outside_this_machine_is_heard(
    running: PostgresProcess,
) -> None:
    settings = ("fsync", "synchronous_commit", "listen_addresses", "unix_socket_directories", "TimeZone")
    answers = [await ask(running.admin_url, f"SELECT current_setting('{name}')") for name in settings]
    assert answers == ["on", "on", "127.0.0.1", "", "UTC"]


async def test_what_a_failing_statement_was_about_stays_out_of_the_log(running: PostgresProcess) -> None:
    url = running.create_database("quiet", "quiet", "q")
    await ask(url, "CREATE TABLE person (name text PRIMARY KEY)")
    await ask(url, "INSERT INTO person VALUES ('Ada Canary')")
    with pytest.raises(asyncpg.UniqueViolationError):
        await ask(url, "INSERT INTO person VALUES ('Ada Canary')")
    log = running.log.read_text()
    assert "duplicate key value" in log
    assert "Canary" not in log


def test_two_homes_run_side_by_side(running: PostgresProcess, start: Start, tmp_path: Path) -> None:
    other = start(tmp_path)
    assert other.port != running.port
    assert (running.poll(), other.poll()) == (None, None)
    assert os.getpgid(other.pid) != os.getpgid(0)  # Ctrl-C is the parent's alone


def test_a_second_postgres_on_one_home_says_that_one_runs_there(running: PostgresProcess) -> None:
    with pytest.raises(Unavailable, match=r"Another PostgreSQL runs on .*: stop that one first"):
        start_postgres(running.home)
    assert running.poll() is None


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"Port {port} is taken by another program: stop that one or choose"):
            start_postgres(tmp_path, port=port)


def test_a_corrupt_home_is_a_sentence(start: Start, open_home: Path) -> None:
    start(open_home).stop()
    (open_home / "postgres" / "data" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(Unavailable, match=r"cannot be used .*: move that folder away, or delete it"):
        start_postgres(open_home)
    (open_home / "postgres.json").write_text("[]")
    with pytest.raises(Unavailable, match=r"cannot be used \(postgres.json cannot be read\)"):
        start_postgres(open_home)
