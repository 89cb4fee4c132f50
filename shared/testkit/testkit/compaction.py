"""A compacted topic that is cleared within seconds instead of hours, so that a test can see what is left of it."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from testkit.addresses import KafkaAddress
from testkit.eventually import eventually
from testkit.records import Record, read_all

SECONDS: Final = 60
SOON: Final = {
    "segment.ms": "500",
    "max.compaction.lag.ms": "500",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "500",
}


@contextmanager
def cleared_soon(kafka: KafkaAddress, topic: str) -> Iterator[None]:
    """Kafka's cleaner comes by every 15 seconds; what it may clear within the block is half a second old."""
    client = AdminClient(kafka.confluent())
    resource = ConfigResource(ResourceType.TOPIC, topic)
    [answer] = client.describe_configs([resource]).values()
    before = {name: answer.result(SECONDS)[name].value for name in SOON}
    _set(client, topic, SOON)
    try:
        yield
    finally:
        _set(client, topic, before)


async def cleared(kafka: KafkaAddress, topic: str, *words: str) -> list[Record]:
    """Every record of the topic, once none of them holds one of these words; AssertionError after a minute and a half.

    Read anew from the beginning each time, as bytes: bodies, keys and headers.
    """

    async def without() -> list[Record]:
        found = await read_all(kafka, topic)
        text = repr(found)
        return [] if any(word in text for word in words) else found

    return await eventually(without, timeout=90, every=1)


async def taken_back(kafka: KafkaAddress, topic: str, key: str, *, after: int = 0) -> int:
    """The number of the newest tombstone of a key, once it is above `after` and older than a segment lives here.

    So that whatever is appended from now on closes the segment that holds it. Older ones may be cleared already.
    """

    async def newest() -> int:
        found = [its for its in await read_all(kafka, topic) if its.key == key.encode() and its.value is None]
        number, at = max((int(its.header("ce_sequence") or 0), its.timestamp / 1000) for its in found)
        return number if number > after and time.time() - at > 1 else 0

    return await eventually(newest, timeout=60, every=0.2)


def _set(client: AdminClient, topic: str, settings: Mapping[str, Any]) -> None:
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in settings.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    for answer in client.incremental_alter_configs([resource], request_timeout=SECONDS).values():
        answer.result(SECONDS)
