"""A projection thrown away and heard again from the beginning of its stream, in one transaction.

Up to where its consumer stands, and no further. So it comes out as it was, and the consumer, which waits at its locked
offset rows meanwhile, goes on from there without noticing. Whoever reads sees the old rows until the new are there; a
kill or a failure leaves the old. Events that come meanwhile are heard afterwards, in their turn.

Only a projection can be heard again: its reactions write its own tables and nothing else. That is seen to here, by
what was said and by PostgreSQL's own count of the rows written; either takes everything back.
(Setting the offsets to 0 under a running consumer is less code, but leaves pages empty until all is heard again,
nothing to compare, and a store half full after a bug.)
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis import migrations, offsets, parked
from chassis.batch import Batch, Culprit, Place
from chassis.clock import clock_from
from chassis.consumer import as_record
from chassis.database import Database, Outage, Transaction, connect
from chassis.kafka import client_options
from chassis.migrations import Migration, WrongSchema
from chassis.parked import Record
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.unbroken import unbroken
from contracts.refusal import Refused

ANSWER_SECONDS = 10  # less than the database lets a transaction rest
CONSUMERS_OWN = {"consumer_offset", "parked", "progress"}


class NoProjection(Refused):
    """Nothing of this name can be heard again."""


class StreamNotWhole(Refused):
    """The stream does not hold all that the projection was made from."""


class DoesMore(Refused):
    """A reaction said something or wrote elsewhere, so it must not be run again. Everything was taken back."""


@dataclass(frozen=True)
class Rebuilt:
    """What came of it. `as_before` compares the rows as sets of values."""

    records: int
    rows: int
    parked: int
    as_before: bool


async def run(
    service: str,
    settings: ServiceSettings,
    wanted: list[Migration],
    subscriptions: Sequence[Subscription],
    name: str,
) -> str:
    """The command: beside the running service or without it. Raises `Refused`, `WrongSchema`, `Conflict`, `Outage`."""
    subscription = the_projection(service, subscriptions, name)
    database = await connect(
        settings.database_url.get_secret_value(),
        size=1,
        name=f"{service}-rebuild",
        clock=clock_from(settings.clock_file),
    )
    try:
        missing = await migrations.missing(database, wanted)
        if missing:
            raise WrongSchema(f"{missing[0]} is not applied: run `python -m {service}.app migrate` first")
        its = await rebuild(service, settings, database, subscription)
    finally:
        await database.close()
    same = "the same as before" if its.as_before else "not the same as before"
    aside = f"; {its.parked} parked" if its.parked else ""
    return f"{subscription.consumer(service)} was rebuilt from {its.records} records: {its.rows} rows, {same}{aside}"


def the_projection(service: str, subscriptions: Sequence[Subscription], name: str) -> Subscription:
    """By the name of the projection, or of its consumer. Raises `NoProjection`."""
    for subscription in subscriptions:
        if name not in {subscription.consumer(service), subscription.projection}:
            continue
        if not subscription.tables:
            raise NoProjection(
                f"{name} cannot be rebuilt: its reactions say events, lead to letters, or fill tables that others "
                "write too, and hearing everything again would do that again."
            )
        return subscription
    known = ", ".join(its.consumer(service) for its in subscriptions if its.tables)
    raise NoProjection(f"{service} has no projection {name}. It has: {known or 'none'}.")


async def rebuild(service: str, settings: ServiceSettings, database: Database, subscription: Subscription) -> Rebuilt:
    """Throw the projection away and hear its stream again. Raises `Refused`, `Conflict`, `Outage`."""
    kafka = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, auto_offset_reset="none")
    try:
        await unbroken(kafka.start())
        async with database.transaction(collects=True) as tx:
            return await _hear_again(tx, kafka, subscription, subscription.consumer(service))
    except KafkaError as error:
        raise Outage(f"Kafka does not answer ({type(error).__name__})") from error
    finally:
        await kafka.stop()


async def _hear_again(tx: Transaction, kafka: AIOKafkaConsumer, subscription: Subscription, consumer: str) -> Rebuilt:
    stands_at = await offsets.lock_all(tx, consumer)
    await _go_to_the_beginning(kafka, stands_at)
    before, written_before = await _contents(tx, subscription.tables), await _written(tx)
    given_up = await parked.discarded(tx, consumer)
    for table in subscription.tables:
        await tx.execute(f'DELETE FROM "{table}"')  # noqa: S608 - named in the service's own code
    await offsets.forget_progress(tx, consumer)
    await parked.clear(tx, consumer)
    heard, park = 0, dict[Place, str]()
    async for found in _up_to(kafka, stands_at):
        records, heard = found, heard + len(found)
        while records:
            try:
                async with tx.connection.transaction():
                    records = records[await Batch(subscription, consumer, tx, park, given_up).run(records) :]
            except Culprit as culprit:
                park[culprit.place] = culprit.reason  # tried once: what a moment cures takes everything back
        _refuse_what_was_said(tx, consumer)
    await offsets.save(tx, consumer, stands_at)
    elsewhere = {table for table, rows in (await _written(tx)).items() if rows != written_before.get(table, 0)}
    if elsewhere := elsewhere - CONSUMERS_OWN - {*subscription.tables}:
        raise DoesMore(f"{consumer} was not rebuilt: its reactions also write {', '.join(sorted(elsewhere))}.")
    after = await _contents(tx, subscription.tables)
    return Rebuilt(heard, sum(rows for rows, _ in after), await parked.standing_of(tx, consumer), before == after)


def _refuse_what_was_said(tx: Transaction, consumer: str) -> None:
    if tx.said:
        raise DoesMore(f"{consumer} was not rebuilt: its reactions say {tx.said[0].type}, and would say it again.")


async def _go_to_the_beginning(kafka: AIOKafkaConsumer, stands_at: Mapping[tuple[str, int], int]) -> None:
    """Raises `StreamNotWhole`."""
    partitions = [TopicPartition(*at) for at in stands_at]
    if not partitions:
        return
    kafka.assign(partitions)
    begins, ends = await kafka.beginning_offsets(partitions), await kafka.end_offsets(partitions)
    for partition in partitions:
        stands = stands_at[partition.topic, partition.partition]
        if begins[partition] > 0 or ends[partition] < stands:
            raise StreamNotWhole(
                f"{partition.topic} holds {begins[partition]} to {ends[partition]} of partition "
                f"{partition.partition} and was heard from 0 to {stands}: the stream was lost or recreated; "
                "follow “A stream was lost or recreated” in deploy/README.md"
            )
        kafka.seek(partition, 0)


async def _up_to(kafka: AIOKafkaConsumer, ends: Mapping[tuple[str, int], int]) -> AsyncIterator[list[Record]]:
    """The records before these offsets; on a compacted stream there are fewer of them. Raises `Outage`."""
    behind = {TopicPartition(*at): end for at, end in ends.items() if end}
    heard_at = time.monotonic()
    while behind:
        found = await kafka.getmany(*behind, timeout_ms=1000, max_records=500)
        records = [
            as_record(its) for partition, many in found.items() for its in many if its.offset < behind[partition]
        ]
        if found:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > ANSWER_SECONDS:
            raise Outage("Kafka does not answer")
        if records:
            yield records
        async with asyncio.timeout(ANSWER_SECONDS):
            behind = {partition: end for partition, end in behind.items() if await kafka.position(partition) < end}


async def _contents(tx: Transaction, tables: Sequence[str]) -> list[tuple[int, object]]:
    """Of each table how many rows there are, and a sum that any other rows would hardly have."""
    return [
        tuple(
            await tx.connection.fetchrow(
                f'SELECT count(*), sum(hashtextextended(its::text, 0)) FROM "{table}" AS its'  # noqa: S608 - as above
            )
        )
        for table in tables
    ]


async def _written(tx: Transaction) -> dict[str, int]:
    """By PostgreSQL's own count, how many rows of each table this transaction has written."""
    rows = await tx.fetch("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del AS written FROM pg_stat_xact_user_tables")
    return {row["relname"]: row["written"] for row in rows}
