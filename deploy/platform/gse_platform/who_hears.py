"""Who has to hear of what, said once more and apart from the service that tells it: what its notices are held against.

`TABLE` names the templates of each event that people are told of, and for each who may hear of it. A change of
notifications' own table has to be made here too, on purpose.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

MEMBER, BOTH, EVERYBODY, WITH_A_PLACE = "the member", "both of the pair", "everybody", "who has a place"
MEMBER_ASKED_AGAIN = "the member, unless their welcome asks it"
NAMED = "who is named"
WHO_MAY_APPLY = "every member whose grade may apply"
IN_THE_GROUP = "who is in the group"
TEAM, VOLUNTEER = "team", "volunteer"  # roles
MEMBER_OF_ONE_THAT_CLOSED = "the member, where the group has closed"
TEAM_OF_A_VACANCY = "the team, of a theme that has no champion now"
NOBODY = "nobody"

TABLE: Final[Mapping[str, Mapping[str, str]]] = {
    "MemberJoined": {"welcome": MEMBER},
    "MemberContactChanged": {"confirm-address": MEMBER_ASKED_AGAIN},
    "MemberGradeChanged": {"grade-changed": MEMBER},
    "MemberTransferred": {"transferred": MEMBER},
    "RoleGranted": {"role-granted": MEMBER},
    "RoleRevoked": {"role-revoked": MEMBER},
    "ChampionAppointed": {"champion-appointed": MEMBER},
    "ChampionTermEnded": {"champion-term-ended": MEMBER, "theme-vacant": TEAM_OF_A_VACANCY},
    "VolunteerLeftGroup": {"group-closed": MEMBER_OF_ONE_THAT_CLOSED},
    "GroupMeetingScheduled": {"group-meeting": IN_THE_GROUP},
    "TaskGroupExtended": {"group-extended": IN_THE_GROUP},
    "TaskGroupDisbanded": {"group-disbanded": IN_THE_GROUP},
    "MemberErasureStalled": {"erasure-stalled": TEAM},
    "MemberProcessingRestricted": {"processing-restricted": MEMBER},
    "MentoringSchemeOpened": {"scheme-opened": EVERYBODY},
    "MentoringPairCreated": {"introduction": BOTH},
    "MentoringPairEnded": {"pair-ended": BOTH},
    "KeyDateApproaching": {"key-date-approaching": VOLUNTEER},
    "EventProposed": {"proposal": TEAM, "proposal-nudge": TEAM},
    "EventPublished": {"invitation": EVERYBODY},
    "AttendeeRegistered": {"confirmation": MEMBER, "thanks": MEMBER, "reminder": MEMBER},
    "EventHosted": {"thanks": WITH_A_PLACE},
    "CommitmentOverdue": {"commitment-overdue": TEAM},
    "OpportunityOpened": {"opportunity-opened": WHO_MAY_APPLY},
    "ShadowBoardSeatOpened": {"seat-opened": TEAM},
    "FeedbackRoundOpened": {"question-opened": EVERYBODY},
    "FeedbackAnswered": {"question-answered": EVERYBODY},
    "ParticipantsSelected": {"chosen": NAMED},
    "ApplicantsNotSelected": {"not-chosen": NAMED},
    "ShadowBoardMemberAppointed": {"appointed": MEMBER},
    "ShadowBoardMemberStoodDown": {"seat-ended": MEMBER},
    "ShadowBoardAdviceGiven": {"advice": TEAM},
}
CATEGORIES: Final[Mapping[str, str]] = {
    "welcome": "membership",
    "confirm-address": "membership",
    "grade-changed": "membership",
    "transferred": "membership",
    "role-granted": "membership",
    "role-revoked": "membership",
    "champion-appointed": "membership",
    "champion-term-ended": "membership",
    "group-closed": "membership",
    "seat-ended": "membership",
    "group-meeting": "events",
    "group-extended": "membership",
    "group-disbanded": "membership",
    "processing-restricted": "membership",
    "scheme-opened": "mentoring",
    "introduction": "mentoring",
    "pair-ended": "mentoring",
    "invitation": "events",
    "confirmation": "events",
    "reminder": "events",
    "thanks": "events",
    "key-date-approaching": "work",
    "proposal": "work",
    "proposal-nudge": "work",
    "erasure-stalled": "work",
    "commitment-overdue": "work",
    "theme-vacant": "work",
    "seat-opened": "work",
    "opportunity-opened": "opportunities",
    "question-opened": "opportunities",
    "question-answered": "opportunities",
    "chosen": "events",
    "not-chosen": "events",
    "appointed": "events",
    "advice": "work",
}
WHATEVER_THEY_CHOSE: Final = frozenset(
    {"role-granted", "role-revoked", "erasure-stalled", "confirm-address", "processing-restricted"}
)
DIGEST: Final = "digest"  # of no event: it holds notices that are


@dataclass(frozen=True)
class Event:
    """What happened, as a ledger or a stream says it."""

    event_id: str
    name: str
    subject: str
    data: Mapping[str, Any]
    time: datetime | None = None  # business time
    number: int = 0  # among those of its subject; 0: unknown

    @property
    def asks_to_confirm(self) -> bool:
        """Of a contact: the address is to be confirmed, and not by the welcome, which asks for the first one."""
        return bool(self.data.get("verification_id")) and self.number != 1


def audience(its: Event, template: str) -> str:
    """Who may hear of this very event in these words, by the table; nobody where it has no such line."""
    who = TABLE.get(its.name, {}).get(template, NOBODY)
    if who == TEAM_OF_A_VACANCY:
        return TEAM if its.data["vacancy"] else NOBODY
    if who == MEMBER_OF_ONE_THAT_CLOSED:
        return MEMBER if its.data.get("closed") else NOBODY
    return who


@dataclass
class World:
    """What events say of people, in whatever order they were heard: whoever ever was something."""

    events: dict[str, Event] = field(default_factory=dict)
    joined: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    roles: dict[str, set[str]] = field(default_factory=dict)
    places: dict[str, set[str]] = field(default_factory=dict)  # by hosted event
    groups: dict[str, set[str]] = field(default_factory=dict)
    grades: dict[str, set[str]] = field(default_factory=dict)  # all that a member ever had
    published: set[str] = field(default_factory=set)
    pairs: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Event]) -> "World":
        world = cls()
        for its in events:
            world.add(its)
        return world

    def add(self, its: Event) -> None:
        self.events[its.event_id] = its
        if its.name in {"MemberJoined", "MemberGradeChanged", "MemberTransferred"}:
            self.grades.setdefault(its.subject, set()).add(str(its.data["grade"]))
        match its.name:
            case "MemberJoined":
                self.joined.add(its.subject)
            case "MemberLeft" | "MemberErasureRequested":
                self.gone.add(its.subject)
            case "RoleGranted":
                self.roles.setdefault(str(its.data["role"]), set()).add(its.subject)
            case "AttendeeRegistered":
                self.places.setdefault(str(its.data["hosted_event_id"]), set()).add(str(its.data["member_id"]))
            case "VolunteerJoinedGroup":
                self.groups.setdefault(str(its.data["group_id"]), set()).add(str(its.data["member_id"]))
            case "EventPublished":
                self.published.add(its.subject)
            case "MentoringPairCreated":
                self.pairs[its.subject] = {str(its.data["first_member_id"]), str(its.data["second_member_id"])}

    def may_hear(self, its: Event, template: str) -> set[str]:
        """Whoever may be told of this event in these words; nobody where the table has no such line."""
        who = audience(its, template)
        of_its_subject = {BOTH: self.pairs, WITH_A_PLACE: self.places}
        match who:
            case "the member" | "the member, unless their welcome asks it":
                hears = who == MEMBER or its.asks_to_confirm
                return {str(its.data.get("member_id", its.subject))} if hears else set()
            case "who is named":
                return set(map(str, its.data["member_ids"]))
            case "everybody" | "every member whose grade may apply":
                open_to = its.data.get("open_to") if who == WHO_MAY_APPLY else None
                return {each for each in self.joined if open_to is None or self.grades[each] & set(open_to)}
            case "who is in the group":
                return self.groups.get(str(its.data["group_id"]), set())
            case _ if who in of_its_subject:
                return of_its_subject[who].get(its.subject, set())
            case role:
                return self.roles.get(role, set())

    def always_could(self, its: Event) -> set[str]:
        """Who may apply for this opportunity by every grade that they ever had."""
        open_to = its.data.get("open_to")
        return {each for each in self.joined if open_to is None or self.grades[each] <= set(open_to)}
