"""What holds of every event, whatever it says: its type, its subject, its schemas, its stream."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts import generate
from contracts.base import NEVER_SAID, DomainEvent, Visibility
from contracts.catalogue import BY_TYPE, EVENTS
from contracts.streams import CONTACTS, SERVICES, STREAMS, internal_stream, stream_of
from contracts.subjects import SUBJECTS

every_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.schema_name())


def test_every_event_is_found_by_its_type_and_no_two_share_one() -> None:
    assert sorted(BY_TYPE) == sorted(event.type_name() for event in EVENTS)
    assert len(BY_TYPE) == len(EVENTS)


def test_the_table_of_subjects_names_the_events_there_are_and_no_other() -> None:
    assert set(SUBJECTS) == {event.event_name for event in EVENTS}


def test_committed_schemas_are_those_of_the_contracts_and_no_others_lie_about() -> None:
    wanted = generate.schema_files()

    assert {path: path.read_text() for path in generate.SCHEMAS.rglob("*.json")} == wanted


@pytest.mark.parametrize("path", sorted(generate.SCHEMAS.rglob("*.json")), ids=lambda path: path.name)
def test_a_schema_is_valid_json_schema_2020_12(path: Any) -> None:
    its = json.loads(path.read_text())

    assert its["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(its)


@every_event
def test_only_a_public_event_has_a_public_schema(event: type[DomainEvent]) -> None:
    there = (generate.SCHEMAS / f"{event.schema_name()}.public.json").exists()

    assert there == (event.visibility is Visibility.PUBLIC)


@every_event
def test_no_event_has_a_field_for_a_characteristic(event: type[DomainEvent]) -> None:
    assert NEVER_SAID.isdisjoint(event.model_fields)
    schema = json.loads((generate.SCHEMAS / f"{event.schema_name()}.json").read_text())
    assert NEVER_SAID.isdisjoint(schema["properties"])


@every_event
def test_a_name_or_an_address_is_on_the_stream_of_contacts_only(event: type[DomainEvent]) -> None:
    says_who = bool({"name", "email", "address", "telephone"} & set(event.model_fields))

    assert says_who == (stream_of(event) == CONTACTS)


@every_event
def test_an_event_says_when_it_happens_and_travels_on_a_stream_that_exists(event: type[DomainEvent]) -> None:
    assert (event.__doc__ or "").endswith(".")
    assert stream_of(event) in {stream.name for stream in STREAMS}
    assert event.service in SERVICES


def test_the_streams_are_two_for_each_service_and_the_contacts_which_alone_are_compacted() -> None:
    assert [stream.name for stream in STREAMS] == [
        "gse.members",
        "gse.mentoring",
        "gse.events",
        "gse.notifications",
        "gse.members.public",
        "gse.mentoring.public",
        "gse.events.public",
        "gse.notifications.public",
        "gse.members.contacts",
    ]
    assert {stream.name for stream in STREAMS if stream.compacted} == {"gse.members.contacts"}
    assert {stream.partitions for stream in STREAMS} == {12}
    assert [internal_stream(service) for service in SERVICES] == [stream.name for stream in STREAMS[:4]]
