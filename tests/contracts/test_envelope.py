"""The envelope: read by the CloudEvents library, which knows nothing of us, and never a reason for an exception."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from hypothesis import strategies as st

from chassis.envelope import Envelope, Unreadable, headers_of, open_record
from contracts.members import Grade, GradeBand, MemberJoined

ADA = UUID("00000000-0000-4000-8000-00000000000a")
EVENT = UUID("11111111-1111-4111-8111-111111111111")
CHAIN = UUID("22222222-2222-4222-8222-222222222222")
CAUSE = UUID("33333333-3333-4333-8333-333333333333")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

JOINED = MemberJoined(
    member_id=ADA,
    organisation="UKHSA",
    grade_band=GradeBand.HEO_SEO,
    grade=Grade.HEO,
    joined_on=date(2026, 2, 11),
)
INTERNAL = headers_of(
    event_id=EVENT,
    type=JOINED.type_name(),
    service="members",
    subject=ADA,
    sequence=1,
    occurred_at=datetime(2026, 2, 11, 15, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1))),
    dataschema="https://gse.example/schemas/members/MemberJoined.v1.json",
    dataclassification="internal",
    correlation_id=CHAIN,
    causation_id=CAUSE,
    traceparent=TRACE,
)
PUBLIC = headers_of(
    event_id=EVENT,
    type=JOINED.type_name(),
    service="members",
    subject=ADA,
    sequence=1,
    occurred_at=datetime(2026, 2, 11, 14, 0, tzinfo=UTC),
    dataschema="https://gse.example/schemas/members/MemberJoined.v1.public.json",
    dataclassification="public",
)


def as_others_read_it(headers: list[tuple[str, bytes]], body: str) -> BaseCloudEvent:
    return from_binary(KafkaMessage(dict(headers), str(ADA).encode(), body.encode()), JSONFormat())


def test_the_cloudevents_library_reads_an_internal_record() -> None:
    event = as_others_read_it(INTERNAL, JOINED.body())

    assert event.get_specversion() == "1.0"
    assert event.get_id() == "11111111-1111-4111-8111-111111111111"
    assert event.get_type() == "uk.gov.gse.members.MemberJoined.v1"
    assert event.get_source() == "urn:gse:members"
    assert event.get_subject() == "00000000-0000-4000-8000-00000000000a"
    assert event.get_time() == datetime(2026, 2, 11, 14, 0, 0, 123456, tzinfo=UTC)
    assert event.get_datacontenttype() == "application/json"
    assert event.get_dataschema() == "https://gse.example/schemas/members/MemberJoined.v1.json"
    assert event.get_extension("sequence") == "1"
    assert event.get_extension("dataclassification") == "internal"
    assert event.get_extension("correlationid") == "22222222-2222-4222-8222-222222222222"
    assert event.get_extension("causationid") == "33333333-3333-4333-8333-333333333333"
    assert event.get_data() == {
        "member_id": "00000000-0000-4000-8000-00000000000a",
        "organisation": "UKHSA",
        "grade_band": "HEO-SEO",
        "grade": "HEO",
        "joined_on": "2026-02-11",
    }


def test_the_cloudevents_library_reads_a_public_record_that_says_nothing_of_chain_or_cause() -> None:
    event = as_others_read_it(PUBLIC, JOINED.public_body() or "")

    assert event.get_attributes() == {
        "specversion": "1.0",
        "id": "11111111-1111-4111-8111-111111111111",
        "type": "uk.gov.gse.members.MemberJoined.v1",
        "source": "urn:gse:members",
        "subject": "00000000-0000-4000-8000-00000000000a",
        "time": datetime(2026, 2, 11, 14, 0, tzinfo=UTC),
        "datacontenttype": "application/json",
        "dataschema": "https://gse.example/schemas/members/MemberJoined.v1.public.json",
        "sequence": "1",
        "dataclassification": "public",
        "partitionkey": "00000000-0000-4000-8000-00000000000a",  # the library's own name for the record's key
    }
    assert event.get_data() == {
        "member_id": "00000000-0000-4000-8000-00000000000a",
        "organisation": "UKHSA",
        "grade_band": "HEO-SEO",
    }
    assert dict(PUBLIC).keys().isdisjoint({"traceparent", "ce_correlationid", "ce_causationid"})


def test_we_read_what_we_write() -> None:
    assert open_record(str(ADA).encode(), INTERNAL) == Envelope(
        subject=ADA,
        sequence=1,
        event_id=EVENT,
        type="uk.gov.gse.members.MemberJoined.v1",
        correlation_id=CHAIN,
        traceparent=TRACE,
    )


REASONS = {
    "the key is not the id of a subject",
    "ce_subject is missing or is not the key",
    "ce_sequence is missing or is not a number from 1",
    "ce_id is missing or is not a UUID",
}
HEADERS = [name for name, _ in INTERNAL]
a_value = st.none() | st.binary(max_size=80) | st.sampled_from([value for _, value in INTERNAL])
a_header = st.tuples(st.sampled_from(HEADERS) | st.text(max_size=20), a_value)


@given(key=st.none() | st.binary(max_size=80) | st.just(str(ADA).encode()), headers=st.lists(a_header, max_size=15))
def test_whatever_stands_in_key_and_headers_the_answer_is_a_place_or_a_reason_without_content(
    key: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    read = open_record(key, headers)

    if isinstance(read, Unreadable):
        assert read.reason in REASONS
    else:
        assert read.sequence >= 1
        assert read.subject == UUID((key or b"").decode())


@given(
    spoilt=st.sampled_from(["ce_subject", "ce_sequence", "ce_id"]),
    value=st.none() | st.binary(max_size=80),
)
def test_a_record_with_one_bad_header_is_read_or_refused_for_that_header(spoilt: str, value: bytes | None) -> None:
    read = open_record(str(ADA).encode(), [*INTERNAL, (spoilt, value)])

    assert isinstance(read, Envelope) or read.reason.startswith(f"{spoilt} is missing or is not")


@given(sequence=st.integers())
def test_a_sequence_counts_from_1_and_ends_below_what_the_store_holds(sequence: int) -> None:
    read = open_record(str(ADA).encode(), [*INTERNAL, ("ce_sequence", str(sequence).encode())])

    assert isinstance(read, Envelope) == (1 <= sequence <= 2**62)


@given(
    event_id=st.uuids(),
    subject=st.uuids(),
    sequence=st.integers(1, 2**31 - 1),
    occurred_at=st.datetimes(timezones=st.just(UTC)),
    chain=st.none() | st.uuids(),
)
def test_whatever_we_write_both_readers_read(
    event_id: UUID, subject: UUID, sequence: int, occurred_at: datetime, chain: UUID | None
) -> None:
    headers = headers_of(
        event_id=event_id,
        type="uk.gov.gse.members.MemberLeft.v1",
        service="members",
        subject=subject,
        sequence=sequence,
        occurred_at=occurred_at,
        dataschema="https://gse.example/schemas/members/MemberLeft.v1.json",
        dataclassification="internal",
        correlation_id=chain,
    )

    ours = open_record(str(subject).encode(), headers)
    theirs = from_binary(KafkaMessage(dict(headers), None, json.dumps({}).encode()), JSONFormat())

    assert ours == Envelope(subject, sequence, event_id, "uk.gov.gse.members.MemberLeft.v1", chain, None)
    assert (theirs.get_id(), theirs.get_subject(), theirs.get_time()) == (str(event_id), str(subject), occurred_at)
