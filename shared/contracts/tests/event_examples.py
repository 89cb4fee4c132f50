"""An event of every type, and what of it is public."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from contracts.base import DomainEvent
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
    MemberProcessingRestricted,
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
from contracts.feedback import FeedbackAnswered, FeedbackRoundOpened, FeedbackSummaryPublished
from contracts.groups import (
    ChampionAppointed,
    ChampionTermEnded,
    GroupMeetingScheduled,
    TaskGroupDeliverableMet,
    TaskGroupDisbanded,
    TaskGroupEstablished,
    TaskGroupExtended,
    VolunteerJoinedGroup,
    VolunteerLeftGroup,
)
from contracts.members import (
    Grade,
    GradeBand,
    MemberContactChanged,
    MemberGradeChanged,
    MemberJoined,
    MemberLeft,
    MemberProfileUpdated,
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
from contracts.opportunities import (
    ApplicantsNotSelected,
    FocusGroupFindingsPublished,
    FocusGroupHeld,
    OpportunityClosed,
    OpportunityOpened,
    ParticipantsSelected,
    PlaceGivenUp,
    ShadowBoardAdviceAnswered,
    ShadowBoardAdviceGiven,
    ShadowBoardMemberAppointed,
    ShadowBoardMemberStoodDown,
    ShadowBoardSeatOpened,
    ShadowBoardTermEnded,
)
from contracts.statistics import DiversityStatisticsPublished, ParticipationReportPublished
from contracts.strategy import (
    CommitmentCompleted,
    CommitmentMade,
    CommitmentOverdue,
    CommitmentProgressReported,
    StrategyPublished,
)

ADA = UUID("00000000-0000-4000-8000-00000000000a")
NOTICE = UUID("00000000-0000-4000-8000-000000000001")
SCHEME = UUID("00000000-0000-4000-8000-000000000002")
RUN = UUID("00000000-0000-4000-8000-000000000003")

OPPORTUNITY = {"opportunity_id": UUID("00000000-0000-4000-8000-00000000000d")}
SEAT = {"seat_id": UUID("00000000-0000-4000-8000-00000000000e")}
PLACE = {"member_id": ADA, "organisation": "MET-OFFICE", "grade_band": GradeBand.G7_G6}
PAIR = {
    "pair_id": UUID("00000000-0000-4000-8000-000000000004"),
    "first_member_id": ADA,
    "second_member_id": UUID("00000000-0000-4000-8000-00000000000b"),
}
HOSTED = {"hosted_event_id": UUID("00000000-0000-4000-8000-000000000005")}
ORGANISATION = {"organisation_id": UUID("00000000-0000-4000-8000-000000000010")}
COMMITMENT = {"commitment_id": UUID("00000000-0000-4000-8000-000000000008")}
GROUP = {"group_id": UUID("00000000-0000-4000-8000-000000000020")}
TERM = {
    "term_id": UUID("00000000-0000-4000-8000-000000000022"),
    "theme_id": UUID("00000000-0000-4000-8000-000000000023"),
    "member_id": ADA,
}
ROUND = {
    "round_id": UUID("00000000-0000-4000-8000-00000000000b"),
    **COMMITMENT,
    "link": "https://gse.example/members/feedback/1",
}
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
    MemberProfileUpdated(member_id=ADA, interests=("CLIMATE", "SPACE"), skills=()),
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
    VolunteerJoinedGroup(**GROUP, volunteering_id=UUID("00000000-0000-4000-8000-000000000021"), member_id=ADA),
    VolunteerLeftGroup(**GROUP, volunteering_id=UUID("00000000-0000-4000-8000-000000000021"), member_id=ADA),
    ChampionAppointed(**TERM, ends_on=date(2027, 3, 31)),
    ChampionTermEnded(**TERM, ended="over", vacancy=True),
    FeedbackRoundOpened(**ROUND, title="Did it reach you?", closes_on=date(2027, 2, 11), must_hear=["EO", "SCS"]),
    FeedbackSummaryPublished(**ROUND, summary="Most of you say that it did.", answered=35, heard=["EO"]),
    FeedbackAnswered(**ROUND, you_said="It came late.", we_did="It comes a month earlier."),
    OpportunityOpened(
        **OPPORTUNITY,
        kind="focus-group",
        title="How we recruit",
        summary="Two hours on how we find people.",
        closes_at=datetime(2027, 2, 11, 17, 0, tzinfo=UTC),
        capacity=12,
        eligibility="below-scs",
        policy_version=1,
        seed_digest=("0" * 32, "F" * 32),
        open_to=(Grade.AA, Grade.AO),
    ),
    OpportunityClosed(**OPPORTUNITY, closed_at=datetime(2027, 2, 11, 17, 0, tzinfo=UTC)),
    ParticipantsSelected(**OPPORTUNITY, member_ids=(ADA,)),
    PlaceGivenUp(**OPPORTUNITY, member_id=ADA),
    ApplicantsNotSelected(**OPPORTUNITY, member_ids=(ADA,)),
    FocusGroupHeld(**OPPORTUNITY, held_on=date(2027, 3, 1)),
    FocusGroupFindingsPublished(
        **OPPORTUNITY, title="What we heard", summary="Say what the job is.", link="https://gse.example/findings"
    ),
    TaskGroupEstablished(**GROUP, title="Survey of skills", ends_on=date(2027, 9, 30)),
    TaskGroupDeliverableMet(
        **GROUP, deliverable_id=UUID("00000000-0000-4000-8000-000000000024"), met_on=date(2027, 3, 31)
    ),
    TaskGroupExtended(**GROUP, ends_on=date(2027, 12, 31)),
    TaskGroupDisbanded(**GROUP, disbanded_on=date(2028, 1, 1), all_met=True),
    GroupMeetingScheduled(
        **GROUP,
        meeting_id=UUID("00000000-0000-4000-8000-000000000025"),
        starts_at=datetime(2027, 2, 11, 14, 0, tzinfo=UTC),
        ends_at=datetime(2027, 2, 11, 15, 30, tzinfo=UTC),
        title="Survey of skills",
        changes=1,
    ),
    ShadowBoardSeatOpened(**SEAT, title="Early career", opened_on=date(2027, 3, 1)),
    ShadowBoardMemberAppointed(**SEAT, member_id=ADA, starts_on=date(2027, 3, 1), ends_on=date(2028, 2, 29)),
    ShadowBoardMemberStoodDown(**SEAT, member_id=ADA, ended_on=date(2027, 9, 1)),
    ShadowBoardTermEnded(**SEAT, ended_on=date(2028, 2, 29)),
    ShadowBoardAdviceGiven(advice_id=SCHEME, title="Say what the job is", link="https://gse.example/advice"),
    ShadowBoardAdviceAnswered(advice_id=SCHEME, title="Say what the job is", link="https://gse.example/advice"),
    DiversityStatisticsPublished(**RELEASE),
    ParticipationReportPublished(**RELEASE),
    MemberErasureRequested(member_id=ADA),
    MemberErasureCompleted(member_id=ADA),
    MemberErasureStalled(member_id=ADA, late=[Holder.EVENTS, Holder.NOTIFICATIONS]),
    MemberErased(member_id=ADA),
    MemberProcessingRestricted(member_id=ADA, restricted=True),
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
SEAT_BODY: dict[str, Any] = {"seat_id": "00000000-0000-4000-8000-00000000000e"}
ADVICE_BODY: dict[str, Any] = {
    "advice_id": "00000000-0000-4000-8000-000000000002",
    "title": "Say what the job is",
    "link": "https://gse.example/advice",
}
OPPORTUNITY_BODY: dict[str, Any] = {"opportunity_id": "00000000-0000-4000-8000-00000000000d"}
GROUP_BODY: dict[str, Any] = {"group_id": "00000000-0000-4000-8000-000000000020"}
COMMITMENT_BODY: dict[str, Any] = {"commitment_id": "00000000-0000-4000-8000-000000000008"}
ROUND_BODY: dict[str, Any] = {
    "round_id": "00000000-0000-4000-8000-00000000000b",
    **COMMITMENT_BODY,
    "link": "https://gse.example/members/feedback/1",
}
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
    MemberProfileUpdated: None,
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
    VolunteerJoinedGroup: None,
    VolunteerLeftGroup: None,
    ChampionAppointed: None,
    ChampionTermEnded: None,
    FeedbackRoundOpened: ROUND_BODY
    | {"title": "Did it reach you?", "closes_on": "2027-02-11", "must_hear": ["EO", "SCS"]},
    FeedbackSummaryPublished: ROUND_BODY | {"summary": "Most of you say that it did.", "answered": 35, "heard": ["EO"]},
    FeedbackAnswered: ROUND_BODY | {"you_said": "It came late.", "we_did": "It comes a month earlier."},
    OpportunityOpened: OPPORTUNITY_BODY
    | {
        "kind": "focus-group",
        "title": "How we recruit",
        "summary": "Two hours on how we find people.",
        "closes_at": "2027-02-11T17:00:00Z",
        "capacity": 12,
        "eligibility": "below-scs",
        "policy_version": 1,
        "seed_digest": ["00000000000000000000000000000000", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"],
        "open_to": ["AA", "AO"],
    },
    OpportunityClosed: OPPORTUNITY_BODY | {"closed_at": "2027-02-11T17:00:00Z"},
    ParticipantsSelected: None,
    PlaceGivenUp: None,
    ApplicantsNotSelected: None,
    FocusGroupHeld: OPPORTUNITY_BODY | {"held_on": "2027-03-01"},
    FocusGroupFindingsPublished: OPPORTUNITY_BODY
    | {"title": "What we heard", "summary": "Say what the job is.", "link": "https://gse.example/findings"},
    TaskGroupEstablished: GROUP_BODY | {"title": "Survey of skills", "ends_on": "2027-09-30"},
    TaskGroupDeliverableMet: GROUP_BODY
    | {"deliverable_id": "00000000-0000-4000-8000-000000000024", "met_on": "2027-03-31"},
    TaskGroupExtended: GROUP_BODY | {"ends_on": "2027-12-31"},
    TaskGroupDisbanded: GROUP_BODY | {"disbanded_on": "2028-01-01", "all_met": True},
    GroupMeetingScheduled: GROUP_BODY
    | {
        "meeting_id": "00000000-0000-4000-8000-000000000025",
        "starts_at": "2027-02-11T14:00:00Z",
        "ends_at": "2027-02-11T15:30:00Z",
        "title": "Survey of skills",
        "changes": 1,
        "cancelled": False,
    },
    ShadowBoardSeatOpened: SEAT_BODY | {"title": "Early career", "opened_on": "2027-03-01"},
    ShadowBoardMemberAppointed: None,
    ShadowBoardMemberStoodDown: None,
    ShadowBoardTermEnded: SEAT_BODY | {"ended_on": "2028-02-29"},
    ShadowBoardAdviceGiven: ADVICE_BODY,
    ShadowBoardAdviceAnswered: ADVICE_BODY,
    DiversityStatisticsPublished: RELEASE_BODY,
    ParticipationReportPublished: RELEASE_BODY,
    MemberErasureRequested: None,
    MemberErasureCompleted: None,
    MemberErasureStalled: None,
    MemberErased: {"member_id": "00000000-0000-4000-8000-00000000000a"},
    MemberProcessingRestricted: None,
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
