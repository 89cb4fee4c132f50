"""Naive ways to carry what was said to Kafka, each put in the place of a piece of the outbox or the relay."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Database, Said, Transaction
from chassis.envelope import Envelope, Headers, Unreadable, open_record
from chassis.records import Record, partition_of, records_of
from chassis.relay import BATCH, Relay
from contracts.streams import CONTACTS
from gse_platform.prove.mutants.placing import put, shipped


def sends_after_the_commit() -> None:
    """3: sends to Kafka once the transaction is committed, from memory; no relay looks at the table again."""
    waiting: set[UUID] = set()
    write, oldest = shipped("chassis.outbox:_write"), shipped("chassis.relay:_oldest")

    async def write_and_remember(tx: Transaction, rows: list[Said]) -> None:
        await write(tx, rows)
        waiting.update(row.event_id for row in rows)

    async def remembered(database: Database, in_flight: list[int]) -> list[Any]:
        rows = [row for row in await oldest(database, in_flight) if row["event_id"] in waiting]
        waiting.difference_update(row["event_id"] for row in rows)
        return rows

    put("chassis.outbox:_write", write_and_remember)
    put("chassis.relay:_oldest", remembered)


def reads_by_a_cursor() -> None:
    """4: reads what has a higher id than the last that was read; a lower one that commits later is stepped over."""
    last = 0

    async def after_the_last(database: Database, _in_flight: list[int]) -> list[Any]:
        nonlocal last
        async with database.transaction() as tx:
            rows = await tx.fetch("SELECT * FROM outbox WHERE id > $1 ORDER BY id LIMIT $2", last, BATCH)
        last = max((row["id"] for row in rows), default=last)
        return rows

    put("chassis.relay:_oldest", after_the_last)


def every_replica_sends() -> None:
    """5: no leader; each replica takes rows that no other has locked."""

    async def take(_database: Database, _holder: str) -> int | None:
        return 1

    async def renew(_database: Database, _epoch: int) -> None:
        await asyncio.Event().wait()

    async def give_up(_database: Database, _epoch: int) -> None:
        pass

    async def send(its: Relay, producer: Any, _epoch: int, _renewing: Any) -> None:
        while True:
            async with its.database.transaction() as tx:
                rows = await tx.fetch("SELECT * FROM outbox ORDER BY id LIMIT 5 FOR UPDATE SKIP LOCKED")
                for record in (record for row in rows for record in records_of(row, its.service, its.settings)):
                    await producer.send_and_wait(**record._asdict())
                await tx.execute(
                    "WITH sent AS (DELETE FROM outbox WHERE id = ANY($1) RETURNING *)"
                    " INSERT INTO event_log SELECT sent.*, now() FROM sent WHERE NOT personal",
                    [row["id"] for row in rows],
                )
            if not rows:
                await asyncio.sleep(0.05)

    put("chassis.relay:_take_lead", take)
    put("chassis.relay:renew", renew)
    put("chassis.relay:give_up_lead", give_up)
    put("chassis.relay:Relay._send_until_lost", send)


def marks_when_it_sends() -> None:
    """6: marks rows as sent when the client has taken them, not when Kafka has."""
    mark = shipped("chassis.relay:_mark")

    async def settle(its: Relay, window: Any, _batches: Any, ids: Sequence[int], epoch: int) -> None:
        await mark(its.database, epoch, list(ids), {})
        window.in_flight.difference_update(ids)

    put("chassis.relay:Relay._settle", settle)


def no_keys() -> None:
    """12: records without a key, so that a subject is on any partition; who reads them takes the subject's header."""

    def keyless(row: Any, service: str, settings: Any) -> list[Record]:
        records = records_of(row, service, settings)  # Kafka refuses what has no key on a compacted stream
        return [its if its.topic.endswith(CONTACTS) else its._replace(key=None) for its in records]  # type: ignore[arg-type]

    def any_partition(key: bytes | None, partitions: int) -> int:
        return random.randrange(partitions) if key is None else partition_of(key, partitions)  # noqa: S311

    def open_without_key(key: bytes | None, headers: Headers) -> Envelope | Unreadable:
        return open_record(key or dict(headers).get("ce_subject"), headers)

    put("chassis.relay:records_of", keyless)
    put("chassis.relay:partition_of", any_partition)
    put("chassis.parked:open_record", open_without_key)
