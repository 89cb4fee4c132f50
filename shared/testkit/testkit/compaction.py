"""A compacted topic that is cleared within seconds instead of hours, so that a test can see what is left of it."""

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


def _set(client: AdminClient, topic: str, settings: Mapping[str, Any]) -> None:
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in settings.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    for answer in client.incremental_alter_configs([resource], request_timeout=SECONDS).values():
        answer.result(SECONDS)
