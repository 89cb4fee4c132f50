"""The SQL of who is written to, who is erased, and who holds which role: one statement a function."""

from collections.abc import Collection, Mapping
from uuid import UUID

from chassis.database import Transaction
from notifications.domain import Recipient, RecipientState


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
        SELECT member_id, state, name, email, verification_id FROM recipient WHERE member_id = ANY($1::uuid[])
        ORDER BY member_id FOR UPDATE""",
        members,
    )
    held = {row["member_id"]: Recipient(**(dict(row) | {"state": RecipientState(row["state"])})) for row in rows}
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
        UPDATE recipient SET state = its.state, name = its.name, email = its.email,
            verification_id = its.verification_id,
            restricted = recipient.restricted AND its.state <> 'left',
            grade = CASE WHEN its.state <> 'left' THEN recipient.grade END,
            address_failed = CASE WHEN recipient.email = its.email THEN recipient.address_failed END
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[])
            AS its (member_id, state, name, email, verification_id)
        WHERE recipient.member_id = its.member_id""",
        [its.member_id for its in recipients],
        [its.state for its in recipients],
        [its.name for its in recipients],
        [its.email for its in recipients],
        [its.verification_id for its in recipients],
    )


async def restrict(tx: Transaction, member_id: UUID, *, restricted: bool) -> None:
    """Whether a member, whom the caller holds, gets what is critical alone; whoever has left gets nothing."""
    await tx.execute(
        "UPDATE recipient SET restricted = $2 WHERE member_id = $1 AND state <> 'left'", member_id, restricted
    )


async def keep_grades(tx: Transaction, grades: Mapping[UUID, str]) -> None:
    """The grades of members whom the caller holds; of whoever has left nothing is kept."""
    await tx.execute(
        """
        UPDATE recipient SET grade = its.grade FROM unnest($1::uuid[], $2::text[]) AS its (member_id, grade)
        WHERE recipient.member_id = its.member_id AND state <> 'left'""",
        list(grades),
        list(grades.values()),
    )


async def grade_of(tx: Transaction, member_id: UUID) -> str | None:
    """None: not heard, or they have left."""
    grade: str | None = await tx.fetchval("SELECT grade FROM recipient WHERE member_id = $1", member_id)
    return grade


async def recipient_of(tx: Transaction, member_id: UUID) -> Recipient | None:
    row = await tx.fetchrow("SELECT state, name, email FROM recipient WHERE member_id = $1", member_id)
    return Recipient(member_id, RecipientState(row["state"]), row["name"], row["email"]) if row else None


async def count_members(tx: Transaction) -> int:
    """Who has joined and not left."""
    number: int = await tx.fetchval("SELECT count(*) FROM recipient WHERE state = 'known'")
    return number


async def add_role_holder(tx: Transaction, member_id: UUID, role: str, organisation: str | None) -> None:
    """Whom the caller holds."""
    await tx.execute(
        """
        INSERT INTO role_holder (member_id, role, organisation) VALUES ($1, $2, coalesce($3, ''))
        ON CONFLICT DO NOTHING""",
        member_id,
        role,
        organisation,
    )


async def remove_role_holder(tx: Transaction, member_id: UUID, role: str, organisation: str | None) -> None:
    await tx.execute(
        "DELETE FROM role_holder WHERE member_id = $1 AND role = $2 AND organisation = coalesce($3, '')",
        member_id,
        role,
        organisation,
    )


async def forget_roles(tx: Transaction, member_id: UUID) -> None:
    await tx.execute("DELETE FROM role_holder WHERE member_id = $1", member_id)


async def holders_of(tx: Transaction, role: str) -> list[UUID]:
    """Who holds the role, anywhere."""
    rows = await tx.fetch("SELECT DISTINCT member_id FROM role_holder WHERE role = $1 ORDER BY member_id", role)
    return [row["member_id"] for row in rows]
