"""The SQL of notices and of what they tell: one statement a function."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Transaction
from notifications.domain import Notice, Occasion, Template


async def add_occasions(tx: Transaction, *occasions: Occasion) -> None:
    """What notices tell of; the same again is none."""
    await tx.execute(
        """
        INSERT INTO occasion (event_id, type, subject, facts, heard_at)
        SELECT event_id, type, subject, facts, $5
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::jsonb[]) AS its (event_id, type, subject, facts)
        ON CONFLICT DO NOTHING""",
        [its.event_id for its in occasions],
        [its.type for its in occasions],
        [its.subject for its in occasions],
        [json.dumps(its.facts) for its in occasions],
        tx.now,
    )


async def forget_occasions_of(tx: Transaction, member_id: UUID) -> None:
    """Those that are about an erased member; notices of them to others keep the bare event."""
    await tx.execute("DELETE FROM occasion WHERE subject = $1", member_id)


async def add_notices(tx: Transaction, *notices: Notice) -> None:
    """A second notice to the same person of the same event, or hosted event, and template is none."""
    if not notices:
        return
    rows = [
        (
            its.notice_id, its.member_id, its.event_id, its.template.category, its.template.name,
            its.template.version, its.state, its.created_at, its.about_member_id, its.pair_id, its.hosted_event_id,
            its.due_at or its.created_at, its.useful_until,
        )
        for its in notices
    ]  # fmt: skip
    await tx.execute(
        """
        INSERT INTO notice (notice_id, member_id, event_id, category, template, template_version, state,
            created_at, due_at, wanted_at, about_member_id, pair_id, hosted_event_id, useful_until)
        SELECT notice_id, member_id, event_id, category, template, template_version, state,
            created_at, due_at, due_at, about_member_id, pair_id, hosted_event_id, useful_until
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[],
            $8::timestamptz[], $9::uuid[], $10::uuid[], $11::uuid[], $12::timestamptz[], $13::timestamptz[])
            AS its (notice_id, member_id, event_id, category, template, template_version, state, created_at,
                about_member_id, pair_id, hosted_event_id, due_at, useful_until)
        ON CONFLICT DO NOTHING""",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def tell_everybody(
    tx: Transaction,
    template: Template,
    event_id: UUID,
    *,
    hosted_event_id: UUID | None = None,
    useful_until: datetime | None = None,
    grades: Collection[str] | None = None,
) -> None:
    """A notice to each who has not left, due where there is an address. Of a hosted event, the caller holds its row.

    With `grades` to those alone whose grade is among these or not known.
    """
    await tx.execute(
        """
        WITH held AS MATERIALIZED (
            SELECT member_id, email, grade FROM recipient WHERE state <> 'left' ORDER BY member_id FOR UPDATE
        )
        INSERT INTO notice (notice_id, member_id, event_id, hosted_event_id, category, template, template_version,
            state, created_at, due_at, wanted_at, useful_until)
        SELECT gen_random_uuid(), member_id, $1, $2, $3, $4, $5,
            CASE WHEN email IS NULL THEN 'waiting' ELSE 'due' END, $6, $6, $6, $7
        FROM held WHERE $8::text[] IS NULL OR grade IS NULL OR grade = ANY($8)
        ON CONFLICT DO NOTHING""",
        event_id, hosted_event_id, template.category, template.name, template.version, tx.now, useful_until,
        None if grades is None else list(grades),
    )  # fmt: skip


async def introduced(tx: Transaction, pair_id: UUID) -> set[UUID]:
    """Who of a pair was introduced to the other, or is being; the caller has cancelled what is not under way."""
    rows = await tx.fetch("SELECT member_id FROM notice WHERE pair_id = $1 AND state <> 'cancelled'", pair_id)
    return {row["member_id"] for row in rows}


async def make_waiting_due(tx: Transaction, *members: UUID) -> None:
    """What waited for their addresses is due once everybody in it can be reached and what it tells is known."""
    await tx.execute(
        """
        UPDATE notice SET state = 'due', due_at = greatest(due_at, $2), wanted_at = greatest(wanted_at, $2)
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
    """What is unsent, to them or about them, will not be sent; a conversation that has begun runs to its end."""
    await tx.execute(
        """
        UPDATE notice SET state = 'cancelled', reason = $2
        WHERE (member_id = $1 OR about_member_id = $1) AND state IN ('waiting', 'due', 'gathered')""",
        member_id,
        reason,
    )


async def cancel_unsent_of_pair(tx: Transaction, pair_id: UUID, reason: str) -> None:
    await tx.execute(
        """
        UPDATE notice SET state = 'cancelled', reason = $2
        WHERE pair_id = $1 AND state IN ('waiting', 'due', 'gathered')""",
        pair_id,
        reason,
    )


async def cancel_unsent_of_subject(tx: Transaction, subject: UUID, templates: Sequence[str], reason: str) -> None:
    """What was said of the subject in these words and has not gone out."""
    await tx.execute(
        """
        UPDATE notice SET state = 'cancelled', reason = $3 FROM occasion
        WHERE occasion.subject = $1 AND notice.event_id = occasion.event_id AND template = ANY($2)
            AND state IN ('waiting', 'due', 'gathered')""",
        subject,
        templates,
        reason,
    )


async def forget_words(tx: Transaction, member_id: UUID) -> None:
    """What was written to a leaver or about them, whom the caller holds: their name is in it."""
    await tx.execute(
        """
        DELETE FROM notice_body USING notice
        WHERE notice_body.notice_id = notice.notice_id AND (member_id = $1 OR about_member_id = $1)""",
        member_id,
    )


async def forget_notices_to(tx: Transaction, member_id: UUID) -> None:
    """Delete the notices to a member; a conversation that has begun runs to its end, and leaves nothing behind."""
    await tx.execute("DELETE FROM notice WHERE member_id = $1", member_id)


async def forget_whom_notices_are_about(tx: Transaction, member_id: UUID) -> None:
    await tx.execute("UPDATE notice SET about_member_id = NULL WHERE about_member_id = $1", member_id)


async def count_notices(tx: Transaction) -> dict[str, int]:
    """How many notices stand in each state that has any; what is due at an instant to come is `scheduled`."""
    rows = await tx.fetch(
        """
        SELECT CASE WHEN state IN ('waiting', 'due') AND due_at > $1 THEN 'scheduled' ELSE state END AS stands,
            count(*) AS notices
        FROM notice GROUP BY stands""",
        tx.now,
    )
    return {row["stands"]: row["notices"] for row in rows}


FACTS = """
    jsonb_build_object('subject', occasion.subject) || occasion.facts || coalesce((
        SELECT jsonb_build_object('title', key_date.title) FROM key_date WHERE key_date_id = occasion.subject), '{}')"""
"""What the words of a notice need of its event: what was kept of it, and the title of a key date."""
