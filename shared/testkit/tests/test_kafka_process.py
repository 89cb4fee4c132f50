"""A broker on this machine: its home, its users, its port, its end."""

import asyncio
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, TopicAuthorizationFailedError
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from testkit.addresses import KafkaAddress
from testkit.kafka_process import KafkaProcess, start_kafka
from testkit.provision import provision, remove_topics
from testkit.records import read_all
from testkit.resources import in_memory
from testkit.unavailable import Unavailable

Start = Callable[..., KafkaProcess]
USERS = {name: f"{name}-password" for name in ("operator", "members", "mentoring", "events", "notifications")}


def make_topic(kafka: KafkaAddress, name: str) -> None:
    client = AdminClient(kafka.confluent())
    client.create_topics([NewTopic(name, 1)])[name].result(10)


async def say(kafka: KafkaAddress, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(**kafka.aiokafka(), enable_idempotence=True, acks="all") as producer:
        await producer.send_and_wait(topic, value, key=b"a key")


async def hear(kafka: KafkaAddress, topic: str, group: str) -> bytes | None:
    """The first record of a topic, by a member of a group that commits."""
    consumer = AIOKafkaConsumer(topic, **kafka.aiokafka(), group_id=group, auto_offset_reset="earliest")
    try:
        await consumer.start()
        async with asyncio.timeout(10):
            record = await consumer.getone()
            await consumer.commit()
        return record.value
    finally:
        await consumer.stop()


async def values(kafka: KafkaAddress, topic: str) -> list[bytes | None]:
    return [record.value for record in await read_all(kafka, topic)]


@pytest.fixture(scope="module")
def guarded() -> Iterator[KafkaProcess]:
    """A broker with the platform's users, topics and rights."""
    with tempfile.TemporaryDirectory(prefix="gse-test-kafka-", dir=in_memory()) as home:
        kafka = start_kafka(Path(home), users=USERS)
        provision(kafka.address_for("operator"), principals=True)
        yield kafka
        kafka.stop()


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts brokers that are gone after the test, also after a failed one."""
    started: list[KafkaProcess] = []

    def begin(home: Path, **options: Any) -> KafkaProcess:
        started.append(start_kafka(home, **options))
        return started[-1]

    yield begin
    for kafka in started:
        kafka.stop()


async def test_beside_another_home_a_second_start_finds_data_and_port_after_a_stop_and_after_a_kill(
    guarded: KafkaProcess, start: Start, tmp_path: Path
) -> None:
    home = tmp_path / "Zoë's own home"
    first = start(home)
    assert first.bootstrap != guarded.bootstrap
    assert (first.poll(), guarded.poll()) == (None, None)
    assert os.getpgid(first.pid) != os.getpgid(0)  # Ctrl-C is the parent's alone
    make_topic(first.address_for(), "gse.members")
    await say(first.address_for(), "gse.members", b"before the stop")
    first.stop()
    assert first.poll() is not None

    second = start(home)
    assert second.bootstrap == first.bootstrap
    await say(second.address_for(), "gse.members", b"before the kill")
    second.kill()

    third = start(home)
    assert third.bootstrap == first.bootstrap
    kept = await values(third.address_for(), "gse.members")
    assert sorted(value for value in kept if value) == [b"before the kill", b"before the stop"]


def test_each_home_is_a_cluster_of_its_own(guarded: KafkaProcess, start: Start, tmp_path: Path) -> None:
    other = start(tmp_path)
    ids = {(home / "data" / "meta.properties").read_text() for home in (guarded.home, other.home)}
    assert len({line for text in ids for line in text.splitlines() if line.startswith("cluster.id=gse-")}) == 2
    assert len({line for text in ids for line in text.splitlines() if line.startswith("directory.id=")}) == 2

    client = AdminClient(other.address_for().confluent())
    assert client.describe_cluster().result(10).cluster_id in (tmp_path / "data" / "meta.properties").read_text()


async def test_a_service_speaks_on_its_own_streams_and_those_who_react_hear_it(guarded: KafkaProcess) -> None:
    await say(guarded.address_for("members"), "gse.members", b"joined")
    assert await hear(guarded.address_for("mentoring"), "gse.members", "mentoring.gse.members") == b"joined"
    assert await hear(guarded.address_for("events"), "gse.members", "events.gse.members") == b"joined"
    await say(guarded.address_for("members"), "gse.members.contacts", b"an address")
    assert await values(guarded.address_for("notifications"), "gse.members.contacts") == [b"an address"]
    assert await values(guarded.address_for("members"), "gse.members.contacts") == [b"an address"]


@pytest.mark.parametrize("stranger", ["mentoring", "events"])
async def test_nobody_but_notifications_reads_names_and_addresses(guarded: KafkaProcess, stranger: str) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        await values(guarded.address_for(stranger), "gse.members.contacts")


@pytest.mark.parametrize("stranger", ["mentoring", "events", "notifications"])
async def test_nobody_speaks_on_the_stream_of_another(guarded: KafkaProcess, stranger: str) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        await say(guarded.address_for(stranger), "gse.members", b"forged")


async def test_nobody_joins_the_group_of_another(guarded: KafkaProcess) -> None:
    with pytest.raises(GroupAuthorizationFailedError):
        await hear(guarded.address_for("events"), "gse.members", "mentoring.gse.members")


async def test_nobody_but_the_node_itself_signs_in_by_a_plain_password(guarded: KafkaProcess) -> None:
    members = KafkaAddress(guarded.bootstrap, "SASL_PLAINTEXT", "PLAIN", "members", USERS["members"])
    with pytest.raises(KafkaConnectionError):
        await values(members, "gse.members")


async def test_a_changed_password_holds_from_the_next_start(start: Start, tmp_path: Path) -> None:
    start(tmp_path, users={"operator": "before", "leaver": "x"}).stop()
    kafka = start(tmp_path, users={"operator": "after"})
    make_topic(kafka.address_for("operator"), "thing")
    for name, old in (("operator", "before"), ("leaver", "x")):
        with pytest.raises(KafkaConnectionError):
            await values(KafkaAddress(kafka.bootstrap, "SASL_PLAINTEXT", username=name, password=old), "thing")


def test_a_second_kafka_on_one_home_says_that_one_runs_there(guarded: KafkaProcess) -> None:
    with pytest.raises(Unavailable, match=r"Another Kafka runs on .*: stop that one first"):
        start_kafka(guarded.home, users=USERS)
    assert guarded.poll() is None


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"Port {port} is taken by another program: stop that one or choose"):
            start_kafka(tmp_path, port=port)


def test_a_folder_that_kafka_cannot_name_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="choose a folder without one"):
        start_kafka(tmp_path / "one, two")


def test_a_corrupt_home_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "kafka.json").write_text('{"port": 0, "secured": false, "broker_password": "x", "users": {}}')
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_text("version=1\ncluster.id=somebody-elses\nnode.id=7\n")
    with pytest.raises(Unavailable, match=r"cannot be used .*: move that folder away, or delete it"):
        start_kafka(tmp_path)
    (tmp_path / "kafka.json").write_text("{")
    with pytest.raises(Unavailable, match=r"cannot be used \(kafka.json cannot be read\)"):
        start_kafka(tmp_path)


def test_a_home_with_users_is_not_opened_to_everybody(tmp_path: Path) -> None:
    (tmp_path / "kafka.json").write_text('{"port": 0, "secured": true, "broker_password": "x", "users": {}}')
    with pytest.raises(Unavailable, match="was made with users and is asked for without"):
        start_kafka(tmp_path)


def test_only_topics_behind_a_prefix_can_be_removed() -> None:
    with pytest.raises(ValueError, match="not a test's to remove"):
        remove_topics(KafkaAddress("127.0.0.1:1"), "")
