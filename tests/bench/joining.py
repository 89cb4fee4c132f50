"""How many people may join in a second, beside the least that FastAPI and PostgreSQL can do.

Ours is `POST /members` as it stands: token (200 accounts in turn), rate limit, validation, Idempotency-Key, the member,
two events and their numbers in one transaction; its relay carries them to Kafka meanwhile. What stands around it (the
other services, the front door, the stand-ins) is stopped where it is, so that one service is measured and not five.
The peer is FastAPI, one uvicorn process with one worker too, an asyncpg pool of the same ten, and one INSERT into a
database of the same cluster. `fsync` is on. The load is one process (`load.py`, raw HTTP on 16 connections that stay
open), the same for both, in turn; it and PostgreSQL share the processors with what is measured. A round is some
seconds of each; the first second of both is not counted.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from bench.figures import Comparison, Finding, Series, Target, Tell
from bench.platforms import Up, fresh_home, up
from testkit.ports import free_port, is_free

CONNECTIONS, SECONDS, WARM_SECONDS = 16, 6.0, 1.0
OTHERS = ("mentoring", "events", "notifications", "front-door", "mail-sink", "identity-provider")


def measure(rounds: int, tell: Tell) -> list[Finding]:
    ours, peer = list[float](), list[float]()
    with fresh_home() as home, up(home) as platform, _peer(platform) as peer_port:
        tokens = platform.tokens()
        platform.pause(*OTHERS)
        for number in range(rounds):
            tell(f"round {number + 1} of {rounds}")
            signed = [tokens.headers(uuid4())["Authorization"].removeprefix("Bearer ") for _ in range(200)]
            members = int(platform.state["services"]["members"]["url"].rpartition(":")[2])
            ours.append(_requests_a_second(members, "/api/members/v1/members", signed))
            peer.append(_requests_a_second(peer_port, "/people", []))
    complete = Series("POST /members, complete", "requests/s", tuple(ours))
    least = Series("FastAPI with one insert", "requests/s", tuple(peer))
    return [Finding("joining", (Comparison(complete, Target(at_least=0.5), least),))]


def _requests_a_second(port: int, path: str, tokens: Sequence[str]) -> float:
    for seconds in (WARM_SECONDS, SECONDS):
        order = {"port": port, "path": path, "connections": CONNECTIONS, "seconds": seconds, "tokens": tokens}
        done = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            check=True,
        )
    return float(done.stdout)


@contextmanager
def _peer(platform: Up) -> Iterator[int]:
    port, database = free_port(), platform.state["postgres"]["databases"]["events"]
    command = [sys.executable, "-m", "bench.peer", database, str(port)]
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            while is_free(port):
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()
