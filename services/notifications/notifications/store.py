"""The SQL of notifications: one statement a function."""

from collections.abc import Collection
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from notifications.domain import Ending, Notice, NoticeState, Recipient, RecipientState

CLAIM_SECONDS = 30  # wall time; well above the longest conversation


async def add_recipients_if_new(tx: Transaction, *members: UUID) -> None:
    await tx.execute(
        """
        INSERT INTO recipient (member_id, state)
        SELECT member_id, 'expected' FROM unnest($1::uuid[]) AS heard (member_id) ORDER BY member_id
        ON CONFLICT (member_id) DO NOTHING""",
        members,
    )


async def lock_recipient(tx: Transaction, member_id: UUID) -> Recipient:
    """The recipient, held until the commit. Whatever changes their notices from an event holds this first."""
    return (await lock_recipients(tx, member_id))[member_id]


async def lock_recipients(tx: Transaction, *members: UUID) -> dict[UUID, Recipient]:
    """Recipients, by their id, held until the commit.

    An erased member has no row to hold, and is as one who left. They are looked for after the lock, so that whoever
    waited for the row while it was deleted finds them.
    """
    rows = await tx.fetch(
        """
        SELECT member_id, state, name, email FROM recipient WHERE member_id = ANY($1::uuid[])
        ORDER BY member_id FOR UPDATE""",
        members,
    )
    held = {
        row["member_id"]: Recipient(row["member_id"], RecipientState(row["state"]), row["name"], row["email"])
        for row in rows
    }
    gone = set(members) - held.keys()
    if gone - await erased_of(tx, gone):
        raise LookupError("a recipient row is deleted only when its member is erased")
    return held | {member_id: Recipient(member_id, RecipientState.LEFT) for member_id in gone}


async def is_erased(tx: Transaction, member_id: UUID) -> bool:
    return bool(await erased_of(tx, [member_id]))


async def erased_of(tx: Transaction, members: Collection[UUID]) -> set[UUID]:
    """Which of these members are erased."""
    if not members:
        return set()
    rows = await tx.fetch("SELECT member_id FROM erased_member WHERE member_id = ANY($1::uuid[])", list(members))
    return {row["member_id"] for row in rows}


async def keep_out(tx: Transaction, *members: UUID) -> None:
    """Take the recipient away again of whoever is erased. Call it after `add_recipients_if_new`.

    After it, since adding waits for an erasure that is under way: looking first could look too early.
    """
    await tx.execute(
        """
        DELETE FROM recipient USING erased_member
        WHERE recipient.member_id = ANY($1::uuid[]) AND erased_member.member_id = recipient.member_id""",
        members,
    )


async def forget_recipient(tx: Transaction, member_id: UUID) -> None:
    """Delete the recipient, who has no notices any more and whom the caller holds."""
    await tx.execute("DELETE FROM recipient WHERE member_id = $1", member_id)


async def remember_erased(tx: Transaction, member_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO erased_member (member_id, erased_at) VALUES ($1, $2) ON CONFLICT (member_id) DO NOTHING",
        member_id,
        tx.now,
    )


async def save_recipients(tx: Transaction, *recipients: Recipient) -> None:
    """Recipients whom the caller holds."""
    await tx.execute(
        """
        UPDATE recipient SET state = its.state, name = its.name, email = its.email
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS its (member_id, state, name, email)
        WHERE recipient.member_id = its.member_id""",
        [its.member_id for its in recipients],
        [its.state for its in recipients],
        [its.name for its in recipients],
        [its.email for its in recipients],
    )


async def recipient_of(tx: Transaction, member_id: UUID) -> Recipient | None:
    row = await tx.fetchrow("SELECT state, name, email FROM recipient WHERE member_id = $1", member_id)
    return Recipient(member_id, RecipientState(row["state"]), row["name"], row["email"]) if row else None


async def count_members(tx: Transaction) -> int:
    """Who has joined and not left."""
    number: int = await tx.fetchval("SELECT count(*) FROM recipient WHERE state = 'known'")
    return number


