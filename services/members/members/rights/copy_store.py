"""What members holds of a person, for the copy that they take away: as a member, and as whoever signs in.

Who else did something is not said: their account is theirs.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from chassis.copies import Holding
from chassis.database import Transaction
from chassis.identity import Caller
from members.feedback import copy_store as feedback
from members.groups import copy_store as groups
from members.membership import copy_store as membership
from members.monitoring import copy_store as monitoring
from members.monitoring.sealing import Vault
from members.opportunities import copy_store as opportunities

Rows = Sequence[asyncpg.Record]


async def member(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT member_id AS member_number, name, email AS email_address, organisation, grade, interests, skills,
            joined_on, verified_by AS confirmed_by, verified_at AS confirmed_at,
            address_verified_at, verification_asked_at AS asked_to_confirm_address_at, left_on
        FROM member WHERE member_id = $1
        """,
        caller.member_id,
    )


async def accounts(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT issuer AS sign_in_service, subject AS your_pseudonym_there, created_at AS first_signed_in_at
        FROM account WHERE account_id = $1 OR member_id = $2 ORDER BY created_at, account_id
        """,
        caller.account_id,
        caller.member_id,
    )


async def sessions(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT begun_at AS signed_in_at, seen_at AS last_used_at FROM session JOIN account USING (account_id)
        WHERE account_id = $1 OR member_id = $2 ORDER BY begun_at, session_hash
        """,
        caller.account_id,
        caller.member_id,
    )


async def granted(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT role, organisation, granted_at FROM role_grant JOIN account USING (account_id)
        WHERE account_id = $1 OR member_id = $2 ORDER BY granted_at, role, organisation
        """,
        caller.account_id,
        caller.member_id,
    )


async def roles(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT role, organisation, granted_at FROM member_role
        WHERE member_id = $1 ORDER BY granted_at, role, organisation
        """,
        caller.member_id,
    )


async def role_records(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT role, organisation, CASE WHEN granted THEN 'given' ELSE 'taken back' END AS what, recorded_at AS "when"
        FROM role_record WHERE member_id = $1 ORDER BY record_id
        """,
        caller.member_id,
    )


async def roles_to_others(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT role, organisation, CASE WHEN granted THEN 'given' ELSE 'taken back' END AS what, recorded_at AS "when"
        FROM role_record WHERE recorded_by = $1 ORDER BY record_id
        """,
        caller.account_id,
    )


async def imports(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        "SELECT begun_at, done_at, organisation FROM import WHERE account_id = $1 ORDER BY begun_at, import_id",
        caller.account_id,
    )


async def imported(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT begun_at AS list_sent_at, line, outcome FROM import_row JOIN import USING (import_id)
        WHERE member_id = $1 ORDER BY begun_at, import_id, line
        """,
        caller.member_id,
    )


async def published(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        "SELECT title AS strategy, version, published_at FROM strategy WHERE published_by = $1 ORDER BY version",
        caller.account_id,
    )


async def completed(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS commitment, completed_at FROM commitment
        WHERE completed_by = $1 ORDER BY completed_at, commitment_id
        """,
        caller.account_id,
    )


async def reported(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT title AS commitment, its.course, its.percent, its.summary, reported_at
        FROM commitment_progress AS its JOIN commitment USING (commitment_id)
        WHERE reported_by = $1 ORDER BY reported_at, progress_id
        """,
        caller.account_id,
    )


async def restriction(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch("SELECT since AS restricted_since FROM restriction WHERE member_id = $1", caller.member_id)


async def restricted(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        "SELECT since FROM restriction WHERE restricted_by = $1 AND member_id IS DISTINCT FROM $2 ORDER BY since",
        caller.account_id,
        caller.member_id,
    )


async def changes(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        "SELECT what, who, changed_at FROM profile_change WHERE member_id = $1 ORDER BY change_id", caller.member_id
    )


async def changes_of_others(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT what, changed_at FROM profile_change
        WHERE changed_by = $1 AND member_id IS DISTINCT FROM $2 ORDER BY change_id
        """,
        caller.account_id,
        caller.member_id,
    )


async def ended(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        "SELECT departed_at FROM member WHERE departed_by = $1 ORDER BY departed_at", caller.account_id
    )


async def had_erased(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        "SELECT requested_at FROM erasure WHERE requested_by = $1 ORDER BY requested_at", caller.account_id
    )


async def organisations(tx: Transaction, caller: Caller) -> Rows:
    return await tx.fetch(
        """
        SELECT name AS organisation, 'entered' AS what, registered_at AS "when" FROM organisation
        WHERE registered_by = $1
        UNION ALL SELECT name, 'said what becomes of it', merged_at FROM organisation WHERE merged_by = $1
        ORDER BY "when"
        """,
        caller.account_id,
    )


def holdings(vault: Vault, feedback_key: bytes) -> tuple[Holding, ...]:
    """Everything; `vault` opens what is sealed, and the key of feedback finds who had a token."""
    return (*HOLDINGS, *monitoring.holdings(vault), *feedback.holdings(feedback_key))


HOLDINGS: Final = (
    Holding("You as a member", ("member",), member),
    Holding("Your sign-ins", ("account",), accounts),
    Holding("Where you are signed in now", ("session",), sessions),
    Holding("Roles that go with your sign-in", ("role_grant",), granted),
    Holding("Roles that the central team gave to you", ("member_role",), roles),
    Holding("The record of your roles", ("role_record",), role_records),
    Holding("Roles that you gave to others or took back", ("role_record",), roles_to_others),
    Holding("Your restriction", ("restriction",), restriction),
    Holding("When you restricted others", ("restriction",), restricted),
    Holding("What was changed of your details", ("profile_change",), changes),
    Holding("What you changed of others' details", ("profile_change",), changes_of_others),
    Holding("When you ended the membership of others", ("member",), ended),
    Holding("When you had others erased", ("erasure",), had_erased),
    Holding("Organisations that you entered or closed", ("organisation",), organisations),
    Holding("Lists of members that you sent", ("import",), imports),
    Holding("Lists of members that you were in", ("import_row",), imported),
    Holding("Strategies that you published", ("strategy",), published),
    Holding("Commitments that you completed", ("commitment",), completed),
    Holding("Progress that you reported", ("commitment_progress",), reported),
    *membership.HOLDINGS,
    *groups.HOLDINGS,
    *opportunities.HOLDINGS,
)
_GONE: Final = "whoever is in it has left or is erased, and cannot sign in as a member any more"
NOT_COPIED: Final[Mapping[str, str]] = {
    "erased_member": _GONE,
    "erasure_receipt": _GONE,
    "withdrawn_contact": _GONE,
}
