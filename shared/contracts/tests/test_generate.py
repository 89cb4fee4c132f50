"""Schemas of events that the platform does not say, but may one day."""

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from contracts.base import Code, DomainEvent, Internal, Personal, Public, Visibility
from contracts.generate import schema_of


class Country(StrEnum):
    ENGLAND = "england"
    WALES = "wales"


class Address(BaseModel):
    country: Country


class Home(BaseModel):
    address: Address


class Stage(StrEnum):
    FIRST = "first"


def test_an_event_whose_fields_may_all_be_left_out_requires_none() -> None:
    class Said(DomainEvent, service="members", visibility=Visibility.PUBLIC, name="MemberJoined"):
        """A person became a member."""

        member_id: Public[UUID] = UUID("00000000-0000-4000-8000-00000000000a")
        organisation: Internal[Code | None] = None

    assert schema_of(Said, public=False)["required"] == []
    assert schema_of(Said, public=True)["required"] == []


def test_a_definition_that_another_definition_needs_is_kept() -> None:
    class Said(DomainEvent, service="members", visibility=Visibility.PERSONAL, name="MemberContactChanged"):
        """A member moved house."""

        member_id: Internal[UUID]
        home: Personal[Home]

    assert schema_of(Said, public=False)["$defs"].keys() == {"Home", "Address", "Country"}


def test_a_definition_that_only_internal_fields_need_is_not_in_the_public_schema() -> None:
    class Said(DomainEvent, service="members", visibility=Visibility.PUBLIC, name="MemberJoined"):
        """A person became a member."""

        member_id: Public[UUID]
        country: Public[Country]
        stage: Internal[Stage]

    assert schema_of(Said, public=True)["$defs"].keys() == {"Country"}
    assert schema_of(Said, public=False)["$defs"].keys() == {"Country", "Stage"}
