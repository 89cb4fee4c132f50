"""Who can be written to, and what becomes of a notice. Pure decisions.

    recipient   expected ──joined──> known ──left──> left        expected: only a contact has arrived yet

    notice      waiting ──its address arrives──> due ──claimed──> sending ──> sent
                                                  │               ├──> failed      the mail server said no
                                                  │               ├──> due         it certainly does not have it
                                                  │               └──> unknown     handed over, and no answer came
                                                  ├──> gathered ──> sending …      in the member's next digest
                                                  ├──> sent                        in the inbox alone, as they want it
                                                  └──> suppressed                  unwanted, too late, no way there

A leaving, the end of a pair and the hosting of an event cancel what is waiting, due or gathered, and what a
conversation would make due again. What becomes of a due notice is decided in `deciding.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from contracts.notifications import NoticeCategory, NotificationFailed, NotificationSent
from contracts.refusal import NotFound, NotYetKnown

LONGEST_PAUSE = timedelta(minutes=15)
LEFT_BEFORE_SENDING = "the member left before it was sent"
PAIR_ENDED = "the pair ended before it was sent"
CALLED_OFF = "it was no longer so before it was sent"
EVERYTHING: Final = "everything"  # the category of a digest, and of who unsubscribes in one


class RecipientState(StrEnum):
    EXPECTED = "expected"
    KNOWN = "known"
    LEFT = "left"


class NoticeState(StrEnum):
    WAITING = "waiting"
    DUE = "due"
    GATHERED = "gathered"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"


class NoSuchInbox(NotFound):
    """Nobody with this id is known here."""


class NoSuchNotice(NotFound):
    """The member was told nothing of this kind."""

    def __init__(self) -> None:
        super().__init__("There is no such message, or it is not yours to see.")


class InboxNotReady(NotYetKnown):
    """The caller is a member whose joining has not arrived here."""

    def __init__(self) -> None:
        super().__init__("Your inbox is being made. Try again in a moment.")


@dataclass(frozen=True)
class Recipient:
    """A member as far as writing to them needs it. A leaver has neither name nor address."""

    member_id: UUID
    state: RecipientState
    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    verification_id: UUID | None = None  # of this address, while members waits for it to be confirmed


@dataclass(frozen=True)
class Template:
    """What a notice says. A version never changes its words: a notice names the version it was made with."""

    name: str
    version: int
    category: str  # a NoticeCategory; a digest's is everything
    subject: str  # holds no personal data and no scheme: it is seen on lock screens and in logs
    critical: bool = False  # goes out at once, whatever the member prefers


WELCOME = Template(
    "welcome", 3, NoticeCategory.MEMBERSHIP, "Welcome to the Government Science and Engineering profession"
)
CONFIRM_ADDRESS = Template(
    "confirm-address",
    1,
    NoticeCategory.MEMBERSHIP,
    "Confirm your email address for the profession",
    critical=True,
)
DIGEST = Template("digest", 1, EVERYTHING, "What is new for you in the profession")
INTRODUCTION = Template("introduction", 2, NoticeCategory.MENTORING, "Meet the member you have been paired with")


@dataclass(frozen=True)
class Notice:
    """One message to one person about one event. An introduction tells of another member, others of a hosted event."""

    notice_id: UUID
    member_id: UUID
    event_id: UUID
    template: Template
    state: NoticeState
    created_at: datetime
    about_member_id: UUID | None = None
    pair_id: UUID | None = None
    hosted_event_id: UUID | None = None
    due_at: datetime | None = None  # at once, where it is None
    useful_until: datetime | None = None


@dataclass(frozen=True)
class Occasion:
    """The event that notices tell of; `facts` are what their words need of it, and name nobody."""

    event_id: UUID
    type: str
    subject: UUID
    facts: Mapping[str, Any]


def welcome(recipient: Recipient, *, notice_id: UUID, event_id: UUID, now: datetime) -> tuple[Recipient, Notice] | None:
    """The member is known and is welcomed, as soon as there is an address. None when they have left."""
    if recipient.state is RecipientState.LEFT:
        return None
    state = NoticeState.WAITING if recipient.email is None else NoticeState.DUE
    notice = Notice(notice_id, recipient.member_id, event_id, WELCOME, state, now)
    return replace(recipient, state=RecipientState.KNOWN), notice


def notice(
    recipient: Recipient, template: Template, *, notice_id: UUID, event_id: UUID, now: datetime, due_at: datetime
) -> Notice | None:
    """Tells somebody of an event, as soon as it is due and there is an address. None when they have left."""
    if recipient.state is RecipientState.LEFT:
        return None
    state = NoticeState.WAITING if recipient.email is None else NoticeState.DUE
    return Notice(notice_id, recipient.member_id, event_id, template, state, now, due_at=due_at)


def is_pair(first: Recipient, second: Recipient) -> bool:
    """Nobody is paired with a leaver."""
    return RecipientState.LEFT not in (first.state, second.state)


def introduction(
    recipient: Recipient, other: Recipient, *, notice_id: UUID, pair_id: UUID, event_id: UUID, now: datetime
) -> Notice | None:
    """Tells one of a pair who the other is, as soon as both can be reached. None when either has left."""
    if not is_pair(recipient, other):
        return None
    state = NoticeState.WAITING if None in (recipient.email, other.email) else NoticeState.DUE
    return Notice(notice_id, recipient.member_id, event_id, INTRODUCTION, state, now, other.member_id, pair_id)


def with_contact(
    recipient: Recipient, *, name: str, email: str, verification_id: UUID | None = None
) -> Recipient | None:
    """The recipient with a new name and address; None when they have left: a late contact brings nothing back.

    Without `verification_id` nothing new is to be confirmed, and what was still holds for the same address.
    """
    if recipient.state is RecipientState.LEFT:
        return None
    still = recipient.verification_id if email == recipient.email else None
    return replace(recipient, name=name, email=email, verification_id=verification_id or still)


def is_to_confirm(before: Recipient, verification_id: UUID | None) -> bool:
    """Whether a mail of its own asks to confirm the address: the first one of a member is in their welcome."""
    return verification_id is not None and before.email is not None


def let_go(recipient: Recipient) -> Recipient:
    """What stays of a leaver: the bare id."""
    return Recipient(recipient.member_id, RecipientState.LEFT)


@dataclass(frozen=True)
class Sent:
    """The mail server took the message. A provider says by which id of its own it knows it."""

    provider_id: UUID | None = None


@dataclass(frozen=True)
class Rejected:
    """The mail server refused the message for good, or the address is none. The reason names no person."""

    reason: str
    of_address: bool = False  # whatever is sent there is refused


@dataclass(frozen=True)
class NotStarted:
    """The mail server certainly does not have the message; trying again later is safe."""

    reason: str
    is_outage: bool = False  # nothing goes this way now, whoever it is for
    rest: timedelta | None = None  # for which the other side wants to hear nothing from us


@dataclass(frozen=True)
class Unknown:
    """The message was being handed over and no answer came: it may or may not have gone out."""

    reason: str
    is_outage: bool = False  # that is so whoever it is for


Outcome = Sent | Rejected | NotStarted | Unknown


@dataclass(frozen=True)
class Ending:
    """Where a conversation leaves its notice. `due_at` only when it is to be tried again."""

    state: NoticeState
    reason: str | None = None
    due_at: datetime | None = None
    provider_id: UUID | None = None


def ending(outcome: Outcome, *, attempts: int, now: datetime, jitter: float, over: str | None = None) -> Ending:
    """What a conversation's outcome makes of its notice.

    `attempts` counts this one, `jitter` is from 0 to 1, and `over` says why it may not be sent any more, if so.
    """
    match outcome:
        case Sent(provider_id):
            return Ending(NoticeState.SENT, provider_id=provider_id)
        case Rejected(reason):
            return Ending(NoticeState.FAILED, reason)
        case NotStarted() if over:
            return Ending(NoticeState.CANCELLED, over)
        case NotStarted(reason):
            return Ending(NoticeState.DUE, reason, now + pause(attempts, jitter))
        case Unknown(reason):
            return Ending(NoticeState.UNKNOWN, reason)


def ending_of_item(ending: Ending) -> Ending:
    """Where the conversation of a digest leaves what it held: it waits in the same digest while that is tried again."""
    return replace(ending, state=NoticeState.GATHERED) if ending.state is NoticeState.DUE else ending


def news(
    state: NoticeState, *, notice_id: UUID, member_id: UUID, category: str, channel: str, now: datetime
) -> NotificationSent | NotificationFailed | None:
    """What is said when a notice comes to stand there, if anything."""
    if state is NoticeState.SENT:
        return NotificationSent(
            notice_id=notice_id, member_id=member_id, category=category, channel=channel, sent_at=now
        )
    if state is NoticeState.FAILED:
        return NotificationFailed(
            notice_id=notice_id, member_id=member_id, category=category, channel=channel, failed_at=now
        )
    return None


def pause(attempts: int, jitter: float) -> timedelta:
    """Before the next attempt: 2 s after the first, doubled each time up to 15 minutes, less up to a half."""
    longest = min(LONGEST_PAUSE, timedelta(seconds=2 ** min(attempts, 10)))
    return longest * (1 - jitter / 2)
