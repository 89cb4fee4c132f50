"""The fixtures that every test of the platform stands on, against whichever broker and store this session took."""

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from testkit.addresses import KafkaAddress
from testkit.databases import Databases, MakeDatabase
from testkit.eventually import eventually
from testkit.records import read_all


async def build_a_table(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE thing (name text)")
    await connection.close()


async def refuse_to_build(_url: str) -> None:
    raise AssertionError("the template was built twice")


async def names_in(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row["name"] for row in await connection.fetch("SELECT name FROM thing")]
    finally:
        await connection.close()


async def test_every_test_has_topics_of_its_own_and_can_read_all_that_is_on_them(
    kafka: KafkaAddress, topic_prefix: str
) -> None:
    topic = f"{topic_prefix}gse.members"
    async with AIOKafkaProducer(**kafka.aiokafka(), enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, b'{"n": 1}', key=b"k", partition=3, headers=[("ce_id", b"one")])
        await producer.send_and_wait(topic, None, key=b"k", partition=3)
    first, second = await read_all(kafka, topic)
    assert (first.partition, first.offset, first.key, first.json()) == (3, 0, b"k", {"n": 1})
    assert (first.header("ce_id"), first.header("ce_type")) == ("one", None)
    assert (second.offset, second.value) == (1, None)
    assert await read_all(kafka, f"{topic_prefix}gse.members.contacts") == []


async def test_each_database_is_a_fresh_copy_of_a_template_that_is_built_once(
    database: MakeDatabase, databases: Databases
) -> None:
    first = await database("things", build_a_table)
    second = await database("things", refuse_to_build)
    connection = await asyncpg.connect(first)
    await connection.execute("INSERT INTO thing VALUES ('mine')")
    await connection.close()
    assert await names_in(first) == ["mine"]
    assert await names_in(second) == []
    async with databases.lend("things", refuse_to_build) as third:
        assert await names_in(third) == []
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(third)


async def test_the_role_of_a_test_database_is_no_superuser(database: MakeDatabase) -> None:
    connection = await asyncpg.connect(await database("things", build_a_table))
    assert (
        await connection.fetchval("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user") is False
    )
    await connection.close()


async def test_eventually_gives_the_first_answer_that_counts() -> None:
    answers = iter([0, None, "seen"])
    assert await eventually(lambda: next(answers), every=0.001) == "seen"


async def test_eventually_says_the_last_answer_when_the_time_is_over() -> None:
    async def three() -> list[int]:
        return []

    with pytest.raises(AssertionError, match=r"not within 0.01 seconds; the last answer was \[\]"):
        await eventually(three, timeout=0.01, every=0.001)


async def test_eventually_says_the_last_failure_when_the_time_is_over() -> None:
    def broken() -> bool:
        raise ConnectionRefusedError("nobody home")

    with pytest.raises(AssertionError, match="the last answer was ConnectionRefusedError: nobody home"):
        await eventually(broken, timeout=0.01, every=0.001)
