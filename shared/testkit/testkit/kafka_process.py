"""Apache Kafka on this machine: one KRaft node as a child process, its data in a home that later starts find again."""

import os
import secrets
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testkit import children
from testkit.addresses import KafkaAddress
from testkit.cache import cache_folder
from testkit.homes import corrupt, last_words, open_home, remember, remembered, sole_use
from testkit.kafka_config import BROKER, NODE, properties
from testkit.kafka_java import Programs, keep_archive, programs
from testkit.kafka_users import set_users
from testkit.ports import HOST, PortLostError, candidates, free_port, require_free
from testkit.progress import Progress, silent
from testkit.unavailable import Unavailable, disk_full, in_words

CHECKPOINT = "bootstrap.checkpoint"
START_SECONDS = 120
STOP_SECONDS = 20
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}  # or Java cannot open a home whose name is not plain English
MEMORY = {"port", "secured", "broker_password", "users"}


@dataclass
class KafkaProcess:
    """A running broker. It ends with `stop`, with `kill`, or with this process."""

    bootstrap: str
    home: Path
    process: subprocess.Popen[bytes]
    users: Mapping[str, str] | None = field(repr=False)  # their passwords, too

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> Path:
        return self.home / "kafka.log"

    def poll(self) -> int | None:
        """The exit code once it has ended by itself, else None."""
        return self.process.poll()

    def address_for(self, user: str | None = None) -> KafkaAddress:
        """How one user signs in; a broker without users is open to everybody on this machine."""
        if self.users is None:
            return KafkaAddress(self.bootstrap)
        if user is None:
            raise ValueError("this broker has users: say which one")
        return KafkaAddress(self.bootstrap, "SASL_PLAINTEXT", username=user, password=self.users[user])

    def stop(self) -> None:
        """In order: everything is on disk, and the next start need not wait for this one's session to end."""
        children.stop(self.process, within=STOP_SECONDS)
        keep_archive(self.home)

    def kill(self) -> None:
        """As a power cut would. The home can be started again."""
        children.kill(self.process)


def start_kafka(
    home: Path,
    *,
    users: Mapping[str, str] | None = None,
    port: int = 0,
    advertised_port: int | None = None,
    progress: Progress = silent,
) -> KafkaProcess:
    """A broker that serves clients at 127.0.0.1, with the data that its home already has.

    With `users` (name to password; `operator` is the superuser) clients sign in by SCRAM-SHA-512 and may do only what
    an ACL allows; without, the listener is plain and open, for tests. Port 0 takes the port of the last start if it is
    free, else any. Clients are sent to `advertised_port` where a proxy stands in between. Blocks until the broker is
    ready; raises Unavailable with a sentence when it cannot be.
    """
    require_free(port)
    home = open_home(home)
    if "," in str(home):
        raise Unavailable(f"Kafka takes the comma in {home} for the end of a name: choose a folder without one.")
    kafka_programs = programs(progress)
    # Kafka looks at its own lock only after it has begun to mend its log: too late for the one that writes it.
    with in_words(home), sole_use(home, "Kafka") as lock:
        memory = _memory(home, secured=users is not None)
        _format_once(home, kafka_programs, progress)
        progress("Starting Kafka")
        for chosen in candidates(port, last=memory["port"]):
            config = _write_config(home / "server.properties", home / "data", memory, chosen, advertised_port)
            line = kafka_programs.command(home, "kafka.Kafka", config)
            process = children.start(line, log=home / "kafka.log", cwd=home, env=ENVIRONMENT, inherits=[lock])
            kafka = KafkaProcess(bootstrap=f"{HOST}:{chosen}", home=home, process=process, users=users)
            try:
                _wait(kafka)
                if users is not None and users != memory["users"]:
                    _apply_users(kafka, memory, users)
            except PortLostError:
                continue
            except BaseException:
                kafka.kill()
                raise
            remember(home / "kafka.json", memory | {"port": chosen, "users": dict(users or {})})
            return kafka
    raise AssertionError("candidates never end without a reason")


def _memory(home: Path, *, secured: bool) -> dict[str, Any]:
    file, data = home / "kafka.json", home / "data"
    memory = remembered(file, MEMORY)
    if memory is None:
        if data.exists():
            raise corrupt(home, "it has data but no kafka.json")
        password = secrets.token_urlsafe(24)
        memory = {"port": 0, "secured": secured, "broker_password": password, "users": {}}
        remember(file, memory)
    if memory["secured"] != secured:
        before, now = ("with", "without") if memory["secured"] else ("without", "with")
        raise Unavailable(f"Kafka in {home} was made {before} users and is asked for {now}: give it another folder.")
    return memory


