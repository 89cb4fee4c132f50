"""Looking for members: by parts of names and addresses, organisation, grade and state; in the order of their names."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from chassis.database import Transaction
from contracts.members import Grade
from members.rights.restriction_store import NOT_RESTRICTED

State = Literal["present", "address-open", "left"]


@dataclass(frozen=True)
class Wanted:
    """Whom somebody looks for. None: whatever it is. Every word of `text` is part of the name or of the address."""

    text: str = ""
    organisation: str | None = None  # a code
    grade: Grade | None = None
    state: State = "present"
    restricted_too: bool = True


@dataclass(frozen=True)
class Found:
    """Of somebody who left name and address are None."""

    member_id: UUID
    name: str | None
    email: str | None
    organisation: str
    grade: Grade
    joined_on: date
    left_on: date | None
    address_is_open: bool


_OPEN = "(address_verified_at IS NULL AND (verification_id IS NOT NULL OR verified_by IS NULL))"  # domain.Member's rule
_WORDS = """
    words AS MATERIALIZED (
        SELECT lower(word) AS word, search_key(word) AS key FROM regexp_split_to_table(btrim($1), '\\s+') AS word
    )"""
_WANTED = f"""
    NOT EXISTS (
        SELECT FROM words WHERE strpos(coalesce(search_name, ''), key) = 0 AND strpos(coalesce(email, ''), word) = 0
    )
    AND ($2::text IS NULL OR organisation = $2) AND ($3::text IS NULL OR grade = $3)
    AND CASE $4 WHEN 'left' THEN left_on IS NOT NULL WHEN 'present' THEN left_on IS NULL
        ELSE left_on IS NULL AND {_OPEN} END
    AND ($5 OR {NOT_RESTRICTED})"""


async def some(tx: Transaction, wanted: Wanted, *, after: UUID | None, most: int) -> list[Found]:
    """Those behind `after` in the order of their names; from the first one where that member is none of these.

    A place behind anybody else would tell how they are called.
    """
    rows = await tx.fetch(
        f"""
        WITH {_WORDS}, place AS (
            SELECT coalesce(search_name, '') AS name, member_id FROM member WHERE member_id = $6 AND {_WANTED}
        )
        SELECT member_id, name, email, organisation, grade, joined_on, left_on,
            left_on IS NULL AND {_OPEN} AS address_is_open
        FROM member
        WHERE {_WANTED} AND (NOT EXISTS (SELECT FROM place)
            OR (coalesce(search_name, ''), member_id) > (SELECT name, member_id FROM place))
        ORDER BY coalesce(search_name, ''), member_id LIMIT $7""",  # noqa: S608 (parts of ours)
        wanted.text,
        wanted.organisation,
        wanted.grade,
        wanted.state,
        wanted.restricted_too,
        after,
        most,
    )
    return [Found(**(dict(row) | {"grade": Grade(row["grade"])})) for row in rows]


async def count(tx: Transaction, wanted: Wanted) -> int:
    """How many there are."""
    sql = f"WITH {_WORDS} SELECT count(*) FROM member WHERE {_WANTED}"  # noqa: S608 (parts of ours)
    looked_for = (wanted.text, wanted.organisation, wanted.grade, wanted.state, wanted.restricted_too)
    return int(await tx.fetchval(sql, *looked_for))
