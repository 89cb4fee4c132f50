"""What is coming, for the home page: a projection of what the events service says to everybody."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from chassis.database import Transaction
from chassis.days import LONDON, day_in_london
from chassis.web import days, moment
from contracts.events import EventHosted, EventPublished, KeyDateScheduled
from members.home import coming_up_store
from members.home.coming_up_store import ComingUp


@dataclass(frozen=True)
class Entry:
    """One line of the home page; a key date has no page of its own."""

    when: str
    title: str
    place: str = ""
    href: str = ""


async def keep_key_date(event: KeyDateScheduled, tx: Transaction) -> None:
    """A key date lasts from the first minute of its first day in London to the last minute of its last."""
    starts_at, ends_at = _midnight(event.starts_on), _midnight(event.ends_on + timedelta(days=1))
    await coming_up_store.keep(tx, ComingUp(event.key_date_id, event.title, starts_at, ends_at, place=None))


async def keep_event(event: EventPublished, tx: Transaction) -> None:
    """A published event is coming until its end, wherever it takes place."""
    its = ComingUp(event.hosted_event_id, event.title, event.starts_at, event.ends_at, event.place)
    await coming_up_store.keep(tx, its)


async def take_down(event: EventHosted, tx: Transaction) -> None:
    """What was hosted is not coming any more, even before its end."""
    await coming_up_store.drop(tx, event.hosted_event_id)


def entry(its: ComingUp) -> Entry:
    """As people read it: an event's instant, a key date's days."""
    if its.place is not None:
        return Entry(moment(its.starts_at), its.title, its.place, f"/events/{its.id}")
    first, last = day_in_london(its.starts_at), day_in_london(its.ends_at) - timedelta(days=1)
    return Entry(days(first, last), its.title)


def _midnight(its: date) -> datetime:
    return datetime.combine(its, time(), LONDON)
