"""Releases: contracts as they are written today against the schemas that were kept."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import create_model

from contracts import compatibility
from contracts.base import Code, DomainEvent, Internal, Public, Visibility
from contracts.compatibility import differences, release, releases, what_is_wrong
from contracts.generate import schema_files, schema_of

ADA = "00000000-0000-4000-8000-00000000000a"
CODE = {"pattern": "^[A-Z]{1,5}$", "type": "string"}
TITLE = {"maxLength": 120, "minLength": 1, "type": "string"}


def schema(its: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"its": its}, "required": ["its"]}


def takes(schema: dict[str, Any], said: dict[str, Any]) -> bool:
    return Draft202012Validator(schema, format_checker=FormatChecker(["uuid", "date"])).is_valid(said)


class Band(StrEnum):
    EO = "EO"
    SCS = "SCS"


class OldBand(StrEnum):
    EO = "EO"


PerhapsABand = Public[Band | None]
Places = Internal[list[UUID]]


def joined(**fields: Any) -> type[DomainEvent]:
    """MemberJoined with these fields beside its subject, as a contract would have it."""
    its = {"service": "members", "visibility": Visibility.PUBLIC, "name": "MemberJoined"}
    subject: Any = (Public[UUID], ...)
    return create_model(
        "Said", __base__=DomainEvent, __doc__="Somebody joined.", __cls_kwargs__=its, member_id=subject, **fields
    )


def test_a_contract_that_gained_an_optional_field_and_the_one_before_it_read_each_other() -> None:
    old = joined(organisation=(Public[Code], ...))
    new = joined(organisation=(Public[Code], ...), band=(PerhapsABand, None), places=(Places, []))
    said_before = old.model_validate({"member_id": ADA, "organisation": "UKHSA"})
    said_now = new.model_validate({"member_id": ADA, "organisation": "UKHSA", "band": "EO", "places": [ADA]})

    for public in (False, True):
        before, now = schema_of(old, public=public), schema_of(new, public=public)
        assert differences(before, now) == []
        bodies = [each.public_body() if public else each.body() for each in (said_before, said_now)]
        for each in bodies:
            assert takes(before, json.loads(each or ""))
            assert takes(now, json.loads(each or ""))
    assert old.read(said_now.body()) == said_before
    assert new.read(said_before.body()).model_dump(exclude_defaults=True) == said_before.model_dump()


def test_a_contract_with_another_word_in_a_list_is_refused_on_both_its_streams() -> None:
    old, new = joined(band=(Public[OldBand], ...)), joined(band=(Public[Band], ...))

    assert differences(schema_of(old, public=False), schema_of(new, public=False)) == ['band: the value "SCS" is new']
    assert differences(schema_of(old, public=True), schema_of(new, public=True)) == ['band: the value "SCS" is new']


def test_what_was_released_once_is_compared_for_ever_also_when_the_release_between_agreed() -> None:
    first, second = {"members/A.v1.json": schema(CODE)}, {"members/A.v1.json": schema(TITLE)}

    assert what_is_wrong(first, {}) == []
    assert what_is_wrong(second, {"2026.11": first, "2026.12": second}) == [
        "members/A.v1.json against 2026.11: its: maxLength was not there and is 120",
        "members/A.v1.json against 2026.11: its: minLength was not there and is 1",
        'members/A.v1.json against 2026.11: its: pattern was "^[A-Z]{1,5}$" and is not there',
    ]


def test_a_released_type_and_its_public_part_never_go() -> None:
    both = {"members/A.v1.json": schema(CODE), "members/A.v1.public.json": schema(CODE)}

    assert what_is_wrong(
        {"members/A.v1.json": schema(CODE), "members/A.v2.json": schema(TITLE)}, {"2026.11": both}
    ) == ["members/A.v1.public.json was released in 2026.11 and is gone: it is said and heard as long as it is kept"]


def test_a_release_keeps_todays_schemas_to_the_letter_and_is_never_made_twice(tmp_path: Path) -> None:
    (tmp_path / "2026.11.half").mkdir()
    (tmp_path / "2026.11.half" / "left.json").write_text("{}")

    assert releases(tmp_path / "nowhere") == {}
    assert releases(tmp_path) == {}
    assert release("2026.11", tmp_path) == []
    assert releases(tmp_path) == {"2026.11": compatibility.current()}
    joined_again = (tmp_path / "2026.11" / "members" / "MemberJoined.v1.json").read_text()
    assert joined_again in schema_files().values()
    assert release("2026.11", tmp_path) == ["2026.11 is released already: released schemas are never changed"]
    assert release("2026.12", tmp_path) == []
    assert list(releases(tmp_path)) == ["2026.11", "2026.12"]


def test_nothing_is_released_that_an_earlier_release_cannot_live_with(tmp_path: Path) -> None:
    gone = tmp_path / "2026.11" / "members" / "MemberVanished.v1.json"
    gone.parent.mkdir(parents=True)
    gone.write_text("{}")

    assert release("2026.12", tmp_path) == [
        "members/MemberVanished.v1.json was released in 2026.11 and is gone: it is said and heard as long as it is kept"
    ]
    assert [each.name for each in tmp_path.iterdir()] == ["2026.11"]


@pytest.mark.parametrize("name", ["", "november", "2026", "../2026.11", "2026.11 "])
def test_a_release_is_named_by_year_and_month(name: str, tmp_path: Path) -> None:
    assert release(name, tmp_path) == [
        f"{name} is no name for a release: write the year and the month, such as 2026.11, or 2026.11.2"
    ]


def test_what_is_said_today_agrees_with_every_release() -> None:
    assert what_is_wrong(compatibility.current(), releases()) == []
