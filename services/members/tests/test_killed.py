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
        report = await asking.get(
            f"{address}/api/members/v1/imports/{import_id}", params={"limit": 2000}, headers=signed_in("team")
        )
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


async def test_five_hundred_members_of_a_merger_move_once_though_one_of_two_replicas_is_killed_in_the_middle(
    environment: dict[str, str], database_url: str, signed_in: SignIn
) -> None:
    database = await asyncpg.connect(database_url)
    api, team = "/api/members/v1", signed_in("team")
    rows = [f"Person {n},moving.{n}@npl.example,NPL,EO,2016-03-01,," for n in range(500)]
    file = {"file": ("members.csv", "\n".join([HEADER, *rows]).encode(), "text/csv")}

    async def waits() -> str | None:
        """The replica that is in the middle of a batch, before the counter that the test holds."""
        found: str | None = await database.fetchval(
            """
            SELECT application_name FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database() AND application_name LIKE 'members-%'
            """
        )
        return found

    async def nobody_left() -> bool:
        return bool(await database.fetchval("SELECT count(*) = 0 FROM member WHERE organisation = 'NPL'"))

    async def is_said() -> bool:
        return bool(await database.fetchval("SELECT count(*) = 0 FROM outbox"))

    async with (
        process(environment | {"GSE_REPLICA": "1"}) as (first, address),
        process(environment | {"GSE_REPLICA": "2"}) as (second, other),
        AsyncClient(timeout=30) as asking,
    ):
        replicas = {"members-1": (first, other), "members-2": (second, address)}
        await asking.post(f"{address}{api}/imports", files=file, headers=team)
        await eventually(is_said, timeout=30)
        middle = await database.fetchval(
            "SELECT member_id FROM member WHERE organisation = 'NPL' ORDER BY member_id OFFSET 250 LIMIT 1"
        )
        async with database.transaction():
            await database.execute("SELECT FROM subject_counter WHERE subject = $1 FOR UPDATE", middle)
            form = {"into": ["Met Office"], "on": "2026-01-01"}
            merging = await asking.post(f"{address}{api}/organisations/NPL/mergers", json=form, headers=team)
            killed, left_over = replicas[str(await eventually(waits, timeout=30))]
            killed.send_signal(signal.SIGKILL)
            assert await killed.wait() == -signal.SIGKILL
            moved_before = await database.fetchval("SELECT count(*) FROM member WHERE organisation = 'MET-OFFICE'")
        await eventually(nobody_left, timeout=30)
        await eventually(is_said, timeout=30)
        there = await asking.get(f"{left_over}{api}/organisations")
    said = await database.fetch(
        "SELECT subject, count(*) FROM event_log WHERE type LIKE '%.MemberTransferred.%' GROUP BY subject"
    )
    merged = await database.fetchval("SELECT count(*) FROM event_log WHERE type LIKE '%.OrganisationMerged.%'")
    await database.close()

    assert (merging.status_code, there.status_code) == (200, 200)
    assert moved_before == 200
    assert [row["count"] for row in said] == [1] * 500
    assert merged == 1
