"""Mail: messages a second from one notifications process to the local mail sink, beside a bare loop of its client.

Ours is the service's own sending: `MailSender` with its claims and settlements in PostgreSQL (`fsync` on), its words,
its conversations, and the `NotificationSent` that it says. What is due is an invitation to `MESSAGES` members, made by
the reaction to one `EventPublished`. The relay is left out, since that would need Kafka: what is said stays in the
outbox. Beside it as many connections of aiosmtplib hand the same messages over, made beforehand, and do nothing else.

The sink is a process of its own and counts: the rate is from its first message to its last, each has to be there, and
no Message-ID twice. Service, PostgreSQL and sink share the processors; what each took of them is told for a message.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.request import urlopen
from uuid import uuid4

from bench.figures import Comparison, Finding, Series, Target, Tell
from bench.outbox_places import postgres
from testkit.ports import free_port, is_free
from testkit.postgres_process import PostgresProcess

MESSAGES = 5_000
LEAST = 500  # a second
OF_LIMIT = 0.25  # a guard against falling far behind what the client alone can do
OURS, BARE = "one notifications process", "aiosmtplib alone"


@dataclass(frozen=True)
class Order:
    """What a measuring process is told."""

    what: str
    messages: int
    database: str
    smtp_port: int
    sink: int  # processes, whose processor time is asked for
    postgres: int


@dataclass(frozen=True)
class Found:
    rate: float
    milliseconds: dict[str, float]  # of processor time a message, by part


def measure(rounds: int, tell: Tell) -> list[Finding]:
    found: dict[str, list[Found]] = {OURS: [], BARE: []}
    with TemporaryDirectory(prefix="gse-bench-") as home, postgres(Path(home) / "postgres", tell) as store:
        for turn in range(rounds):
            for what, its in found.items():
                tell(f"round {turn + 1} of {rounds}: {what}")
                its.append(_measured(what, store, Path(home) / f"{what}-{turn}"))
    ours, bare = (Series(what, "messages/s", tuple(one.rate for one in its)) for what, its in found.items())
    comparisons = (Comparison(ours, Target(at_least=LEAST)), Comparison(ours, Target(at_least=OF_LIMIT), bare))
    notes = tuple(f"{what}: {_used(its)}" for what, its in found.items())
    return [Finding(f"mail, {MESSAGES:,} messages", comparisons, notes=(*notes, "without the relay"))]


def _used(rounds: list[Found]) -> str:
    """In medians."""
    parts = {part: median(its.milliseconds[part] for its in rounds) for part in rounds[0].milliseconds}
    return "ms of processor a message: " + ", ".join(f"{part} {value:.2f}" for part, value in parts.items())


def _measured(what: str, store: PostgresProcess, folder: Path) -> Found:
    """One round of one of them, on a database and a sink of its own."""
    name = f"mail_{uuid4().hex}"
    url = store.create_database(name, name, uuid4().hex)
    with _sink(folder) as (process, smtp_port, http_port):
        order = Order(what, MESSAGES, url, smtp_port, process.pid, store.pid)
        command = [sys.executable, "-P", "-m", "bench.mail_process", json.dumps(asdict(order))]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode:
            raise RuntimeError(f"{what} failed: {done.stderr[-2000:]}{done.stdout[-2000:]}")
        with urlopen(f"http://127.0.0.1:{http_port}/messages") as answer:
            received = json.load(answer)
    if not len(received) == len({its["message_id"] for its in received}) == MESSAGES:
        raise RuntimeError(f"{len(received)} messages are at the sink, some of them twice")
    first, last = (datetime.fromisoformat(received[place]["received_at"]) for place in (0, -1))
    return Found((MESSAGES - 1) / (last - first).total_seconds(), json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def _sink(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    folder.mkdir()
    smtp, http = free_port(), free_port()
    words = ["--folder", str(folder), "--smtp-port", str(smtp), "--http-port", str(http)]
    with subprocess.Popen([sys.executable, "-P", "-m", "gse_platform.mail_sink", *words]) as process:
        try:
            while is_free(smtp) or is_free(http):
                time.sleep(0.1)
            yield process, smtp, http
        finally:
            process.terminate()
