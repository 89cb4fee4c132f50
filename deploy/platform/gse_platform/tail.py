"""`./gse tail`: what a department sees. A plain Kafka client without a group: it reads, and leaves no trace."""

import base64
import json
import os
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from gse_platform.causal import Event, in_causal_order
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
    """Print the events of the streams until the reach is met or nobody reads on: the history in causal order, then
    each as it comes.
    """
    try:
        async for event in _events(kafka, streams, reach):
            print(json.dumps(event, ensure_ascii=False) if as_json else line(event), flush=True)
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain at its end, when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KafkaError as error:
        raise CannotGoOn(
            f"Kafka at {kafka['bootstrap_servers']} cannot be read ({error}): look at ./gse status"
        ) from None


async def _events(kafka: Mapping[str, Any], streams: list[str], reach: Reach) -> AsyncIterator[Event]:
    async with _reading(kafka, streams, reach) as reading:
        history = [event async for record in reading.history() if (event := _told(record)) is not None]
        for past in in_causal_order(history)[: reach.limit]:
            yield past
        count = len(history)
        if reach.until_end or (reach.limit is not None and count >= reach.limit):
            return
        async for record in reading.live():
            event = _told(record)
            if event is not None:
                yield event
                count += 1
            if count == reach.limit:
                return


def _told(record: Record) -> dict[str, Any] | None:
    event = cloud_event(record)
    if event is None:
        console.print(f"{place(record)}: not a CloudEvent; left out", markup=False)
    return event


async def read(kafka: Mapping[str, Any], streams: list[str], reach: Reach) -> AsyncIterator[Record]:
    """The records as Kafka gives them: of each partition in order, of several in any."""
    count = 0
    async with _reading(kafka, streams, reach) as reading:
        async for record in reading.records(until_end=reach.until_end):
            yield record
            count += 1
            if count == reach.limit:
                return


@dataclass
class _Reading:
    """A consumer that stands where the reach begins, and the ends of its partitions when it was opened."""

    consumer: AIOKafkaConsumer
    end: dict[TopicPartition, int]

    async def records(self, *, until_end: bool) -> AsyncIterator[Record]:
        async for record in self.history():
            yield record
        if not until_end:
            async for record in self.live():
                yield record

    async def history(self) -> AsyncIterator[Record]:
        """What was there when it was opened. Later records are left for `live`."""
        ahead = await self._ahead(self.end)
        self.consumer.pause(*(self.end.keys() - ahead))
        while ahead:
            for partition, records in (await self.consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    if record.offset >= self.end[partition]:
                        self.consumer.seek(partition, self.end[partition])
                        break
                    yield record
            still = await self._ahead(ahead)
            self.consumer.pause(*(ahead - still))
            ahead = still

    async def live(self) -> AsyncIterator[Record]:
        self.consumer.resume(*self.end)
        while True:
            for records in (await self.consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    yield record

    async def _ahead(self, partitions: Iterable[TopicPartition]) -> set[TopicPartition]:
        return {each for each in partitions if await self.consumer.position(each) < self.end[each]}


@asynccontextmanager
async def _reading(kafka: Mapping[str, Any], streams: list[str], reach: Reach) -> AsyncIterator[_Reading]:
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
        yield _Reading(consumer, end)
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
