"""The two runbooks of deploy/README.md, followed on a running house: Kafka loses every stream; a store is restored."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest
from house import House
from people import as_file, planted

from contracts.streams import SERVICES
from gse_platform.lost_streams import rebuild
from gse_platform.platform import PYTHON, service_environment
from testkit.eventually import eventually
from testkit.provision import provision, remove_topics
from testkit.records import read_all

PEOPLE = 20


@pytest.mark.timeout(300)
async def test_lost_streams_are_written_again_and_nothing_is_lost_or_done_twice(house: House) -> None:
    people = planted(PEOPLE + 1)
    await house.send_import(as_file(people[:PEOPLE]))
    await eventually(lambda: _is_quiet(house), timeout=120, every=0.5)
    before, numbers = await _everything(house), await _numbers(house, "gse.members.public")

    await asyncio.to_thread(remove_topics, house.kafka, house.prefix)
    await asyncio.to_thread(provision, house.kafka, prefix=house.prefix, principals=False)
    for service in SERVICES:  # so that each looks at its streams before it speaks
        house.kill(service)
    await eventually(lambda: _refuses(house, "members", "the stream was lost"), timeout=60)
    told = {service: _environment(house, service) for service in SERVICES}
    said: list[str] = []
    await rebuild(told, said.append)
    await eventually(lambda: _is_quiet(house), timeout=120, every=0.5)

    assert len(numbers) == PEOPLE
    assert await _numbers(house, "gse.members.public") == numbers
    assert await _everything(house) == before
    await house.join(people[PEOPLE])
    await eventually(lambda: _is_quiet(house), timeout=60, every=0.5)
    assert await house.members() == {service: count + 1 for service, count in before[0].items()}
    mine = {its.email for its in people}
    assert Counter(its["to"] for its in await house.mails() if its["to"] in mine) == dict.fromkeys(mine, 1)


@pytest.mark.timeout(300)
async def test_a_restored_store_takes_up_what_was_said_since_and_its_service_speaks_again(
    house: House, postgres: str
) -> None:
    [kept, promoted] = [await house.join(person) for person in planted(2)]
    await eventually(lambda: _is_quiet(house), timeout=120, every=0.5)
    known = (await house.members())["mentoring"]
    address = urlsplit(house.databases["members"])
    database = address.path.removeprefix("/")
    async with _nobody_in(postgres, database) as admin:
        await admin.execute(f'CREATE DATABASE "{database}_backup" TEMPLATE "{database}" OWNER "{address.username}"')
    since = await house.join(planted(1)[0])
    await _change_grade(house, promoted, "SEO")
    await eventually(lambda: _is_quiet(house), timeout=120, every=0.5)

    async with _nobody_in(postgres, database) as admin:
        await admin.execute(f'DROP DATABASE "{database}"')
        await admin.execute(f'ALTER DATABASE "{database}_backup" RENAME TO "{database}"')
    await eventually(lambda: _refuses(house, "members", "it is older"), timeout=60)
    # People go on: this one is as it was to the restored store, and would get a number that is taken.
    await _change_grade(house, promoted, "G7")
    told = await _adopt(house)

    assert sorted(told[:-1]) == sorted([f"MemberGradeChanged  {promoted}", f"MemberJoined  {since}"])
    assert told[-1] == "2 events were said since the backup. The service speaks again; enter again what they stood for."
    await eventually(lambda: _is_quiet(house), timeout=60, every=0.5)
    said = {subject: await _told(house, subject) for subject in (kept, promoted, since)}
    assert said == {
        kept: [("1", "MemberJoined")],
        promoted: [("1", "MemberJoined"), ("2", "MemberGradeChanged"), ("3", "MemberGradeChanged")],
        since: [("1", "MemberJoined")],
    }
    await house.join(planted(1)[0])
    await eventually(lambda: _is_quiet(house), timeout=60, every=0.5)
    assert (await house.members())["mentoring"] == known + 2


def _environment(house: House, service: str) -> dict[str, str]:
    return service_environment(house.platform, service, house.databases[service], house.kafka)


async def _adopt(house: House) -> list[str]:
    """What the runbook's command tells, without the times."""
    process = await asyncio.create_subprocess_exec(
        *PYTHON, "members.app", "adopt", env=_environment(house, "members"), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told
    return [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ", "", line) for line in told.decode().splitlines()]


@asynccontextmanager
async def _nobody_in(postgres: str, database: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser, while nobody reaches the database: to its service it is away."""
    admin = await asyncpg.connect(postgres)
    try:
        await admin.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database)
        await eventually(lambda: _is_empty(admin, database))
        yield admin
        await admin.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')
    finally:
        await admin.close()


async def _is_empty(admin: asyncpg.Connection, database: str) -> bool:
    return not await admin.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", database)


async def _change_grade(house: House, member_id: UUID, grade: str) -> None:
    answer = await house.post(f"/api/members/v1/members/{member_id}/grade-changes", {"grade": grade}, persona="team")
    assert answer.status_code == 200, answer.text


async def _is_quiet(house: House) -> bool:
    """Level, and no notice is on its way."""
    if not await house.is_level():
        return False
    counts = await house.counts("notifications")
    return not sum(counts[state] for state in ("waiting", "due", "sending"))


async def _refuses(house: House, service: str, why: str) -> bool:
    return why in (await house.health(service))["checks"]["relay"]


async def _everything(house: House) -> tuple[dict[str, int], dict[str, int], int]:
    """Who is known to whom, every notice by its state, and the mail that went out."""
    return await house.members(), await house.counts("notifications"), len(await house.mails())


async def _numbers(house: House, stream: str) -> dict[bytes | None, list[int]]:
    """Of each subject as they stand there; each is 1 to n."""
    found: dict[bytes | None, list[int]] = {}
    for record in await read_all(house.kafka, house.prefix + stream):
        found.setdefault(record.key, []).append(int(record.header("ce_sequence") or 0))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in found.values())
    return found


async def _told(house: House, subject: UUID) -> list[tuple[str | None, str]]:
    """Numbers and names of what was said of a member in full, each event once: a fork would show twice."""
    found = {
        record.header("ce_id"): (record.header("ce_sequence"), (record.header("ce_type") or "").split(".")[-2])
        for record in await read_all(house.kafka, f"{house.prefix}gse.members")
        if record.key == str(subject).encode()
    }
    return list(found.values())