def _write_config(
    file: Path, data: Path, memory: dict[str, Any], port: int, advertised_port: int | None = None
) -> Path:
    password = memory["broker_password"] if memory["secured"] else None
    text = properties(
        data=data, port=port, controller_port=free_port(), password=password, advertised_port=advertised_port
    )
    _write_private(file, text)
    return file


def _write_private(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)


def _format_once(home: Path, kafka_programs: Programs, progress: Progress) -> None:
    """Makes it beside the place and renames, so that an interrupted start leaves nothing half-made.

    As Kafka's own tool does, but without a second for it in each new home: what it decides for its version stands in a
    file that is the same for all, and the ids are the home's own.
    """
    if (home / "data").exists():
        return
    progress("Making Kafka's storage (once)")
    half = home / "data.half"
    children.remove(half)
    half.mkdir(mode=0o700)
    (half / CHECKPOINT).write_bytes(_checkpoint(home, kafka_programs))
    ids = {"version": "1", "node.id": NODE, "cluster.id": _cluster(), "directory.id": secrets.token_urlsafe(16)}
    (half / "meta.properties").write_text("".join(f"{name}={value}\n" for name, value in ids.items()))
    half.rename(home / "data")


def _cluster() -> str:
    return "gse-" + secrets.token_urlsafe(13)  # Kafka wants 22 characters, and takes a leading dash for an option


def _checkpoint(home: Path, kafka_programs: Programs) -> bytes:
    """Which features a new cluster of this version has, in Kafka's own words; the tool is asked once."""
    kept = cache_folder() / f"{kafka_programs.jars.name}.checkpoint"
    if not kept.exists():
        made = home / "format"
        children.remove(made)
        config = home / "format.properties"
        config.write_text(properties(data=made, port=free_port(), controller_port=free_port(), password=None))
        arguments = ["format", "--cluster-id", _cluster(), "--config", str(config)]
        line = kafka_programs.command(home, "kafka.tools.StorageTool", *arguments)
        process = children.start(line, log=home / "format.log", cwd=home, env=ENVIRONMENT)
        if process.wait(START_SECONDS) != 0:
            raise _diagnosis(home, home / "format.log")
        half = kept.with_name(f"{kept.name}.{home.stat().st_ino}")
        with in_words(half):
            half.write_bytes((made / CHECKPOINT).read_bytes())
            half.replace(kept)
        config.unlink()
        children.remove(made)
    return kept.read_bytes()


def _wait(kafka: KafkaProcess) -> None:
    """Until the broker says that it has started: it is registered then, and clients get answers."""
    deadline = time.monotonic() + START_SECONDS
    while "Kafka Server started" not in kafka.log.read_text(errors="replace"):
        if kafka.poll() is not None:
            raise _diagnosis(kafka.home, kafka.log)
        if time.monotonic() > deadline:
            raise Unavailable(f"Kafka was not ready within {START_SECONDS} seconds: see {kafka.log}.")
        time.sleep(0.02)


def _diagnosis(home: Path, log: Path) -> Exception:
    said = log.read_text(errors="replace")
    if "Address already in use" in said:
        return PortLostError()
    if "No space left on device" in said:
        return disk_full(home)
    if "OutOfMemoryError" in said or "insufficient memory" in said:
        return Unavailable(
            "There is not enough memory for Kafka (it takes 400 MB): end other programs, then try again."
        )
    return corrupt(home, f"Kafka ended with: {last_error(said) or last_words(log)}")


def last_error(said: str) -> str | None:
    """The line that names the cause: the last one that says Exception or Error and is no place in the code."""
    lines = [line.strip() for line in said.splitlines() if not line.startswith("\tat ")]
    causes = [line for line in lines if "Exception" in line or "Error" in line]
    return causes[-1][:200] if causes else None


def _apply_users(kafka: KafkaProcess, memory: dict[str, Any], users: Mapping[str, str]) -> None:
    broker = KafkaAddress(kafka.bootstrap, "SASL_PLAINTEXT", "PLAIN", BROKER, str(memory["broker_password"]))
    set_users(broker, before=memory["users"], now=users)
