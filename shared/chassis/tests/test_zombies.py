"""A replica that is stopped for longer than its place in the group lasts, and continued after another took over."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer

from chassis.database import Database
from chassis.testing import said
from contracts.members import Grade
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually
from testkit.examples import joined, promoted

pytestmark = pytest.mark.timeout(300)

PROGRAM = Path(__file__).with_name("zombie_process.py")
PEOPLE = [UUID(int=number) for number in range(1, 61)]
GRADES = (Grade.SEO, Grade.G7)

Send = Callable[[int], Awaitable[None]]
Replica = Callable[..., contextlib.AbstractAsyncContextManager[asyncio.subprocess.Process]]


@pytest.fixture
async def send(kafka: KafkaAddress, topic_prefix: str) -> AsyncIterator[Send]:
    """Puts the events with one number on the stream, of everybody: they join, then rise grade by grade."""
    producer = AIOKafkaProducer(**kafka.aiokafka())
    await producer.start()

    async def put(sequence: int) -> None:
        sends = []
        for who in PEOPLE:
            its = said(joined(who) if sequence == 1 else promoted(who, GRADES[sequence - 2]), sequence)
            sends.append(await producer.send(f"{topic_prefix}gse.members", its.value, key=its.key, headers=its.headers))
        await asyncio.gather(*sends)

    yield put
    await producer.stop()


@pytest.fixture
def replica(kafka: KafkaAddress, topic_prefix: str, database_url: str) -> Replica:
    """A replica as a process; ended in order, or killed if it is not continued."""

    @contextlib.asynccontextmanager
    async def run(name: str, moment: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
        its = await asyncio.create_subprocess_exec(
            sys.executable, str(PROGRAM), database_url, kafka.bootstrap, topic_prefix, name, moment,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert its.stdout is not None
        try:
            async with asyncio.timeout(30):
                while await its.stdout.readline() != b"ready\n":
                    pass
            yield its
        finally:
            its.kill()
            await its.communicate()

    return run


@pytest.fixture
async def effects(store: Database) -> Callable[[], Awaitable[list[tuple[str, UUID, str]]]]:
    async with store.transaction() as tx:
        await tx.execute("CREATE TABLE effect (place serial, what text, who uuid, replica text)")

    async def read() -> list[tuple[str, UUID, str]]:
        async with store.transaction() as tx:
            rows = await tx.fetch("SELECT what, who, replica FROM effect ORDER BY place")
        return [(row["what"], row["who"], row["replica"]) for row in rows]

    return read


Effects = Callable[[], Awaitable[list[tuple[str, UUID, str]]]]


def made(effects: Effects, count: int) -> Callable[[], Awaitable[bool]]:
    async def enough() -> bool:
        return len(await effects()) >= count

    return enough


def of_everybody(effects: list[tuple[str, UUID, str]], grades: int) -> bool:
    """Whether each person joined once and then rose so many times, in this order."""
    lines = {who: [what for what, whose, _ in effects if whose == who] for who in PEOPLE}
    return all(line == ["MemberJoined", *["MemberGradeChanged"] * grades] for line in lines.values())


async def test_a_replica_stopped_past_its_session_and_continued_doubles_and_loses_nothing(
    effects: Effects, send: Send, replica: Replica
) -> None:
    async with replica("a", "in-delivery") as first:
        await send(1)
        async with replica("b"):  # it is given what the first one had, once Kafka has missed that for ten seconds
            await eventually(made(effects, 60), timeout=30)
            first.send_signal(signal.SIGCONT)  # most of what it has in hand was done meanwhile, and it does not know
            await send(2)
            await eventually(made(effects, 120), timeout=30)
            await send(3)
            await eventually(made(effects, 180), timeout=30)

    found = await effects()
    assert len(found) == 180
    assert of_everybody(found, grades=2)
    assert {name for what, _, name in found if what == "MemberJoined"} == {"a", "b"}


async def test_a_replica_stopped_with_a_batch_in_hand_holds_up_another_for_a_quarter_of_a_minute_at_most(
    effects: Effects, send: Send, replica: Replica
) -> None:
    async with replica("a", "in-transaction") as first:
        await send(1)
        async with replica("b"):  # finds the rows of the first one's batch locked, and asks again
            await eventually(made(effects, 60), timeout=30)
            first.send_signal(signal.SIGCONT)  # its transaction is none any more
            await send(2)
            await eventually(made(effects, 120), timeout=30)

    found = await effects()
    assert len(found) == 120
    assert of_everybody(found, grades=1)
    assert {name for what, _, name in found if what == "MemberJoined"} == {"b"}
