"""The tables of champions: themes, terms, and when a theme had nobody."""

from collections.abc import Collection
from dataclasses import astuple, dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from chassis import paging
from chassis.database import Transaction
from members.groups.champions import Ending, Term, Theme, ThemeExists


@dataclass(frozen=True)
class Ended:
    """A term that has ended, with whose it was; None: they have left the profession."""

    term: Term
    name: str | None


@dataclass(frozen=True)
class Champion:
    """A term that goes on, with what members see of whose it is; of somebody restricted they see nothing."""

    term: Term
    name: str
    organisation: str
    is_restricted: bool


async def add(tx: Transaction, its: Theme) -> None:
    """A theme, which is vacant from the beginning. Raises `ThemeExists`."""
    try:
        await tx.execute(
            """
            INSERT INTO champion_theme (theme_id, title, purpose, ask, established_at, established_by)
            VALUES ($1, $2, $3, $4, $5, $6)""",
            its.theme_id,
            its.title,
            its.purpose,
            its.ask,
            its.established_at,
            its.established_by,
        )
    except asyncpg.UniqueViolationError:
        raise ThemeExists from None
    await open_vacancy(tx, its.theme_id)


async def by_id(tx: Transaction, theme_id: UUID) -> Theme | None:
    row = await tx.fetchrow(f"{_THEME} WHERE theme_id = $1", theme_id)
    return Theme(**row) if row else None


async def some(tx: Transaction, *, vacant: bool | None, after: UUID | None, most: int) -> list[Theme]:
    """By their names; those that are vacant, those that are not, or all."""
    await paging.begin_behind(tx, "SELECT FROM champion_theme WHERE theme_id = $1", after)
    rows = await tx.fetch(
        f"""
        {_THEME}
        WHERE ($1::uuid IS NULL
                OR (lower(title), theme_id) > (SELECT lower(title), theme_id FROM champion_theme WHERE theme_id = $1))
            AND ($2::boolean IS NULL OR (opened_at IS NOT NULL) = $2)
        ORDER BY lower(title), theme_id LIMIT $3""",  # noqa: S608 - columns of ours
        after,
        vacant,
        most,
    )
    return [Theme(**row) for row in rows]


async def lock(tx: Transaction, theme_id: UUID) -> Theme | None:
    """A theme whose champions and vacancy nobody else changes until the transaction ends."""
    await tx.execute("SELECT FROM champion_theme WHERE theme_id = $1 FOR UPDATE", theme_id)
    return await by_id(tx, theme_id)


async def lock_those_of(tx: Transaction, member_id: UUID) -> list[UUID]:
    """The themes of which a member, who is held, is a champion; held like one."""
    rows = await tx.fetch(
        """
        SELECT theme_id FROM champion_theme
        WHERE theme_id IN (SELECT theme_id FROM champion_term WHERE member_id = $1 AND ended IS NULL)
        ORDER BY theme_id FOR UPDATE""",
        member_id,
    )
    return [row["theme_id"] for row in rows]


async def take_due(tx: Transaction, today: date) -> list[UUID]:
    """Some themes with terms whose day has ended, which no other replica has in hand; held."""
    rows = await tx.fetch(
        """
        SELECT theme_id FROM champion_theme
        WHERE theme_id IN (SELECT theme_id FROM champion_term WHERE ends_on < $1 AND ended IS NULL)
        ORDER BY theme_id LIMIT 20 FOR UPDATE SKIP LOCKED""",
        today,
    )
    return [row["theme_id"] for row in rows]


async def theme_of(tx: Transaction, term_id: UUID) -> UUID | None:
    found: UUID | None = await tx.fetchval("SELECT theme_id FROM champion_term WHERE term_id = $1", term_id)
    return found


async def term(tx: Transaction, term_id: UUID) -> Term | None:
    row = await tx.fetchrow(f"{_TERM} WHERE term_id = $1", term_id)
    return _term(row) if row else None


async def serving(tx: Transaction, theme_id: UUID) -> list[Term]:
    """The terms of a theme that go on, the oldest first."""
    rows = await tx.fetch(f"{_TERM} WHERE theme_id = $1 AND ended IS NULL ORDER BY appointed_at, term_id", theme_id)
    return [_term(row) for row in rows]


