"""Topics and access rights as code: compared with what is there, then only what is missing is made.

Topics come from contracts.streams, rights from deploy/kafka/access.toml. Denied is what neither of them names.
"""

import asyncio
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.cimpl import NewTopic

from contracts.streams import SERVICES, STREAMS, Stream
from testkit import children
from testkit.addresses import KafkaAddress
from testkit.unavailable import Unavailable

SECONDS: Final = 60
CONTACT_SECONDS: Final = 10
ACCESS: Final = Path(__file__).parents[3] / "deploy" / "kafka" / "access.toml"
KEPT: Final = {"retention.ms": "-1", "retention.bytes": "-1"}
# What was taken back is gone within a day, as long as its tombstone is said again: Kafka clears closed segments alone,
# and closes one only when something is appended after its time. The tombstone itself stays for half a day, for readers.
SIX_HOURS: Final = "21600000"
HALF_A_DAY: Final = "43200000"
COMPACTED: Final = {
    "segment.ms": SIX_HOURS,
    "max.compaction.lag.ms": SIX_HOURS,
    "delete.retention.ms": HALF_A_DAY,
}


@dataclass(frozen=True)
class Right:
    """One service may do one thing with one topic, or with all groups whose names begin so."""

    service: str
    operation: str
    kind: str
    name: str
    pattern: str = "LITERAL"

    def binding(self) -> AclBinding:
        return AclBinding(
            ResourceType[self.kind],
            self.name,
            ResourcePatternType[self.pattern],
            f"User:{self.service}",
            "*",
            AclOperation[self.operation],
            AclPermissionType.ALLOW,
        )


def provision(kafka: KafkaAddress, *, prefix: str = "", principals: bool) -> list[str]:
    """Makes the platform's topics, each name after the prefix, and with `principals` each service's rights.

    Returns what it did, a sentence each: nothing when all was there. Blocks until the topics can be used.
    Raises Unavailable when the cluster refuses, or has a topic with another number of partitions.
    """
    heard: list[KafkaError] = []
    settings: dict[str, Any] = {**kafka.confluent(), "error_cb": heard.append}
    client = AdminClient(settings)
    try:
        done = _make_topics(kafka, client, prefix)
        if principals:
            done += _grant(client, rights(prefix, read_access(ACCESS)))
    except KafkaException as error:
        raise _refusal(kafka, heard[0] if heard else error.args[0]) from error
    return done


def remove_topics(kafka: KafkaAddress, prefix: str) -> None:
    """Takes away what `provision` made for a prefix; an empty one is refused, since that is the platform itself."""
    if not prefix:
        raise ValueError("the topics without a prefix are not a test's to remove")
    client = AdminClient(kafka.confluent())
    there = client.list_topics(timeout=SECONDS).topics
    names = [prefix + stream.name for stream in STREAMS if prefix + stream.name in there]
    if names:
        _settle(client.delete_topics(names, request_timeout=SECONDS))


def read_access(file: Path) -> Mapping[str, list[str]]:
    """Which service reads which streams. A table that names what does not exist is refused."""
    if not file.exists():
        raise Unavailable(f"{file} is missing: access rights are applied from a checkout of the platform.")
    reads: Mapping[str, list[str]] = tomllib.loads(file.read_text())["reads"]
    known = {stream.name for stream in STREAMS}
    strangers = sorted(reads.keys() - set(SERVICES)) + sorted(
        {name for names in reads.values() for name in names} - known
    )
    if strangers:
        raise Unavailable(f"{file} names what the contracts do not have: {', '.join(strangers)}.")
    return reads


def rights(prefix: str, reads: Mapping[str, list[str]]) -> list[Right]:
    """One principal a service: its own streams, the streams of its reactions, the groups that bear its name."""
    granted = []
    for service in SERVICES:
        own = [prefix + stream.name for stream in STREAMS if stream.service == service]
        heard = [prefix + name for name in reads.get(service, [])]
        # Reading or writing a topic includes describing it; writing one includes an idempotent producer's needs.
        granted += [Right(service, "WRITE", "TOPIC", name) for name in own]
        granted += [Right(service, "READ", "TOPIC", name) for name in own + heard]
        granted.append(Right(service, "READ", "GROUP", f"{prefix}{service}.", pattern="PREFIXED"))
    return granted


def topic_settings(stream: Stream) -> dict[str, str]:
    return (
        {"cleanup.policy": "compact", **KEPT, **COMPACTED} if stream.compacted else {"cleanup.policy": "delete", **KEPT}
    )


def _refusal(kafka: KafkaAddress, reason: KafkaError) -> Unavailable:
    said = reason.str().rstrip(".")
    if reason.code() < 0:  # the client's own: no answer came
        return Unavailable(
            f"Kafka at {kafka.bootstrap} does not answer ({said}): is it running, and are user and password right?"
        )
    return Unavailable(f"Kafka at {kafka.bootstrap} refused ({said}): topics and rights are made by the operator.")


