"""One row of the outbox, or of the event log, as the records that Kafka gets of it: the same ones whenever asked."""

import struct
from functools import lru_cache
from typing import NamedTuple

import asyncpg

from chassis import envelope
from chassis.kafka import topic_of
from chassis.settings import ServiceSettings
from contracts.base import Visibility
from contracts.streams import public_stream


class Record(NamedTuple):
    topic: str
    key: bytes
    value: bytes | None  # none: a tombstone
    timestamp_ms: int
    headers: list[tuple[str, bytes]]


def records_of(row: asyncpg.Record, service: str, settings: ServiceSettings) -> list[Record]:
    """In full on the row's stream, and what is public of it on the public one."""
    written_ms = int(row["written_at"].timestamp() * 1000)
    schema = f"{settings.front_door}/schemas/{row['schema_name']}"
    subject, kind, body = row["subject"], row["type"], row["body"]
    key = str(subject).encode()
    full = Record(
        topic_of(settings, row["stream"]),
        key,
        None if body is None else body.encode(),
        written_ms,
        envelope.headers_of(
            type=kind,
            service=service,
            subject=subject,
            event_id=row["event_id"],
            sequence=row["sequence"],
            occurred_at=row["occurred_at"],
            dataschema=f"{schema}.json",
            dataclassification=Visibility.PERSONAL if row["personal"] else Visibility.INTERNAL,
            correlation_id=row["correlation_id"],
            causation_id=row["causation_id"],
            traceparent=row["traceparent"],
        ),
    )
    if row["public_id"] is None:
        return [full]
    # Nothing here may tell who did what together: no trace, an id of its own, whole seconds.
    public = Record(
        topic_of(settings, public_stream(service)),
        key,
        row["public_body"].encode(),
        written_ms // 1000 * 1000,
        envelope.headers_of(
            type=kind,
            service=service,
            subject=subject,
            event_id=row["public_id"],
            sequence=row["public_sequence"],
            occurred_at=row["occurred_at"].replace(microsecond=0),
            dataschema=f"{schema}.public.json",
            dataclassification=Visibility.PUBLIC,
        ),
    )
    return [full, public]


@lru_cache(maxsize=20_000)  # two megabytes: the same few subjects are spoken of again and again
def partition_of(key: bytes, partitions: int) -> int:
    """Where every client of any language puts this key: by murmur2 of its bytes.

    For keys of a multiple of four bytes alone, as the text of a UUID is; aiokafka's own takes three times as long.
    """
    mixed = 0x9747B28C ^ len(key)
    for (word,) in struct.iter_unpack("<I", key):
        word = word * 0x5BD1E995 & 0xFFFFFFFF  # noqa: PLW2901 - the algorithm's own steps
        mixed = (mixed * 0x5BD1E995 ^ (word ^ word >> 24) * 0x5BD1E995) & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 13) * 0x5BD1E995 & 0xFFFFFFFF
    return ((mixed ^ mixed >> 15) & 0x7FFFFFFF) % partitions
