"""Sends POST after POST on several connections, as a process of its own: `python -m bench.load`, its order on stdin.

The order is JSON: port, path, connections, seconds, and the tokens that the requests take in turn (none, and they go
without). Each request is another person with a key of its own. What it answers on stdout: requests a second.
"""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Sequence
from itertools import count

from bench.wire import Connection, post

CREATED = 201


def joining(port: int, path: str, run: str, number: int, tokens: Sequence[str]) -> bytes:
    """The request of one more person; the last three numbers of their address give the rate limit somebody else."""
    person = {
        "name": f"Bench Invented {number}",
        "email": f"{run}.{number}@bench.example",
        "organisation": "UKHSA",
        "grade": "HEO",
        "interests": ["role models"],
        "skills": ["statistics", "software"],
    }
    headers = {"Idempotency-Key": f"{run}-{number}", "X-Forwarded-For": f"10.{number % 199}.{number % 211}.7"}
    if tokens:
        headers["Authorization"] = f"Bearer {tokens[number % len(tokens)]}"
    return post(f"127.0.0.1:{port}", path, person, headers)


async def load(port: int, path: str, connections: int, seconds: float, tokens: Sequence[str]) -> float:
    run, numbers, ends = secrets.token_hex(4), count(1), time.monotonic() + seconds

    async def ask_on() -> int:
        connection, done = await Connection.to(port), 0
        while time.monotonic() < ends:
            status, answer = await connection.ask(joining(port, path, run, next(numbers), tokens))
            if status != CREATED:
                raise RuntimeError(f"answered {status}: {answer[:200]!r}")
            done += 1
        connection.close()
        return done

    begun = time.monotonic()
    answered = sum(await asyncio.gather(*(ask_on() for _ in range(connections))))
    return answered / (time.monotonic() - begun)


if __name__ == "__main__":
    print(asyncio.run(load(**json.load(sys.stdin))))
