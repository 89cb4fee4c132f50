"""Accounts: who signs in at the department's provider, their members, and the roles that deployment gave them."""

from collections.abc import Collection, Iterable
from uuid import UUID

from chassis.database import Transaction
from members.roles.domain import Grant


async def add(tx: Transaction, account_id: UUID, issuer: str, subject: str) -> bool:
    """Whether the account is new; one that another transaction adds at this moment is waited for."""
    added = await tx.fetchval(
        """
        INSERT INTO account (account_id, issuer, subject, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (issuer, subject) DO NOTHING RETURNING true
        """,
        account_id,
        issuer,
        subject,
        tx.now,
    )
    return added is not None


async def by_subject(tx: Transaction, issuer: str, subject: str) -> tuple[UUID, UUID | None] | None:
    """The account's id and its member's."""
    row = await tx.fetchrow(
        "SELECT account_id, member_id FROM account WHERE issuer = $1 AND subject = $2", issuer, subject
    )
    return (row["account_id"], row["member_id"]) if row else None


async def member_of(tx: Transaction, account_id: UUID) -> UUID | None:
    """The member behind the account."""
    member_id: UUID | None = await tx.fetchval("SELECT member_id FROM account WHERE account_id = $1", account_id)
    return member_id


async def unless_own(tx: Transaction, account_id: UUID, member_id: UUID) -> UUID | None:
    """The account, or None where it is this member's: what is kept of who has gone leads to no sign-in of theirs."""
    return account_id if await member_of(tx, account_id) != member_id else None


async def names(tx: Transaction, accounts: Collection[UUID]) -> dict[UUID, tuple[UUID, str]]:
    """Of the accounts with a present member: that member's id and name."""
    if not accounts:
        return {}
    rows = await tx.fetch(
        """
        SELECT account_id, member_id, name FROM account JOIN member USING (member_id)
        WHERE account_id = ANY($1) AND left_on IS NULL""",
        list(accounts),
    )
    return {row["account_id"]: (row["member_id"], row["name"]) for row in rows}


async def link(tx: Transaction, account_id: UUID, member_id: UUID) -> None:
    await tx.execute("UPDATE account SET member_id = $2 WHERE account_id = $1", account_id, member_id)


async def unlink(tx: Transaction, member_id: UUID) -> None:
    """Nothing leads from an account to this member any more."""
    await tx.execute("UPDATE account SET member_id = NULL WHERE member_id = $1", member_id)


async def lead_to_another(tx: Transaction, member_id: UUID, other_id: UUID) -> None:
    """Whoever signs in by these accounts is the other member from now on."""
    await tx.execute("UPDATE account SET member_id = $2 WHERE member_id = $1", member_id, other_id)


async def forget_grants(tx: Transaction, member_id: UUID) -> None:
    """What the accounts behind this member were granted."""
    await tx.execute(
        "DELETE FROM role_grant USING account WHERE account.account_id = role_grant.account_id AND member_id = $1",
        member_id,
    )


async def forget(tx: Transaction, member_id: UUID) -> None:
    """Delete the accounts behind this member, which hold no grants any more, and their sessions with them."""
    await tx.execute("DELETE FROM account WHERE member_id = $1", member_id)


async def grant(tx: Transaction, account_id: UUID, grants: Iterable[Grant]) -> None:
    held = list(grants)
    await tx.execute(
        """
        INSERT INTO role_grant (account_id, role, organisation, granted_at)
        SELECT $1, role, organisation, $4 FROM unnest($2::text[], $3::text[]) AS given (role, organisation)
        ON CONFLICT DO NOTHING
        """,
        account_id,
        [its.role for its in held],
        [its.organisation for its in held],
        tx.now,
    )


async def grants(tx: Transaction, account_id: UUID) -> list[Grant]:
    rows = await tx.fetch("SELECT role, organisation FROM role_grant WHERE account_id = $1", account_id)
    return [Grant(row["role"], row["organisation"]) for row in rows]
