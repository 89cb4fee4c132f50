"""The base of every event, and the rule that everything obeys: each event and each field has one visibility class.

The class is declared here once and enforced twice: a wider publish than it allows fails when the contract is defined,
and `public_body` can only ever hold public fields.
"""

import typing
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import Enum, StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Self, TypeVar, Union
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.fields import FieldInfo

from contracts.subjects import SUBJECTS


class Visibility(StrEnum):
    """Who may read a field, and so where it may travel.

    A restricted class exists too; it has no member here because nothing restricted is ever said.
    """

    PUBLIC = "public"  # other departments: gse.<service>.public and department feeds
    INTERNAL = "internal"  # the platform's own services: gse.<service>
    PERSONAL = "personal"  # names and addresses, for notifications alone: gse.members.contacts


T = TypeVar("T")
Public = Annotated[T, Visibility.PUBLIC]
Internal = Annotated[T, Visibility.INTERNAL]
Personal = Annotated[T, Visibility.PERSONAL]

_CODE = StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{0,31}$")
_WORD = StringConstraints(pattern=r"^[a-z][a-z-]{0,31}$")
_TITLE = StringConstraints(min_length=1, max_length=120)
_SUMMARY = StringConstraints(min_length=1, max_length=300)
_LINK = StringConstraints(pattern=r"^https?://[^ ]{1,300}$")

Code = Annotated[str, _CODE]
"""A word of an agreed list, such as an organisation's code. Free text about persons has no place in an event."""
Word = Annotated[str, _WORD]
"""A word of a list that grows, such as a category of notices. Who reads it keeps what they do not know; an enumeration
is for lists that stay, since a released one can neither grow nor shrink."""

# Editorial text is about published things, approved by a person when it was published, and names no person: speakers
# and authors stand on the page behind the link, which can be withdrawn; a log cannot. It is always public.
Title = Annotated[str, _TITLE]
Summary = Annotated[str, _SUMMARY]
Place = Annotated[str, _TITLE]
Link = Annotated[str, _LINK]

PUBLIC_WITH_A_MEMBER_ID = frozenset(
    {"MemberJoined", "MemberGradeChanged", "MemberTransferred", "MemberLeft", "MemberErased"}
)
NEVER_SAID = frozenset(
    {"age", "belief", "birth_date", "caring", "characteristic", "characteristics", "date_of_birth", "disability",
     "ethnicity", "gender", "health", "marital_status", "nationality", "orientation", "pregnancy", "race", "religion",
     "sex", "sexual_orientation", "socio_economic_background"}
)  # fmt: skip
EDITORIAL = (_TITLE, _SUMMARY, _LINK)
KNOWN_TEXT = (_CODE, _WORD, *EDITORIAL)
THIN = (UUID, int, bool, date, datetime, Enum)
MADE_OF_PARTS = (Union, UnionType, list, tuple, set, frozenset, dict)


class ContractError(TypeError):
    """A contract says more than its class allows. Raised when the module is imported."""


class DomainEvent(BaseModel):
    """Something that happened in the business, in the past tense, as every service may know it.

    `class MemberJoined(DomainEvent, service="members", visibility=Visibility.PUBLIC)`; the docstring of a subclass
    says when it happens. Frozen; unknown fields are ignored, so that an optional field may be added later. Anything
    else is a new version: a class of its own with `version=2, name="MemberJoined"`, said beside the old one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    service: ClassVar[str]
    event_name: ClassVar[str]
    event_version: ClassVar[int]
    visibility: ClassVar[Visibility]
    classes: ClassVar[dict[str, Visibility]]

    def __init_subclass__(
        cls, *, service: str, visibility: Visibility, version: int = 1, name: str | None = None
    ) -> None:
        super().__init_subclass__()
        cls.service = service
        cls.event_name = name or cls.__name__
        cls.event_version = version
        cls.visibility = visibility

    @classmethod
    def __pydantic_init_subclass__(cls, **_its_own_arguments: Any) -> None:
        super().__pydantic_init_subclass__()
        cls.classes = {field: _class_of(cls, field, info) for field, info in cls.model_fields.items()}
        _check(cls)

    @classmethod
    def type_name(cls) -> str:
        """The CloudEvents type, such as `uk.gov.gse.members.MemberJoined.v1`."""
        return f"uk.gov.gse.{cls.service}.{cls.event_name}.v{cls.event_version}"

    @classmethod
    def schema_name(cls) -> str:
        """Where its JSON Schema stands below `/schemas/`, without the ending: `members/MemberJoined.v1`."""
        return f"{cls.service}/{cls.event_name}.v{cls.event_version}"

    @classmethod
    @cache
    def public_fields(cls) -> frozenset[str]:
        """The fields that other departments may read; empty unless the event is public."""
        if cls.visibility is not Visibility.PUBLIC:
            return frozenset()
        return frozenset(field for field, its in cls.classes.items() if its is Visibility.PUBLIC)

    @property
    def subject(self) -> UUID:
        """What the event is about: the key of its record, and what its sequence counts."""
        value: UUID = getattr(self, SUBJECTS[self.event_name])
        return value

    def body(self) -> str:
        """The JSON body for the streams of this event's own class."""
        return self.model_dump_json()

    def public_body(self) -> str | None:
        """The JSON body for the public stream, or None when the event is not public."""
        fields = self.public_fields()
        return self.model_dump_json(include=set(fields)) if fields else None

    @classmethod
    def read(cls, body: bytes | str) -> Self:
        """Parse a body of this type. Raises `pydantic.ValidationError`, which holds no input."""
        return cls.model_validate_json(body)


