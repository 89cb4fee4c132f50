"""The record of who changed what of a member, and when. It goes when they leave or are erased."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.database import Transaction
from chassis.identity import Caller
from members.membership.domain import Member


class Who(StrEnum):
    """Who changed it."""

    MEMBER = "member"
    TEAM = "team"
    LIST = "list"  # of members, that an organisation or the team has sent
    MERGER = "merger"  # of organisations, on its day


class What(StrEnum):
    NAME = "name"
    EMAIL = "email"
    GRADE = "grade"
    ORGANISATION = "organisation"
    INTERESTS = "interests"
    SKILLS = "skills"
    RESTRICTED = "restricted"
    NOT_RESTRICTED = "not-restricted"
    ADDRESS_ASKED = "address-asked"


@dataclass(frozen=True)
class Change:
    """One line of the record. `by` is an account, None for a merger."""

    change_id: int
    what: What
    who: Who
    at: datetime
    by: UUID | None


def between(before: Member, after: Member) -> list[What]:
    """What of a member has changed."""
    return [its for its in What if hasattr(before, its) and getattr(before, its) != getattr(after, its)]


async def record(tx: Transaction, member_id: UUID, what: Collection[What], caller: Caller) -> None:
    """The member or the team has changed these."""
    who = Who.MEMBER if caller.member_id == member_id else Who.TEAM
    await tx.execute(
        """
        INSERT INTO profile_change (member_id, what, who, changed_at, changed_by)
        SELECT $1, what, $3, $4, $5 FROM unnest($2::text[]) AS its (what)
        """,
        member_id,
        list(what),
        who,
        tx.now,
        caller.account_id,
    )


async def record_merger(tx: Transaction, members: Collection[UUID]) -> None:
    """The organisation of these has become another."""
    await tx.execute(
        """
        INSERT INTO profile_change (member_id, what, who, changed_at)
        SELECT member_id, 'organisation', 'merger', $2 FROM unnest($1::uuid[]) AS its (member_id)
        """,
        list(members),
        tx.now,
    )


async def record_import(tx: Transaction, members: Collection[UUID], import_id: UUID) -> None:
    """The list of this import has said where these work now; it is put down to the account that sent it."""
    await tx.execute(
        """
        INSERT INTO profile_change (member_id, what, who, changed_at, changed_by)
        SELECT its.member_id, 'organisation', 'list', $3, account_id
        FROM unnest($1::uuid[]) AS its (member_id) CROSS JOIN import WHERE import_id = $2
        """,
        list(members),
        import_id,
        tx.now,
    )


async def changes_of(tx: Transaction, member_id: UUID, *, before: int | None, most: int) -> list[Change]:
    """The newest first."""
    rows = await tx.fetch(
        """
        SELECT change_id, what, who, changed_at AS at, changed_by AS by FROM profile_change
        WHERE member_id = $1 AND ($2::bigint IS NULL OR change_id < $2) ORDER BY change_id DESC LIMIT $3
        """,
        member_id,
        before,
        most,
    )
    return [Change(row["change_id"], What(row["what"]), Who(row["who"]), row["at"], row["by"]) for row in rows]


async def forget(tx: Transaction, member_id: UUID) -> None:
    await tx.execute("DELETE FROM profile_change WHERE member_id = $1", member_id)
