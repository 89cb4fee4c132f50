"""`./gse tail`: what a department sees. A plain Kafka client without a group: it reads, and leaves no trace."""

import base64
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError

from gse_platform.home import CannotGoOn
from gse_platform.progress import console

Record = ConsumerRecord[bytes | None, bytes | None]


@dataclass(frozen=True)
class Reach:
    """From where to where: the end of a stream is the one at the start of the reading."""

    from_beginning: bool = False
    until_end: bool = False
    limit: int | None = None


async def tail(kafka: Mapping[str, Any], streams: list[str], reach: Reach, *, as_json: bool) -> None:
    """Print each record of the streams, as it comes, until the reach is met or nobody reads on."""
    try:
        async for record in read(kafka, streams, reach):
            event = cloud_event(record)
            if event is None:
                console.print(f"{place(record)}: not a CloudEvent; left out", markup=False)
                continue
            print(json.dumps(event, ensure_ascii=False) if as_json else line(event), flush=True)
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain at its end, when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KafkaError as error:
        raise CannotGoOn(
            f"Kafka at {kafka['bootstrap_servers']} cannot be read ({error}): look at ./gse status"
        ) from None


async def read(kafka: Mapping[str, Any], streams: list[str], reach: Reach) -> AsyncIterator[Record]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka["bootstrap_servers"],
        group_id=None,
        auto_offset_reset="earliest",
        **{name: value for name, value in kafka["client"].items() if value is not None},
    )
    try:
        await consumer.start()
        await _refuse_unknown(consumer, streams)
        consumer.subscribe(streams)
        while not (partitions := consumer.assignment()):
            await consumer.getmany(timeout_ms=50)
        begin = await consumer.beginning_offsets(partitions)
        end = await consumer.end_offsets(partitions)
        for partition in partitions:
            consumer.seek(partition, begin[partition] if reach.from_beginning else end[partition])
        count = 0
        ahead = {partition for partition in partitions if begin[partition] < end[partition] and reach.from_beginning}
        while (ahead or not reach.until_end) and (reach.limit is None or count < reach.limit):
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    if reach.until_end and record.offset >= end[partition]:
                        break
                    yield record
                    count += 1
                    if count == reach.limit:
                        return
            ahead = {partition for partition in ahead if await consumer.position(partition) < end[partition]}
    finally:
        await consumer.stop()


async def _refuse_unknown(consumer: AIOKafkaConsumer, streams: list[str]) -> None:
    there = sorted(name for name in await consumer.topics() if not name.startswith("_"))
    for stream in streams:
        if stream not in there:
            raise CannotGoOn(f"There is no stream {stream}. There are: {', '.join(there)}")


def cloud_event(record: Record) -> dict[str, Any] | None:
    """The record as a CloudEvent in JSON form; None when it is not one. Where it stood is said by extensions."""
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    event: dict[str, Any] = {name[3:]: value for name, value in headers.items() if name.startswith("ce_")}
    if not {"specversion", "id", "type", "source"} <= event.keys():
        return None
    event |= {"stream": record.topic, "partition": record.partition, "offset": record.offset}
    if record.key is not None:
        event["partitionkey"] = record.key.decode(errors="replace")
    if record.value is not None:
        event["datacontenttype"] = headers.get("content-type", "application/json")
        try:
            event["data"] = json.loads(record.value)
        except ValueError:
            event["data_base64"] = base64.b64encode(record.value).decode()
    return event


def line(event: Mapping[str, Any]) -> str:
    """One event for a person: when, what, of whom, which number, and its data."""
    name = str(event["type"]).removeprefix("uk.gov.gse.")
    data = json.dumps(event.get("data"), ensure_ascii=False) if "data" in event else "(no data: a tombstone)"
    return f"{event.get('time', '')} {event['stream']} {name} {event.get('subject')} #{event.get('sequence')} {data}"


def place(record: Record) -> str:
    return f"{record.topic} {record.partition}@{record.offset}"
