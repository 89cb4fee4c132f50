"""Who hears of what: event, who, words, for every event that there is. To tell of another event, add a line here;
what nobody hears of stands in `untold.py`, with the reason.

The subject of its words stands in the line, the words in `templates/<name>/v<version>.txt` and `.html`. Where `who`
is named in the event or holds a role, that is all: `reactions.tell` does the rest. Other groups have reactions of
their own (`reactions.py`, `hosted_events.py`).
"""

from dataclasses import replace
from typing import Final
from uuid import UUID

from chassis.subscription import Reaction
from contracts.base import DomainEvent
from contracts.catalogue import EVENTS as EVERY_EVENT
from contracts.erasure import (
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
)
from contracts.feedback import FeedbackAnswered, FeedbackRoundOpened
from contracts.groups import (
    ChampionAppointed,
    ChampionTermEnded,
    GroupMeetingScheduled,
    TaskGroupDisbanded,
    TaskGroupExtended,
    VolunteerLeftGroup,
)
from contracts.members import (
    MemberContactChanged,
    MemberGradeChanged,
    MemberJoined,
    MemberTransferred,
    RoleGranted,
    RoleRevoked,
)
from contracts.mentoring import MentoringPairCreated, MentoringPairEnded, MentoringSchemeOpened
from contracts.notifications import (
    NoticeCategory,
)
from contracts.opportunities import (
    ApplicantsNotSelected,
    OpportunityOpened,
    ParticipantsSelected,
    ShadowBoardAdviceGiven,
    ShadowBoardMemberAppointed,
    ShadowBoardMemberStoodDown,
    ShadowBoardSeatOpened,
)
from contracts.strategy import (
    CommitmentOverdue,
)
from notifications.domain import CONFIRM_ADDRESS, DIGEST, INTRODUCTION, WELCOME, Template
from notifications.hosted_event_notices import CONFIRMATION, INVITATION, REMINDER, THANKS
from notifications.lines import (
    AT_A_NEW_ADDRESS,
    BOTH,
    EVERYBODY,
    NOT_CHOSEN,
    THE_CHOSEN,
    THE_MEMBER,
    THE_TEAM,
    THE_TEAM_OF_A_VACANCY,
    VOLUNTEERS,
    WHO_HAS_A_PLACE,
    WHO_HAS_HEARD,
    WHO_IS_IN_THE_GROUP,
    WHO_MAY_APPLY,
    WHO_WAS_IN_IT,
    Line,
    Who,
    after_five_working_days,
    its_closing,
    its_last_day,
    the_day_before,
)