def _make_topics(kafka: KafkaAddress, client: AdminClient, prefix: str) -> list[str]:
    there = client.list_topics(timeout=CONTACT_SECONDS).topics
    missing = [stream for stream in STREAMS if prefix + stream.name not in there]
    present = [stream for stream in STREAMS if prefix + stream.name in there]
    for stream in present:
        partitions = len(there[prefix + stream.name].partitions)
        if partitions != stream.partitions:
            raise Unavailable(
                f"Topic {prefix}{stream.name} has {partitions} partitions instead of {stream.partitions}, and a change "
                "would break the order of its events: give this platform another prefix or another cluster."
            )
    changed = _mend_settings(client, prefix, present)
    # The cluster's own default number of copies: one here, three where deployment set it.
    topics = [
        NewTopic(prefix + stream.name, stream.partitions, replication_factor=-1, config=topic_settings(stream))
        for stream in missing
    ]
    if topics:
        _settle(client.create_topics(topics, request_timeout=SECONDS))
        _wait_for(kafka, client, topics)
    return [f"made topic {topic.topic}" for topic in topics] + changed


def _mend_settings(client: AdminClient, prefix: str, streams: list[Stream]) -> list[str]:
    if not streams:
        return []
    wanted = {prefix + stream.name: topic_settings(stream) for stream in streams}
    answers = client.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in wanted])
    changes = []
    for resource, answer in answers.items():
        there = answer.result(SECONDS)
        differing = {key: value for key, value in wanted[resource.name].items() if there[key].value != value}
        if differing:
            entries = [
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in differing.items()
            ]
            changes.append(ConfigResource(ResourceType.TOPIC, resource.name, incremental_configs=entries))
    if changes:
        _settle(client.incremental_alter_configs(changes, request_timeout=SECONDS))
    return [f"mended the settings of topic {change.name}" for change in changes]


def _wait_for(kafka: KafkaAddress, client: AdminClient, topics: list[NewTopic]) -> None:
    """The controller answers first; then the broker knows the topics; then it makes the partitions, one by one."""
    names = {topic.topic for topic in topics}
    _until(lambda: names <= client.list_topics(timeout=CONTACT_SECONDS).topics.keys(), "did not tell of the topics")
    partitions = [TopicPartition(topic.topic, n) for topic in topics for n in range(topic.num_partitions)]
    children.in_thread(lambda: asyncio.run(_ends(kafka, partitions)))


async def _ends(kafka: KafkaAddress, partitions: list[TopicPartition]) -> None:
    """Asks for the end of each partition until it has one.

    Not by the administrator's client: that one waits seconds between its questions, or repeats for minutes what it
    has once heard.
    """
    consumer = AIOKafkaConsumer(**kafka.aiokafka(), retry_backoff_ms=50, request_timeout_ms=SECONDS * 1000)
    try:
        await consumer.start()
        await consumer.end_offsets(partitions)
    except KafkaTimeoutError as error:
        raise Unavailable(
            f"Kafka did not make the topics' partitions within {SECONDS} seconds: see its log."
        ) from error
    finally:
        await consumer.stop()


def _until(done: Callable[[], bool], failing: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise Unavailable(f"Kafka took the order but {failing} within {SECONDS} seconds: see its log.")
        time.sleep(0.02)


def _grant(client: AdminClient, wanted: Iterable[Right]) -> list[str]:
    there = _granted(client)
    missing = {right: right.binding() for right in wanted}
    missing = {right: binding for right, binding in missing.items() if _names(binding) not in there}
    if missing:
        _settle(client.create_acls(list(missing.values()), request_timeout=SECONDS))
        _until(
            lambda: {_names(binding) for binding in missing.values()} <= _granted(client), "did not apply the rights"
        )
    return [
        f"allowed {right.service} to {right.operation.lower()} {right.kind.lower()} {right.name}" for right in missing
    ]


def _granted(client: AdminClient) -> set[tuple[str, ...]]:
    """The rights that the broker applies by now."""
    anything: Any = AclBindingFilter  # its annotations ask for names, its documentation for None where any will do
    anything = anything(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    return {_names(binding) for binding in client.describe_acls(anything, request_timeout=SECONDS).result(SECONDS)}


def _names(binding: Any) -> tuple[str, ...]:
    """A binding as the cluster means it; the client's own comparison also looks at how the object was made."""
    kinds = (binding.restype, binding.resource_pattern_type, binding.operation, binding.permission_type)
    return (*(kind.name for kind in kinds), binding.name, binding.principal, binding.host)


def _settle(answers: Mapping[Any, "Future[Any]"]) -> None:
    for answer in answers.values():
        answer.result(SECONDS)
