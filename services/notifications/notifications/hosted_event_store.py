"""The SQL of hosted events: what is known of them, who has a place, and the notices that go to many at once."""

from collections.abc import Collection
from dataclasses import astuple
from datetime import datetime
from uuid import UUID

from chassis.database import Transaction
from notifications.hosted_event_notices import (
    CONFIRMATION,
    REMINDER,
    THANKS,
    Announcement,
    HostedEvent,
    HostedEventState,
)


async def add_if_new(tx: Transaction, hosted_event_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO hosted_event (hosted_event_id, state) VALUES ($1, 'expected') ON CONFLICT DO NOTHING",
        hosted_event_id,
    )


async def lock(tx: Transaction, hosted_event_id: UUID) -> HostedEvent:
    """The hosted event, held until the commit. Whatever is told of it from an event holds this before any recipient."""
    row = await tx.fetchrow(
        """
        SELECT state, starts_at
        FROM hosted_event WHERE hosted_event_id = $1 FOR UPDATE""",
        hosted_event_id,
    )
    if row is None:
        raise LookupError("a hosted event's row is never deleted")
    return HostedEvent(hosted_event_id, HostedEventState(row["state"]), row["starts_at"])


async def hosted_of(tx: Transaction, hosted_event_ids: Collection[UUID]) -> set[UUID]:
    """Those of these that took place. All stay held, so that none is hosted until the commit."""
    if not hosted_event_ids:
        return set()
    rows = await tx.fetch(
        """
        SELECT hosted_event_id, state FROM hosted_event WHERE hosted_event_id = ANY($1::uuid[])
        ORDER BY hosted_event_id FOR SHARE""",
        list(hosted_event_ids),
    )
    return {row["hosted_event_id"] for row in rows if row["state"] == HostedEventState.HOSTED}


async def publish(tx: Transaction, its: Announcement) -> None:
    await tx.execute(
        """
        UPDATE hosted_event SET state = 'published', title = $2, summary = $3, place = $4, link = $5, starts_at = $6,
            ends_at = $7
        WHERE hosted_event_id = $1""",
        *astuple(its),
    )


async def host(tx: Transaction, hosted_event_id: UUID) -> None:
    await tx.execute("UPDATE hosted_event SET state = 'hosted' WHERE hosted_event_id = $1", hosted_event_id)


async def announcements(tx: Transaction, hosted_event_ids: Collection[UUID | None]) -> dict[UUID, Announcement]:
    """What was published about each of these; what was not published yet, and None, are absent."""
    wanted = {its for its in hosted_event_ids if its is not None}
    if not wanted:
        return {}
    rows = await tx.fetch(
        """
        SELECT hosted_event_id, title, summary, place, link, starts_at, ends_at
        FROM hosted_event WHERE hosted_event_id = ANY($1::uuid[]) AND title IS NOT NULL""",
        list(wanted),
    )
    return {row["hosted_event_id"]: Announcement(**row) for row in rows}


async def add_attendance(tx: Transaction, registration_id: UUID, hosted_event_id: UUID, member_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO attendance (registration_id, hosted_event_id, member_id) VALUES ($1, $2, $3)",
        registration_id,
        hosted_event_id,
        member_id,
    )


async def thank_attendees(tx: Transaction, hosted_event_id: UUID, event_id: UUID) -> None:
    """Thanks to each who had a place and has not left. The caller holds the hosted event."""
    await tx.execute(
        """
        WITH held AS MATERIALIZED (
            SELECT member_id, email FROM recipient
            WHERE state <> 'left' AND member_id IN (SELECT member_id FROM attendance WHERE hosted_event_id = $2)
            ORDER BY member_id FOR UPDATE
        )
        INSERT INTO notice (notice_id, member_id, event_id, hosted_event_id, category, template, template_version,
            state, created_at, due_at, wanted_at)
        SELECT gen_random_uuid(), member_id, $1, $2, $3, $4, $5,
            CASE WHEN email IS NULL THEN 'waiting' ELSE 'due' END, $6, $6, $6
        FROM held
        ON CONFLICT DO NOTHING""",
        event_id, hosted_event_id, THANKS.category, THANKS.name, THANKS.version, tx.now,
    )  # fmt: skip


async def remind(
    tx: Transaction, hosted_event_id: UUID, *, due_at: datetime, useful_until: datetime, only: UUID | None = None
) -> None:
    """A reminder, due then, to each who was confirmed and has none yet, or to `only` this member.

    The caller holds the hosted event.
    """
    await tx.execute(
        """
        WITH confirmed AS MATERIALIZED (
            SELECT recipient.member_id, recipient.email, notice.event_id
            FROM notice JOIN recipient USING (member_id)
            WHERE notice.hosted_event_id = $1 AND template = $2 AND notice.state <> 'cancelled'
                AND recipient.state <> 'left' AND ($9::uuid IS NULL OR notice.member_id = $9)
            ORDER BY recipient.member_id FOR UPDATE OF recipient
        )
        INSERT INTO notice (notice_id, member_id, event_id, hosted_event_id, category, template, template_version,
            state, created_at, due_at, wanted_at, useful_until)
        SELECT gen_random_uuid(), member_id, event_id, $1, $3, $4, $5,
            CASE WHEN email IS NULL THEN 'waiting' ELSE 'due' END, $6, $7, $7, $8
        FROM confirmed
        ON CONFLICT DO NOTHING""",
        hosted_event_id, CONFIRMATION.name, REMINDER.category, REMINDER.name, REMINDER.version, tx.now, due_at,
        useful_until, only,
    )  # fmt: skip


async def make_waiting_due(tx: Transaction, hosted_event_id: UUID) -> None:
    """What waited for the words of this event is due where there is an address. The caller holds the hosted event."""
    await tx.execute(
        """
        WITH held AS MATERIALIZED (
            SELECT member_id, email FROM recipient
            WHERE member_id IN (SELECT member_id FROM notice WHERE hosted_event_id = $1 AND state = 'waiting')
            ORDER BY member_id FOR UPDATE
        )
        UPDATE notice SET state = 'due', due_at = greatest(due_at, $2), wanted_at = greatest(wanted_at, $2) FROM held
        WHERE hosted_event_id = $1 AND state = 'waiting' AND notice.member_id = held.member_id AND email IS NOT NULL""",
        hosted_event_id,
        tx.now,
    )


async def cancel_unsent(tx: Transaction, hosted_event_id: UUID, reason: str) -> None:
    """What was to be sent before the event took place; a conversation that has begun runs to its end."""
    await tx.execute(
        """
        UPDATE notice SET state = 'cancelled', reason = $2
        WHERE hosted_event_id = $1 AND template <> $3 AND state IN ('waiting', 'due', 'gathered')""",
        hosted_event_id,
        reason,
        THANKS.name,
    )


async def give_up_places(tx: Transaction, member_id: UUID) -> None:
    """A leaver's places. Their row is locked by the caller."""
    await tx.execute("DELETE FROM attendance WHERE member_id = $1", member_id)
