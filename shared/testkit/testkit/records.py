"""What is on a topic, as bytes: read with a plain client that knows nothing of the platform."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer

from testkit.addresses import KafkaAddress

SECONDS = 30


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def header(self, name: str) -> str | None:
        """The text of the first header of that name."""
        return next((value.decode() for key, value in self.headers if key == name), None)

    def json(self) -> Any:
        return json.loads(self.value or b"null")


async def read_all(kafka: KafkaAddress, topic: str) -> list[Record]:
    """Every record that was on the topic when this was called, by partition and offset. Joins no group."""
    consumer = AIOKafkaConsumer(topic, **kafka.aiokafka(), enable_auto_commit=False, auto_offset_reset="earliest")
    async with asyncio.timeout(SECONDS):
        try:
            await consumer.start()
            ends = await consumer.end_offsets(consumer.assignment())
            records = []
            for partition, end in ends.items():
                # Not by counting: compaction leaves holes, so the position tells, not the last offset seen.
                while await consumer.position(partition) < end:
                    batches = await consumer.getmany(timeout_ms=200)
                    records += [_record(found) for batch in batches.values() for found in batch]
            known = {partition.partition: end for partition, end in ends.items()}
        finally:
            await consumer.stop()
    return sorted(
        (record for record in records if record.offset < known[record.partition]),
        key=lambda record: (record.partition, record.offset),
    )


def _record(found: Any) -> Record:
    return Record(
        topic=found.topic,
        partition=found.partition,
        offset=found.offset,
        timestamp=found.timestamp,
        key=found.key,
        value=found.value,
        headers=tuple(found.headers),
    )
