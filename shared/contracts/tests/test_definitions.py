"""A contract that says more than its class allows fails when it is defined."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, StringConstraints, ValidationError, create_model

from contracts.base import (
    Code,
    ContractError,
    DomainEvent,
    Internal,
    Link,
    Personal,
    Place,
    Public,
    Summary,
    Title,
    Visibility,
    Word,
)


def said_with(field: str, kind: Any, its: Visibility = Visibility.INTERNAL) -> type[DomainEvent]:
    """An event that says one field more than its subject."""
    fields: dict[str, Any] = {"member_id": (Public[UUID], ...), field: (kind, ...)}
    arguments = {"service": "members", "visibility": its, "name": "MemberJoined"}
    return create_model("Said", __base__=DomainEvent, __cls_kwargs__=arguments, **fields)


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


@pytest.mark.parametrize(
    "field", ["gender", "member_gender", "disability_status", "age_band", "date_of_birth_of_member"]
)
def test_a_characteristic_is_never_said_under_a_longer_name(field: str) -> None:
    with pytest.raises(ContractError, match=rf"^Said\.{field}: a characteristic of a person is never said$"):
        said_with(field, Internal[Code])


def test_a_word_of_a_list_that_grows_is_said_as_it_stands_and_nothing_else_is_one() -> None:
    said = said_with("category", Internal[Word])
    of_somebody = '{"member_id": "00000000-0000-4000-8000-00000000000a", "category": "%s"}'

    assert said.classes["category"] is Visibility.INTERNAL
    assert '"category":"hosted-events"' in said.read(of_somebody % "hosted-events").body()
    with pytest.raises(ValidationError):
        said.read(of_somebody % "Ada Lovelace")


@pytest.mark.parametrize("field", ["change", "stage", "language", "engagement", "embrace", "unisex_", "healthcheck"])
def test_a_word_that_only_holds_the_letters_of_a_characteristic_may_be_said(field: str) -> None:
    assert said_with(field, Internal[Code]).classes[field] is Visibility.INTERNAL


ONLY_THIN = "only ids, codes, versions and instants may be said, not free text"


class Note(BaseModel):
    text: str


def test_free_text_is_refused() -> None:
    with pytest.raises(ContractError, match=rf"^Said\.note: {ONLY_THIN}$"):

        class Said(DomainEvent, service="members", visibility=Visibility.INTERNAL, name="MemberJoined"):
            member_id: Internal[UUID]
            note: Internal[str]


@pytest.mark.parametrize(
    "kind",
    [
        str | None,
        list[str],
        dict[str, UUID],
        Note,
        list[Note],
        object,
        bytes,
        float,
        Code | str,
        dict[Code, str],
        tuple[Code, str],
        Code | Note | None,
        list[Code | str],
    ],
)
def test_free_text_is_refused_in_whatever_it_is_wrapped(kind: Any) -> None:
    with pytest.raises(ContractError, match=rf"^Said\.note: {ONLY_THIN}$"):
        said_with("note", Annotated[kind, Visibility.INTERNAL])


@pytest.mark.parametrize(
    "kind",
    [
        Annotated[str, StringConstraints(pattern=".*")],
        Annotated[str, StringConstraints(pattern="^[A-Z ]{0,300}$")],
        Annotated[str, Field(pattern=".*")] | None,
        list[Annotated[str, Field(pattern=".*")]],
        Annotated[str, Field(max_length=120)],
        Annotated[Code, Field(pattern=".*")],
    ],
)
def test_a_text_with_a_pattern_of_its_own_is_no_code(kind: Any) -> None:
    with pytest.raises(ContractError, match=rf"^Said\.note: {ONLY_THIN}$"):
        said_with("note", Annotated[kind, Visibility.INTERNAL])


def test_a_code_may_be_left_out_or_come_in_numbers() -> None:
    class Said(DomainEvent, service="members", visibility=Visibility.INTERNAL, name="MemberJoined"):
        member_id: Internal[UUID]
        organisation: Internal[Code | None] = None
        interests: Internal[tuple[Code, ...]] = ()
        ladder: Internal[dict[Code, int] | None] = None

    assert Said(member_id=UUID("00000000-0000-4000-8000-00000000000a")).body() == (
        '{"member_id":"00000000-0000-4000-8000-00000000000a","organisation":null,"interests":[],"ladder":null}'
    )


@pytest.mark.parametrize("kind", [Title, Summary, Place, Link, Title | None, list[Link]])
def test_editorial_text_is_said_in_public_or_not_at_all(kind: Any) -> None:
    assert said_with("text", Annotated[kind, Visibility.PUBLIC], Visibility.PUBLIC).public_fields() == {
        "member_id",
        "text",
    }
    for mark, its in [
        (Visibility.INTERNAL, Visibility.PUBLIC),
        (Visibility.PUBLIC, Visibility.INTERNAL),
        (Visibility.PERSONAL, Visibility.PERSONAL),
    ]:
        with pytest.raises(ContractError, match=r"^Said\.text: editorial text is public, in a public event$"):
            said_with("text", Annotated[kind, mark], its)


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
