"""A projection is thrown away and heard again, on real Kafka and PostgreSQL, and comes out as it was."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from chassis import outbox, projections, resuming
from chassis.consumer import Consumer
from chassis.database import Database, Transaction
from chassis.hearing import broker_of, subscribe
from chassis.projections import DoesMore, NoProjection, Rebuilt, StreamNotWhole
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.telemetry import Metrics
from chassis.testing import Delivery, said
from contracts.members import MemberGradeChanged, MemberJoined, MemberLeft
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually
from testkit.examples import ADA, BEN, joined, left, promoted

Send = Callable[..., Awaitable[None]]
TABLES = ("person", "progress", "consumer_offset")


async def keep(event: MemberJoined, tx: Transaction) -> None:
    await tx.execute("INSERT INTO person (id, grade) VALUES ($1, $2)", event.member_id, event.grade)


async def change(event: MemberGradeChanged, tx: Transaction) -> None:
    await tx.execute("UPDATE person SET grade = $2 WHERE id = $1", event.member_id, event.grade)


async def fail(_event: MemberGradeChanged, _tx: Transaction) -> None:
    raise ZeroDivisionError


async def drop(event: MemberLeft, tx: Transaction) -> None:
    await tx.execute("DELETE FROM person WHERE id = $1", event.member_id)


PEOPLE = Subscription(
    "gse.members",
    {MemberJoined: keep, MemberGradeChanged: change, MemberLeft: drop},
    projection="people",
    tables=("person",),
)
WITH_A_BUG = replace(PEOPLE, reactions={**PEOPLE.reactions, MemberGradeChanged: fail})


@pytest.fixture
async def people(store: Database) -> Database:
    async with store.transaction() as tx:
        await tx.execute("CREATE TABLE person (id uuid PRIMARY KEY, grade text NOT NULL)")
        await tx.execute("CREATE TABLE letter (id uuid)")
    return store


@pytest.fixture
async def send(kafka: KafkaAddress, topic_prefix: str) -> AsyncIterator[Send]:
    producer = AIOKafkaProducer(**kafka.aiokafka())
    await producer.start()

    async def put(*deliveries: Delivery) -> None:
        for its in deliveries:
            await producer.send_and_wait(
                f"{topic_prefix}gse.members", value=its.value, key=its.key, partition=0, headers=its.headers
            )

    yield put
    await producer.stop()


@contextlib.asynccontextmanager
async def hearing(settings: ServiceSettings, store: Database, subscription: Subscription) -> AsyncIterator[Consumer]:
    broker, metrics = broker_of(settings, "test"), Metrics()
    consumer = Consumer("test", subscription, store, metrics)
    its = subscribe(broker, settings, consumer, metrics)
    await broker.start()
    try:
        yield consumer
    finally:
        await its.stop()
        await broker.stop()


async def dump(store: Database) -> dict[str, list[str]]:
    async with store.transaction() as tx:
        return {
            table: [row[0] for row in await tx.fetch(f'SELECT its::text FROM "{table}" AS its ORDER BY 1')]  # noqa: S608
            for table in TABLES
        }


async def stands_at(store: Database) -> int:
    async with store.transaction() as tx:
        return int(await tx.fetchval("SELECT coalesce(sum(next_offset), 0) FROM consumer_offset"))


async def parked(store: Database) -> dict[str, int]:
    async with store.transaction() as tx:
        rows = await tx.fetch("SELECT id, kind, sequence FROM parked WHERE discarded_at IS NULL")
    return {f"{row['kind']} {row['sequence']}": row["id"] for row in rows}


async def heard(settings: ServiceSettings, store: Database, subscription: Subscription, count: int) -> None:
    """Hear until the consumer stands behind `count` records, and stop."""
    async with hearing(settings, store, subscription):
        await eventually(lambda: _stands_behind(store, count), timeout=30)


async def _stands_behind(store: Database, count: int) -> bool:
    return await stands_at(store) >= count


async def test_a_projection_comes_out_as_it_was_while_new_events_are_heard(
    settings: ServiceSettings, people: Database, send: Send
) -> None:
    many = [UUID(int=number) for number in range(1, 301)]
    await send(*(said(joined(its), 1) for its in many), said(joined(), 1), said(promoted(), 2), said(left(many[0]), 2))
    await heard(settings, people, PEOPLE, 303)
    before = await dump(people)

    assert await projections.rebuild("test", settings, people, PEOPLE) == Rebuilt(303, 300, 0, as_before=True)
    assert await dump(people) == before

    async with hearing(settings, people, PEOPLE) as consumer:
        await eventually(lambda: sum(consumer.expected.values()) == 303, timeout=30)
        coming = [said(joined(UUID(int=number)), 1) for number in range(1001, 1101)]
        sending = asyncio.ensure_future(send(*coming))
        again = await projections.rebuild("test", settings, people, PEOPLE)
        await sending
        await eventually(lambda: _stands_behind(people, 403), timeout=30)

    assert again.as_before
    assert len((await dump(people))["person"]) == 400
    assert await parked(people) == {}


async def test_what_was_wrong_in_the_tables_is_put_right_and_told(
    settings: ServiceSettings, people: Database, send: Send
) -> None:
    await send(said(joined(), 1), said(joined(BEN), 1))
    await heard(settings, people, PEOPLE, 2)
    right = await dump(people)
    async with people.transaction() as tx:
        await tx.execute("UPDATE person SET grade = 'none' WHERE id = $1", ADA)

    assert await projections.rebuild("test", settings, people, PEOPLE) == Rebuilt(2, 2, 0, as_before=False)
    assert await dump(people) == right


async def test_what_is_parked_comes_again_once_or_is_applied_when_the_bug_is_mended(
    settings: ServiceSettings, people: Database, send: Send
) -> None:
    await send(said(joined(), 1), said(promoted(), 2), said(left(), 3), said(left(BEN), 2))
    await heard(settings, people, WITH_A_BUG, 4)
    before = await dump(people)

    assert await projections.rebuild("test", settings, people, WITH_A_BUG) == Rebuilt(4, 1, 3, as_before=True)
    assert set(await parked(people)) == {"stuck 2", "waiting 3", "waiting 2"}
    assert await dump(people) == before

    assert await projections.rebuild("test", settings, people, PEOPLE) == Rebuilt(4, 0, 1, as_before=False)
    assert set(await parked(people)) == {"waiting 2"}


async def test_what_an_operator_gave_up_stays_given_up(settings: ServiceSettings, people: Database, send: Send) -> None:
    await send(said(joined(), 1), said(promoted(), 2))
    await heard(settings, people, WITH_A_BUG, 2)
    consumer = Consumer("test", WITH_A_BUG, people, Metrics())
    [stuck] = (await parked(people)).values()
    await resuming.discard(people, {consumer.name: consumer}, stuck, by=uuid4(), why="a test")
    before = await dump(people)

    assert await projections.rebuild("test", settings, people, PEOPLE) == Rebuilt(2, 1, 0, as_before=True)
    assert await dump(people) == before


async def test_a_projection_whose_reactions_say_or_write_elsewhere_is_refused_and_stays_as_it_is(
    settings: ServiceSettings, people: Database, send: Send
) -> None:
    async def say(_event: Any, tx: Transaction) -> None:
        await outbox.put(tx, joined(BEN))

    async def write(_event: Any, tx: Transaction) -> None:
        await tx.execute("INSERT INTO letter (id) VALUES ($1)", BEN)

    await send(said(joined(), 1))
    await heard(settings, people, PEOPLE, 1)
    before = await dump(people)

    for reaction, why in (
        (say, r"its reactions say uk\.gov\.gse\.members\.MemberJoined"),
        (write, "also write letter"),
    ):
        does_more = replace(PEOPLE, reactions={MemberJoined: reaction})
        with pytest.raises(DoesMore, match=why):
            await projections.rebuild("test", settings, people, does_more)
    assert await dump(people) == before
    async with people.transaction() as tx:
        assert await tx.fetchval("SELECT (SELECT count(*) FROM letter) + (SELECT count(*) FROM outbox)") == 0


async def test_a_stream_that_ends_before_what_was_heard_is_no_source(
    settings: ServiceSettings, people: Database, send: Send
) -> None:
    await send(said(joined(), 1))
    await heard(settings, people, PEOPLE, 1)
    async with people.transaction() as tx:
        await tx.execute("UPDATE consumer_offset SET next_offset = 2 WHERE partition = 0")
    before = await dump(people)

    with pytest.raises(StreamNotWhole, match="was heard from 0 to 2: the stream was lost or recreated"):
        await projections.rebuild("test", settings, people, PEOPLE)
    assert await dump(people) == before


def test_only_a_projection_that_names_its_tables_can_be_rebuilt() -> None:
    others = replace(PEOPLE, projection=None, tables=())

    assert projections.the_projection("test", [others, PEOPLE], "people") is PEOPLE
    assert projections.the_projection("test", [others, PEOPLE], "test.gse.members.people") is PEOPLE
    with pytest.raises(NoProjection, match="its reactions say events, lead to letters, or fill tables"):
        projections.the_projection("test", [others, PEOPLE], "test.gse.members")
    with pytest.raises(NoProjection, match=r"no projection none\. It has: test\.gse\.members\.people\."):
        projections.the_projection("test", [others, PEOPLE], "none")
