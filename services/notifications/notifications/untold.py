"""The events of which nobody is told, and why."""

from collections.abc import Mapping
from typing import Final

from contracts.base import DomainEvent
from contracts.erasure import (
    MemberDataErasedByEvents,
    MemberDataErasedByMembers,
    MemberDataErasedByMentoring,
    MemberDataErasedByNotifications,
    MemberErased,
    MemberErasureCompleted,
    MemberErasureRequested,
)
from contracts.events import (
    EventSignedOff,
    KeyDateScheduled,
    KeynoteConfirmed,
)
from contracts.feedback import FeedbackSummaryPublished
from contracts.groups import (
    TaskGroupDeliverableMet,
    TaskGroupEstablished,
    VolunteerJoinedGroup,
)
from contracts.members import (
    MemberLeft,
    MemberProfileUpdated,
    OrganisationMerged,
    OrganisationRegistered,
)
from contracts.mentoring import MatchRunCompleted
from contracts.notifications import (
    MemberPreferencesChanged,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
)
from contracts.opportunities import (
    FocusGroupFindingsPublished,
    FocusGroupHeld,
    OpportunityClosed,
    PlaceGivenUp,
    ShadowBoardAdviceAnswered,
    ShadowBoardTermEnded,
)
from contracts.statistics import DiversityStatisticsPublished, ParticipationReportPublished
from contracts.strategy import (
    CommitmentCompleted,
    CommitmentMade,
    CommitmentProgressReported,
    StrategyPublished,
)

NOBODY: Final[Mapping[type[DomainEvent], str]] = {
    MemberLeft: "their address goes with them",
    MemberProfileUpdated: "the member did it; their profile shows it",
    OrganisationRegistered: "the team did it; the page of organisations shows it",
    OrganisationMerged: "whom it moves hears of that; whom it asks is asked on their profile",
    StrategyPublished: "the home page leads to it; nobody asked to hear of it",
    CommitmentMade: "the page of the strategy shows it",
    CommitmentProgressReported: "the team did it; the commitment's page shows it",
    CommitmentCompleted: "the team did it; the commitment's page shows it",
    VolunteerJoinedGroup: "the member did it; the group's page shows it",
    FeedbackSummaryPublished: "every member hears of what was done about it, which says it too",
    OpportunityClosed: "whoever applied hears what came of it",
    FocusGroupHeld: "who took part was there",
    PlaceGivenUp: "the member did it; the opportunity's page shows it",
    FocusGroupFindingsPublished: "its page shows them",
    TaskGroupEstablished: "the page of groups shows it; nobody is in it yet",
    TaskGroupDeliverableMet: "the team did it; the group's page shows it",
    ShadowBoardTermEnded: "its holder was told the day when they were appointed",
    ShadowBoardAdviceAnswered: "its page shows the answer",
    DiversityStatisticsPublished: "the team did it; the page of the figures shows it to whoever looks",
    ParticipationReportPublished: "the team did it; the page of the figures shows it to whoever looks",
    MemberErasureRequested: "whom it concerns is forgotten here by it",
    MemberErasureCompleted: "whom it concerns is forgotten",
    MemberErased: "whom it concerns is forgotten",
    MemberDataErasedByMembers: "one receipt of four",
    MemberDataErasedByMentoring: "one receipt of four",
    MemberDataErasedByEvents: "one receipt of four",
    MemberDataErasedByNotifications: "one receipt of four",
    MatchRunCompleted: "each pair hears of itself",
    KeyDateScheduled: "some seventy a year; the calendar shows them",
    EventSignedOff: "its organiser sees it on the event's page",
    KeynoteConfirmed: "the invitation leads to the page that names the speaker",
    NotificationSent: "it tells of telling",
    NotificationFailed: "it tells of telling; the team sees it on its page",
    NotificationSuppressed: "it tells of telling; the team sees it on its page",
    MemberPreferencesChanged: "the member did it",
}
