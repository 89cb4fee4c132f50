"""The whole platform, once: from an empty home to Ready, through deaths and ends of every kind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from confluent_kafka.admin import AdminClient

from testkit.access import Right
from testkit.addresses import KafkaAddress
from testkit.cluster import allow
from testkit.ports import free_port

GSE = [sys.executable, "-P", "-m", "gse_platform"]

pytestmark = pytest.mark.timeout(300)


class Platform:
    """`gse up` in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.environment = os.environ | {"GSE_HOME": str(home), "GSE_PORT": str(free_port()), "NO_COLOR": "1"}
        self.home = home
        self.log = home.with_suffix(".log")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*GSE, "up"],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def ready(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("Ready: http://localhost:"), self.log.read_text()
        return line.removeprefix("Ready: ").strip()

    def run(self, *arguments: str, **told: str) -> subprocess.CompletedProcess[str]:
        environment = self.environment | told
        return subprocess.run(
            [*GSE, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def status(self) -> dict[str, Any]:
        done = self.run("status", "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def pids(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self.home / "platform.json").read_text())["pids"]
        return found

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    running = Platform(tmp_path_factory.mktemp("platform") / "home")
    try:
        running.ready()
        yield running
    finally:
        running.end()


def test_every_service_is_ready_and_nothing_is_behind(platform: Platform) -> None:
    found = platform.status()

    assert list(found["services"]) == ["members", "mentoring", "events", "notifications"]
    for service in found["services"].values():
        assert service["ready"] is True
        assert (service["outbox_backlog"], service["lag_records"], service["parked"]) == (0, 0, 0)
    assert found["kafka"]["client"]["sasl_plain_username"] == "operator"


@pytest.mark.parametrize("persona", ["member", "hosep", "team", "operator"])
def test_a_persona_gets_a_token_that_members_signed(platform: Platform, persona: str) -> None:
    done = platform.run("token", "--as", persona)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(".") == 2


def test_nothing_is_parked_as_far_as_the_operator_can_see(platform: Platform) -> None:
    assert platform.run("parked", "list").stdout == "Nothing is parked.\n"


def test_what_is_declared_for_kafka_holds_and_what_is_not_is_planned_to_go_and_goes(platform: Platform) -> None:
    assert platform.run("kafka", "plan").stdout == "Nothing is to be changed.\n"
    kafka = platform.status()["kafka"]
    client = kafka["client"]
    as_given = {
        "GSE_KAFKA_BOOTSTRAP": kafka["bootstrap_servers"],
        "GSE_KAFKA_SECURITY_PROTOCOL": client["security_protocol"],
        "GSE_KAFKA_USERNAME": client["sasl_plain_username"],
        "GSE_KAFKA_PASSWORD": client["sasl_plain_password"],
    }
    operator = KafkaAddress(
        kafka["bootstrap_servers"],
        client["security_protocol"],
        username=client["sasl_plain_username"],
        password=client["sasl_plain_password"],
    )
    admin = AdminClient(operator.confluent())
    allow(admin, [Right("User:events", "READ", "TOPIC", "gse.members.contacts")])

    planned = platform.run("kafka", "plan", "--json", **as_given)
    done = platform.run("kafka", "apply", **as_given)
    after = platform.run("kafka", "plan", **as_given)

    assert planned.returncode == 2
    assert json.loads(planned.stdout) == {
        "changes": [{"do": "revoke", "what": "events to read topic gse.members.contacts"}],
        "notes": [],
    }
    assert done.stdout == "revoked  events to read topic gse.members.contacts\n"
    assert (after.returncode, after.stdout) == (0, "Nothing is to be changed.\n")


def test_a_member_who_joins_is_seen_on_the_stream_as_a_cloud_event(platform: Platform) -> None:
    door = platform.status()["front_door"]
    form = {
        "name": "Ada Invented",
        "email": "ada.invented@ukhsa.example",
        "organisation": "UKHSA",
        "grade": "HEO",
        "interests": ["role models"],
        "skills": ["statistics"],
    }

    joined = httpx2.post(f"{door}/api/members/v1/members", json=form, trust_env=False)
    assert joined.status_code == 201, joined.text
    told = platform.run("tail", "gse.members", "--from-beginning", "--limit", "1", "--json")

    event = json.loads(told.stdout)
    assert event["subject"] == joined.json()["member_id"]
    assert (event["specversion"], event["sequence"]) == ("1.0", "1")
    assert "invented" not in told.stdout.lower()


def test_a_projection_is_rebuilt_beside_the_running_service_and_others_are_refused(platform: Platform) -> None:
    def level() -> bool:
        events, members = (platform.status()["services"][service] for service in ("events", "members"))
        return (events["outbox_backlog"], members["lag_records"]) == (0, 0)

    door = platform.status()["front_door"]
    always = {"from": "2000-01-01", "to": "2999-12-31"}
    calendar = httpx2.get(f"{door}/api/events/v1/key-dates", params=always, trust_env=False).json()["key_dates"]
    until(level, within=60)
    done = platform.run("rebuild", "projection", "members", "coming-up")
    assert done.stdout.startswith("members.gse.events.coming-up was rebuilt from "), done.stderr
    assert done.stdout.endswith(f" records: {len(calendar)} rows, the same as before\n")
    assert len(calendar) > 0

    refused = platform.run("rebuild", "projection", "mentoring", "mentoring.gse.members")
    assert refused.returncode == 1
    assert "mentoring.gse.members cannot be rebuilt: its reactions say events" in refused.stderr


def test_a_second_start_in_the_same_home_names_the_first(platform: Platform) -> None:
    done = platform.run("up")

    assert done.returncode == 1
    assert done.stderr.startswith(f"Another gse (pid {platform.process.pid}) runs in ")


def test_a_service_and_a_broker_that_are_killed_are_named_and_come_back(platform: Platform) -> None:
    before, services = platform.pids(), platform.status()["services"]
    for name in ("mentoring", "kafka"):
        os.kill(before[name], signal.SIGKILL)

    def back() -> bool:
        after = platform.pids()
        return all(after[name] != before[name] for name in ("mentoring", "kafka"))

    until(back, within=60)
    until(lambda: all(ready(service["url"]) for service in services.values()), within=60)
    said = platform.log.read_text()
    assert "mentoring died (signal SIGKILL)" in said
    assert "kafka died (signal SIGKILL)" in said


def test_ctrl_c_ends_everything_and_a_killed_platform_leaves_nothing_behind(platform: Platform) -> None:
    """Last, since it ends what the others used."""
    first = platform.pids()
    platform.process.send_signal(signal.SIGINT)
    assert platform.process.wait(timeout=60) == 0
    assert [name for name, pid in first.items() if alive(pid)] == []

    again = Platform(platform.home)
    try:
        began = time.monotonic()
        again.ready()
        took = time.monotonic() - began
        second = again.pids()
        again.process.kill()
        again.process.wait()
        until(lambda: not any(alive(pid) for pid in second.values()), within=10)
        assert again.run("status").stderr == f"Nothing runs in {again.home}: start it with ./gse up\n"
    finally:
        again.end()
    assert took < 40


def ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health/ready", trust_env=False).status_code == 200
    except httpx2.RequestError:
        return False


def alive(pid: int) -> bool:
    """Whether it still runs; one that has ended and was not collected by its parent does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def until(holds: Callable[[], bool], *, within: float) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.2)
