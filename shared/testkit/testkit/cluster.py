"""What a Kafka cluster has: topics with their settings, rights, users. Read and changed by confluent-kafka's client."""

import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.cimpl import NewTopic

from testkit.access import Right
from testkit.kafka_users import Credentials, credentials
from testkit.unavailable import Unavailable

SECONDS: Final = 60
CONTACT_SECONDS: Final = 10


@dataclass(frozen=True)
class Found:
    """The cluster at one moment. Without principals asked for, rights and users are empty."""

    partitions: Mapping[str, int]
    settings: Mapping[str, Mapping[str, str]]  # of the topics that were asked about
    rights: frozenset[Right] = frozenset()
    users: Mapping[str, Credentials] | None = None  # None: not asked


def look(client: AdminClient, topics: Collection[str], *, principals: bool) -> Found:
    """Raises KafkaException when the cluster refuses or does not answer."""
    there = client.list_topics(timeout=CONTACT_SECONDS).topics
    partitions = {name: len(topic.partitions) for name, topic in there.items()}
    settings = _settings(client, [name for name in topics if name in there])
    if not principals:
        return Found(partitions, settings)
    _require_an_operator(client)
    return Found(partitions, settings, frozenset(granted(client)), credentials(client))


def _require_an_operator(client: AdminClient) -> None:
    """Asked first, since this client tells somebody without rights that nobody has any, and dies asking for users."""
    described = client.describe_cluster(include_authorized_operations=True, request_timeout=SECONDS).result(SECONDS)
    if not {AclOperation.DESCRIBE, AclOperation.ALTER} <= set(described.authorized_operations or ()):
        raise KafkaException(KafkaError(KafkaError.CLUSTER_AUTHORIZATION_FAILED))


def _settings(client: AdminClient, topics: list[str]) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    answers = client.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in topics])
    return {
        resource.name: {key: entry.value for key, entry in answer.result(SECONDS).items()}
        for resource, answer in answers.items()
    }


def make_topics(client: AdminClient, topics: list[NewTopic]) -> None:
    """Blocks until the brokers tell of them."""
    settle(client.create_topics(topics, request_timeout=SECONDS))
    names = {topic.topic for topic in topics}
    until(lambda: names <= client.list_topics(timeout=CONTACT_SECONDS).topics.keys(), "did not tell of the topics")


def mend_settings(client: AdminClient, differing: Mapping[str, Mapping[str, str]]) -> None:
    changes = [
        ConfigResource(
            ResourceType.TOPIC,
            name,
            incremental_configs=[
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in values.items()
            ],
        )
        for name, values in differing.items()
    ]
    settle(client.incremental_alter_configs(changes, request_timeout=SECONDS))


def granted(client: AdminClient) -> set[Right]:
    """The rights that the brokers apply by now, everybody's."""
    found = client.describe_acls(
        _filter(ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY),
        request_timeout=SECONDS,
    )
    return {_right(binding) for binding in found.result(SECONDS)}


def allow(client: AdminClient, missing: Collection[Right]) -> None:
    """Blocks until they hold."""
    settle(client.create_acls([AclBinding(*_parts(right)) for right in missing], request_timeout=SECONDS))
    until(lambda: set(missing) <= granted(client), "did not apply the rights")


def revoke(client: AdminClient, extra: Collection[Right]) -> None:
    """Blocks until they are gone."""
    settle(client.delete_acls([_filter(*_parts(right)) for right in extra], request_timeout=SECONDS))
    until(lambda: set(extra).isdisjoint(granted(client)), "did not take back the rights")


def settle(answers: Mapping[Any, "Future[Any]"]) -> None:
    for answer in answers.values():
        answer.result(SECONDS)


def until(done: Callable[[], bool], failing: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise Unavailable(f"Kafka took the order but {failing} within {SECONDS} seconds: see its log.")
        time.sleep(0.02)


def refusal(bootstrap: str, error: KafkaException, heard: list[KafkaError]) -> Unavailable:
    """What the cluster's refusal means to the person who asked."""
    reason: KafkaError = heard[0] if heard else error.args[0]
    said = reason.str().rstrip(".")
    if reason.code() == KafkaError.SECURITY_DISABLED:
        return Unavailable(f"Kafka at {bootstrap} asks nobody for rights: give its brokers an authorizer first.")
    if reason.code() < 0:  # the client's own: no answer came
        return Unavailable(
            f"Kafka at {bootstrap} does not answer ({said}): is it running, and are user and password right?"
        )
    return Unavailable(f"Kafka at {bootstrap} refused ({said}): topics and rights are made by the operator.")


def _right(binding: Any) -> Right:
    return Right(
        binding.principal,
        binding.operation.name,
        binding.restype.name,
        binding.name,
        binding.resource_pattern_type.name,
        binding.permission_type.name,
        binding.host,
    )


def _parts(right: Right) -> tuple[Any, ...]:
    return (
        ResourceType[right.kind],
        right.name,
        ResourcePatternType[right.pattern],
        right.principal,
        right.host,
        AclOperation[right.operation],
        AclPermissionType[right.permission],
    )


def _filter(*parts: Any) -> AclBindingFilter:
    anything: Any = AclBindingFilter  # its annotations ask for names, its documentation for None where any will do
    its: AclBindingFilter = anything(*parts)
    return its
