"""What becomes of a notice that is due, as its member wants to hear. Pure decisions, asked each time one is claimed.

So the newest preferences count, whenever the notice was made. In this order:

    useful no more             suppressed
    they are restricted        suppressed, unless it is critical
    critical                   sent at once, whatever they prefer
    no mail reaches them       in the inbox alone
    no mail wanted             in the inbox alone, or suppressed where they want it nowhere
    a digest wanted            gathered until the next one
    outside their hours        put off until they open
    a pile, after an outage    gathered in one digest, now

Times are those of the member's own clock: a day of 23 or 25 hours has its morning all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from contracts.notifications import NoticeCategory

DIGEST_TIME: Final = time(8)
MONDAY, SATURDAY = 0, 5
LATE: Final = timedelta(hours=1)  # after an outage, or behind a backlog
A_PILE: Final = 3  # late ones to one person, that would come in one go
LONDON: Final = "Europe/London"
PREFERENCE, TOO_LATE, ADDRESS_FAILED, OUTSIDE_HOURS = "preference", "too-late", "address-failed", "outside-hours"
RESTRICTED: Final = "restricted"


class Frequency(StrEnum):
    """How often mail may come."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


@dataclass(frozen=True)
class Choice:
    """What a member wants of a category."""

    email: Frequency = Frequency.IMMEDIATE
    inbox: bool = True


UNCHOSEN: Final[Mapping[NoticeCategory, Choice]] = dict.fromkeys(NoticeCategory, Choice()) | {
    # All members are told of each of these, most of them will do nothing about it, and none is urgent.
    NoticeCategory.OPPORTUNITIES: Choice(Frequency.WEEKLY)
}
"""What a member gets who has not chosen."""


@dataclass(frozen=True)
class Hours:
    """When mail may come, on the member's own clock: from `opens` to `closes`, or at any time."""

    time_zone: str = LONDON
    opens: time | None = None
    closes: time | None = None
    weekdays_only: bool = False

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True)
class Due:
    """A notice that is due, as far as this decision goes by it."""

    critical: bool
    wanted_at: datetime
    useful_until: datetime | None
    late: int  # notices to this member that are as late, with this one
    can_be_reached: bool = True
    is_digest: bool = False
    restricted: bool = False  # the member
    by_hand: bool = False  # the team sends it again


@dataclass(frozen=True)
class Send:
    """By mail; `in_inbox` where they want it there too."""

    in_inbox: bool = True


@dataclass(frozen=True)
class PutOff:
    """Until their hours open."""

    until: datetime


@dataclass(frozen=True)
class Gather:
    """For the digest of that instant; `in_inbox` as with `Send`."""

    until: datetime
    in_inbox: bool = True


@dataclass(frozen=True)
class TellInInbox:
    """No mail."""


@dataclass(frozen=True)
class Suppress:
    """Not told at all; why, in a word."""

    reason: str


Fate = Send | PutOff | Gather | TellInInbox | Suppress


def fate(due: Due, choice: Choice, hours: Hours, now: datetime) -> Fate:  # noqa: PLR0911 (a line for each rule)
    """What becomes of it now."""
    if due.useful_until is not None and due.useful_until <= now:
        return Suppress(TOO_LATE)
    if due.restricted and not due.critical and not due.is_digest:  # a digest finds nothing to tell then
        return Suppress(RESTRICTED)
    if not due.can_be_reached and not due.by_hand:
        return TellInInbox() if choice.inbox and not due.is_digest else Suppress(ADDRESS_FAILED)
    if due.critical or due.by_hand:
        return Send(in_inbox=True)
    if due.is_digest:
        opens = open_from(now, hours)
        return Send() if opens <= now else PutOff(opens)
    if choice.email is Frequency.NEVER:
        return TellInInbox() if choice.inbox else Suppress(PREFERENCE)
    if choice.email in (Frequency.DAILY, Frequency.WEEKLY):
        return Gather(next_digest(choice.email, now, hours), choice.inbox)
    if (opens := open_from(now, hours)) > now:
        return PutOff(opens)
    if due.late >= A_PILE and due.wanted_at <= now - LATE:
        return Gather(now, choice.inbox)
    return Send(in_inbox=choice.inbox)


def open_from(now: datetime, hours: Hours) -> datetime:
    """The first instant from now on at which mail may come."""
    if hours.opens is None or hours.closes is None:
        opens, closes = time.min, None
    else:
        opens, closes = hours.opens, hours.closes
    today = now.astimezone(hours.zone).date()
    for day in (today + timedelta(days) for days in range(8)):
        if hours.weekdays_only and day.weekday() >= SATURDAY:
            continue
        first = datetime.combine(day, opens, hours.zone).astimezone(UTC)
        last = datetime.combine(day if closes else day + timedelta(1), closes or time.min, hours.zone).astimezone(UTC)
        if now < last:
            return max(now, first)
    raise AssertionError("a week has a weekday")


def next_digest(frequency: Frequency, now: datetime, hours: Hours) -> datetime:
    """The next 8 in the morning after now, on the member's clock; of a weekly digest on a Monday."""
    today = now.astimezone(hours.zone).date()
    for day in (today + timedelta(days) for days in range(9)):
        instant = datetime.combine(day, DIGEST_TIME, hours.zone).astimezone(UTC)
        if instant > now and (frequency is Frequency.DAILY or day.weekday() == MONDAY):
            return instant
    raise AssertionError("a week has a Monday")
