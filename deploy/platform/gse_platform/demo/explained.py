"""Whether every message is of an event on the streams, and everybody who should hear of one has it.

For a platform at rest on which nothing was killed: who came before an event, by its time, had been heard of by then.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from gse_platform.demo.telling import name_of
from gse_platform.who_hears import DIGEST, EVERYBODY, TABLE, TEAM, VOLUNTEER, WHO_MAY_APPLY, Event, World, audience

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Explanation:
    """What speaks against it, and how many messages went which way."""

    against: Sequence[str]
    ways: Mapping[str, int]

    @property
    def sentence(self) -> str:
        """What the demo says at its end."""
        total, ways = sum(self.ways.values()), self.ways
        told = (
            f"{ways.get('alone', 0):,} went out by mail, {ways.get('in a digest', 0):,} in digests,"
            f" {ways.get('inbox', 0):,} stand in the inbox alone, {ways.get('not sent', 0):,} were or are not sent"
        )
        if self.against:
            return f"{total:,} messages, and {len(self.against):,} cannot be explained; the first: {self.against[0]}"
        return f"{total:,} messages, each of an event on the log, and nobody missed: {told}"


async def notices_in(database: str) -> list[dict[str, Any]]:
    """Every notice of every member, as the store of notifications has it, with text for ids."""
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch(
            """
            SELECT notice_id::text, member_id::text, event_id::text, template, state, channel, digest_id::text
            FROM notice ORDER BY number"""
        )
    finally:
        await connection.close()
    return [dict(row) for row in rows]


def explain(
    events: Iterable[Mapping[str, Any]], notices: Iterable[Row], *, since: datetime | None = None
) -> Explanation:
    """Hold notices against CloudEvents of the internal streams; what happened before `since` may be told no more."""
    world = World.of(_event(its) for its in events if its.get("data") is not None)
    rows = [row for row in notices if row["template"] != DIGEST]
    wrong = []
    for row in rows:
        its = world.events.get(row["event_id"])
        if its is None:
            wrong.append(f"{row['template']} to {row['member_id']} is of no event on the log")
        elif row["member_id"] not in world.may_hear(its, row["template"]):
            wrong.append(f"{row['template']} to {row['member_id']} is of {its.name}, which is none of theirs")
    made = Counter((row["event_id"], row["template"], row["member_id"]) for row in rows)
    wrong += [
        f"{template} of {event} went to {who} {count} times"
        for (event, template, who), count in made.items()
        if count > 1
    ]
    for its in world.events.values():
        if since is None or (its.time and its.time >= since):
            for template in TABLE.get(its.name, {}):
                wrong += [
                    f"{who} has no {template} of {its.name} {its.subject}"
                    for who in sorted(_should_hear(world, its, template) - world.gone)
                    if (its.event_id, template, who) not in made
                ]
    return Explanation(wrong, Counter(map(_way, rows)))


def _should_hear(world: World, its: Event, template: str) -> set[str]:
    """Whoever may hear of it and was there before; of what depends on the hour (reminders) or on the order, nobody."""
    who = audience(its, template)
    if its.name == "MentoringPairEnded" or (its.name == "AttendeeRegistered" and template != "confirmation"):
        return set()
    if who in {EVERYBODY, WHO_MAY_APPLY}:
        there = {e.subject for e in world.events.values() if e.name == "MemberJoined" and _before(e, its)}
        return there if who == EVERYBODY else there & world.always_could(its)
    if who in {TEAM, VOLUNTEER}:
        roles = [e for e in world.events.values() if e.name in {"RoleGranted", "RoleRevoked"} and e.data["role"] == who]
        revoked = {e.subject for e in roles if e.name == "RoleRevoked"}
        return {e.subject for e in roles if e.name == "RoleGranted" and _before(e, its)} - revoked
    return world.may_hear(its, template)


def _before(first: Event, second: Event) -> bool:
    return first.time is not None and second.time is not None and first.time < second.time


def _event(its: Mapping[str, Any]) -> Event:
    return Event(its["id"], name_of(dict(its)), its["subject"], its["data"], datetime.fromisoformat(its["time"]))


def _way(row: Row) -> str:
    if row["state"] != "sent":
        return "not sent"
    if row["channel"] == "inbox":
        return "inbox"
    return "in a digest" if row["digest_id"] else "alone"
