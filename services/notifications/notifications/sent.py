"""What went out, by day and by event: figures that the team's page and its API share. Members are bare ids here."""

import re
from bisect import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from chassis.days import LONDON, day_in_london
from contracts.notifications import NoticeCategory
from contracts.refusal import FieldError, Invalid, NotFound
from notifications import sent_store, told
from notifications.deciding import LATE
from notifications.domain import NoticeState

WITHOUT_ADDRESS: Final = timedelta(days=1)  # by then an address has come, or something is the matter
DELAYS: Final = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(days=1))
_CURSOR: Final = re.compile(r"([0-9]{1,17})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Outcome(StrEnum):
    """How a notice ended, as the team tells them apart."""

    SENT = "sent"
    INBOX = "inbox"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


class NoSuchOccasion(NotFound):
    """No notice tells of such an event."""

    def __init__(self) -> None:
        super().__init__("Nobody was told of such an event, or what was told is no longer kept.")


@dataclass(frozen=True)
class Volumes:
    """Notices by the London day on which they were to go out, and mail by how long after that it did.

    What was put off on purpose, for a digest or for hours in which mail may come, was to go out when that was over.
    """

    days: list[date]
    outcomes: dict[Outcome, list[int]]  # a figure for each day
    delays: list[Counter[int]]  # of each day, messages by whole seconds

    @property
    def all_delays(self) -> Counter[int]:
        return sum(self.delays, Counter())


@dataclass(frozen=True)
class Told:
    """An event of which notices tell. `type` is None where the event itself is no longer kept."""

    event_id: UUID
    type: str | None
    heard_at: datetime | None
    notices: Mapping[str, int] = field(default_factory=dict)  # by outcome, or the state of what has not ended


@dataclass(frozen=True)
class Wanted:
    """Which events are shown."""

    type: str | None = None
    category: NoticeCategory | None = None
    state: NoticeState | None = None

    @property
    def types(self) -> list[str] | None:
        """What the table says of the category; None for every event."""
        if self.category is None:
            return None if self.type is None else [self.type]
        its = {line.event.event_name for line in told.TOLD if line.template.category == self.category}
        return sorted(its if self.type is None else its & {self.type})


def days_until(now: datetime, number: int) -> list[date]:
    """So many days in London, today the last."""
    today = day_in_london(now)
    return [today - timedelta(days=ago) for ago in reversed(range(number))]


async def volumes(tx: Transaction, number: int) -> Volumes:
    days = days_until(tx.now, number)
    begins = [datetime.combine(its, time.min, LONDON) for its in [*days, days[-1] + timedelta(days=1)]]
    found = Volumes(days, {its: [0] * number for its in Outcome}, [Counter() for _ in days])
    for row in await sent_store.volumes(tx, begins):
        found.outcomes[Outcome(row["outcome"])][row["day"] - 1] += row["notices"]
        if row["seconds"] is not None:
            found.delays[row["day"] - 1][row["seconds"]] += row["notices"]
    return found


def in_groups(delays: Mapping[int, int]) -> list[int]:
    """How many took less than each of `DELAYS` and no less than the one before; and the rest."""
    groups = [0] * (len(DELAYS) + 1)
    for seconds, messages in delays.items():
        groups[bisect(DELAYS, timedelta(seconds=seconds))] += messages
    return groups


def within(delays: Mapping[int, int], per_cent: int) -> int | None:
    """The whole seconds in which so many of a hundred went out; None where nothing did.

    PostgreSQL's `percentile_disc`, of counts: it would sort every message, which takes longer than the whole page.
    """
    total, so_far = sum(delays.values()), 0
    for seconds, messages in sorted(delays.items()):
        so_far += messages
        if so_far * 100 >= per_cent * total:
            return seconds
    return None


async def occasions(tx: Transaction, wanted: Wanted, *, after: str | None, limit: int) -> tuple[list[Told], str | None]:
    """Events, newest first, and what leads to the following ones, if there are any. Raises `Invalid`."""
    before = None if after is None else _read_cursor(after)
    rows = await sent_store.occasions(tx, types=wanted.types, state=wanted.state, before=before, limit=limit + 1)
    shown = rows[:limit]
    counts = await sent_store.counts_of(tx, [row["event_id"] for row in shown])
    found = [Told(row["event_id"], row["type"], row["heard_at"], counts[row["event_id"]]) for row in shown]
    return found, _cursor(shown[-1]) if len(rows) > limit else None


async def occasion(tx: Transaction, event_id: UUID) -> Told:
    """One event and how its notices stand. Raises `NoSuchOccasion`."""
    row = await sent_store.occasion_of(tx, event_id)
    notices = (await sent_store.counts_of(tx, [event_id]))[event_id]
    if row is None and not notices:
        raise NoSuchOccasion
    return Told(event_id, row["type"] if row else None, row["heard_at"] if row else None, notices)


async def needs_attention(tx: Transaction) -> Mapping[str, int]:
    return dict(await sent_store.needs_attention(tx, late=tx.now - LATE, without_address=tx.now - WITHOUT_ADDRESS))


def who(type_: str | None) -> list[str]:
    """Who hears of events of this type, as the table says."""
    return list(dict.fromkeys(line.who.words for line in told.TOLD if line.event.event_name == type_))


def event_types() -> list[str]:
    return list(dict.fromkeys(line.event.event_name for line in told.TOLD))


def _cursor(row: asyncpg.Record) -> str:
    return f"{(row['heard_at'] - _EPOCH) // timedelta(microseconds=1)}.{row['event_id']}"


def _read_cursor(text: str) -> tuple[datetime, UUID]:
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Invalid(FieldError("after", "Give the `next` of the page before"))
    return _EPOCH + timedelta(microseconds=int(found[1])), UUID(found[2])


def in_order(counts: Mapping[str, int], order: Sequence[str]) -> list[tuple[str, int]]:
    """Those that there are."""
    return [(its, counts[its]) for its in order if counts.get(its)]
