"""A database restored from a backup takes up what its service has said since, so that it may speak again.

The streams know events that the database does not, and others have acted on them. They are put into the event log, and
the subjects' counters after them; what was said since the restore, and could not be sent, gets the numbers that follow.
What the events stood for does not come back by this: it is told, for people to enter it again.

Nobody may lead or write meanwhile: the lease, the outbox and the counters are held until the commit. A relay that
refused goes on by itself within ten seconds.
"""

import heapq
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord

from chassis import log_check
from chassis.database import Database, Transaction
from chassis.envelope import Envelope, open_record
from chassis.kafka import topic_of
from chassis.settings import ServiceSettings
from contracts.catalogue import BY_TYPE
from contracts.streams import STREAMS, internal_stream, public_stream


class SomebodyLeads(Exception):  # noqa: N818 - named for what is the matter
    """A relay of this service sends right now, so its database is not behind; or wait five seconds for its lease."""


@dataclass(frozen=True)
class Found:
    """One record of ours on a stream that this database did not know."""

    stream: str
    subject: UUID
    sequence: int
    event_id: UUID
    type: str
    body: str | None
    recorded_at: datetime
    attributes: dict[str, str]  # of its headers, by name


@dataclass(frozen=True)
class Adopted:
    """An event as it is taken up. Without `public` it has a public record only if one is still to be sent."""

    internal: Found
    public: Found | None
    public_body: str | None  # set when the type is public

    @property
    def is_whole(self) -> bool:
        """Whether all of it is on the streams; else the relay sends it, and what is there already is a repeat."""
        return self.public is not None or self.public_body is None


async def adopt(service: str, settings: ServiceSettings, database: Database) -> list[Found]:
    """Take up what the streams know and this database does not; gives it in the order in which it was said.

    Nothing is changed when there is nothing to take up. Raises `SomebodyLeads`, and `LogMismatch` when a stream was
    lost: then it is the stream that must be rebuilt.
    """
    streams = {topic_of(settings, its.name): its.name for its in STREAMS if its.service == service}
    behind = await log_check.read_behind(settings, database, list(streams.values()), lambda its: its)
    found = _in_order(behind.taken, streams)
    unknown = await log_check.unknown_of(database, [its.event_id for its in found])
    news = [its for its in found if its.event_id in unknown]
    said = [its for its in news if its.stream == internal_stream(service)]
    adopted = pair_up(said, [its for its in news if its.stream == public_stream(service)])
    personal = [its for its in found if its.stream not in {internal_stream(service), public_stream(service)}]
    async with database.transaction() as tx:
        await _hold(tx)
        known_on_the_log = [its.event_id for its in found]
        counters = await _counters(tx, {its.subject for its in news} | {its.subject for its in personal})
        counters = _after(counters, adopted, news, personal, service)
        await _add(tx, "event_log", [its for its in adopted if its.is_whole])
        await _add(tx, "outbox", [its for its in adopted if not its.is_whole])
        await _number_again(tx, counters, known_on_the_log)
        await _save_counters(tx, counters)
        await _save_positions(tx, behind.ends)
    return said
