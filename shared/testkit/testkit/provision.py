"""Topics, access rights and users as code: a plan compares what is declared with what is there, and is applied.

Topics come from contracts.streams, rights and principals from deploy/kafka/access.toml. Denied is what neither of them
names. Topics are made and mended, never deleted; rights and users of our principals that are not declared are taken
back; nobody else's are touched. A cluster does not tell passwords, so a plan compares users by name and iterations.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts.streams import STREAMS, Stream
from testkit import access, children, cluster, kafka_users
from testkit.access import ACCESS, Access, Right, read_access
from testkit.addresses import KafkaAddress
from testkit.cluster import SECONDS, Found
from testkit.unavailable import Unavailable

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
DONE: Final = {
    "make": "made",
    "mend": "mended",
    "allow": "allowed",
    "revoke": "revoked",
    "set": "set",
    "remove": "removed",
}


@dataclass(frozen=True)
class Wanted:
    """What is declared. Without `access` rights and users are nobody's matter here."""

    prefix: str
    access: Access | None = None
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)  # of the users that may be set
    renew: bool = False  # set every password again: whether one has changed, no plan can see

    @property
    def streams(self) -> dict[str, Stream]:
        return {self.prefix + stream.name: stream for stream in STREAMS}


@dataclass(frozen=True)
class Plan:
    """What applying would change, and what it leaves alone though somebody should look at it."""

    topics: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    allow: tuple[Right, ...] = ()
    revoke: tuple[Right, ...] = ()
    set_users: tuple[str, ...] = ()
    remove_users: tuple[tuple[str, str], ...] = ()  # user and mechanism
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> list[tuple[str, str]]:
        """Each change as a verb and what it is about, in the order of applying."""
        return [
            *(("make", f"topic {name}") for name in self.topics),
            *(
                ("mend", f"the settings of topic {name}: {', '.join(f'{key}={value}' for key, value in its.items())}")
                for name, its in self.settings.items()
            ),
            *(("set", f"the password of user {user}") for user in self.set_users),
            *(("allow", str(right)) for right in self.allow),
            *(("revoke", str(right)) for right in self.revoke),
            *(("remove", f"user {user} ({mechanism})") for user, mechanism in self.remove_users),
        ]


def compare(wanted: Wanted, found: Found) -> Plan:
    """Pure. Raises Unavailable for a topic whose partitions differ, since nothing can mend that."""
    for name, stream in wanted.streams.items():
        if found.partitions.get(name, stream.partitions) != stream.partitions:
            raise Unavailable(
                f"Topic {name} has {found.partitions[name]} partitions instead of {stream.partitions}, and a change "
                "would break the order of its events: give this platform another prefix or another cluster."
            )
    strangers = {name for name in found.partitions if name.startswith(f"{wanted.prefix}gse.")} - wanted.streams.keys()
    notes = [f"Topic {name} is none of the contracts' streams. It stays." for name in sorted(strangers)]
    topics = tuple(name for name in wanted.streams if name not in found.partitions)
    settings = _differing(wanted, found)
    if wanted.access is None:
        return Plan(topics, settings, notes=tuple(notes))
    declared = access.rights(wanted.prefix, wanted.access)
    ours = {right for right in found.rights if access.is_ours(right)}
    nameless = {right for right in ours if "UNKNOWN" in (right.kind, right.operation)}
    notes += [
        f"A right of {right.principal} is of a kind that this client cannot name. It stays." for right in nameless
    ]
    notes += [
        f"Somebody else's right touches our streams: {right}. It stays."
        for right in sorted(found.rights - ours)
        if access.touches(right, declared)
    ]
    set_users, remove_users = _users(wanted, wanted.access, found)
    notes += [
        f"There is no user {user}, and no password to make it with."
        for user in wanted.access.principals
        if user not in (found.users or {}) and user not in wanted.passwords
    ]
    return Plan(
        topics,
        settings,
        tuple(sorted(declared - found.rights)),
        tuple(sorted(ours - declared - nameless)),
        set_users,
        remove_users,
        tuple(notes),
    )


def plan(kafka: KafkaAddress, wanted: Wanted) -> Plan:
    """Asks the cluster, changes nothing. Raises Unavailable when it refuses or does not answer."""
    with _Admin(kafka) as client:
        return compare(wanted, cluster.look(client, wanted.streams, principals=wanted.access is not None))


def apply(kafka: KafkaAddress, wanted: Wanted) -> Plan:
    """Makes the cluster what is declared; gives the plan that it carried out. Blocks until all of it holds."""
    with _Admin(kafka) as client:
        its = compare(wanted, cluster.look(client, wanted.streams, principals=wanted.access is not None))
        if its.topics:
            _make_topics(kafka, client, its.topics, wanted)
        if its.settings:
            cluster.mend_settings(client, its.settings)
        if its.set_users:
            kafka_users.change_users(client, {user: wanted.passwords[user] for user in its.set_users})
        if its.allow:
            cluster.allow(client, its.allow)
        if its.revoke:
            cluster.revoke(client, its.revoke)
        if its.remove_users:
            kafka_users.change_users(client, {}, its.remove_users)
        return its


