"""What may change in a schema between releases, and what may not. `jsonschema` is the witness that the table is right:
of a forbidden change there is a body that one side says and the other refuses, of an allowed one there is none.
"""

from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from contracts.compatibility import differences

UUID_TEXT = {"format": "uuid", "type": "string"}
DATE = {"format": "date", "type": "string"}
CODE = {"pattern": "^[A-Z]{1,5}$", "type": "string"}
TITLE = {"maxLength": 120, "minLength": 1, "type": "string"}
BAND = {"$ref": "#/$defs/Band"}
COUNT = {"minimum": 1, "maximum": 9, "type": "integer"}
ADA = "00000000-0000-4000-8000-00000000000a"
SUBJECT = {**UUID_TEXT, "x-visibility": "public"}


def event(
    its: dict[str, Any] | None = None,
    *,
    required: tuple[str, ...] = ("its",),
    definitions: dict[str, Any] | None = None,
    **other: Any,
) -> dict[str, Any]:
    """A schema as the contracts make it, with one property beside its subject."""
    properties = {"member_id": SUBJECT} | ({"its": {"x-visibility": "public", **its}} if its is not None else {})
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "MemberJoined",
        "description": "A person became a member.",
        "type": "object",
        "properties": properties,
        "required": ["member_id", *(name for name in required if name in properties)],
        "x-type": "uk.gov.gse.members.MemberJoined.v1",
        "x-visibility": "public",
        "x-subject": "member_id",
        "$defs": definitions or {},
    }
    return whole | other


def band(*values: str) -> dict[str, Any]:
    return {"Band": {"enum": list(values), "title": "Band", "type": "string"}}