async def add_notices(tx: Transaction, *notices: Notice) -> None:
    """A second notice to the same person of the same event, or hosted event, and template is none."""
    rows = [
        (
            its.notice_id, its.member_id, its.event_id, its.template.category, its.template.name,
            its.template.version, its.state, its.created_at, its.about_member_id, its.pair_id, its.hosted_event_id,
        )
        for its in notices
    ]  # fmt: skip
    await tx.execute(
        """
        INSERT INTO notice (notice_id, member_id, event_id, category, template, template_version, state,
            created_at, due_at, about_member_id, pair_id, hosted_event_id)
        SELECT notice_id, member_id, event_id, category, template, template_version, state,
            created_at, created_at, about_member_id, pair_id, hosted_event_id
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[],
            $8::timestamptz[], $9::uuid[], $10::uuid[], $11::uuid[]) AS its (notice_id, member_id, event_id, category,
            template, template_version, state, created_at, about_member_id, pair_id, hosted_event_id)
        ON CONFLICT DO NOTHING""",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def make_waiting_due(tx: Transaction, *members: UUID) -> None:
    """What waited for their addresses is due once everybody in it can be reached and what it tells is known."""
    await tx.execute(
        """
        UPDATE notice SET state = 'due', due_at = $2
        WHERE state = 'waiting' AND (member_id = ANY($1::uuid[]) OR about_member_id = ANY($1::uuid[])) AND NOT EXISTS (
            SELECT FROM recipient WHERE recipient.member_id = notice.member_id AND email IS NULL
        ) AND NOT EXISTS (
            SELECT FROM recipient WHERE recipient.member_id = notice.about_member_id AND email IS NULL
        ) AND NOT EXISTS (
            SELECT FROM hosted_event WHERE hosted_event.hosted_event_id = notice.hosted_event_id AND title IS NULL)""",
        members,
        tx.now,
    )


async def cancel_unsent(tx: Transaction, member_id: UUID, reason: str) -> None:
    """What waits or is due, to them or about them, will not be sent; a conversation that has begun runs to its end."""
    await tx.execute(
        """
        UPDATE notice SET state = 'cancelled', reason = $2
        WHERE (member_id = $1 OR about_member_id = $1) AND state IN ('waiting', 'due')""",
        member_id,
        reason,
    )


async def cancel_unsent_of_pair(tx: Transaction, pair_id: UUID, reason: str) -> None:
    await tx.execute(
        "UPDATE notice SET state = 'cancelled', reason = $2 WHERE pair_id = $1 AND state IN ('waiting', 'due')",
        pair_id,
        reason,
    )


async def forget_notices_to(tx: Transaction, member_id: UUID) -> None:
    """Delete the notices to a member; a conversation that has begun runs to its end, and leaves nothing behind."""
    await tx.execute("DELETE FROM notice WHERE member_id = $1", member_id)


async def forget_whom_notices_are_about(tx: Transaction, member_id: UUID) -> None:
    await tx.execute("UPDATE notice SET about_member_id = NULL WHERE about_member_id = $1", member_id)


async def claim_due(tx: Transaction, *, replica: str, limit: int, domain: str) -> list[asyncpg.Record]:
    """Turn the longest due notices to `sending`, and give each with the name and address to write to."""
    return await tx.fetch(
        """
        WITH next AS MATERIALIZED (
            SELECT notice_id FROM notice WHERE state = 'due' AND due_at <= $1
            ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
        )
        UPDATE notice SET state = 'sending', reason = NULL, attempts = attempts + 1,
            message_id = '<' || notice.notice_id || '@' || $4 || '>',
            begun_at = clock_timestamp(), claimed_by = $2, claimed_until = clock_timestamp() + make_interval(secs => $5)
        FROM next, recipient
        WHERE notice.notice_id = next.notice_id AND recipient.member_id = notice.member_id
        RETURNING notice.notice_id, notice.member_id, notice.category, notice.template, notice.template_version,
            notice.attempts, notice.message_id, notice.about_member_id, notice.pair_id, notice.hosted_event_id,
            recipient.name, recipient.email,
            (SELECT other.name FROM recipient other WHERE other.member_id = notice.about_member_id) AS about_name,
            (SELECT other.email FROM recipient other WHERE other.member_id = notice.about_member_id) AS about_email""",
        tx.now,
        replica,
        limit,
        domain,
        CLAIM_SECONDS,
    )


async def settle(tx: Transaction, notice_id: UUID, replica: str, ending: Ending) -> bool:
    """Write where a conversation ended; False when this replica no longer holds the notice."""
    tag = await tx.execute(
        """
        UPDATE notice SET state = $3, reason = $4, due_at = coalesce($5, due_at),
            sent_at = CASE WHEN $3 = 'sent' THEN $6::timestamptz END, claimed_by = NULL, claimed_until = NULL
        WHERE notice_id = $1 AND state = 'sending' AND claimed_by = $2""",
        notice_id,
        replica,
        ending.state,
        ending.reason,
        ending.due_at,
        tx.now,
    )
    return tag == "UPDATE 1"


async def forget_lost(tx: Transaction, replica: str, reason: str, *, starting: bool) -> int:
    """Claims that are over, and at a start those of this replica's former life, become `unknown`; gives how many."""
    tag = await tx.execute(
        """
        UPDATE notice SET state = 'unknown', reason = $3, claimed_by = NULL, claimed_until = NULL
        WHERE state = 'sending' AND (claimed_until <= clock_timestamp() OR ($2 AND claimed_by = $1))""",
        replica,
        starting,
        reason,
    )
    return int(tag.split()[-1])


async def inbox(tx: Transaction, member_id: UUID, *, before: int | None, limit: int) -> list[asyncpg.Record]:
    """A member's notices that were not cancelled, newest first, without those that have no words yet."""
    return await tx.fetch(
        f"{_TOLD} AND number < coalesce($2, 9223372036854775807) ORDER BY number DESC LIMIT $3",
        member_id,
        before,
        limit,
    )


async def one_of_inbox(tx: Transaction, member_id: UUID, notice_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(f"{_TOLD} AND notice_id = $2", member_id, notice_id)


async def in_state(tx: Transaction, state: NoticeState, *, after: int, limit: int) -> list[asyncpg.Record]:
    """The notices in one state, oldest first, without addresses."""
    return await tx.fetch(
        """
        SELECT number, notice_id, member_id, state, reason, category, template, template_version, attempts, message_id,
            created_at, due_at, begun_at, sent_at
        FROM notice WHERE state = $1 AND number > $2 ORDER BY number LIMIT $3""",
        state,
        after,
        limit,
    )


async def count_notices(tx: Transaction) -> dict[str, int]:
    """How many notices stand in each state that has any."""
    rows = await tx.fetch("SELECT state, count(*) AS notices FROM notice GROUP BY state")
    return {row["state"]: row["notices"] for row in rows}


_TOLD = """
    SELECT number, notice_id, category, template, template_version, state, created_at, sent_at, hosted_event_id,
        (SELECT other.name FROM recipient other WHERE other.member_id = notice.about_member_id) AS about_name,
        (SELECT other.email FROM recipient other WHERE other.member_id = notice.about_member_id) AS about_email
    FROM notice WHERE member_id = $1 AND state <> 'cancelled' AND NOT EXISTS (
        SELECT FROM hosted_event WHERE hosted_event.hosted_event_id = notice.hosted_event_id AND title IS NULL)"""
