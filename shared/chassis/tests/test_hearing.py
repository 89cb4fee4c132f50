"""The stream as FastStream and aiokafka deliver it, on real Kafka: what the unit of `Consumer` can't show."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.consumer import Consumer
from chassis.database import Database, Outage, Transaction
from chassis.hearing import Hearing, broker_of, look_at_the_store, subscribe
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.telemetry import Metrics
from chassis.testing import Delivery, said
from contracts.members import MemberGradeChanged, MemberJoined, MemberLeft
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually
from testkit.examples import ADA, BEN, joined, left, promoted

Effects = Callable[[], Awaitable[list[tuple[str, UUID]]]]
Send = Callable[..., Awaitable[None]]


@pytest.fixture
async def effects(store: Database) -> Effects:
    async with store.transaction() as tx:
        await tx.execute("CREATE TABLE effect (place serial, what text, who uuid)")

    async def read() -> list[tuple[str, UUID]]:
        async with store.transaction() as tx:
            rows = await tx.fetch("SELECT what, who FROM effect ORDER BY place")
        return [(row["what"], row["who"]) for row in rows]

    return read


@pytest.fixture
async def send(kafka: KafkaAddress, topic_prefix: str) -> AsyncIterator[Send]:
    """Puts records on the stream, all on one partition, as any producer could."""
    producer = AIOKafkaProducer(**kafka.aiokafka())
    await producer.start()

    async def put(*deliveries: Delivery) -> None:
        for its in deliveries:
            await producer.send_and_wait(
                f"{topic_prefix}gse.members", value=its.value, key=its.key, partition=0, headers=its.headers
            )

    yield put
    await producer.stop()


async def note(event: Any, tx: Transaction) -> None:
    await tx.execute("INSERT INTO effect (what, who) VALUES ($1, $2)", event.event_name, event.member_id)


MEMBERS = Subscription("gse.members", {MemberJoined: note, MemberGradeChanged: note, MemberLeft: note})


@contextlib.asynccontextmanager
async def hearing(
    settings: ServiceSettings, store: Database, subscription: Subscription = MEMBERS, replica: str = "0"
) -> AsyncIterator[Hearing]:
    its_settings = settings.model_copy(update={"replica": replica})
    broker = broker_of(its_settings, "test")
    metrics = Metrics()
    its = subscribe(broker, its_settings, Consumer("test", subscription, store, metrics), metrics)
    await broker.start()
    try:
        yield its
    finally:
        await its.stop()
        await broker.stop()


def heard(effects: Effects, count: int) -> Callable[[], Awaitable[bool]]:
    async def enough() -> bool:
        return len(await effects()) >= count

    return enough


async def test_what_was_said_before_the_first_start_is_heard(
    settings: ServiceSettings, store: Database, effects: Effects, send: Send
) -> None:
    await send(said(joined(), 1), said(left(), 2))
    async with hearing(settings, store):
        await eventually(heard(effects, 2), timeout=20)
    assert await effects() == [("MemberJoined", ADA), ("MemberLeft", ADA)]


async def test_a_restart_goes_on_from_the_store_whatever_kafka_remembers(
    settings: ServiceSettings, store: Database, effects: Effects, send: Send
) -> None:
    await send(said(joined(), 1))
    async with hearing(settings, store) as its:
        await eventually(heard(effects, 1), timeout=20)
        await its.tick()  # Kafka is told 1
    async with store.transaction() as tx:  # a backup from before is restored
        await tx.execute("TRUNCATE effect, progress, consumer_offset")
    async with hearing(settings, store):
        await eventually(heard(effects, 1), timeout=20)
    assert await effects() == [("MemberJoined", ADA)]


async def test_a_store_restored_under_a_running_consumer_is_noticed(
    settings: ServiceSettings, store: Database, effects: Effects, send: Send
) -> None:
    await send(said(joined(), 1))
    async with hearing(settings, store):
        await eventually(heard(effects, 1), timeout=20)
        async with store.transaction() as tx:
            await tx.execute("TRUNCATE effect, progress")
            await tx.execute("UPDATE consumer_offset SET next_offset = 0")
        await send(said(promoted(), 2))
        await eventually(heard(effects, 2), timeout=20)
    assert await effects() == [("MemberJoined", ADA), ("MemberGradeChanged", ADA)]


async def test_a_client_that_has_ended_fetching_is_lost(
    settings: ServiceSettings, store: Database, effects: Effects, send: Send
) -> None:
    await send(said(joined(), 1))
    async with hearing(settings, store) as its:
        await eventually(heard(effects, 1), timeout=20)
        assert not its.lost
        fetcher: Any = its.kafka._fetcher if its.kafka else None  # its own task, which a defect of the client can end
        fetcher._fetch_task.cancel()
        await eventually(lambda: its.lost, timeout=20)
        assert its.trouble == "it has ended asking for records: restart this replica"


async def test_a_store_restored_under_a_resting_consumer_is_noticed_before_anything_new_is_said(
    settings: ServiceSettings, store: Database, effects: Effects, send: Send
) -> None:
    await send(said(joined(), 1), said(promoted(), 2))
    async with hearing(settings, store) as its:
        await eventually(heard(effects, 2), timeout=20)
        async with store.transaction() as tx:  # to the moment before the second
            await tx.execute("DELETE FROM effect WHERE what = 'MemberGradeChanged'")
            await tx.execute(
                "UPDATE progress SET last_sequence = 1, last_event_id = $1",
                UUID((dict(said(joined(), 1).headers)["ce_id"] or b"").decode()),
            )
            await tx.execute("UPDATE consumer_offset SET next_offset = 1 WHERE partition = 0")
        await eventually(lambda: its.lag_records == 0, timeout=20)
        await look_at_the_store(store, [its])
        await eventually(heard(effects, 2), timeout=20)
    assert await effects() == [("MemberJoined", ADA), ("MemberGradeChanged", ADA)]


async def test_hostile_headers_keys_and_bodies_do_not_stop_the_stream(
    settings: ServiceSettings, store: Database, effects: Effects, send: Send
) -> None:
    good = said(joined(BEN), 1)
    await send(
        Delivery(b"key", [("ce_id", b"\xff\xfe"), ("content-type", b"\xc3\x28")], b"\xff"),
        Delivery(None, [], b""),
        Delivery(b"\x00" * 1000, [("correlation_id", b"\xff")], b"[" * 10_000),
        Delivery(good.key, [*good.headers, ("content-type", b"application/json")], b"{"),
        said(joined(), 1),
    )
    async with hearing(settings, store):
        await eventually(heard(effects, 1), timeout=20)
    async with store.transaction() as tx:
        kinds = [row["kind"] for row in await tx.fetch("SELECT kind FROM parked ORDER BY record_offset")]
    assert await effects() == [("MemberJoined", ADA)]
    assert kinds == ["alone", "alone", "alone", "stuck"]


async def test_a_second_replica_takes_its_share_and_nothing_is_done_twice(
    settings: ServiceSettings, store: Database, effects: Effects, kafka: KafkaAddress, topic_prefix: str
) -> None:
    people = [UUID(int=number) for number in range(1, 201)]
    producer = AIOKafkaProducer(**kafka.aiokafka())
    await producer.start()

    async def send_all() -> None:
        for person in people:
            its = said(joined(person), 1)
            await producer.send_and_wait(f"{topic_prefix}gse.members", its.value, key=its.key, headers=its.headers)

    async with hearing(settings, store, replica="a") as first:
        await eventually(lambda: first.ready, timeout=20)
        sending = asyncio.create_task(send_all())
        async with hearing(settings, store, replica="b") as second:
            await eventually(lambda: second.ready and first.ready and bool(second.assigned), timeout=30)
            shares = (len(first.assigned or ()), len(second.assigned or ()))
            await sending
            await eventually(heard(effects, 200), timeout=20)
    await producer.stop()

    assert shares == (6, 6)
    assert sorted(who.int for _, who in await effects()) == list(range(1, 201))


async def test_a_stop_in_the_middle_of_a_batch_leaves_the_rest_for_the_next_start(
    settings: ServiceSettings, store: Database, effects: Effects, send: Send
) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()

    async def slow(event: MemberJoined, tx: Transaction) -> None:
        begun.set()
        await finish.wait()
        await note(event, tx)

    await send(*(said(joined(UUID(int=number)), 1) for number in range(1, 41)))
    async with hearing(settings, store, Subscription("gse.members", {MemberJoined: slow})):
        await asyncio.wait_for(begun.wait(), 20)
        asyncio.get_running_loop().call_later(0.2, finish.set)
    done = len(await effects())
    async with hearing(settings, store):
        await eventually(heard(effects, 40), timeout=20)

    assert 1 <= done < 40
    assert sorted(who.int for _, who in await effects()) == list(range(1, 41))


async def test_an_outage_of_the_store_does_not_cost_the_place_in_the_group(
    settings: ServiceSettings, store: Database, effects: Effects, send: Send
) -> None:
    async with hearing(settings, store) as its:
        await eventually(lambda: its.ready, timeout=20)
        with pytest.raises(Outage):
            async with store.transaction() as tx:  # every connection of the pool falls, the one in use too
                await tx.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                )
        await send(said(joined(), 1))
        await eventually(heard(effects, 1), timeout=20)
        assert its.ready
    assert await effects() == [("MemberJoined", ADA)]


async def test_it_knows_how_far_behind_it_is(
    settings: ServiceSettings, store: Database, effects: Effects, send: Send, kafka: KafkaAddress
) -> None:
    finish = asyncio.Event()

    async def wait(event: MemberJoined, tx: Transaction) -> None:
        await finish.wait()
        await note(event, tx)

    async with hearing(settings, store, Subscription("gse.members", {MemberJoined: wait})) as its:
        await eventually(lambda: its.lag_records == 0, timeout=20)
        assert its.lag_seconds == 0.0
        await send(said(joined(), 1), said(joined(BEN), 1))
        await eventually(lambda: its.lag_records == 2, timeout=20)
        assert its.lag_seconds > 0
        finish.set()
        await eventually(lambda: its.lag_records == 0, timeout=20)
        await its.tick()
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
        await admin.start()
        told = await admin.list_consumer_group_offsets(f"{settings.topic_prefix}test.gse.members")
        await admin.close()
    assert sum(its.offset for its in told.values()) == 2


async def test_a_replica_that_comes_back_after_its_stream_was_made_again_is_given_it(
    settings: ServiceSettings, store: Database, effects: Effects, kafka: KafkaAddress, send: Send
) -> None:
    """Kafka hands a replica that comes back under its name what it had: nothing, while the stream was away."""
    topic, admin = f"{settings.topic_prefix}gse.members", AIOKafkaAdminClient(**kafka.aiokafka())
    await admin.start()
    async with hearing(settings, store) as its:
        await eventually(lambda: its.ready and its.assigned, timeout=20)
        await admin.delete_topics([topic])
        await eventually(lambda: its.assigned == frozenset(), timeout=30)
    await eventually(lambda: _made(admin, topic), timeout=20)
    await admin.close()

    async with hearing(settings, store) as its, ticking(its):
        await send(said(joined(), 1))
        await eventually(heard(effects, 1), timeout=30)


@contextlib.asynccontextmanager
async def ticking(its: Hearing) -> AsyncIterator[None]:
    """As a running service does, once a second."""

    async def tick() -> None:
        while True:
            await its.tick()
            await asyncio.sleep(1)

    task = asyncio.create_task(tick())
    try:
        yield
    finally:
        task.cancel()


async def _made(admin: AIOKafkaAdminClient, topic: str) -> bool:
    await admin.create_topics([NewTopic(topic, 12, 1)])
    return topic in await admin.list_topics()
