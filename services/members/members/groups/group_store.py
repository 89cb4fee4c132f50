"""The tables of groups and of their volunteers."""

from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis import paging
from chassis.database import Transaction
from members.groups.volunteering import Group, GroupExists, Kind, Skill, Volunteer


@dataclass(frozen=True)
class Named:
    """A volunteer with what the central team has to know of them."""

    its: Volunteer
    name: str
    organisation: str


async def add(tx: Transaction, its: Group) -> None:
    """Raises `GroupExists`."""
    try:
        await tx.execute(
            """
            INSERT INTO profession_group (group_id, kind, title, purpose, ask, established_at, established_by, charter,
                ends_on, flagged_at, disbanded_at, disbanded_by, disbanded_for)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)""",
            *astuple(its),
        )
    except asyncpg.UniqueViolationError:
        raise GroupExists from None


async def by_id(tx: Transaction, group_id: UUID) -> Group | None:
    row = await tx.fetchrow(f"{GROUP} WHERE group_id = $1", group_id)
    return read_group(row) if row else None


async def hold(tx: Transaction, group_id: UUID) -> Group | None:
    """The group, which does not change until the transaction ends; others may hold it too."""
    row = await tx.fetchrow(f"{GROUP} WHERE group_id = $1 FOR SHARE", group_id)
    return read_group(row) if row else None


async def hold_those_of(tx: Transaction, member_id: UUID) -> None:
    """The groups in which a member, who is held, is now: like one."""
    await tx.execute(
        """
        SELECT FROM profession_group
        WHERE group_id IN (SELECT group_id FROM volunteering WHERE member_id = $1 AND left_at IS NULL)
        ORDER BY group_id FOR SHARE""",
        member_id,
    )


async def some(
    tx: Transaction, *, over: bool, after: UUID | None, most: int, late: bool = False, of_member: UUID | None = None
) -> list[Group]:
    """Those that go on, or those that have disbanded, by their names.

    `late` are task groups alone whose last day has passed with something still to deliver; `of_member` those in which a
    member is.
    """
    await paging.begin_behind(tx, "SELECT FROM profession_group WHERE group_id = $1", after)
    rows = await tx.fetch(
        f"""
        {GROUP}
        WHERE (disbanded_at IS NOT NULL) = $3 AND (NOT $4 OR flagged_at IS NOT NULL)
            AND ($5::uuid IS NULL
                OR group_id IN (SELECT group_id FROM volunteering WHERE member_id = $5 AND left_at IS NULL))
            AND ($1::uuid IS NULL
            OR (lower(title), group_id) > (SELECT lower(title), group_id FROM profession_group WHERE group_id = $1))
        ORDER BY lower(title), group_id LIMIT $2""",  # noqa: S608 - columns of ours
        after,
        most,
        over,
        late,
        of_member,
    )
    return [read_group(row) for row in rows]


async def counted(tx: Transaction, groups: Collection[UUID]) -> dict[UUID, int]:
    """How many volunteers are in each of these; none: absent."""
    rows = await tx.fetch(
        """
        SELECT group_id, count(*) AS number FROM volunteering
        WHERE group_id = ANY($1) AND left_at IS NULL GROUP BY group_id""",
        list(groups),
    )
    return {row["group_id"]: row["number"] for row in rows}


async def volunteer(tx: Transaction, group_id: UUID, member_id: UUID) -> Volunteer | None:
    """How a member is in a group now."""
    row = await tx.fetchrow(
        f"{_VOLUNTEER} WHERE group_id = $1 AND member_id = $2 AND left_at IS NULL", group_id, member_id
    )
    return _volunteer(dict(row)) if row else None


async def volunteering_of(tx: Transaction, member_id: UUID) -> list[Volunteer]:
    """How a member is in each of their groups now."""
    rows = await tx.fetch(f"{_VOLUNTEER} WHERE member_id = $1 AND left_at IS NULL ORDER BY volunteering_id", member_id)
    return [_volunteer(dict(row)) for row in rows]


async def volunteers(tx: Transaction, group_id: UUID, *, after: UUID | None, most: int) -> list[Named]:
    """Those who are in a group now, with their names, by the order of their joining."""
    await paging.begin_behind(tx, "SELECT FROM volunteering WHERE volunteering_id = $1", after)
    rows = await tx.fetch(
        """
        SELECT volunteering_id, group_id, member_id, hours_per_month, volunteering.skills, joined_at, joined_by,
            changed_at, changed_by, left_at, left_by, name, organisation
        FROM volunteering JOIN member USING (member_id)
        WHERE group_id = $1 AND left_at IS NULL AND ($2::uuid IS NULL OR (joined_at, volunteering_id) >
            (SELECT joined_at, volunteering_id FROM volunteering WHERE volunteering_id = $2))
        ORDER BY joined_at, volunteering_id LIMIT $3""",
        group_id,
        after,
        most,
    )
    return [_named(**row) for row in rows]


async def everybody(tx: Transaction, group_id: UUID) -> list[Volunteer]:
    """All who are in a group, which the caller has locked, so that nobody joins or leaves it meanwhile."""
    rows = await tx.fetch(f"{_VOLUNTEER} WHERE group_id = $1 AND left_at IS NULL ORDER BY volunteering_id", group_id)
    return [_volunteer(dict(row)) for row in rows]


async def save(tx: Transaction, *volunteers: Volunteer) -> None:
    """Keep them as they are now, new ones too."""
    for its in volunteers:
        await tx.execute(
            """
            INSERT INTO volunteering (volunteering_id, group_id, member_id, hours_per_month, skills, joined_at,
                joined_by, changed_at, changed_by, left_at, left_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (volunteering_id) DO UPDATE SET hours_per_month = $4, skills = $5, changed_at = $8,
                changed_by = $9, left_at = $10, left_by = $11""",
            *astuple(its),
        )


async def lose_the_person(tx: Transaction, member_id: UUID) -> None:
    """What a member did in groups, all of which they have left, is nobody's any more; their accounts go too."""
    await tx.execute(
        """
        UPDATE volunteering SET member_id = NULL, joined_by = NULL, changed_by = NULL,
            left_by = CASE WHEN left_by <> joined_by
                AND left_by NOT IN (SELECT account_id FROM account WHERE account.member_id = $1) THEN left_by END
        WHERE member_id = $1""",
        member_id,
    )


GROUP: Final = """
    SELECT group_id, kind, title, purpose, ask, established_at, established_by, charter, ends_on, flagged_at,
        disbanded_at, disbanded_by, disbanded_for
    FROM profession_group"""
_VOLUNTEER = """
    SELECT volunteering_id, group_id, member_id, hours_per_month, skills, joined_at, joined_by, changed_at, changed_by,
        left_at, left_by
    FROM volunteering"""


def read_group(row: asyncpg.Record) -> Group:
    return Group(**{**row, "kind": Kind(row["kind"])})


def _volunteer(row: Mapping[str, Any]) -> Volunteer:
    return Volunteer(**{**row, "skills": tuple(map(Skill, row["skills"]))})


def _named(*, name: str, organisation: str, **row: Any) -> Named:
    return Named(_volunteer(row), name, organisation)
