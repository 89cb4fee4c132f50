import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gse_platform.home import CannotGoOn, Home, held, make, ports, read_state, remembered, write_state

GSE = [sys.executable, "-P", "-m", "gse_platform"]


def test_a_home_where_nothing_runs_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(CannotGoOn) as stopped:
        read_state(Home(tmp_path / "never"))

    assert str(stopped.value) == f"Nothing runs in {tmp_path}/never: start it with ./gse up"


def test_what_a_killed_platform_left_behind_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    home = made(tmp_path)
    with held(home):
        write_state(home, {"pid": os.getpid(), "front_door": "http://localhost:8000"})
        assert read_state(home)["front_door"] == "http://localhost:8000"

    with pytest.raises(CannotGoOn, match="Nothing runs in"):
        read_state(home)


def test_a_platform_that_has_not_said_anything_yet_is_only_starting(tmp_path: Path) -> None:
    home = made(tmp_path)
    with held(home), pytest.raises(CannotGoOn, match="only starting"):
        read_state(home)


def test_the_state_is_for_its_owner_only(tmp_path: Path) -> None:
    home = made(tmp_path)
    write_state(home, {})

    assert home.state.stat().st_mode & 0o777 == 0o600


def test_a_home_holds_one_platform_and_says_who(tmp_path: Path) -> None:
    home = made(tmp_path)
    with held(home), pytest.raises(CannotGoOn, match=rf"Another gse \(pid {os.getpid()}\) runs in "), held(home):
        pass


def test_ports_stay_the_same_while_they_are_free(tmp_path: Path) -> None:
    home = made(tmp_path)
    first = ports(home, "members", "events")
    assert ports(home, "members", "events") == first

    with socket.socket() as other:
        other.bind(("127.0.0.1", first["members"]))
        other.listen()
        then = ports(home, "members", "events")

    assert then["members"] != first["members"]
    assert then["events"] == first["events"]


def test_a_damaged_file_in_the_home_is_named_with_what_to_do(tmp_path: Path) -> None:
    home = made(tmp_path)
    (home.path / "secrets.json").write_text("{half")

    with pytest.raises(CannotGoOn, match=r"secrets\.json is damaged: move the home"):
        remembered(home, "secrets.json", {"a": "b"})


def test_a_taken_port_is_a_sentence_and_not_a_success(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = gse("up", home=tmp_path, port=str(port))

    assert done.returncode == 1
    assert done.stderr == f"Port {port} is taken by another program: stop that, or set GSE_PORT to a free port.\n"


def test_a_port_that_is_no_number_is_a_sentence(tmp_path: Path) -> None:
    done = gse("up", home=tmp_path, port="eight")

    assert (done.returncode, done.stderr) == (1, "GSE_PORT is 'eight': it must be a port number such as 8000.\n")


@pytest.mark.parametrize("command", [["status", "--json"], ["token", "--as", "team"], ["tail", "gse.members"]])
def test_commands_that_need_a_platform_say_that_none_runs(tmp_path: Path, command: list[str]) -> None:
    done = gse(*command, home=tmp_path, port="8000")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Nothing runs in {tmp_path}: start it with ./gse up\n"


def gse(*arguments: str, home: Path, port: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"GSE_HOME": str(home), "GSE_PORT": port}
    return subprocess.run([*GSE, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60)


def made(folder: Path) -> Home:
    home = Home(folder)
    make(home)
    return home
