"""An import survives the death of the process that works on it: real processes, SIGKILL, everyone once."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable

import asyncpg
from httpx2 import AsyncClient, HTTPError

from testkit.eventually import eventually
from testkit.ports import free_port

SignIn = Callable[..., dict[str, str]]
HEADER = "name,email,organisation,grade,joined_on,interests,skills"


@contextlib.asynccontextmanager
async def process(environment: dict[str, str]) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """`python -m members.app serve`, once it answers; killed at the end."""
    port = free_port()
    its = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "members.app", "serve", env=os.environ | environment | {"GSE_HTTP_PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with AsyncClient() as asking:

            async def ready() -> bool:
                return (await asking.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200

            await eventually(ready, timeout=60)
        yield its, f"http://127.0.0.1:{port}"
    finally:
        if its.returncode is None:
            its.kill()
            await its.wait()


async def test_two_thousand_rows_and_two_kills_join_everyone_once(
    environment: dict[str, str], database_url: str, signed_in: SignIn
) -> None:
    rows = [f"Person {n},person.{n}@defra.example,Defra,EO,2016-03-01,ecology,software" for n in range(2000)]
    file = {"file": ("members.csv", "\n".join([HEADER, *rows]).encode(), "text/csv")}
    database = await asyncpg.connect(database_url)

    async def members() -> int:
        return int(await database.fetchval("SELECT count(*) FROM member"))

    async def at_least(wanted: int) -> bool:
        return await members() >= wanted

    async with process(environment) as (first, address), AsyncClient(timeout=30) as asking:
        sending = asyncio.create_task(
            asking.post(f"{address}/api/members/v1/imports", files=file, headers=signed_in("team"))
        )
        await eventually(lambda: at_least(300), timeout=30, every=0.01)
        first.send_signal(signal.SIGKILL)
        assert await first.wait() == -signal.SIGKILL
        with contextlib.suppress(HTTPError):  # nobody is left to answer
            await sending
    after_the_first = await members()
    async with process(environment) as (second, _):
        await eventually(lambda: at_least(after_the_first + 1), timeout=30, every=0.01)
        second.send_signal(signal.SIGKILL)
        assert await second.wait() == -signal.SIGKILL
    async with process(environment) as (third, address), AsyncClient(timeout=30) as asking:
        await eventually(lambda: at_least(2000), timeout=30)
        import_id = await database.fetchval("SELECT import_id FROM import")

        async def done() -> bool:
            answer = await asking.get(f"{address}/api/members/v1/imports/{import_id}", headers=signed_in("team"))
            return bool(answer.json()["state"] == "done")

        await eventually(done, timeout=30)
        report = await asking.get(f"{address}/api/members/v1/imports/{import_id}", headers=signed_in("team"))
        again = await asking.post(f"{address}/api/members/v1/imports", files=file, headers=signed_in("team"))

        async def all_sent() -> bool:
            return bool(await database.fetchval("SELECT count(*) = 0 FROM outbox"))

        await eventually(all_sent, timeout=30)
        third.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(third.wait(), 25) == 0
    said = await database.fetch("SELECT subject, count(*) FROM event_log GROUP BY subject")
    await database.close()

    assert 300 <= after_the_first < 2000
    assert [line["outcome"] for line in report.json()["report"]] == ["joined"] * 2000
    assert (again.json()["joined"], again.json()["already_members"]) == (0, 2000)
    assert [row["count"] for row in said] == [1] * 2000