def either(*kinds: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": list(kinds)}


def array(of: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"items": of, "type": "array", **other}


def home(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"properties": properties, "required": list(required), "title": "Home", "type": "object"}


NULL = {"type": "null"}
MISSING = object()


class Forbidden(NamedTuple):
    """A change from one to the other, the sentence about it, and a value of `its` that only one of the two takes."""

    change: str
    old: dict[str, Any]
    new: dict[str, Any]
    sentence: str
    only_one_takes: Any


FORBIDDEN = [
    Forbidden("a property goes", event(CODE), event(), "its is gone", 7),
    Forbidden("an optional property goes", event(CODE, required=()), event(), "its is gone", 7),
    Forbidden(
        "a required property comes",
        event(),
        event(CODE),
        "its is new and required: only an optional property may be added",
        MISSING,
    ),
    Forbidden(
        "a property may be left out",
        event(CODE),
        event(CODE, required=()),
        "its was required and is optional",
        MISSING,
    ),
    Forbidden(
        "a property is needed", event(CODE, required=()), event(CODE), "its was optional and is required", MISSING
    ),
    Forbidden(
        "another type",
        event({"type": "integer"}),
        event({"type": "string"}),
        'its: type was "integer" and is "string"',
        7,
    ),
    Forbidden(
        "a wider type",
        event({"type": "integer"}),
        event({"type": "number"}),
        'its: type was "integer" and is "number"',
        0.5,
    ),
    Forbidden(
        "a narrower type",
        event({"type": "number"}),
        event({"type": "integer"}),
        'its: type was "number" and is "integer"',
        0.5,
    ),
    Forbidden("another format", event(UUID_TEXT), event(DATE), 'its: format was "uuid" and is "date"', "2026-02-11"),
    Forbidden(
        "a format goes",
        event(UUID_TEXT),
        event({"type": "string"}),
        'its: format was "uuid" and is not there',
        "anything",
    ),
    Forbidden(
        "a format comes", event({"type": "string"}), event(DATE), 'its: format was not there and is "date"', "anything"
    ),
    Forbidden(
        "a wider pattern",
        event(CODE),
        event(CODE | {"pattern": "^[A-Z]{1,6}$"}),
        'its: pattern was "^[A-Z]{1,5}$" and is "^[A-Z]{1,6}$"',
        "SIXSIX",
    ),
    Forbidden(
        "a pattern goes",
        event(CODE),
        event({"type": "string"}),
        'its: pattern was "^[A-Z]{1,5}$" and is not there',
        "small",
    ),
    Forbidden(
        "a longer text", event(TITLE), event(TITLE | {"maxLength": 121}), "its: maxLength was 120 and is 121", "x" * 121
    ),
    Forbidden(
        "a shorter text",
        event(TITLE),
        event(TITLE | {"maxLength": 119}),
        "its: maxLength was 120 and is 119",
        "x" * 120,
    ),
    Forbidden("an empty text", event(TITLE), event(TITLE | {"minLength": 0}), "its: minLength was 1 and is 0", ""),
    Forbidden(
        "no very short text", event(TITLE), event(TITLE | {"minLength": 2}), "its: minLength was 1 and is 2", "x"
    ),
    Forbidden("a higher bound", event(COUNT), event(COUNT | {"maximum": 10}), "its: maximum was 9 and is 10", 10),
    Forbidden("a higher floor", event(COUNT), event(COUNT | {"minimum": 2}), "its: minimum was 1 and is 2", 1),
    Forbidden(
        "a new value",
        event(BAND, definitions=band("AA-AO", "EO")),
        event(BAND, definitions=band("AA-AO", "EO", "SCS")),
        'its: the value "SCS" is new',
        "SCS",
    ),
    Forbidden(
        "a value goes",
        event(BAND, definitions=band("AA-AO", "EO")),
        event(BAND, definitions=band("AA-AO")),
        'its: the value "EO" is gone',
        "EO",
    ),
    Forbidden(
        "another spelling of a value",
        event(BAND, definitions=band("AA-AO")),
        event(BAND, definitions=band("AA/AO")),
        'its: the value "AA-AO" is gone',
        "AA/AO",
    ),
    Forbidden(
        "a second value where there was one",
        event({"const": "first", "type": "string"}),
        event({"enum": ["first", "second"], "type": "string"}),
        'its: the value "second" is new',
        "second",
    ),
    Forbidden(
        "any word for a word of a list",
        event(BAND, definitions=band("EO")),
        event({"type": "string"}),
        'its: enum was ["EO"] and is not there',
        "anything",
    ),
    Forbidden("null comes", event(CODE), event(either(CODE, NULL)), "its: it may now be null", None),
    Forbidden("null goes", event(either(CODE, NULL)), event(CODE), "its: it may not be null any more", None),
    Forbidden(
        "another text beside null",
        event(either(CODE, NULL)),
        event(either(UUID_TEXT, NULL)),
        'its: format was not there and is "uuid"',
        "SHORT",
    ),
    Forbidden(
        "an alternative comes",
        event(either(CODE, {"type": "integer"})),
        event(either(CODE, {"type": "integer"}, {"type": "array"})),
        'its: it may now be {"type": "array"}',
        [],
    ),
    Forbidden(
        "an alternative goes",
        event(either(CODE, {"type": "integer"}, NULL)),
        event(either({"type": "integer"}, {"type": "boolean"}, NULL)),
        'its: it may not be {"pattern": "^[A-Z]{1,5}$", "type": "string"} any more',
        "SHORT",
    ),
    Forbidden(
        "a list for one",
        event(CODE),
        event(array(CODE)),
        'its: type was "string" and is "array"',
        ["SHORT"],
    ),
    Forbidden(
        "a list of something else",
        event(array(UUID_TEXT)),
        event(array(DATE)),
        'its[]: format was "uuid" and is "date"',
        ["2026-02-11"],
    ),
    Forbidden(
        "a new value in a list",
        event(array(BAND), definitions=band("EO")),
        event(array(BAND), definitions=band("EO", "SCS")),
        'its[]: the value "SCS" is new',
        ["SCS"],
    ),
    Forbidden(
        "null in a list", event(array(CODE)), event(array(either(CODE, NULL))), "its[]: it may now be null", [None]
    ),
    Forbidden(
        "a longer list",
        event(array(CODE, maxItems=2)),
        event(array(CODE, maxItems=3)),
        "its: maxItems was 2 and is 3",
        ["A", "B", "C"],
    ),
    Forbidden(
        "each only once",
        event(array(CODE)),
        event(array(CODE, uniqueItems=True)),
        "its: uniqueItems was not there and is true",
        ["A", "A"],
    ),
    Forbidden(
        "an inner property goes",
        event({"$ref": "#/$defs/Home"}, definitions={"Home": home({"code": CODE}, "code")}),
        event({"$ref": "#/$defs/Home"}, definitions={"Home": home({}, "code")}),
        "its.code is gone",
        {"code": "small"},
    ),
    Forbidden(
        "an inner property is needed",
        event({"$ref": "#/$defs/Home"}, definitions={"Home": home({"code": CODE})}),
        event({"$ref": "#/$defs/Home"}, definitions={"Home": home({"code": CODE}, "code")}),
        "its.code was optional and is required",
        {},
    ),
    Forbidden(
        "an inner value is new, beside null, two references deep",
        event(either({"$ref": "#/$defs/Home"}, NULL), definitions={"Home": home({"band": BAND}), **band("EO")}),
        event(either({"$ref": "#/$defs/Home"}, NULL), definitions={"Home": home({"band": BAND}), **band("EO", "AO")}),
        'its.band: the value "AO" is new',
        {"band": "AO"},
    ),
    Forbidden(
        "nothing may be added any more",
        event(home({})),
        event(home({}) | {"additionalProperties": False}),
        "its: additionalProperties was not there and is false",
        {"later": 1},
    ),
]

# What no validator sees, since it does not decide whether a body is taken.
UNSEEN = [
    (event(CODE), event(CODE | {"x-visibility": "internal"}), 'its: its class was "public" and is "internal"'),
    (event(CODE | {"x-visibility": "internal"}), event(CODE), 'its: its class was "internal" and is "public"'),
    (event(CODE), event(CODE) | {"x-visibility": "internal"}, 'its class was "public" and is "internal"'),
    (event(CODE), event(CODE) | {"x-subject": "its"}, 'its subject was "member_id" and is "its"'),
    (
        event(CODE),
        event(CODE) | {"x-type": "uk.gov.gse.events.MemberJoined.v1"},
        'its type was "uk.gov.gse.members.MemberJoined.v1" and is "uk.gov.gse.events.MemberJoined.v1"',
    ),
    (
        event(CODE | {"default": "A"}, required=()),
        event(CODE | {"default": "B"}, required=()),
        'its: default was "A" and is "B"',
    ),
]

ALLOWED = {
    "nothing": (event(CODE), event(CODE), "SHORT"),
    "an optional property comes": (event(), event(CODE, required=()), MISSING),
    "an optional property with a default comes": (
        event(),
        event(either(CODE, NULL) | {"default": None}, required=()),
        MISSING,
    ),
    "other words about it": (
        event(CODE | {"title": "Its", "description": "A code."}),
        event(CODE | {"title": "It"}, title="Joined", description="Somebody came."),
        "SHORT",
    ),
    "another order of values": (
        event(BAND, definitions=band("EO", "AA-AO")),
        event(BAND, definitions=band("AA-AO", "EO")),
        "EO",
    ),
    "another order of alternatives": (event(either(CODE, NULL)), event(either(NULL, CODE)), None),
    "another order of what is required": (
        event(CODE, required=("its",)),
        event(CODE) | {"required": ["its", "member_id"]},
        "SHORT",
    ),
    "another name of a definition": (
        event(BAND, definitions=band("EO")),
        event({"$ref": "#/$defs/Grades"}, definitions={"Grades": {"enum": ["EO"], "type": "string"}}),
        "EO",
    ),
    "the definition itself in place of its name": (
        event(BAND, definitions=band("EO")),
        event({"enum": ["EO"], "type": "string"}),
        "EO",
    ),
    "a value alone written as a list of one": (
        event({"const": "first", "type": "string"}),
        event({"enum": ["first"], "type": "string"}),
        "first",
    ),
    "an inner optional property comes": (
        event({"$ref": "#/$defs/Home"}, definitions={"Home": home({"code": CODE}, "code")}),
        event({"$ref": "#/$defs/Home"}, definitions={"Home": home({"code": CODE, "band": CODE}, "code")}),
        {"code": "SHORT"},
    ),
    "an inner optional property comes beside null": (
        event(either({"$ref": "#/$defs/Home"}, NULL), definitions={"Home": home({})}),
        event(either({"$ref": "#/$defs/Home"}, NULL), definitions={"Home": home({"band": CODE})}),
        {},
    ),
}


def body(its: Any) -> dict[str, Any]:
    return {"member_id": ADA} | ({} if its is MISSING else {"its": its})


def takes(schema: dict[str, Any], said: dict[str, Any]) -> bool:
    return Draft202012Validator(schema, format_checker=FormatChecker(["uuid", "date"])).is_valid(said)


@pytest.mark.parametrize("its", FORBIDDEN, ids=lambda its: its.change)
def test_a_forbidden_change_is_named_and_there_is_a_body_that_only_one_side_takes(its: Forbidden) -> None:
    assert its.sentence in differences(its.old, its.new)
    said = body(its.only_one_takes)
    assert takes(its.old, said) != takes(its.new, said)


@pytest.mark.parametrize("its", FORBIDDEN, ids=lambda its: its.change)
def test_a_forbidden_change_is_as_forbidden_the_other_way_round_but_for_an_optional_property(its: Forbidden) -> None:
    is_an_addition = its.change == "an optional property goes"

    assert (differences(its.new, its.old) == []) == is_an_addition


@pytest.mark.parametrize(("old", "new", "sentence"), UNSEEN, ids=[sentence for *_, sentence in UNSEEN])
def test_what_no_validator_sees_is_named_too(old: dict[str, Any], new: dict[str, Any], sentence: str) -> None:
    assert differences(old, new) == [sentence]


@pytest.mark.parametrize(("old", "new", "its"), ALLOWED.values(), ids=ALLOWED)
def test_an_allowed_change_is_passed_and_each_side_takes_what_the_other_says(
    old: dict[str, Any], new: dict[str, Any], its: Any
) -> None:
    assert differences(old, new) == []
    assert takes(old, body(its))
    assert takes(new, body(its))


def test_a_schema_that_refers_to_itself_is_refused() -> None:
    endless = event({"$ref": "#/$defs/Tree"}, definitions={"Tree": home({"next": {"$ref": "#/$defs/Tree"}})})

    with pytest.raises(ValueError, match="Tree refers to itself"):
        differences(endless, endless)
