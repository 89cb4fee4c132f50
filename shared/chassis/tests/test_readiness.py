"""A service tells the truth of how it is in each state that can befall it, and is well again when the cause is mended.

Each state is made on a real broker with rights and a real database, for a service of its own; all of them happen side
by side, since most of their time is waiting. What each said then is compared with the table, one test a row.
"""

import asyncio
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from befallen import SECONDS, Subject, Told, befallen
from confluent_kafka.cimpl import NewTopic
from httpx2 import AsyncClient, TimeoutException

from chassis.testing import token_keys
from testkit.cluster import allow, make_topics, revoke, settle
from testkit.databases import Databases
from testkit.eventually import eventually
from testkit.kafka_process import start_kafka
from testkit.ports import free_port
from testkit.resources import in_memory

BLOCKING = """
import time
from fastapi import APIRouter
from chassis import commands, service
from chassis.settings import ServiceSettings
router = APIRouter()
@router.get("/api/empty/v1/block")
async def block() -> None:
    time.sleep(4)
def create(settings):
    return service.create(settings, name="empty", package=PACKAGE, routers=[router])
commands.main(ServiceSettings, create, name="empty", package="unused")
"""


async def database_away(its: Subject, expected: Told) -> Told:
    await its.administer(
        'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false',
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
    )
    told = await its.saying(expected)
    await its.administer('ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')
    return told


async def database_read_only(its: Subject, expected: Told) -> Told:
    await its.administer(
        'ALTER DATABASE "{database}" SET default_transaction_read_only = on',
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
    )
    told = await its.saying(expected)
    await its.administer('ALTER DATABASE "{database}" RESET default_transaction_read_only')
    return told


async def migration_missing(its: Subject, expected: Told) -> Told:
    await its.change(
        "CREATE TABLE kept AS SELECT * FROM schema_migration WHERE component = 'chassis'",
        "DELETE FROM schema_migration WHERE component = 'chassis'",
    )
    told = await its.saying(expected)
    await its.change("INSERT INTO schema_migration SELECT * FROM kept")
    return told


async def migration_of_other_contents(its: Subject, expected: Told) -> Told:
    await its.change("UPDATE schema_migration SET checksum = 'x' || checksum WHERE component = 'chassis'")
    told = await its.saying(expected)
    await its.change("UPDATE schema_migration SET checksum = substr(checksum, 2) WHERE component = 'chassis'")
    return told


async def migrations_ahead(its: Subject, expected: Told) -> Told:
    await its.change("INSERT INTO schema_migration VALUES ('mentoring', '9999_of_a_newer_release.sql', 'x')")
    return await its.saying(expected)


async def group_refused(its: Subject, expected: Told) -> Told:
    rights = its.rights("READ", "GROUP", "mentoring.")
    await its.with_admin(revoke, rights)
    told = await its.saying(expected)
    await its.with_admin(allow, rights)
    return told


async def stream_refused(its: Subject, expected: Told) -> Told:
    rights = its.rights("READ", "TOPIC", "gse.members")
    await its.with_admin(revoke, rights)
    told = await its.saying(expected)
    await its.with_admin(allow, rights)
    return told


async def speaking_refused(its: Subject, expected: Told) -> Told:
    rights = its.rights("WRITE", "TOPIC", "gse.mentoring.public")
    await its.with_admin(revoke, rights)
    await its.say()
    told = await its.saying(expected)
    await its.with_admin(allow, rights)
    await its.drained()
    return told


async def stuck(its: Subject, expected: Told) -> Told:
    its.reacts.clear()
    its.running.hearings[0].late_after = 1.0
    await its.hear()
    told = await its.saying(expected)
    its.reacts.set()
    return told


async def stuck_for_good(its: Subject, expected: Told) -> Told:
    its.reacts.clear()
    its.running.hearings[0].late_after = its.running.hearings[0].lost_after = 1.0
    await its.hear()
    told = await its.saying(expected)
    its.reacts.set()
    return told


async def behind(its: Subject, expected: Told) -> Told:
    its.reacts.clear()
    await its.hear()
    await eventually(lambda: its.running.hearings[0].lag_seconds > 1, timeout=SECONDS)
    told = await its.saying(expected)
    its.reacts.set()
    return told


