import asyncio
import json
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from gse_platform.tail import Reach, Record, cloud_event, line, tail
from testkit.addresses import KafkaAddress
from testkit.eventually import eventually

HEADERS: list[tuple[str, bytes | None]] = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"4bd0d3a8-9a0c-4c3c-9f4c-2f3fbb7f8b7a"),
    ("ce_type", b"uk.gov.gse.members.MemberJoined.v1"),
    ("ce_source", b"urn:gse:members"),
    ("ce_time", b"2026-11-23T12:00:00Z"),
    ("ce_subject", b"9d0c6a34-52ff-4a51-a8d5-6d2f0ed2c4b1"),
    ("ce_sequence", b"1"),
    ("content-type", b"application/json"),
]


def test_a_record_becomes_a_cloud_event_in_json_form_that_says_where_it_stood() -> None:
    assert cloud_event(record(HEADERS, b'{"grade": "EO"}')) == {
        "specversion": "1.0",
        "id": "4bd0d3a8-9a0c-4c3c-9f4c-2f3fbb7f8b7a",
        "type": "uk.gov.gse.members.MemberJoined.v1",
        "source": "urn:gse:members",
        "time": "2026-11-23T12:00:00Z",
        "subject": "9d0c6a34-52ff-4a51-a8d5-6d2f0ed2c4b1",
        "sequence": "1",
        "stream": "gse.members",
        "partition": 3,
        "offset": 14,
        "partitionkey": "9d0c6a34-52ff-4a51-a8d5-6d2f0ed2c4b1",
        "datacontenttype": "application/json",
        "data": {"grade": "EO"},
    }


def test_a_person_reads_name_subject_and_number() -> None:
    event = cloud_event(record(HEADERS, b'{"grade": "EO"}'))

    assert event is not None
    assert line(event) == (
        "2026-11-23T12:00:00Z gse.members members.MemberJoined.v1 9d0c6a34-52ff-4a51-a8d5-6d2f0ed2c4b1 #1"
        ' {"grade": "EO"}'
    )


def test_a_tombstone_has_no_data() -> None:
    event = cloud_event(record(HEADERS, None))

    assert event is not None
    assert "data" not in event


def test_a_body_that_is_no_json_is_passed_on_in_base64() -> None:
    event = cloud_event(record(HEADERS, b"\xff\xfe"))

    assert event is not None
    assert event["data_base64"] == "//4="


def test_a_record_of_another_kind_is_no_cloud_event() -> None:
    assert cloud_event(record([("ce_id", None)], b"{}")) is None


def record(headers: list[tuple[str, bytes | None]], value: bytes | None) -> Record:
    return ConsumerRecord(
        topic="gse.members",
        partition=3,
        offset=14,
        timestamp=0,
        timestamp_type=0,
        key=b"9d0c6a34-52ff-4a51-a8d5-6d2f0ed2c4b1",
        value=value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=cast("list[tuple[str, bytes]]", headers),
    )


async def test_history_is_told_in_causal_order_and_what_comes_later_as_it_comes(
    kafka: KafkaAddress, topic_prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    members, mentoring = f"{topic_prefix}gse.members", f"{topic_prefix}gse.mentoring"
    async with AIOKafkaProducer(**kafka.aiokafka(), linger_ms=0) as producer:
        await say(producer, mentoring, "effect", "2026-02-11T11:59:59Z", because_of="cause")
        await say(producer, members, "cause", "2026-02-11T12:00:00Z")
        await say(producer, members, "before", "2026-02-11T11:00:00Z")
        await say(producer, mentoring, "after", "2026-02-11T13:00:00Z")

        await told(kafka, [mentoring, members], Reach(from_beginning=True, until_end=True))
        assert ids(capsys) == ["before", "cause", "effect", "after"]
        await told(kafka, [mentoring, members], Reach(from_beginning=True, limit=2))
        assert ids(capsys) == ["before", "cause"]

        async with asyncio.TaskGroup() as both:
            both.create_task(told(kafka, [mentoring, members], Reach(from_beginning=True, limit=5)))
            printed = await eventually(lambda: ids(capsys))
            await say(producer, members, "live", "2026-02-11T10:00:00Z")
        assert [*printed, *ids(capsys)] == ["before", "cause", "effect", "after", "live"]


async def say(producer: AIOKafkaProducer, stream: str, name: str, at: str, *, because_of: str | None = None) -> None:
    attributes = {"specversion": "1.0", "id": name, "type": "t", "source": "s", "time": at, "subject": name}
    attributes |= {"sequence": "1"} | ({"causationid": because_of} if because_of else {})
    headers = [(f"ce_{attribute}", value.encode()) for attribute, value in attributes.items()]
    await producer.send_and_wait(stream, b"{}", key=name.encode(), headers=headers)


async def told(kafka: KafkaAddress, streams: list[str], reach: Reach) -> None:
    given: dict[str, Any] = {**kafka.aiokafka()}
    here = {"bootstrap_servers": given.pop("bootstrap_servers"), "client": given}
    await tail(here, streams, reach, as_json=True)


def ids(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [json.loads(printed)["id"] for printed in capsys.readouterr().out.splitlines()]
