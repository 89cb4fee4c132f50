"""One measurement of `bench.consumer`, in a process of its own; its last line is the events a second."""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from bench.consumer import TABLE, TOPIC, Place, joiners
from chassis import offsets, parked
from chassis.consumer import Consumer
from chassis.database import Database, Transaction, connect
from chassis.hearing import broker_of, subscribe
from chassis.ordering import Line
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.telemetry import Metrics
from contracts.members import MemberJoined

BATCH = 500
UPSERT = """
    INSERT INTO colleague (member_id, organisation, grade, joined_on) VALUES ($1, $2, $3, $4)
    ON CONFLICT (member_id) DO UPDATE
    SET organisation = excluded.organisation, grade = excluded.grade, joined_on = excluded.joined_on"""
UPSERT_ALL = """
    INSERT INTO colleague (member_id, organisation, grade, joined_on)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[])
    ON CONFLICT (member_id) DO UPDATE
    SET organisation = excluded.organisation, grade = excluded.grade, joined_on = excluded.joined_on"""


async def keep(event: MemberJoined, tx: Transaction) -> None:
    await tx.execute(UPSERT, event.member_id, event.organisation, event.grade, event.joined_on)


async def keep_all(events: Sequence[MemberJoined], tx: Transaction) -> None:
    await tx.execute(
        UPSERT_ALL,
        [its.member_id for its in events],
        [its.organisation for its in events],
        [its.grade for its in events],
        [its.joined_on for its in events],
    )


SET = Subscription(TOPIC, {}, in_sets={MemberJoined: keep_all})
ORDINARY = Subscription(TOPIC, {MemberJoined: keep})


async def hear(place: Place, database: Database, subscription: Subscription) -> float:
    """Seconds from the first delivery to the last commit, by the real parts of a service."""
    settings = ServiceSettings(
        database_url=place.database,
        kafka_bootstrap=place.kafka,
        http_port=0,
        token_keys=Path("none"),
        replica=uuid4().hex,
    )
    broker, metrics = broker_of(settings, "bench"), Metrics()
    consumer = Consumer(uuid4().hex, subscription, database, metrics)
    hearing = subscribe(broker, settings, consumer, metrics)
    await broker.start()
    while not consumer.deliveries:  # noqa: ASYNC110 - the consumer knows nothing of who measures it
        await asyncio.sleep(0.001)
    begun = time.perf_counter()
    while sum(consumer.expected.values()) < place.records:  # noqa: ASYNC110
        await asyncio.sleep(0.002)
    seconds = time.perf_counter() - begun
    heard = sum(consumer.expected.values())
    await hearing.stop()
    await broker.stop()
    return seconds * place.records / heard


async def faststream(place: Place, database: Database) -> float:
    """A transaction and a commit for each message, in the framework's own way."""
    broker = KafkaBroker(place.kafka, logger=None)
    first, last, count = 0.0, asyncio.Event(), 0

    @broker.subscriber(
        TOPIC, group_id=uuid4().hex, auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR, no_reply=True
    )
    async def handle(event: MemberJoined) -> None:
        nonlocal first, count
        first = first or time.perf_counter()
        async with database.transaction() as tx:
            await keep(event, tx)
        count += 1
        if count == place.records:
            last.set()

    await broker.start()
    await last.wait()
    seconds = time.perf_counter() - first
    await broker.stop()
    return seconds


async def sql(place: Place, database: Database, connections: int) -> float:
    """The statements that `Consumer` runs for a set, with nothing around them."""
    events = joiners(place.records)
    ids = [uuid4() for _ in events]
    partition = (TOPIC, 0)

    async def run(number: int) -> None:
        consumer = f"bench{number}"
        for start in range(number * BATCH, len(events), connections * BATCH):
            batch, its_ids = events[start : start + BATCH], ids[start : start + BATCH]
            async with database.transaction() as tx:
                await offsets.lock(tx, consumer, [partition])
                subjects = [its.member_id for its in batch]
                await offsets.progress_of(tx, consumer, subjects)
                await parked.of_subjects(tx, consumer, subjects)
                await keep_all(batch, tx)
                await offsets.save_progress(tx, consumer, _lines(subjects, its_ids))
                await offsets.save(tx, consumer, {partition: start + BATCH})

    begun = time.perf_counter()
    await asyncio.gather(*map(run, range(connections)))
    return time.perf_counter() - begun


def _lines(subjects: list[UUID], ids: list[UUID]) -> dict[UUID, Line]:
    return dict(sorted((subject, Line(1, its)) for subject, its in zip(subjects, ids, strict=True)))


async def measured(place: Place) -> float:
    logging.disable(logging.WARNING)
    database = await connect(place.database, size=4, name="bench")
    try:
        async with database.transaction() as tx:
            await tx.execute(TABLE)
        if place.what == "faststream":
            seconds = await faststream(place, database)
        elif place.what in {"sql", "sql-by-three"}:
            seconds = await sql(place, database, 3 if place.what == "sql-by-three" else 1)
        else:
            seconds = await hear(place, database, SET if place.what == "set" else ORDINARY)
        async with database.transaction() as tx:
            kept = await tx.fetchval("SELECT count(*) FROM colleague")
    except asyncpg.PostgresError as error:
        raise SystemExit(f"the database refused: {type(error).__name__}") from error
    finally:
        await database.close()
    if kept < place.records:
        raise SystemExit(f"{kept} of {place.records} were kept")
    return place.records / seconds


if __name__ == "__main__":
    print(json.dumps({"rate": asyncio.run(measured(Place(**json.loads(sys.argv[1]))))}))
