"""The register of organisations, and the members of those that have closed."""

from datetime import date
from functools import lru_cache
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from chassis.database import Database, Transaction
from chassis.days import day_in_london
from members.places.organisations import Organisation, Places, Register

NOBODYS: Final = UUID(int=0)  # the account behind a merger that was there before the register kept who said it

_ORGANISATIONS: TypeAdapter[tuple[Organisation, ...]] = TypeAdapter(tuple[Organisation, ...])


async def places(tx: Transaction) -> Places:
    """The register as it is today."""
    text: str = await tx.fetchval(
        """
        SELECT coalesce(json_agg(its ORDER BY lower(name)), '[]')::text FROM
            (SELECT organisation_id, code, name, short, opened_on, closed_on, successors, registered_at, registered_by,
                merged_at, merged_by FROM organisation) AS its
        """
    )
    return Places(_read(text), day_in_london(tx.now))


async def places_now(database: Database) -> Places:
    """The same, for a page that asks for nothing else."""
    async with database.transaction(one_statement=True) as tx:
        return await places(tx)


async def hold(tx: Transaction) -> None:
    """Until the transaction ends nobody else changes the register; anybody may read."""
    await tx.execute("LOCK TABLE organisation IN SHARE ROW EXCLUSIVE MODE")


async def add(tx: Transaction, its: Organisation, *, by: UUID) -> None:
    """`by` is an account, as in `merge`."""
    await tx.execute(
        """
        INSERT INTO organisation (organisation_id, code, name, short, opened_on, registered_at, registered_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        its.organisation_id,
        its.code,
        its.name,
        its.short,
        its.opened_on,
        tx.now,
        by,
    )


async def merge(tx: Transaction, its: Organisation, *, by: UUID) -> None:
    await tx.execute(
        "UPDATE organisation SET closed_on = $2, successors = $3, merged_at = $4, merged_by = $5 WHERE code = $1",
        its.code,
        its.closed_on,
        list(its.successors),
        tx.now,
        by,
    )


async def take_merged(tx: Transaction, today: date) -> tuple[str, bool, UUID] | None:
    """One that has closed and of which something is left to do, which no other replica has in hand; held.

    Its code, whether it is still to be said, and the account that said what becomes of it. Members who may not choose
    are left to be moved whenever there are any: somebody may have joined in the last instant.
    """
    row = await tx.fetchrow(
        """
        SELECT code, NOT said AS to_say, merged_by FROM organisation AS its
        WHERE closed_on <= $1 AND (NOT said OR cardinality(successors) = 1 AND EXISTS
            (SELECT FROM member WHERE organisation = its.code AND left_on IS NULL))
        ORDER BY code LIMIT 1 FOR UPDATE SKIP LOCKED
        """,
        today,
    )
    return (row["code"], row["to_say"], row["merged_by"] or NOBODYS) if row else None


async def note_said(tx: Transaction, code: str) -> None:
    await tx.execute("UPDATE organisation SET said = true WHERE code = $1", code)


async def move(tx: Transaction, member_ids: list[UUID], organisation: str) -> None:
    """Members whom the caller holds, each with the grade that they have."""
    await tx.execute("UPDATE member SET organisation = $2 WHERE member_id = ANY($1)", member_ids, organisation)


@lru_cache(maxsize=4)
def _read(text: str) -> Register:
    """The same register is read once: it changes some times a year, and is asked for with every form."""
    return Register(_ORGANISATIONS.validate_json(text))
