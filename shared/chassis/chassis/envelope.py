"""CloudEvents 1.0 in binary mode: attributes in headers, the event in the body, the subject as key.

`headers_of` writes an envelope for the relay. `open_record` reads one for the consumer and never raises: whatever
another sender put on the bus, the answer is an `Envelope` or an `Unreadable` with a reason that shows no content.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from asyncpg.pgproto import pgproto

Headers = Sequence[tuple[str, bytes | None]]
TYPE = re.compile(r"^uk\.gov\.gse\.(?P<service>[a-z]+)\.(?P<name>[A-Za-z]+)\.v(?P<version>[1-9][0-9]*)$")
TRACEPARENT = re.compile(r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
HIGHEST_SEQUENCE = 2**62


class Envelope(NamedTuple):  # one for each record, and a frozen dataclass takes four times as long to make
    """What the headers of a record say, checked. `type` is text of anyone's; it may be no type of ours."""

    subject: UUID
    sequence: int
    event_id: UUID
    type: str
    correlation_id: UUID | None
    traceparent: str | None


@dataclass(frozen=True)
class Unreadable:
    """A record whose place in a subject's order can't be known; `reason` shows none of its content."""

    reason: str


def headers_of(
    *,
    event_id: UUID,
    type: str,  # noqa: A002 - CloudEvents' own word
    service: str,
    subject: UUID,
    sequence: int,
    occurred_at: datetime,
    dataschema: str,
    dataclassification: str,
    correlation_id: UUID | None = None,
    causation_id: UUID | None = None,
    traceparent: str | None = None,
) -> list[tuple[str, bytes]]:
    """The headers of one record. Public records are given no correlation, causation or trace, and whole seconds."""
    headers = [
        *_of_every_one(type, service, dataschema, dataclassification),
        ("ce_id", str(event_id).encode()),
        ("ce_time", occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()),
        ("ce_subject", str(subject).encode()),
        ("ce_sequence", str(sequence).encode()),
    ]
    if correlation_id:
        headers.append(("ce_correlationid", str(correlation_id).encode()))
    if causation_id:
        headers.append(("ce_causationid", str(causation_id).encode()))
    if traceparent:
        headers.append(("traceparent", traceparent.encode()))
    return headers


@lru_cache
def _of_every_one(type: str, service: str, dataschema: str, dataclassification: str) -> list[tuple[str, bytes]]:  # noqa: A002
    """What all records of a type on a stream have in common."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_type", type.encode()),
        ("ce_source", f"urn:gse:{service}".encode()),
        ("ce_dataschema", dataschema.encode()),
        ("ce_dataclassification", dataclassification.encode()),
        ("content-type", b"application/json"),
    ]


def open_record(key: bytes | None, headers: Headers) -> Envelope | Unreadable:
    """Read a record's place: subject, sequence, id and type. Never raises."""
    found = dict(headers)
    subject = _uuid(_text(key))
    if subject is None:
        return Unreadable("the key is not the id of a subject")
    if found.get("ce_subject") != key:
        return Unreadable("ce_subject is missing or is not the key")
    sequence = _sequence(_text(found.get("ce_sequence")))
    if sequence is None:
        return Unreadable("ce_sequence is missing or is not a number from 1")
    event_id = _uuid(_text(found.get("ce_id")))
    if event_id is None:
        return Unreadable("ce_id is missing or is not a UUID")
    traceparent = _text(found.get("traceparent")) or ""
    return Envelope(
        subject=subject,
        sequence=sequence,
        event_id=event_id,
        type=_text(found.get("ce_type")) or "",
        correlation_id=_uuid(_text(found.get("ce_correlationid"))),
        traceparent=traceparent if TRACEPARENT.fullmatch(traceparent) else None,
    )


def _text(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _uuid(value: str | None) -> UUID | None:
    """Only the canonical text: a subject that had two spellings would have two keys, so two partitions."""
    try:
        found = pgproto.UUID(value or "")  # as rows hold them: read and written in a sixth of the time
    except ValueError:
        return None
    return found if str(found) == value else None


def _sequence(value: str | None) -> int | None:
    if value is None or not value.isascii() or not value.isdigit() or len(value) > len(str(HIGHEST_SEQUENCE)):
        return None
    number = int(value)
    return number if 1 <= number <= HIGHEST_SEQUENCE else None