def provision(
    kafka: KafkaAddress, *, prefix: str = "", principals: bool, passwords: Mapping[str, str] | None = None
) -> list[str]:
    """Makes the platform's topics, each name after the prefix, and with `principals` rights and users what is declared.

    Returns what it did, a sentence each: nothing when all was there. Blocks until the topics can be used.
    Raises Unavailable when the cluster refuses, or has a topic with another number of partitions.
    """
    wanted = Wanted(prefix, read_access(ACCESS) if principals else None, passwords or {})
    return [f"{DONE[verb]} {what}" for verb, what in apply(kafka, wanted).steps]


def remove_topics(kafka: KafkaAddress, prefix: str) -> None:
    """Takes away what `provision` made for a prefix; an empty one is refused, since that is the platform itself."""
    if not prefix:
        raise ValueError("the topics without a prefix are not a test's to remove")
    client = AdminClient(kafka.confluent())
    there = client.list_topics(timeout=SECONDS).topics
    names = [prefix + stream.name for stream in STREAMS if prefix + stream.name in there]
    if names:
        cluster.settle(client.delete_topics(names, request_timeout=SECONDS))


def topic_settings(stream: Stream) -> dict[str, str]:
    return (
        {"cleanup.policy": "compact", **KEPT, **COMPACTED} if stream.compacted else {"cleanup.policy": "delete", **KEPT}
    )


def _differing(wanted: Wanted, found: Found) -> dict[str, dict[str, str]]:
    differing = {
        name: {key: value for key, value in topic_settings(stream).items() if found.settings[name].get(key) != value}
        for name, stream in wanted.streams.items()
        if name in found.settings
    }
    return {name: values for name, values in differing.items() if values}


def _users(wanted: Wanted, declared: Access, found: Found) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Whose password is to be set, and which way in is to be closed."""
    there = found.users or {}
    to_set = tuple(
        user
        for user in declared.principals
        if user in wanted.passwords
        and (wanted.renew or there.get(user, {}).get(kafka_users.MECHANISM, 0) < kafka_users.ITERATIONS)
    )
    to_remove = tuple(
        (user, mechanism)
        for user, mechanisms in sorted(there.items())
        if access.owns(user) and user not in declared.principals
        for mechanism in mechanisms
    )
    return to_set, to_remove


def _make_topics(kafka: KafkaAddress, client: AdminClient, names: tuple[str, ...], wanted: Wanted) -> None:
    """The controller answers first; then the broker knows the topics; then it makes the partitions, one by one."""
    # The cluster's own default number of copies: one here, three where deployment set it.
    topics = [
        NewTopic(name, stream.partitions, replication_factor=-1, config=topic_settings(stream))
        for name, stream in wanted.streams.items()
        if name in names
    ]
    cluster.make_topics(client, topics)
    partitions = [(topic.topic, number) for topic in topics for number in range(topic.num_partitions)]
    children.in_thread(lambda: asyncio.run(_ends(kafka, partitions)))


async def _ends(kafka: KafkaAddress, partitions: list[tuple[str, int]]) -> None:
    """Asks for the end of each partition until it has one.

    Not by the administrator's client: that one waits seconds between its questions, or repeats for minutes what it
    has once heard.
    """
    from aiokafka import AIOKafkaConsumer, TopicPartition  # noqa: PLC0415 - where no topic is made, none of it is needed
    from aiokafka.errors import KafkaTimeoutError  # noqa: PLC0415

    consumer = AIOKafkaConsumer(**kafka.aiokafka(), retry_backoff_ms=50, request_timeout_ms=SECONDS * 1000)
    try:
        await consumer.start()
        await consumer.end_offsets([TopicPartition(*its) for its in partitions])
    except KafkaTimeoutError as error:
        raise Unavailable(
            f"Kafka did not make the topics' partitions within {SECONDS} seconds: see its log."
        ) from error
    finally:
        await consumer.stop()


class _Admin:
    """The administrator's client for a block; what the cluster refuses there becomes a sentence."""

    def __init__(self, kafka: KafkaAddress) -> None:
        self._kafka = kafka
        self._heard: list[KafkaError] = []

    def __enter__(self) -> AdminClient:
        settings: dict[str, Any] = {**self._kafka.confluent(), "error_cb": self._heard.append}
        return AdminClient(settings)

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, KafkaException):
            raise cluster.refusal(self._kafka.bootstrap, error, self._heard) from error
