"""Who hears of what: event, who, words, for every event that there is. To tell of another event, add a line here;
what nobody hears of stands in `untold.py`, with the reason.

The subject of its words stands in the line, the words in `templates/<name>/v<version>.txt` and `.html`. Where `who`
is named in the event or holds a role, that is all: `reactions.tell` does the rest. Other groups have reactions of
their own (`reactions.py`, `hosted_events.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from chassis.days import LONDON
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
    Role,
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

MEMBERSHIP, MENTORING, EVENTS, OPPORTUNITIES, WORK = (
    NoticeCategory.MEMBERSHIP,
    NoticeCategory.MENTORING,
    NoticeCategory.EVENTS,
    NoticeCategory.OPPORTUNITIES,
    NoticeCategory.WORK,
)
SATURDAY: Final = 5


@dataclass(frozen=True)
class Who:
    """`fields` of the event name them, one or several, or they hold a role; otherwise a reaction knows them.

    `only` names a field of the event: nobody hears of it where that is false. `grades` names one with the grades whose
    members hear; where the event does not say them, all do, and so does whoever's grade is not known here yet.
    """

    words: str
    fields: tuple[str, ...] = ()
    role: Role | None = None
    only: str | None = None
    grades: str | None = None


THE_MEMBER = Who("the member", fields=("member_id",))
THE_CHOSEN = Who("who is chosen", fields=("member_ids",))
NOT_CHOSEN = Who("who applied and is not", fields=("member_ids",))
BOTH = Who("both of the pair")
AT_A_NEW_ADDRESS = Who("the member, who is to confirm an address once more")
WHO_HAS_HEARD = Who("both of the pair, who have heard of it")
EVERYBODY = Who("every member")
WHO_MAY_APPLY = Who("every member whose grade may apply", grades="open_to")
WHO_HAS_A_PLACE = Who("who has a place")
WHO_IS_IN_THE_GROUP = Who("who is in the group")
VOLUNTEERS = Who("volunteers", role=Role.VOLUNTEER)
WHO_WAS_IN_IT = Who("the member, where the group has closed", fields=("member_id",), only="closed")
THE_TEAM = Who("the central team", role=Role.TEAM)
THE_TEAM_OF_A_VACANCY = Who("the central team, where the theme has no champion now", role=Role.TEAM, only="vacancy")


def at_once(now: datetime) -> datetime:
    """When the event is heard."""
    return now


def after_five_working_days(now: datetime) -> datetime:
    """At the same time of the day, in London."""
    there, days = now.astimezone(LONDON), 0
    while days < 5:  # noqa: PLR2004 (five of them)
        there += timedelta(days=1)
        days += there.weekday() < SATURDAY
    return there.astimezone(now.tzinfo)


def its_closing(event: OpportunityOpened) -> datetime:
    """Nobody applies any more."""
    return event.closes_at


def its_last_day(event: FeedbackRoundOpened) -> datetime:
    """Nobody answers any more."""
    return datetime.combine(event.closes_on + timedelta(days=1), time(), LONDON)


def the_day_before(_now: datetime) -> datetime:
    """Told by the reaction, which knows when the event starts."""
    raise TypeError("a reminder's instant is worked out with its event")


@dataclass(frozen=True)
class Line:
    """`says`: the fields of the event that the words need. `unless`: the event that calls it off, unsent.
    `until`: when it is useful no more.
    """

    event: type[DomainEvent]
    who: Who
    template: Template
    says: tuple[str, ...] = ()
    when: Callable[[datetime], datetime] = at_once
    unless: type[DomainEvent] | None = None
    until: Callable[[Any], datetime] | None = None

    @property
    def when_in_words(self) -> str:
        return self.when.__name__.replace("_", " ")

    def facts(self, event: DomainEvent) -> dict[str, Any]:
        return event.model_dump(mode="json", include=set(self.says))


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
