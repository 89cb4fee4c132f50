"""Every event there is, as other departments' parsers see it: bodies against committed schemas, by `jsonschema`."""

import json
from typing import Any

import pytest
from event_examples import EXAMPLES, PUBLIC_BODIES
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError as NotOfTheSchema
from pydantic import ValidationError

from contracts import generate
from contracts.base import DomainEvent
from contracts.catalogue import EVENTS
from contracts.members import (
    MemberContactChanged,
)
from contracts.subjects import SUBJECTS

every_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.schema_name())
every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).schema_name())


def schema(event: type[DomainEvent], *, public: bool = False) -> dict[str, Any]:
    path = generate.SCHEMAS / f"{event.schema_name()}{'.public' if public else ''}.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def validator(its: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(its, format_checker=FormatChecker(["uuid", "date"]))


def test_every_event_has_an_example_here() -> None:
    assert {type(example) for example in EXAMPLES} == set(EVENTS) == set(PUBLIC_BODIES)


@every_example
def test_a_body_is_what_its_schema_says(example: DomainEvent) -> None:
    its = schema(type(example))

    validator(its).validate(json.loads(example.body()))
    assert json.loads(example.body()).keys() == its["properties"].keys()


@every_example
def test_a_public_body_holds_the_public_fields_and_nothing_else(example: DomainEvent) -> None:
    body = example.public_body()
    expected = PUBLIC_BODIES[type(example)]

    assert (None if body is None else json.loads(body)) == expected


@pytest.mark.parametrize("example", [example for example in EXAMPLES if PUBLIC_BODIES[type(example)]])
def test_a_public_body_is_what_the_public_schema_says(example: DomainEvent) -> None:
    its = schema(type(example), public=True)

    validator(its).validate(json.loads(example.public_body() or ""))
    assert its["properties"].keys() == (PUBLIC_BODIES[type(example)] or {}).keys()
    assert its["x-visibility"] == "public"


@every_example
def test_a_schema_refuses_a_body_that_lacks_a_required_field_or_whose_subject_is_no_uuid(example: DomainEvent) -> None:
    its = validator(schema(type(example)))
    body = json.loads(example.body())

    for field in {field for field, info in type(example).model_fields.items() if info.is_required()}:
        with pytest.raises(NotOfTheSchema):
            its.validate({name: value for name, value in body.items() if name != field})
    with pytest.raises(NotOfTheSchema):
        its.validate({**body, SUBJECTS[example.event_name]: "ada@example.org"})


@every_example
def test_a_body_is_read_again_as_what_was_said_and_unknown_fields_are_ignored(example: DomainEvent) -> None:
    body = {**json.loads(example.body()), "added_in_a_later_version": 1}

    assert type(example).read(json.dumps(body)) == example


def test_what_cannot_be_read_is_not_repeated_in_the_error() -> None:
    with pytest.raises(ValidationError) as refused:
        MemberContactChanged.read('{"member_id": "ada@example.org", "name": 7}')

    assert "ada@example.org" not in str(refused.value)
