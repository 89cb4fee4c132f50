"""What comes, as pages show it."""

from dataclasses import dataclass

import asyncpg

from chassis.web import span


@dataclass(frozen=True)
class Entry:
    """Something that comes; `href` leads to a hosted event's page, a key date has none."""

    when: str
    title: str
    place: str = ""
    href: str = ""


def entry_of(row: asyncpg.Record) -> Entry:
    """A hosted event that is announced."""
    when, href = span(row["starts_at"], row["ends_at"]), f"/events/{row['hosted_event_id']}"
    return Entry(when, row["title"], row["place"], href)
