"""Parked records, by an operator's hand: run again in the order of their subject, or discard with a reason.

Both take the lock that the consumer takes, so they are safe beside a live one.
"""

from collections.abc import Mapping
from uuid import UUID

import asyncpg

from chassis import offsets, outbox, parked
from chassis.batch import Batch, Culprit, Place, load_lines
from chassis.consumer import Consumer
from chassis.database import Database, Transaction
from chassis.envelope import Envelope
from contracts.refusal import NotFound, Refused


class NotTheFirst(Refused):
    """Something before it in its subject stands parked or is missing."""


class FailedAgain(Refused):
    """The reaction still raises, or the record still cannot be read."""


class HasNoPlace(Refused):
    """A fork, or a record without a subject: nothing to run again."""


async def retry(database: Database, consumers: Mapping[str, Consumer], parked_id: int) -> None:
    """Run a stuck record, and what waits behind it, up to one that fails too. Changes nothing when it refuses."""
    place: Place | None = None
    followers: dict[Place, str] = {}
    while True:
        try:
            async with database.transaction(collects=True) as tx:
                batch, record, envelope = await _first_in_line(tx, consumers, parked_id, followers)
                if envelope is None:
                    raise HasNoPlace("This record has no place in a subject's order. Discard it with a reason.")
                place = (envelope.subject, envelope.sequence)
                await parked.take(tx, batch.consumer, envelope.subject, envelope.sequence)
                await batch.apply(0, record, envelope)
                if envelope.subject not in batch.moved:
                    raise FailedAgain("It still cannot be read. Deploy what reads it, or discard it with a reason.")
                await batch.save()
                await outbox.flush(tx)
        except Culprit as culprit:
            if culprit.place == place:
                raise FailedAgain(f"It failed again: {culprit.reason}. The service's log has the trace.") from None
            followers[culprit.place] = culprit.reason
        else:
            return


async def discard(database: Database, consumers: Mapping[str, Consumer], parked_id: int, *, by: UUID, why: str) -> None:
    """Set a record aside for good. What waited behind a stuck one goes on, up to one that fails."""
    followers: dict[Place, str] = {}
    while True:
        try:
            async with database.transaction(collects=True) as tx:
                batch, _, envelope = await _first_in_line(tx, consumers, parked_id, followers)
                await parked.discard(tx, parked_id, by=by, why=why)
                if envelope is not None:
                    await batch.go_on(0, envelope)
                    await batch.save()
                    await outbox.flush(tx)
        except Culprit as culprit:
            # It is stuck on a bug of its own, and must not keep hold of what is before it.
            followers[culprit.place] = culprit.reason
        else:
            return


async def _first_in_line(
    tx: Transaction, consumers: Mapping[str, Consumer], parked_id: int, park: dict[Place, str]
) -> tuple[Batch, parked.Record, Envelope | None]:
    """The parked record under its consumer's lock; without an envelope when it has no place. Raises `Refused`."""
    row = await _known(tx, parked_id)
    consumer = consumers.get(row["consumer"])
    if consumer is None:
        raise NotFound("The consumer of this record is no longer part of the service.")
    await offsets.lock(tx, consumer.name, [(row["topic"], row["partition"])])
    row = await _known(tx, parked_id)
    record = parked.record_of(row)
    batch = Batch(consumer.subscription, consumer.name, tx, park)
    envelope = record.envelope
    if row["kind"] in {"fork", "alone"} or not isinstance(envelope, Envelope):
        return batch, record, None
    batch.lines = await load_lines(tx, consumer.name, {envelope.subject})
    line = batch.lines[envelope.subject]
    if row["kind"] == "waiting" or (
        not consumer.subscription.compacted and envelope.sequence != line.last_sequence + 1
    ):
        raise NotTheFirst(f"It waits for number {line.last_sequence + 1} of its subject. See to that one first.")
    return batch, record, envelope


async def _known(tx: Transaction, parked_id: int) -> asyncpg.Record:
    row = await parked.by_id(tx, parked_id)
    if row is None:
        raise NotFound("There is no such parked record; it may have gone on meanwhile.")
    return row