MEMBERSHIP, MENTORING, EVENTS, OPPORTUNITIES, WORK = (
    NoticeCategory.MEMBERSHIP,
    NoticeCategory.MENTORING,
    NoticeCategory.EVENTS,
    NoticeCategory.OPPORTUNITIES,
    NoticeCategory.WORK,
)
MEETING: Final = Template("group-meeting", 3, EVENTS, "A meeting of a group that you are in")
TOLD: Final = (
    Line(MemberJoined, THE_MEMBER, WELCOME),
    Line(MemberContactChanged, AT_A_NEW_ADDRESS, CONFIRM_ADDRESS),
    Line(
        MemberGradeChanged,
        THE_MEMBER,
        Template("grade-changed", 1, MEMBERSHIP, "Your grade in the profession has changed"),
        says=("grade",),
    ),
    Line(
        MemberTransferred,
        THE_MEMBER,
        Template("transferred", 1, MEMBERSHIP, "Your organisation in the profession has changed"),
        says=("organisation", "grade"),
    ),
    Line(
        RoleGranted,
        THE_MEMBER,
        Template("role-granted", 1, MEMBERSHIP, "You have a new role in the profession", critical=True),
        says=("role", "organisation"),
    ),
    Line(
        RoleRevoked,
        THE_MEMBER,
        Template("role-revoked", 1, MEMBERSHIP, "A role of yours in the profession has ended", critical=True),
        says=("role", "organisation"),
    ),
    Line(
        ChampionAppointed,
        THE_MEMBER,
        Template("champion-appointed", 1, MEMBERSHIP, "You are a champion of the profession"),
        says=("theme_id", "ends_on"),
    ),
    Line(
        ChampionTermEnded,
        THE_MEMBER,
        Template("champion-term-ended", 1, MEMBERSHIP, "Your time as a champion has ended"),
        says=("theme_id",),
    ),
    Line(
        ChampionTermEnded,
        THE_TEAM_OF_A_VACANCY,
        Template("theme-vacant", 1, WORK, "A theme of the profession has no champion"),
        says=("theme_id",),
    ),
    Line(
        GroupMeetingScheduled,
        WHO_IS_IN_THE_GROUP,
        MEETING,
        says=("group_id", "title", "starts_at", "changes", "cancelled"),
    ),
    Line(
        TaskGroupExtended,
        WHO_IS_IN_THE_GROUP,
        Template("group-extended", 1, MEMBERSHIP, "A group that you are in goes on for longer"),
        says=("ends_on",),
    ),
    Line(
        TaskGroupDisbanded,
        WHO_IS_IN_THE_GROUP,
        Template("group-disbanded", 1, MEMBERSHIP, "A group that you were in has disbanded"),
    ),
    Line(
        VolunteerLeftGroup,
        WHO_WAS_IN_IT,
        Template("group-closed", 1, MEMBERSHIP, "A group that you were in has closed"),
        says=("group_id",),
    ),
    Line(
        MemberErasureStalled,
        THE_TEAM,
        Template("erasure-stalled", 2, WORK, "An erasure is late", critical=True),
        says=("late",),
    ),
    Line(
        MemberProcessingRestricted,
        THE_MEMBER,
        Template("processing-restricted", 1, MEMBERSHIP, "The use of your details in the profession", critical=True),
        says=("restricted",),
    ),
    Line(
        CommitmentOverdue,
        THE_TEAM,
        Template("commitment-overdue", 1, WORK, "A commitment of the strategy is overdue"),
        says=("due_on",),
    ),
    Line(
        OpportunityOpened,
        WHO_MAY_APPLY,
        Template("opportunity-opened", 1, OPPORTUNITIES, "Members can apply for something"),
        says=("title", "summary", "closes_at"),
        until=its_closing,
    ),
    Line(
        ParticipantsSelected,
        THE_CHOSEN,
        Template("chosen", 1, EVENTS, "You have a place"),
    ),
    Line(
        ApplicantsNotSelected,
        NOT_CHOSEN,
        Template("not-chosen", 1, EVENTS, "You do not have a place this time"),
    ),
    Line(
        ShadowBoardSeatOpened,
        THE_TEAM,
        Template("seat-opened", 1, WORK, "A seat of the Shadow Board is free"),
        says=("title",),
    ),
    Line(
        ShadowBoardMemberAppointed,
        THE_MEMBER,
        Template("appointed", 1, EVENTS, "You have a seat on the Shadow Board"),
        says=("starts_on", "ends_on"),
    ),
    Line(
        ShadowBoardMemberStoodDown,
        THE_MEMBER,
        Template("seat-ended", 1, MEMBERSHIP, "Your seat on the Shadow Board has ended"),
        says=("ended_on",),
    ),
    Line(
        ShadowBoardAdviceGiven,
        THE_TEAM,
        Template("advice", 1, WORK, "The Shadow Board has given advice"),
        says=("title", "link"),
    ),
    Line(
        FeedbackRoundOpened,
        EVERYBODY,
        Template("question-opened", 1, OPPORTUNITIES, "There is a question to you"),
        says=("title", "closes_on", "link"),
        until=its_last_day,
    ),
    Line(
        FeedbackAnswered,
        EVERYBODY,
        Template("question-answered", 1, OPPORTUNITIES, "You said, we did"),
        says=("you_said", "we_did", "link"),
    ),
    Line(
        MentoringSchemeOpened,
        EVERYBODY,
        Template("scheme-opened", 1, MENTORING, "A mentoring scheme is open"),
        says=("title", "summary", "link"),
    ),
    Line(MentoringPairCreated, BOTH, INTRODUCTION),
    Line(
        MentoringPairEnded,
        WHO_HAS_HEARD,
        Template("pair-ended", 1, MENTORING, "Your mentoring pair has ended"),
    ),
    Line(
        KeyDateApproaching,
        VOLUNTEERS,
        Template("key-date-approaching", 1, WORK, "A date of the inclusion calendar comes near"),
        says=("starts_on",),
    ),
    Line(
        EventProposed,
        THE_TEAM,
        Template("proposal", 1, WORK, "An event waits for your sign-off"),
        unless=EventSignedOff,
    ),
    Line(
        EventProposed,
        THE_TEAM,
        Template("proposal-nudge", 1, WORK, "An event still waits for your sign-off"),
        when=after_five_working_days,
        unless=EventSignedOff,
    ),
    Line(EventPublished, EVERYBODY, INVITATION),
    Line(AttendeeRegistered, WHO_HAS_A_PLACE, CONFIRMATION),
    Line(AttendeeRegistered, WHO_HAS_A_PLACE, REMINDER, when=the_day_before, unless=EventHosted),
    Line(EventHosted, WHO_HAS_A_PLACE, THANKS),
)
RETIRED: Final = (
    *(replace(its, version=1) for its in (WELCOME, INTRODUCTION, INVITATION, CONFIRMATION, THANKS)),
    replace(WELCOME, version=2),
    replace(MEETING, version=1, subject="A group that you are in is to meet"),
    replace(MEETING, version=2),
    Template("erasure-stalled", 1, WORK, "An erasure is late", critical=True),
)
"""What is said no more, and stands in inboxes."""
TEMPLATES: Final = {(its.name, its.version): its for its in (*(line.template for line in TOLD), DIGEST, *RETIRED)}


def lines_of(event: type[DomainEvent]) -> list[Line]:
    return [line for line in TOLD if line.event is event]


def named(event: DomainEvent, who: Who) -> list[UUID]:
    """Whom the event names: each of the fields holds an id, or several."""
    found: list[UUID] = []
    for its in (getattr(event, field) for field in who.fields):
        found += [its] if isinstance(its, UUID) else its
    return found


def called_off_by(event: type[DomainEvent]) -> list[Template]:
    """What is not said any more once this has happened."""
    return [line.template for line in TOLD if line.unless is event]


def plainly(service: str, tell: Reaction) -> dict[type[DomainEvent], Reaction]:
    """The events of a service of which `tell` tells, since the event or a role says whom."""
    plain = {line.event for line in TOLD if (line.who.fields or line.who.role) and line.event is not MemberJoined}
    return {event: tell for event in EVERY_EVENT if event.service == service and event in plain}
