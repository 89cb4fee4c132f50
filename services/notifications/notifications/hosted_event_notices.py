"""What people are told of a hosted event, and when. Pure decisions.

hosted event   expected ──published──> published ──hosted──> hosted      expected: only a registration has arrived

published      an invitation to everybody
registered     a confirmation; waits for the words of the event; after it was hosted, thanks instead;
               a reminder on the day before, where that is still to come
hosted         thanks to everybody who had a place; what was not sent before is cancelled
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.days import LONDON, day_in_london
from contracts.events import EventPublished
from contracts.notifications import NoticeCategory
from notifications.domain import Notice, NoticeState, Recipient, RecipientState, Template

OVER = "the event took place before it was sent"

# The subjects don't name the event: who has a place at which one is nobody's to read on a lock screen.
INVITATION = Template("invitation", 2, NoticeCategory.EVENTS, "You are invited to an event of the profession")
CONFIRMATION = Template("confirmation", 2, NoticeCategory.EVENTS, "You have a place at an event of the profession")
REMINDER = Template("reminder", 1, NoticeCategory.EVENTS, "Soon: an event at which you have a place")
THANKS = Template("thanks", 2, NoticeCategory.EVENTS, "Thank you for coming to an event of the profession")


REMINDED_AT = time(9)  # in London, on the day before


class HostedEventState(StrEnum):
    EXPECTED = "expected"
    PUBLISHED = "published"
    HOSTED = "hosted"


@dataclass(frozen=True)
class Announcement:
    """What was published about a hosted event; it never changes."""

    hosted_event_id: UUID
    title: str
    summary: str
    place: str
    link: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class HostedEvent:
    """What people attend, as far as notices go by it. Until it is announced nothing can be said of it."""

    hosted_event_id: UUID
    state: HostedEventState
    starts_at: datetime | None = None

    @property
    def is_announced(self) -> bool:
        return self.starts_at is not None


def announcement(event: EventPublished) -> Announcement:
    return Announcement(
        hosted_event_id=event.hosted_event_id,
        title=event.title,
        summary=event.summary,
        place=event.place,
        link=event.link,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
    )


def invites(event: EventPublished, now: datetime) -> bool:
    """Nobody is invited to what is over when it is heard of, after an outage or from the beginning of the log."""
    return now < event.ends_at


def notice_of_place(
    its: HostedEvent, recipient: Recipient, *, notice_id: UUID, event_id: UUID, now: datetime
) -> Notice | None:
    """Who has a place hears of it. None when they have left, and where there are no words for thanks."""
    is_over = its.state is HostedEventState.HOSTED
    if recipient.state is RecipientState.LEFT or (is_over and not its.is_announced):
        return None
    can_go = recipient.email is not None and its.is_announced
    return Notice(
        notice_id,
        recipient.member_id,
        event_id,
        THANKS if is_over else CONFIRMATION,
        NoticeState.DUE if can_go else NoticeState.WAITING,
        now,
        hosted_event_id=its.hosted_event_id,
    )


def reminder_at(starts_at: datetime) -> datetime:
    """Nine in the morning, in London, of the day before."""
    the_day = day_in_london(starts_at)
    return datetime.combine(the_day - timedelta(days=1), REMINDED_AT, LONDON)