def _class_of(event: type[DomainEvent], field: str, info: FieldInfo) -> Visibility:
    marks = [mark for mark in info.metadata if isinstance(mark, Visibility)]
    if len(marks) != 1:
        raise ContractError(f"{event.__name__}.{field} has {len(marks)} visibility classes; it needs exactly one")
    return marks[0]


def _check(event: type[DomainEvent]) -> None:
    where = event.__name__
    if event.event_name not in SUBJECTS:
        raise ContractError(f"{where} has no subject: add it to the table in contracts.subjects")
    subject = SUBJECTS[event.event_name]
    if subject not in event.classes or event.model_fields[subject].annotation is not UUID:
        raise ContractError(f"{where}: its subject {subject} must be a field of type UUID")
    for field in event.classes:
        _check_field(event, field)
    if event.visibility is Visibility.PUBLIC:
        if event.classes[subject] is not Visibility.PUBLIC:
            raise ContractError(f"{where} is public, so its subject {subject} must be")
        if "member_id" in event.public_fields() and event.event_name not in PUBLIC_WITH_A_MEMBER_ID:
            raise ContractError(f"{where} would tell other departments what a member does: member_id may not be public")


def _check_field(event: type[DomainEvent], field: str) -> None:
    where, its = event.__name__, event.classes[field]
    if any(word in f"_{field}_" for word in map("_{}_".format, NEVER_SAID)):
        raise ContractError(f"{where}.{field}: a characteristic of a person is never said")
    if its is Visibility.PERSONAL and event.visibility is not Visibility.PERSONAL:
        raise ContractError(f"{where}.{field} is personal, {where} is {event.visibility}: it would travel too far")
    for kind, marks in _parts(event.model_fields[field].annotation, event.model_fields[field].metadata):
        text = _text(kind, marks)
        if text in EDITORIAL and (its is not Visibility.PUBLIC or event.visibility is not Visibility.PUBLIC):
            raise ContractError(f"{where}.{field}: editorial text is public, in a public event")
        is_thin = text is not None or (isinstance(kind, type) and issubclass(kind, THIN))
        if its is not Visibility.PERSONAL and not is_thin:
            raise ContractError(f"{where}.{field}: only ids, codes, versions and instants may be said, not free text")


def _parts(kind: Any, marks: Iterable[Any] = ()) -> Iterator[tuple[Any, list[Any]]]:
    """What a field's values are made of, each with its marks: `list[Code] | None` is made of codes alone."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        yield from _parts(inner[0], inner[1:])
    elif origin in MADE_OF_PARTS:
        for part in inner:
            if part not in (NoneType, Ellipsis):
                yield from _parts(part)
    else:
        yield kind, [mark for mark in marks if not isinstance(mark, Visibility)]


def _text(kind: Any, marks: list[Any]) -> StringConstraints | None:
    """Which of the texts above this is, to the letter; None for any other, however it is constrained."""
    return next((text for text in KNOWN_TEXT if kind is str and marks == [text]), None)
