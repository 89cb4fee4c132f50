"""The SQL of sending: what is due and how its member wants it, claims, and where conversations ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import Transaction
from notifications.deciding import LATE
from notifications.domain import Ending
from notifications.store import FACTS

CLAIM_SECONDS = 30  # wall time; well above the longest conversation

_WORDS = f"""
    {FACTS} AS facts,
    (SELECT other.name FROM recipient other WHERE other.member_id = notice.about_member_id) AS about_name,
    (SELECT other.email FROM recipient other WHERE other.member_id = notice.about_member_id) AS about_email"""  # noqa: S608 (parts of ours)


async def due(tx: Transaction, limit: int) -> list[asyncpg.Record]:
    """The longest due notices, held until the commit, with whom to, how they want to hear, and what it says.

    `late` counts those to the same member that are late too; it is only looked for where the notice is.
    """
    return await tx.fetch(
        f"""
        WITH next AS MATERIALIZED (
            SELECT notice_id FROM notice WHERE state = 'due' AND due_at <= $1
            ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        SELECT notice_id, member_id, notice.category, template, template_version, attempts, wanted_at, useful_until,
            about_member_id, pair_id, hosted_event_id, redeliveries, redelivered_at,
            recipient.name, recipient.email, address_failed, restricted, unsubscribe_token, recipient.verification_id,
            preference.email AS frequency, preference.inbox, time_zone, opens, closes, weekdays_only,
            CASE WHEN wanted_at <= $3 THEN (
                SELECT count(*) FROM notice late
                WHERE late.member_id = notice.member_id AND late.state = 'due' AND late.wanted_at <= $3
            ) ELSE 0 END AS late, {_WORDS}
        FROM next JOIN notice USING (notice_id) JOIN recipient USING (member_id) LEFT JOIN occasion USING (event_id)
            LEFT JOIN preference USING (member_id, category) LEFT JOIN delivery_hours USING (member_id)
        ORDER BY due_at""",  # noqa: S608 (parts of ours)
        tx.now,
        limit,
        tx.now - LATE,
    )


async def claim(tx: Transaction, notices: Mapping[UUID, str], *, channel: str, replica: str) -> None:
    """Turn these, by their ids with their Message-IDs, to `sending`."""
    await tx.execute(
        """
        UPDATE notice SET state = 'sending', reason = NULL, attempts = attempts + 1, channel = $3,
            message_id = its.message_id, begun_at = clock_timestamp(), claimed_by = $4,
            claimed_until = clock_timestamp() + make_interval(secs => $5)
        FROM unnest($1::uuid[], $2::text[]) AS its (notice_id, message_id)
        WHERE notice.notice_id = its.notice_id""",
        list(notices),
        list(notices.values()),
        channel,
        replica,
        CLAIM_SECONDS,
    )


async def claim_items(tx: Transaction, digests: Sequence[UUID], *, channel: str, replica: str) -> list[asyncpg.Record]:
    """What goes out in these digests turns to `sending` with them; gives it, with its digest and its words."""
    return await tx.fetch(
        f"""
        WITH claimed AS (
            UPDATE notice SET state = 'sending', reason = NULL, attempts = attempts + 1, channel = $2,
                begun_at = clock_timestamp(), claimed_by = $3,
                claimed_until = clock_timestamp() + make_interval(secs => $4)
            WHERE digest_id = ANY($1::uuid[]) AND state = 'gathered'
            RETURNING notice_id, digest_id, member_id, category, template, template_version, attempts, event_id,
                about_member_id, hosted_event_id, number
        )
        SELECT notice_id, digest_id, member_id, category, template, template_version, attempts, hosted_event_id,
            {_WORDS}
        FROM claimed AS notice LEFT JOIN occasion USING (event_id)
        ORDER BY number""",  # noqa: S608 (parts of ours)
        digests,
        channel,
        replica,
        CLAIM_SECONDS,
    )


async def put_off(tx: Transaction, until: Mapping[UUID, datetime], state: str, reason: str | None) -> None:
    """Each until its instant: `due` when the hours of its member open, or `gathered` for a digest.

    What is put off for nothing but a digest that is made now is as late as it was.
    """
    await tx.execute(
        """
        UPDATE notice SET state = $3, reason = $4, due_at = its.until,
            wanted_at = CASE WHEN its.until > $5 THEN its.until ELSE wanted_at END
        FROM unnest($1::uuid[], $2::timestamptz[]) AS its (notice_id, until)
        WHERE notice.notice_id = its.notice_id""",
        list(until),
        list(until.values()),
        state,
        reason,
        tx.now,
    )


async def leave_out_of_inbox(tx: Transaction, notices: Sequence[UUID]) -> None:
    """As their members want it."""
    await tx.execute("UPDATE notice SET in_inbox = false WHERE notice_id = ANY($1::uuid[])", notices)


async def tell_in_inbox(tx: Transaction, reasons: Mapping[UUID, str]) -> None:
    """These stand in the inbox alone, each for its reason, and so are told."""
    await tx.execute(
        """
        UPDATE notice SET state = 'sent', sent_at = $3, channel = 'inbox', reason = its.reason, in_inbox = true
        FROM unnest($1::uuid[], $2::text[]) AS its (notice_id, reason) WHERE notice.notice_id = its.notice_id""",
        list(reasons),
        list(reasons.values()),
        tx.now,
    )


async def suppress(tx: Transaction, reasons: Mapping[UUID, str]) -> None:
    await tx.execute(
        """
        UPDATE notice SET state = 'suppressed', reason = its.reason
        FROM unnest($1::uuid[], $2::text[]) AS its (notice_id, reason) WHERE notice.notice_id = its.notice_id""",
        list(reasons),
        list(reasons.values()),
    )


async def cancel(tx: Transaction, notices: Sequence[UUID], reason: str) -> None:
    await tx.execute(
        "UPDATE notice SET state = 'cancelled', reason = $2 WHERE notice_id = ANY($1::uuid[])", notices, reason
    )


async def settle(tx: Transaction, replica: str, endings: Mapping[UUID, Ending]) -> set[UUID]:
    """Write where conversations ended; gives those that this replica still held."""
    rows = await tx.fetch(
        """
        UPDATE notice SET state = its.state, reason = its.reason, due_at = coalesce(its.due_at, notice.due_at),
            sent_at = CASE WHEN its.state = 'sent' THEN $5::timestamptz END, claimed_by = NULL, claimed_until = NULL,
            provider_id = its.provider_id
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $7::uuid[])
            AS its (notice_id, state, reason, due_at, provider_id)
        WHERE notice.notice_id = its.notice_id AND notice.state = 'sending' AND claimed_by = $6
        RETURNING notice.notice_id""",
        list(endings),
        [its.state for its in endings.values()],
        [its.reason for its in endings.values()],
        [its.due_at for its in endings.values()],
        tx.now,
        replica,
        [its.provider_id for its in endings.values()],
    )
    return {row["notice_id"] for row in rows}


async def keep_words(tx: Transaction, texts: Mapping[UUID, str]) -> None:
    """What was written, as it went out; when it went out again, what was written then.

    Not of who has left meanwhile: their names are in it. Both of an introduction stay held, so that a leaving which
    comes now finds what is kept here.
    """
    await tx.execute(
        """
        WITH kept AS MATERIALIZED (
            SELECT notice_id, text, member_id, about_member_id
            FROM unnest($1::uuid[], $2::text[]) AS its (notice_id, text) JOIN notice USING (notice_id)
        ), held AS MATERIALIZED (
            SELECT member_id FROM recipient
            WHERE member_id IN (SELECT member_id FROM kept UNION SELECT about_member_id FROM kept) AND state <> 'left'
            ORDER BY member_id FOR SHARE
        )
        INSERT INTO notice_body (notice_id, text, kept_from)
        SELECT notice_id, text, $3 FROM kept
        WHERE member_id IN (SELECT member_id FROM held)
            AND (about_member_id IS NULL OR about_member_id IN (SELECT member_id FROM held))
        ON CONFLICT (notice_id) DO UPDATE SET text = excluded.text, kept_from = excluded.kept_from""",
        list(texts),
        list(texts.values()),
        tx.now,
    )


async def note_failed_addresses(tx: Transaction, reasons: Mapping[UUID, str]) -> None:
    """Nothing reaches the addresses of these members, whom the caller holds."""
    await tx.execute(
        """
        UPDATE recipient SET address_failed = its.reason
        FROM unnest($1::uuid[], $2::text[]) AS its (member_id, reason)
        WHERE recipient.member_id = its.member_id AND email IS NOT NULL""",
        list(reasons),
        list(reasons.values()),
    )


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