async def champions(tx: Transaction, themes: Collection[UUID]) -> dict[UUID, list[Champion]]:
    """Whose terms go on, by theme, the oldest first; a theme has few."""
    rows = await tx.fetch(
        """
        SELECT term_id, theme_id, member_id, starts_on, ends_on, appointed_at, appointed_by, ended, ended_at, ended_by,
            name, organisation, since IS NOT NULL AS is_restricted
        FROM champion_term JOIN member USING (member_id) LEFT JOIN restriction USING (member_id)
        WHERE theme_id = ANY($1) AND ended IS NULL ORDER BY appointed_at, term_id""",
        list(themes),
    )
    found: dict[UUID, list[Champion]] = {its: [] for its in themes}
    for row in rows:
        columns = dict(row)
        whose = [columns.pop(column) for column in ("name", "organisation", "is_restricted")]
        found[row["theme_id"]].append(Champion(Term(**columns), *whose))
    return found


async def ended(tx: Transaction, theme_id: UUID, *, before: UUID | None, most: int) -> list[Ended]:
    """Those of a theme's terms that have ended, the last one first, from behind `before` on."""
    rows = await tx.fetch(
        """
        SELECT term_id, theme_id, member_id, starts_on, ends_on, appointed_at, appointed_by, ended, ended_at, ended_by,
            name
        FROM champion_term LEFT JOIN member USING (member_id)
        WHERE theme_id = $1 AND ended IS NOT NULL AND ($2::uuid IS NULL OR (ended_at, term_id) <
            (SELECT ended_at, term_id FROM champion_term WHERE term_id = $2))
        ORDER BY ended_at DESC, term_id DESC LIMIT $3""",
        theme_id,
        before,
        most,
    )
    found = [dict(row) for row in rows]
    return [Ended(name=row.pop("name"), term=_term(row)) for row in found]


async def save(tx: Transaction, *terms: Term) -> None:
    """Keep them as they are now, new ones too."""
    for its in terms:
        await tx.execute(
            """
            INSERT INTO champion_term (term_id, theme_id, member_id, starts_on, ends_on, appointed_at, appointed_by,
                ended, ended_at, ended_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (term_id) DO UPDATE SET ended = $8, ended_at = $9, ended_by = $10""",
            *astuple(its),
        )


async def open_vacancy(tx: Transaction, theme_id: UUID) -> None:
    """The caller holds the theme, which has no champion and had one until now, or is new."""
    await tx.execute(
        "INSERT INTO champion_vacancy (vacancy_id, theme_id, opened_at) VALUES ($1, $2, $3)", uuid4(), theme_id, tx.now
    )


async def close_vacancy(tx: Transaction, theme_id: UUID) -> None:
    """If one is open. The caller holds the theme."""
    await tx.execute(
        "UPDATE champion_vacancy SET closed_at = $2 WHERE theme_id = $1 AND closed_at IS NULL", theme_id, tx.now
    )


async def lose_the_person(tx: Transaction, member_id: UUID) -> None:
    """The terms of a member, all of which have ended, are nobody's any more; their account goes too."""
    await tx.execute(
        """
        UPDATE champion_term SET member_id = NULL,
            ended_by = CASE WHEN ended NOT IN ('resigned', 'gone') THEN ended_by END
        WHERE member_id = $1""",
        member_id,
    )


_THEME = """
    SELECT theme_id, title, purpose, ask, established_at, established_by, opened_at AS vacant_since
    FROM champion_theme
        LEFT JOIN (SELECT theme_id, opened_at FROM champion_vacancy WHERE closed_at IS NULL) open USING (theme_id)"""
_TERM = """
    SELECT term_id, theme_id, member_id, starts_on, ends_on, appointed_at, appointed_by, ended, ended_at, ended_by
    FROM champion_term"""


def _term(row: asyncpg.Record | dict[str, Any]) -> Term:
    return Term(**{**row, "ended": Ending(row["ended"]) if row["ended"] else None})
