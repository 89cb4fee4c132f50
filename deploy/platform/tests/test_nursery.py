"""What is forked is told apart from `python -m` by nobody: not by its supervisor, its log, nor the system."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from gse_platform.nursery import Fork, Nursery
from testkit.ports import free_port


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path_factory.mktemp("logs"))
    yield nursery
    nursery.close()


def test_a_fork_is_a_process_of_its_own_that_stops_when_asked(nursery: Nursery, tmp_path: Path) -> None:
    port = free_port()
    sink = mail_sink(nursery, tmp_path, port)
    until(lambda: answers(port))

    command = Path(f"/proc/{sink.pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    assert command[3:5] == [b"gse_platform.mail_sink", b"--folder"]
    assert os.getsid(sink.pid) == sink.pid
    assert sink.poll() is None

    sink.stop()
    assert sink.poll() is not None
    assert not answers(port)


def test_a_refusal_has_its_exit_code_and_its_sentence_in_its_log(nursery: Nursery, tmp_path: Path) -> None:
    log = tmp_path / "members.log"
    log.write_text("of the life before")
    refusing = nursery.start(["members.app", "serve"], log, {"GSE_DATABASE_URL": "postgresql://here"})
    assert refusing.ended.result(60) == 2

    said = log.read_text()
    assert said.startswith("members: these settings are missing or wrong: ")
    assert "GSE_KAFKA_BOOTSTRAP" in said
    assert "GSE_DATABASE_URL" not in said
    assert log.with_name("members.log.1").read_text() == "of the life before"


def test_a_fork_that_is_killed_ends_alone(nursery: Nursery, tmp_path: Path) -> None:
    port = free_port()
    killed, other = mail_sink(nursery, tmp_path, free_port()), mail_sink(nursery, tmp_path, port)
    until(lambda: answers(port))

    os.kill(killed.pid, signal.SIGKILL)
    assert killed.ended.result(60) == -signal.SIGKILL
    killed.kill()  # what has ended is left alone
    assert answers(port)
    other.kill()
    assert other.poll() == -signal.SIGKILL


def test_a_fork_that_has_hardly_begun_is_killed_like_any_other(nursery: Nursery, tmp_path: Path) -> None:
    newborn = [mail_sink(nursery, tmp_path, free_port()) for _ in range(5)]
    for each in newborn:
        each.kill()
    assert [each.poll() for each in newborn] == [-signal.SIGKILL] * 5


def test_where_the_forking_process_dies_its_forks_do_too_and_the_next_start_makes_another(tmp_path: Path) -> None:
    nursery = Nursery(tmp_path)
    first = mail_sink(nursery, tmp_path, free_port())
    mother = int(Path(f"/proc/{first.pid}/stat").read_text().rpartition(")")[2].split()[1])

    os.kill(mother, signal.SIGKILL)
    assert first.ended.result(60) == -signal.SIGKILL
    until(lambda: not alive(first.pid))
    port = free_port()
    second = mail_sink(nursery, tmp_path, port)
    until(lambda: answers(port))
    nursery.close()
    assert second.ended.result(60) == -signal.SIGKILL
    until(lambda: not alive(second.pid))


def test_a_killed_owner_takes_its_forks_with_it(tmp_path: Path) -> None:
    script = f"""
import pathlib, time
from gse_platform.nursery import Nursery
here = pathlib.Path({str(tmp_path)!r})
ports = ["--smtp-port", "{free_port()}", "--http-port", "{free_port()}"]
words = ["gse_platform.mail_sink", "--folder", str(here), *ports]
print(Nursery(here).start(words, here / "mail.log", {{}}).pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert alive(pid)
        owner.kill()
    until(lambda: not alive(pid))


def mail_sink(nursery: Nursery, folder: Path, port: int) -> Fork:
    words = [
        "gse_platform.mail_sink",
        "--folder",
        str(folder),
        "--smtp-port",
        str(free_port()),
        "--http-port",
        str(port),
    ]
    return nursery.start(words, folder / f"{port}.log", dict(os.environ))


def answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/messages", trust_env=False).status_code == 200
    except httpx2.RequestError:
        return False


def alive(pid: int) -> bool:
    """Whether it still runs; one that has ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
