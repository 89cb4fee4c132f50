"""What a line of the table in `told.py` is: an event, whom it concerns, when, and in which words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from chassis.days import LONDON
from contracts.base import DomainEvent
from contracts.feedback import FeedbackRoundOpened
from contracts.members import Role
from contracts.opportunities import OpportunityOpened
from notifications.domain import Template

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