async def stream_deleted(its: Subject, expected: Told) -> Told:
    name = f"{its.prefix}gse.members"
    await its.with_admin(lambda client: settle(client.delete_topics([name])))
    told = await its.saying(expected)
    await its.with_admin(make_topics, [NewTopic(name, 1)])
    return told


async def stream_recreated(its: Subject, expected: Told) -> Told:
    await its.hear()
    await its.heard()
    name = f"{its.prefix}gse.members"
    await its.with_admin(lambda client: settle(client.delete_topics([name])))
    await its.with_admin(make_topics, [NewTopic(name, 1)])
    told = await its.saying(expected)
    await its.change("UPDATE consumer_offset SET next_offset = 0")
    return told


async def store_restored(its: Subject, expected: Told) -> Told:
    await its.say()
    await its.drained()
    await its.change(
        "CREATE TABLE newer_log AS SELECT * FROM event_log",
        "CREATE TABLE newer_position AS SELECT * FROM relay_position",
        "TRUNCATE event_log, relay_position",
        "UPDATE relay_lease SET epoch = epoch + 1, expires_at = '-infinity'",
    )
    told = await its.saying(expected)
    await its.change(
        "INSERT INTO event_log SELECT * FROM newer_log", "INSERT INTO relay_position SELECT * FROM newer_position"
    )
    return told


async def too_much_to_be_sent(its: Subject, expected: Told) -> Told:
    await its.change("UPDATE relay_lease SET holder = 'another', epoch = epoch + 1, expires_at = 'infinity'")
    await its.say()
    await its.say()

    async def refused() -> bool:
        return (await its.client.post("/api/mentoring/v1/notes")).status_code == 503

    await eventually(refused, timeout=SECONDS)
    answer = await its.client.post("/api/mentoring/v1/notes")
    assert int(answer.headers["retry-after"]) > 0
    assert (await its.client.get("/api/mentoring/v1/notes")).status_code == 200
    told = await its.saying(expected)
    await its.change("UPDATE relay_lease SET expires_at = '-infinity'")
    await its.drained()
    return told


async def kafka_away(its: Subject, expected: Told) -> Told:
    """Beyond the time in which a group that refuses is told, nothing is wrong: people can go on writing."""
    its.kafka.kill()
    for _ in range(12):
        await asyncio.sleep(1)
        assert (await its.told()).wrong.keys() <= {"database"}  # which is slow to answer on a busy machine
    told = await its.saying(expected)
    again = await asyncio.to_thread(start_kafka, its.kafka.home, port=int(its.kafka.bootstrap.rpartition(":")[2]))
    its.kafka.process = again.process
    await its.say()
    await its.drained()
    await its.hear()
    await its.heard()
    return told


async def timer_dead(its: Subject, expected: Told) -> Told:
    its.dies.set()
    told = await its.saying(expected)
    its.dies.clear()
    return told


