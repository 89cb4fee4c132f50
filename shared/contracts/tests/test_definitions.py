"""A contract that says more than its class allows fails when it is defined."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, create_model

from contracts.base import Code, ContractError, DomainEvent, Internal, Personal, Public, Visibility


def test_a_field_without_a_class_is_refused() -> None:
    with pytest.raises(ContractError, match=r"^Said\.grade has 0 visibility classes; it needs exactly one$"):

        class Said(DomainEvent, service="members", visibility=Visibility.INTERNAL, name="MemberJoined"):
            member_id: Internal[UUID]
            grade: Code


def test_a_field_with_two_classes_is_refused() -> None:
    with pytest.raises(ContractError, match=r"^Said\.grade has 2 visibility classes; it needs exactly one$"):

        class Said(DomainEvent, service="members", visibility=Visibility.INTERNAL, name="MemberJoined"):
            member_id: Internal[UUID]
            grade: Internal[Public[Code]]


def test_an_event_without_a_subject_in_the_table_is_refused() -> None:
    with pytest.raises(ContractError, match=r"^MemberWaved has no subject: add it to the table"):

        class MemberWaved(DomainEvent, service="members", visibility=Visibility.INTERNAL):
            member_id: Internal[UUID]


def test_an_event_that_lacks_its_subject_is_refused() -> None:
    with pytest.raises(ContractError, match=r"^Said: its subject member_id must be a field of type UUID$"):

        class Said(DomainEvent, service="members", visibility=Visibility.INTERNAL, name="MemberJoined"):
            notice_id: Internal[UUID]


def test_a_subject_that_is_no_random_id_is_refused() -> None:
    with pytest.raises(ContractError, match=r"^Said: its subject member_id must be a field of type UUID$"):

        class Said(DomainEvent, service="members", visibility=Visibility.INTERNAL, name="MemberJoined"):
            member_id: Internal[Code]


@pytest.mark.parametrize("its", [Visibility.PUBLIC, Visibility.INTERNAL, Visibility.PERSONAL])
def test_a_characteristic_of_a_person_is_never_said_whatever_its_class(its: Visibility) -> None:
    with pytest.raises(ContractError, match=r"^Said\.ethnicity: a characteristic of a person is never said$"):

        class Said(DomainEvent, service="members", visibility=its, name="MemberJoined"):
            member_id: Public[UUID]
            ethnicity: Internal[Code]


@pytest.mark.parametrize("its", [Visibility.PUBLIC, Visibility.INTERNAL])
def test_a_personal_field_travels_on_the_stream_of_contacts_only(its: Visibility) -> None:
    with pytest.raises(ContractError, match=rf"^Said\.name is personal, Said is {its}: it would travel too far$"):

        class Said(DomainEvent, service="members", visibility=its, name="MemberJoined"):
            member_id: Public[UUID]
            name: Personal[str]


ONLY_THIN = "only ids, codes, versions and instants may be said, not free text"


class Note(BaseModel):
    text: str


def test_free_text_is_refused() -> None:
    with pytest.raises(ContractError, match=rf"^Said\.note: {ONLY_THIN}$"):

        class Said(DomainEvent, service="members", visibility=Visibility.INTERNAL, name="MemberJoined"):
            member_id: Internal[UUID]
            note: Internal[str]


@pytest.mark.parametrize("kind", [str | None, list[str], dict[str, UUID], Note, list[Note], object, bytes, float])
def test_free_text_is_refused_in_whatever_it_is_wrapped(kind: Any) -> None:
    with pytest.raises(ContractError, match=rf"^Said\.note: {ONLY_THIN}$"):
        create_model(
            "Said",
            __base__=DomainEvent,
            __cls_kwargs__={"service": "members", "visibility": Visibility.INTERNAL, "name": "MemberJoined"},
            member_id=(Internal[UUID], ...),
            note=(Annotated[kind, Visibility.INTERNAL], ...),
        )


def test_ids_codes_versions_and_instants_are_not_refused_with_or_without_a_value() -> None:
    class Stage(StrEnum):
        FIRST = "first"

    class Said(DomainEvent, service="members", visibility=Visibility.INTERNAL, name="MemberJoined"):
        member_id: Internal[UUID]
        organisation: Internal[Code]
        stage: Internal[Stage]
        version: Internal[int]
        partners: Internal[list[UUID]]
        at: Internal[datetime | None] = None

    assert Said.classes.keys() == {"member_id", "organisation", "stage", "version", "partners", "at"}


def test_a_public_event_whose_subject_is_not_public_is_refused() -> None:
    with pytest.raises(ContractError, match=r"^Said is public, so its subject member_id must be$"):

        class Said(DomainEvent, service="members", visibility=Visibility.PUBLIC, name="MemberJoined"):
            member_id: Internal[UUID]


def test_a_public_event_that_tells_what_a_member_does_is_refused() -> None:
    with pytest.raises(ContractError, match=r"^Said would tell other departments what a member does"):

        class Said(DomainEvent, service="notifications", visibility=Visibility.PUBLIC, name="NotificationSent"):
            notice_id: Public[UUID]
            member_id: Public[UUID]


def test_a_public_event_may_carry_a_member_id_that_is_internal() -> None:
    class Said(DomainEvent, service="notifications", visibility=Visibility.PUBLIC, name="NotificationSent"):
        notice_id: Public[UUID]
        member_id: Internal[UUID]

    said = Said(
        notice_id=UUID("00000000-0000-4000-8000-00000000000a"), member_id=UUID("00000000-0000-4000-8000-00000000000b")
    )
    assert said.public_body() == '{"notice_id":"00000000-0000-4000-8000-00000000000a"}'


def test_a_new_version_is_said_beside_the_old_one() -> None:
    class MemberJoinedAgain(
        DomainEvent, service="members", visibility=Visibility.INTERNAL, version=2, name="MemberJoined"
    ):
        member_id: Internal[UUID]

    assert MemberJoinedAgain.type_name() == "uk.gov.gse.members.MemberJoined.v2"
    assert MemberJoinedAgain.schema_name() == "members/MemberJoined.v2"
