"""The subject of every event: the field whose value keys the record and counts the sequence.

One table, so that a glance shows that every subject is a random id and none is hot (no organisation, no scheme
with thousands of members, no stream-wide counter).
"""

from collections.abc import Mapping
from typing import Final

SUBJECTS: Final[Mapping[str, str]] = {
    # members
    "MemberJoined": "member_id",
    "MemberGradeChanged": "member_id",
    "MemberTransferred": "member_id",
    "MemberLeft": "member_id",
    "MemberProfileUpdated": "member_id",
    "MemberContactChanged": "member_id",
    "OrganisationRegistered": "organisation_id",
    "OrganisationMerged": "organisation_id",
    "RoleGranted": "member_id",
    "RoleRevoked": "member_id",
    # members: the strategy
    "StrategyPublished": "strategy_id",
    "CommitmentMade": "commitment_id",
    "CommitmentProgressReported": "commitment_id",
    "CommitmentCompleted": "commitment_id",
    "CommitmentOverdue": "commitment_id",
    # members: the groups
    "VolunteerJoinedGroup": "volunteering_id",
    "VolunteerLeftGroup": "volunteering_id",
    "ChampionAppointed": "term_id",
    "ChampionTermEnded": "term_id",
    "TaskGroupEstablished": "group_id",
    "TaskGroupDeliverableMet": "group_id",
    "TaskGroupExtended": "group_id",
    "TaskGroupDisbanded": "group_id",
    "GroupMeetingScheduled": "meeting_id",
    # members: rounds of feedback
    "FeedbackRoundOpened": "round_id",
    "FeedbackSummaryPublished": "round_id",
    "FeedbackAnswered": "round_id",
    # members: what one may apply for
    "OpportunityOpened": "opportunity_id",
    "OpportunityClosed": "opportunity_id",
    "ParticipantsSelected": "opportunity_id",
    "ApplicantsNotSelected": "opportunity_id",
    "PlaceGivenUp": "opportunity_id",
    "FocusGroupHeld": "opportunity_id",
    "FocusGroupFindingsPublished": "opportunity_id",
    "ShadowBoardSeatOpened": "seat_id",
    "ShadowBoardMemberAppointed": "seat_id",
    "ShadowBoardMemberStoodDown": "seat_id",
    "ShadowBoardTermEnded": "seat_id",
    "ShadowBoardAdviceGiven": "advice_id",
    "ShadowBoardAdviceAnswered": "advice_id",
    # members: the figures
    "DiversityStatisticsPublished": "release_id",
    "ParticipationReportPublished": "release_id",
    # erasure
    "MemberErasureRequested": "member_id",
    "MemberErasureCompleted": "member_id",
    "MemberErasureStalled": "member_id",
    "MemberErased": "member_id",
    "MemberProcessingRestricted": "member_id",
    "MemberDataErased": "member_id",
    # mentoring
    "MentoringSchemeOpened": "scheme_id",
    "MatchRunCompleted": "run_id",
    "MentoringPairCreated": "pair_id",
    "MentoringPairEnded": "pair_id",
    # events
    "KeyDateScheduled": "key_date_id",
    "KeyDateApproaching": "key_date_id",
    "EventProposed": "hosted_event_id",
    "EventSignedOff": "hosted_event_id",
    "EventPublished": "hosted_event_id",
    "KeynoteConfirmed": "hosted_event_id",
    "AttendeeRegistered": "registration_id",
    "EventHosted": "hosted_event_id",
    # notifications
    "NotificationSent": "notice_id",
    "NotificationFailed": "notice_id",
    "NotificationSuppressed": "notice_id",
    "MemberPreferencesChanged": "member_id",
}
