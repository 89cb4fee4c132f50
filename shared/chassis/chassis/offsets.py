"""How far a consumer has come: the next offset of each partition, and the last event of each subject."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from chassis.ordering import Line

Partition = tuple[str, int]  # topic and number


async def begin(tx: Transaction, consumer: str, partitions: Sequence[Partition]) -> dict[Partition, int]:
    """The stored next offset of each partition; one never heard begins at 0."""
    topics, numbers = zip(*partitions, strict=True)
    await tx.execute(
        """
        INSERT INTO consumer_offset (consumer, topic, partition, next_offset)
        SELECT $1, topic, partition, 0 FROM unnest($2::text[], $3::int[]) AS assigned (topic, partition)
        ORDER BY topic, partition
        ON CONFLICT DO NOTHING""",
        consumer,
        topics,
        numbers,
    )
    return await stored(tx, consumer, partitions)


async def stored(tx: Transaction, consumer: str, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """The next offset of each partition that has been heard; nothing is locked."""
    topics, numbers = zip(*partitions, strict=True)
    rows = await tx.fetch(
        """
        SELECT topic, partition, next_offset FROM consumer_offset
        WHERE consumer = $1 AND (topic, partition) IN (SELECT * FROM unnest($2::text[], $3::int[]))""",
        consumer,
        topics,
        numbers,
    )
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def all_stored(tx: Transaction, consumers: Iterable[str]) -> dict[str, dict[Partition, int]]:
    """The same for every partition of several consumers."""
    rows = await tx.fetch(
        "SELECT consumer, topic, partition, next_offset FROM consumer_offset WHERE consumer = ANY($1)", list(consumers)
    )
    found: dict[str, dict[Partition, int]] = {}
    for row in rows:
        found.setdefault(row["consumer"], {})[row["topic"], row["partition"]] = row["next_offset"]
    return found


async def lock(tx: Transaction, consumer: str, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """Own these partitions until the transaction ends; gives the next offset of each. Locks in a fixed order."""
    topics, numbers = zip(*partitions, strict=True)
    rows = await tx.fetch(
        """
        SELECT topic, partition, next_offset FROM consumer_offset
        WHERE consumer = $1 AND (topic, partition) IN (SELECT * FROM unnest($2::text[], $3::int[]))
        ORDER BY topic, partition
        FOR UPDATE""",
        consumer,
        topics,
        numbers,
    )
    found = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    return {partition: found.get(partition, 0) for partition in partitions}


async def lock_all(tx: Transaction, consumer: str) -> dict[Partition, int]:
    """Own every partition that has been heard, as `lock` does."""
    rows = await tx.fetch(
        """
        SELECT topic, partition, next_offset FROM consumer_offset
        WHERE consumer = $1 ORDER BY topic, partition FOR UPDATE""",
        consumer,
    )
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def save(tx: Transaction, consumer: str, next_offsets: Mapping[Partition, int]) -> None:
    if not next_offsets:
        return
    topics, numbers = zip(*next_offsets, strict=True)
    await tx.execute(
        """
        INSERT INTO consumer_offset (consumer, topic, partition, next_offset)
        SELECT $1, * FROM unnest($2::text[], $3::int[], $4::bigint[])
        ON CONFLICT (consumer, topic, partition) DO UPDATE SET next_offset = excluded.next_offset""",
        consumer,
        topics,
        numbers,
        list(next_offsets.values()),
    )


async def progress_of(tx: Transaction, consumer: str, subjects: Iterable[UUID]) -> list[asyncpg.Record]:
    return await tx.fetch(
        "SELECT subject, last_sequence, last_event_id FROM progress WHERE consumer = $1 AND subject = ANY($2)",
        consumer,
        list(subjects),
    )


async def forget_progress(tx: Transaction, consumer: str) -> None:
    """As if no subject had been heard."""
    await tx.execute("DELETE FROM progress WHERE consumer = $1", consumer)


async def save_progress(tx: Transaction, consumer: str, lines: Mapping[UUID, Line]) -> None:
    if not lines:
        return
    await tx.execute(
        """
        INSERT INTO progress (consumer, subject, last_sequence, last_event_id)
        SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::uuid[])
        ON CONFLICT (consumer, subject)
        DO UPDATE SET last_sequence = excluded.last_sequence, last_event_id = excluded.last_event_id""",
        consumer,
        list(lines),
        [line.last_sequence for line in lines.values()],
        [line.last_event_id for line in lines.values()],
    )
