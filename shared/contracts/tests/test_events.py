"""Every event there is, as other departments' parsers see it: bodies against committed schemas, by `jsonschema`."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError as NotOfTheSchema
from pydantic import ValidationError

from contracts import generate
from contracts.base import NEVER_SAID, DomainEvent, Visibility
from contracts.catalogue import BY_TYPE, EVENTS
from contracts.erasure import (
    Holder,
    MemberDataErasedByEvents,
    MemberDataErasedByMembers,
    MemberDataErasedByMentoring,
    MemberDataErasedByNotifications,
    MemberErased,
    MemberErasureCompleted,
    MemberErasureRequested,
    MemberErasureStalled,
)
from contracts.events import (
    AttendeeRegistered,
    EventHosted,
    EventProposed,
    EventPublished,
    EventSignedOff,
    KeyDateApproaching,
    KeyDateScheduled,
    KeynoteConfirmed,
)
from contracts.members import (
    Grade,
    GradeBand,
    MemberContactChanged,
    MemberGradeChanged,
    MemberJoined,
    MemberLeft,
    MemberTransferred,
    OrganisationMerged,
    OrganisationRegistered,
    Role,
    RoleGranted,
    RoleRevoked,
)
from contracts.mentoring import MatchRunCompleted, MentoringPairCreated, MentoringPairEnded, MentoringSchemeOpened
from contracts.notifications import (
    Channel,
    MemberPreferencesChanged,
    NoticeCategory,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
)
from contracts.statistics import DiversityStatisticsPublished, ParticipationReportPublished
from contracts.strategy import (
    CommitmentCompleted,
    CommitmentMade,
    CommitmentOverdue,
    CommitmentProgressReported,
    StrategyPublished,
)
from contracts.streams import CONTACTS, SERVICES, STREAMS, internal_stream, stream_of
from contracts.subjects import SUBJECTS

ADA = UUID("00000000-0000-4000-8000-00000000000a")
NOTICE = UUID("00000000-0000-4000-8000-000000000001")
SCHEME = UUID("00000000-0000-4000-8000-000000000002")
RUN = UUID("00000000-0000-4000-8000-000000000003")

PLACE = {"member_id": ADA, "organisation": "MET-OFFICE", "grade_band": GradeBand.G7_G6}
PAIR = {
    "pair_id": UUID("00000000-0000-4000-8000-000000000004"),
    "first_member_id": ADA,
    "second_member_id": UUID("00000000-0000-4000-8000-00000000000b"),
}
HOSTED = {"hosted_event_id": UUID("00000000-0000-4000-8000-000000000005")}
ORGANISATION = {"organisation_id": UUID("00000000-0000-4000-8000-000000000010")}
COMMITMENT = {"commitment_id": UUID("00000000-0000-4000-8000-000000000008")}
KEY_DATE = {"key_date_id": UUID("00000000-0000-4000-8000-000000000006")}
RELEASE = {
    "release_id": UUID("00000000-0000-4000-8000-000000000012"),
    "period": "2026-Q3",
    "link": "https://gse.example/members/figures/2026-Q3",
}
RELEASE_BODY = RELEASE | {"release_id": "00000000-0000-4000-8000-000000000012"}
EXAMPLES: tuple[DomainEvent, ...] = (
    MemberJoined(**PLACE, grade=Grade.G7, joined_on=date(2026, 2, 11)),
    MemberGradeChanged(**PLACE, grade=Grade.G6),
    MemberTransferred(**PLACE, grade=Grade.G7),
    MemberLeft(**PLACE, left_on=date(2026, 3, 31)),
    MemberContactChanged(member_id=ADA, name="Ada Lovelace", email="ada@example.org"),
    OrganisationRegistered(**ORGANISATION, code="DSIT", title="Department for Science", opened_on=date(2023, 2, 7)),
    OrganisationMerged(**ORGANISATION, code="BEIS", successors=("DSIT", "DESNZ"), closed_on=date(2023, 2, 7)),
    RoleGranted(member_id=ADA, role=Role.HOSEP, organisation="MET-OFFICE"),
    RoleRevoked(member_id=ADA, role=Role.VOLUNTEER),
    StrategyPublished(
        strategy_id=UUID("00000000-0000-4000-8000-000000000009"),
        version=2,
        title="Diversity and inclusion strategy",
        summary="What the profession does so that everybody's talent counts.",
        link="https://gse.example/strategy",
    ),
    CommitmentMade(**COMMITMENT, strategy_version=2, title="Publish the baseline", due_on=date(2027, 3, 31)),
    CommitmentProgressReported(**COMMITMENT, status="at-risk", percent=40, reported_on=date(2027, 2, 11)),
    CommitmentCompleted(**COMMITMENT, completed_on=date(2027, 3, 31)),
    CommitmentOverdue(**COMMITMENT, due_on=date(2027, 3, 31)),
    DiversityStatisticsPublished(**RELEASE),
    ParticipationReportPublished(**RELEASE),
    MemberErasureRequested(member_id=ADA),
    MemberErasureCompleted(member_id=ADA),
    MemberErasureStalled(member_id=ADA, late=[Holder.EVENTS, Holder.NOTIFICATIONS]),
    MemberErased(member_id=ADA),
    MemberDataErasedByMembers(member_id=ADA),
    MemberDataErasedByMentoring(member_id=ADA),
    MemberDataErasedByEvents(member_id=ADA),
    MemberDataErasedByNotifications(member_id=ADA),
    MentoringSchemeOpened(
        scheme_id=SCHEME,
        opened_on=date(2026, 2, 11),
        title="GSE Connect",
        summary="Peers help each other forward.",
        link="https://gse.example/connect",
    ),
    MatchRunCompleted(run_id=RUN, published_at=datetime(2026, 3, 31, 17, 0, tzinfo=UTC)),
    MentoringPairCreated(**PAIR),
    MentoringPairEnded(**PAIR),
    KeyDateScheduled(**KEY_DATE, title="World Space Week", starts_on=date(2027, 10, 4), ends_on=date(2027, 10, 10)),
    KeyDateApproaching(**KEY_DATE, starts_on=date(2027, 10, 4)),
    EventProposed(**HOSTED, **KEY_DATE),
    EventSignedOff(**HOSTED),
    EventPublished(
        **HOSTED,
        title="Women and girls in science",
        summary="Talks and questions.",
        link="https://gse.example/science",
        place="Online",
        starts_at=datetime(2027, 2, 11, 14, 0, tzinfo=UTC),
        ends_at=datetime(2027, 2, 11, 15, 30, tzinfo=UTC),
    ),
    KeynoteConfirmed(**HOSTED),
    AttendeeRegistered(**HOSTED, registration_id=UUID("00000000-0000-4000-8000-000000000007"), member_id=ADA),
    EventHosted(**HOSTED, hosted_at=datetime(2027, 2, 11, 15, 30, tzinfo=UTC)),
    NotificationSent(
        notice_id=NOTICE,
        member_id=ADA,
        category=NoticeCategory.MEMBERSHIP,
        channel=Channel.EMAIL,
        sent_at=datetime(2026, 2, 11, 14, 0, tzinfo=UTC),
    ),
    NotificationFailed(
        notice_id=NOTICE,
        member_id=ADA,
        category=NoticeCategory.EVENTS,
        channel=Channel.NOTIFY,
        failed_at=datetime(2026, 2, 11, 14, 0, tzinfo=UTC),
    ),
    NotificationSuppressed(
        notice_id=NOTICE,
        member_id=ADA,
        category=NoticeCategory.EVENTS,
        reason="preference",
        suppressed_at=datetime(2026, 2, 11, 14, 0, tzinfo=UTC),
    ),
    MemberPreferencesChanged(member_id=ADA),
)
PUBLIC_BODY: dict[str, str | None] = {
    "member_id": "00000000-0000-4000-8000-00000000000a",
    "organisation": "MET-OFFICE",
    "grade_band": "G7-G6",
}
HOSTED_BODY: dict[str, str | None] = {"hosted_event_id": "00000000-0000-4000-8000-000000000005"}
COMMITMENT_BODY: dict[str, Any] = {"commitment_id": "00000000-0000-4000-8000-000000000008"}
KEY_DATE_BODY: dict[str, str | None] = {"key_date_id": "00000000-0000-4000-8000-000000000006"}
PUBLIC_BODIES: dict[type[DomainEvent], dict[str, Any] | None] = {
    MemberJoined: PUBLIC_BODY,
    MemberGradeChanged: PUBLIC_BODY,
    MemberTransferred: PUBLIC_BODY,
    MemberLeft: PUBLIC_BODY,
    MemberContactChanged: None,
    OrganisationRegistered: {
        "organisation_id": "00000000-0000-4000-8000-000000000010",
        "code": "DSIT",
        "title": "Department for Science",
        "opened_on": "2023-02-07",
    },
    OrganisationMerged: {
        "organisation_id": "00000000-0000-4000-8000-000000000010",
        "code": "BEIS",
        "successors": ["DSIT", "DESNZ"],
        "closed_on": "2023-02-07",
    },
    RoleGranted: None,
    RoleRevoked: None,
    StrategyPublished: {
        "strategy_id": "00000000-0000-4000-8000-000000000009",
        "version": 2,
        "title": "Diversity and inclusion strategy",
        "summary": "What the profession does so that everybody's talent counts.",
        "link": "https://gse.example/strategy",
    },
    CommitmentMade: COMMITMENT_BODY
    | {"strategy_version": 2, "title": "Publish the baseline", "due_on": "2027-03-31", "summary": None},
    CommitmentProgressReported: COMMITMENT_BODY | {"status": "at-risk", "percent": 40, "reported_on": "2027-02-11"},
    CommitmentCompleted: COMMITMENT_BODY | {"completed_on": "2027-03-31"},
    CommitmentOverdue: COMMITMENT_BODY | {"due_on": "2027-03-31"},
    DiversityStatisticsPublished: RELEASE_BODY,
    ParticipationReportPublished: RELEASE_BODY,
    MemberErasureRequested: None,
    MemberErasureCompleted: None,
    MemberErasureStalled: None,
    MemberErased: {"member_id": "00000000-0000-4000-8000-00000000000a"},
    MemberDataErasedByMembers: None,
    MemberDataErasedByMentoring: None,
    MemberDataErasedByEvents: None,
    MemberDataErasedByNotifications: None,
    MentoringSchemeOpened: {
        "scheme_id": "00000000-0000-4000-8000-000000000002",
        "opened_on": "2026-02-11",
        "title": "GSE Connect",
        "summary": "Peers help each other forward.",
        "link": "https://gse.example/connect",
    },
    MatchRunCompleted: {
        "run_id": "00000000-0000-4000-8000-000000000003",
        "published_at": "2026-03-31T17:00:00Z",
    },
    MentoringPairCreated: None,
    MentoringPairEnded: None,
    KeyDateScheduled: KEY_DATE_BODY | {"title": "World Space Week", "starts_on": "2027-10-04", "ends_on": "2027-10-10"},
    KeyDateApproaching: KEY_DATE_BODY | {"starts_on": "2027-10-04"},
    EventProposed: HOSTED_BODY | KEY_DATE_BODY,
    EventSignedOff: HOSTED_BODY,
    EventPublished: HOSTED_BODY
    | {
        "title": "Women and girls in science",
        "summary": "Talks and questions.",
        "link": "https://gse.example/science",
        "place": "Online",
        "starts_at": "2027-02-11T14:00:00Z",
        "ends_at": "2027-02-11T15:30:00Z",
        "key_date_id": None,
    },
    KeynoteConfirmed: HOSTED_BODY,
    AttendeeRegistered: None,
    EventHosted: HOSTED_BODY | {"hosted_at": "2027-02-11T15:30:00Z"},
    NotificationSent: None,
    NotificationFailed: None,
    NotificationSuppressed: None,
    MemberPreferencesChanged: None,
}

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


@every_event
def test_only_a_public_event_has_a_public_schema(event: type[DomainEvent]) -> None:
    there = (generate.SCHEMAS / f"{event.schema_name()}.public.json").exists()

    assert there == (event.visibility is Visibility.PUBLIC)


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


@every_event
def test_no_event_has_a_field_for_a_characteristic(event: type[DomainEvent]) -> None:
    assert NEVER_SAID.isdisjoint(event.model_fields)
    assert NEVER_SAID.isdisjoint(schema(event)["properties"])


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