STATES: dict[str, tuple[Callable[[Subject, Told], Awaitable[Told]], Told]] = {
    "the database is away": (
        database_away,
        Told(503, {"database": "it does not answer: see that PostgreSQL runs and lets this service in"}),
    ),
    "the database is read-only": (
        database_read_only,
        Told(503, {"database": "it is read-only: point this service at the primary, or let it take writes again"}),
    ),
    "a migration is missing": (
        migration_missing,
        Told(
            503,
            {"database": "chassis/0001_chassis.sql is not applied: run `python -m mentoring.app migrate`"},
        ),
    ),
    "a migration has other contents": (
        migration_of_other_contents,
        Told(
            503,
            {
                "database": "chassis/0001_chassis.sql was applied with other contents: "
                "restore the file and put the change into a new one"
            },
        ),
    ),
    "the database is newer than the code": (migrations_ahead, Told(200, {})),
    "its group refuses it": (
        group_refused,
        Told(
            503,
            {
                "mentoring.gse.members": "Kafka refuses it in its group (GroupAuthorizationFailedError): "
                "compare its rights by `./gse kafka plan`"
            },
        ),
    ),
    "it may not read its stream": (
        stream_refused,
        Told(
            503,
            {
                "mentoring.gse.members": "its stream does not exist, or it may not read it: "
                "compare both by `./gse kafka plan`"
            },
        ),
    ),
    "it may not write its streams": (
        speaking_refused,
        Told(
            503,
            {
                "relay": "Kafka does not take what it sends (TopicAuthorizationFailedError): "
                "compare its rights by `./gse kafka plan`; the log says more"
            },
        ),
    ),
    "a reaction does not come back": (
        stuck,
        Told(503, {"mentoring.gse.members": "a reaction does not come back: see what it waits for; a restart ends it"}),
    ),
    "a reaction does not come back for long": (
        stuck_for_good,
        Told(
            503,
            {"mentoring.gse.members": "a reaction does not come back: see what it waits for; a restart ends it"},
            live=503,
        ),
    ),
    "it is behind, and nothing else": (behind, Told(200, {})),
    "its stream is gone": (
        stream_deleted,
        Told(
            503,
            {
                "mentoring.gse.members": "its stream does not exist, or it may not read it: "
                "compare both by `./gse kafka plan`"
            },
        ),
    ),
    "its stream was recreated": (
        stream_recreated,
        Told(
            503,
            {
                "mentoring.gse.members": "its stream ends before what it has heard: the stream was lost or recreated; "
                "follow “A stream was lost or recreated” in deploy/README.md"
            },
        ),
    ),
    "its store was restored": (
        store_restored,
        Told(
            503,
            {
                "relay": "2 records on the streams are unknown to this database: it is older; "
                "follow “A store was restored” in deploy/README.md"
            },
        ),
    ),
    "Kafka is away": (kafka_away, Told(200, {})),
    "too much waits to be sent": (too_much_to_be_sent, Told(200, {})),
    "a timer is dead": (
        timer_dead,
        Told(503, {"timer nudges": "it failed and begins again; the log says why"}),
    ),
}


USERS = {f"s{number}": secrets.token_urlsafe(8) for number in range(len(STATES))}


@pytest.fixture(scope="module")
async def outcomes(
    databases: Databases, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Told | BaseException]]:
    """What each service said in its state; an error instead, where something did not come about or was not mended."""
    folder = tmp_path_factory.mktemp("mentoring")
    async with AsyncExitStack() as stack:
        homes = [
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gse-test-kafka-", dir=in_memory())))
            for _ in range(2)
        ]
        users = USERS | {"operator": "operator"}
        guarded, other = await asyncio.gather(
            asyncio.to_thread(start_kafka, homes[0], users=users), asyncio.to_thread(start_kafka, homes[1])
        )
        stack.callback(guarded.stop)
        stack.callback(other.stop)

        async def of(user: str, state: str) -> Told:
            happens, expected = STATES[state]
            away = happens is kafka_away
            async with AsyncExitStack() as own:
                its = await befallen(
                    own, other if away else guarded, None if away else user, (databases, postgres), folder
                )
                told = await happens(its, expected)
                await its.well()
                return told

        found = await asyncio.gather(*(of(*both) for both in zip(USERS, STATES, strict=True)), return_exceptions=True)
        yield dict(zip(STATES, found, strict=True))


@pytest.mark.parametrize("state", STATES)
def test_readiness_tells_the_truth_and_recovers(state: str, outcomes: dict[str, Told | BaseException]) -> None:
    _, expected = STATES[state]
    found = outcomes[state]
    if isinstance(found, BaseException):
        raise found
    assert found == expected


async def test_a_loop_that_does_not_turn_is_not_live(tmp_path: Path, database_url: str) -> None:
    port = free_port()
    environment = {
        **os.environ,
        "GSE_DATABASE_URL": database_url,
        "GSE_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "GSE_HTTP_PORT": str(port),
        "GSE_TOKEN_KEYS": str(token_keys(tmp_path)),
    }
    (tmp_path / "migrations").mkdir()
    program = BLOCKING.replace("PACKAGE", repr(str(tmp_path / "app.py")))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, "serve", env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=1, trust_env=False) as asking:

            async def lives() -> bool:
                return (await asking.get("/health/live")).status_code == 200

            await eventually(lives, timeout=30)
            blocking = asyncio.create_task(asking.get("/api/empty/v1/block", timeout=30))
            await asyncio.sleep(0.5)
            with pytest.raises(TimeoutException):
                await asking.get("/health/live")
            await blocking
            assert await lives()
    finally:
        process.kill()
        await process.wait()
