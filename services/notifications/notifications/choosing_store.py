"""The SQL of what members chose to hear, and when."""

from collections.abc import Mapping
from uuid import UUID

from chassis.database import Transaction
from contracts.notifications import NoticeCategory
from notifications.deciding import OUTSIDE_HOURS, UNCHOSEN, Choice, Frequency, Hours


async def choices_of(tx: Transaction, member_id: UUID) -> dict[NoticeCategory, Choice]:
    """For every category, what the member chose, or what they get without choosing."""
    rows = await tx.fetch("SELECT category, email, inbox FROM preference WHERE member_id = $1", member_id)
    chosen = {row["category"]: Choice(Frequency(row["email"]), row["inbox"]) for row in rows}
    return {category: chosen.get(category, unchosen) for category, unchosen in UNCHOSEN.items()}


async def hours_of(tx: Transaction, member_id: UUID) -> Hours:
    row = await tx.fetchrow(
        "SELECT time_zone, opens, closes, weekdays_only FROM delivery_hours WHERE member_id = $1", member_id
    )
    return Hours(**row) if row else Hours()


async def save(
    tx: Transaction, member_id: UUID, choices: Mapping[NoticeCategory, Choice], hours: Hours | None = None
) -> None:
    """What the member, whom the caller holds, chose for these categories, and their hours where they are given."""
    await tx.execute(
        """
        INSERT INTO preference (member_id, category, email, inbox)
        SELECT $1, category, email, inbox
        FROM unnest($2::text[], $3::text[], $4::boolean[]) AS its (category, email, inbox)
        ON CONFLICT (member_id, category) DO UPDATE SET email = excluded.email, inbox = excluded.inbox""",
        member_id,
        list(choices),
        [its.email for its in choices.values()],
        [its.inbox for its in choices.values()],
    )
    if hours is not None:
        await tx.execute(
            """
            INSERT INTO delivery_hours (member_id, time_zone, opens, closes, weekdays_only) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (member_id) DO UPDATE SET time_zone = excluded.time_zone, opens = excluded.opens,
                closes = excluded.closes, weekdays_only = excluded.weekdays_only""",
            member_id,
            hours.time_zone,
            hours.opens,
            hours.closes,
            hours.weekdays_only,
        )


async def release(tx: Transaction, member_id: UUID) -> None:
    """What waits for a digest or for their hours is looked at anew: the member, whom the caller holds, chose anew.

    Also what waits in one that is made and has not gone out; that one then finds nothing to tell.
    """
    await tx.execute(
        """
        UPDATE notice SET state = 'due', reason = NULL, due_at = $2, wanted_at = least(wanted_at, $2), digest_id = NULL,
            in_inbox = true
        WHERE member_id = $1 AND (state = 'gathered' OR state = 'due' AND reason = $3)""",
        member_id,
        tx.now,
        OUTSIDE_HOURS,
    )


async def holds_a_role(tx: Transaction, member_id: UUID) -> bool:
    """Whether there is anything to tell them of their work as a volunteer or in the team."""
    found: bool = await tx.fetchval("SELECT EXISTS (SELECT FROM role_holder WHERE member_id = $1)", member_id)
    return found


async def who_unsubscribes(tx: Transaction, token: UUID) -> UUID | None:
    """Whose mail holds this token."""
    member_id: UUID | None = await tx.fetchval(
        "SELECT member_id FROM recipient WHERE unsubscribe_token = $1 AND state <> 'left'", token
    )
    return member_id


async def forget(tx: Transaction, member_id: UUID) -> None:
    """What a leaver chose."""
    await tx.execute("DELETE FROM preference WHERE member_id = $1", member_id)
    await tx.execute("DELETE FROM delivery_hours WHERE member_id = $1", member_id)
