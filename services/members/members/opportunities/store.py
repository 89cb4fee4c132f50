"""The tables of opportunities and of who is interested."""

from collections.abc import Iterable
from dataclasses import astuple
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis import paging
from chassis.database import Transaction
from contracts.members import Grade
from members.opportunities.calls import Findings, Interest, Kind, Opportunity, Outcome
from members.opportunities.choosing import Candidate


async def add(tx: Transaction, its: Opportunity) -> None:
    await tx.execute(
        """
        INSERT INTO opportunity (opportunity_id, kind, title, summary, closes_at, meets_on, capacity, rule,
            policy_version, seed, opened_at, opened_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        its.opportunity_id,
        its.kind,
        its.title,
        its.summary,
        its.closes_at,
        its.meets_on,
        its.capacity,
        its.rule,
        its.policy_version,
        its.seed,
        its.opened_at,
        its.opened_by,
    )


async def by_id(tx: Transaction, opportunity_id: UUID) -> Opportunity | None:
    row = await tx.fetchrow("SELECT * FROM opportunity WHERE opportunity_id = $1", opportunity_id)
    return _opportunity(row) if row else None


async def hold_open(tx: Transaction, opportunity_id: UUID) -> Opportunity | None:
    """An opportunity that does not close until the transaction ends; others may apply beside it."""
    row = await tx.fetchrow("SELECT * FROM opportunity WHERE opportunity_id = $1 FOR SHARE", opportunity_id)
    return _opportunity(row) if row else None


async def lock(tx: Transaction, opportunity_id: UUID) -> Opportunity | None:
    """An opportunity that nobody else changes until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM opportunity WHERE opportunity_id = $1 FOR UPDATE", opportunity_id)
    return _opportunity(row) if row else None


async def take_due(tx: Transaction, now: datetime) -> Opportunity | None:
    """One whose closing instant has come and of which that was not said, which no other replica has in hand; held."""
    row = await tx.fetchrow(
        """
        SELECT * FROM opportunity WHERE closed_at IS NULL AND closes_at <= $1
        ORDER BY closes_at, opportunity_id LIMIT 1 FOR UPDATE SKIP LOCKED""",
        now,
    )
    return _opportunity(row) if row else None


async def take_short(tx: Transaction, today: date) -> Opportunity | None:
    """One that a lot decides, with a free place and somebody who waits, until the day on which it meets; held."""
    row = await tx.fetchrow(
        """
        SELECT * FROM opportunity its
        WHERE seed IS NOT NULL AND selected_at IS NOT NULL AND held_at IS NULL
            AND (meets_on IS NULL OR meets_on >= $1)
            AND capacity > (SELECT count(*) FROM interest
                WHERE opportunity_id = its.opportunity_id AND state = 'chosen')
            AND EXISTS (SELECT FROM interest WHERE opportunity_id = its.opportunity_id AND state = 'not-chosen')
        ORDER BY opportunity_id LIMIT 1 FOR UPDATE SKIP LOCKED""",
        today,
    )
    return _opportunity(row) if row else None


async def save(tx: Transaction, its: Opportunity) -> None:
    """Keep how far it has come."""
    title, summary, link = astuple(its.findings) if its.findings else (None, None, None)
    await tx.execute(
        """
        UPDATE opportunity SET closed_at = $2, selected_at = $3, selected_by = $4, held_on = $5, held_at = $6,
            held_by = $7, findings_title = $8, findings_summary = $9, findings_link = $10, findings_at = $11,
            findings_by = $12
        WHERE opportunity_id = $1""",
        its.opportunity_id,
        its.closed_at,
        its.selected_at,
        its.selected_by,
        its.held_on,
        its.held_at,
        its.held_by,
        title,
        summary,
        link,
        its.findings_at,
        its.findings_by,
    )


async def newest(tx: Transaction, *, after: UUID | None, limit: int) -> list[Opportunity]:
    """By their closing instant, the latest first, from behind `after` on."""
    await paging.begin_behind(tx, "SELECT FROM opportunity WHERE opportunity_id = $1", after)
    rows = await tx.fetch(
        """
        SELECT * FROM opportunity
        WHERE $1::uuid IS NULL OR (closes_at, opportunity_id) <
            (SELECT closes_at, opportunity_id FROM opportunity WHERE opportunity_id = $1)
        ORDER BY closes_at DESC, opportunity_id DESC LIMIT $2""",
        after,
        limit,
    )
    return [_opportunity(row) for row in rows]


async def add_interest(tx: Transaction, its: Interest) -> bool:
    """Whether it was new; waits for another transaction that adds the same member's."""
    added = await tx.execute(
        """
        INSERT INTO interest (interest_id, opportunity_id, member_id, registered_at, statement, state)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (opportunity_id, member_id) DO NOTHING""",
        its.interest_id,
        its.opportunity_id,
        its.member_id,
        its.registered_at,
        its.statement,
        its.state,
    )
    return added == "INSERT 0 1"


async def of_member(tx: Transaction, opportunity_id: UUID, member_id: UUID | None) -> Interest | None:
    row = await tx.fetchrow(
        "SELECT * FROM interest WHERE opportunity_id = $1 AND member_id = $2", opportunity_id, member_id
    )
    return _interest(row) if row else None


async def interest(tx: Transaction, interest_id: UUID) -> Interest | None:
    row = await tx.fetchrow("SELECT * FROM interest WHERE interest_id = $1", interest_id)
    return _interest(row) if row else None


async def of_member_among(
    tx: Transaction, member_id: UUID | None, opportunities: Iterable[UUID]
) -> dict[UUID, Interest]:
    """What a member has applied for among these, by opportunity."""
    rows = await tx.fetch(
        "SELECT * FROM interest WHERE member_id = $1 AND opportunity_id = ANY($2)", member_id, list(opportunities)
    )
    return {row["opportunity_id"]: _interest(row) for row in rows}


async def lock_candidates(tx: Transaction, opportunity_id: UUID) -> list[Candidate]:
    """Every interest with what its member is now, by number; held."""
    rows = await tx.fetch(
        """
        SELECT interest.*, member.grade, member.organisation AS of_member FROM interest JOIN member USING (member_id)
        WHERE opportunity_id = $1 ORDER BY interest_id FOR UPDATE OF interest""",
        opportunity_id,
    )
    return [Candidate(_interest(row), Grade(row["grade"]), row["of_member"]) for row in rows]


async def lock_interests(tx: Transaction, opportunity_id: UUID) -> list[Interest]:
    """Every interest, by number; held."""
    rows = await tx.fetch(
        "SELECT * FROM interest WHERE opportunity_id = $1 ORDER BY interest_id FOR UPDATE", opportunity_id
    )
    return [_interest(row) for row in rows]


async def save_interests(tx: Transaction, interests: Iterable[Interest]) -> None:
    """Keep what became of them, whom the caller holds."""
    rows = [
        (its.interest_id, its.statement, its.state, its.band, its.organisation, its.changed_at, its.changed_by)
        for its in interests
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    await tx.execute(
        """
        UPDATE interest SET statement = its.statement, state = its.state, band = its.band,
            organisation = its.organisation, changed_at = its.changed_at, changed_by = its.changed_by
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::uuid[])
            AS its (interest_id, statement, state, band, organisation, changed_at, changed_by)
        WHERE interest.interest_id = its.interest_id""",
        *map(list, columns),
    )


async def use(tx: Transaction, interest_id: UUID) -> None:
    """By it somebody has a seat of the Shadow Board, and by it they get no other."""
    await tx.execute("UPDATE interest SET used_at = $2 WHERE interest_id = $1", interest_id, tx.now)


async def forget(tx: Transaction, interest_id: UUID) -> None:
    await tx.execute("DELETE FROM interest WHERE interest_id = $1", interest_id)


async def let_go(tx: Transaction, member_id: UUID) -> None:
    """Of somebody who leaves or is erased nothing stays that waits for a choice, and no person in what was chosen.

    The caller holds their row. A choice, a draw or a withdrawal that is under way is waited for, and seen.
    """
    await tx.execute(
        """
        SELECT FROM opportunity WHERE opportunity_id IN (SELECT opportunity_id FROM interest WHERE member_id = $1)
        ORDER BY opportunity_id FOR SHARE""",
        member_id,
    )
    await tx.execute(
        """
        DELETE FROM interest USING opportunity its
        WHERE its.opportunity_id = interest.opportunity_id AND member_id = $1 AND selected_at IS NULL""",
        member_id,
    )
    await tx.execute(
        """
        UPDATE interest SET member_id = NULL, statement = NULL, state = 'gone', changed_at = $2, changed_by = NULL
        WHERE member_id = $1""",
        member_id,
        tx.now,
    )


async def page_of(tx: Transaction, opportunity_id: UUID, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """For the team: the interests with who they are, by number, from behind `after` on."""
    return await tx.fetch(
        """
        SELECT interest_id, state, registered_at, statement, changed_at, changed_by, member_id, name, grade,
            member.organisation
        FROM interest LEFT JOIN member USING (member_id)
        WHERE opportunity_id = $1 AND ($2::uuid IS NULL OR interest_id > $2) ORDER BY interest_id LIMIT $3""",
        opportunity_id,
        after,
        limit,
    )


async def chosen_for_the_board(tx: Transaction, *, after: UUID | None, limit: int) -> list[asyncpg.Record]:
    """Who was chosen for the Shadow Board and had no seat by it, the latest choice first, from behind `after` on."""
    await paging.begin_behind(tx, "SELECT FROM interest WHERE interest_id = $1", after)
    return await tx.fetch(
        """
        SELECT interest_id, name, grade, member.organisation
        FROM interest JOIN opportunity USING (opportunity_id) JOIN member USING (member_id)
        WHERE kind = 'shadow-board' AND state = 'chosen' AND used_at IS NULL
            AND NOT EXISTS (SELECT FROM shadow_board_term term
                WHERE term.member_id = interest.member_id AND term.ended_at IS NULL)
            AND ($1::uuid IS NULL OR (changed_at, interest_id) <
                (SELECT changed_at, interest_id FROM interest WHERE interest_id = $1))
        ORDER BY changed_at DESC, interest_id DESC LIMIT $2""",
        after,
        limit,
    )


async def nobody_drawn(tx: Transaction, opportunity_id: UUID) -> bool:
    """Whether nobody was in the draw."""
    return not await tx.fetchval(
        "SELECT EXISTS (SELECT FROM interest WHERE opportunity_id = $1 AND band IS NOT NULL)", opportunity_id
    )


async def in_the_draw(tx: Transaction, opportunity_id: UUID) -> list[Interest]:
    """Who was in the draw, by number."""
    rows = await tx.fetch(
        "SELECT * FROM interest WHERE opportunity_id = $1 AND band IS NOT NULL ORDER BY interest_id", opportunity_id
    )
    return [_interest(row) for row in rows]


def _opportunity(row: asyncpg.Record) -> Opportunity:
    fields: dict[str, Any] = dict(row)
    words = [fields.pop(f"findings_{name}") for name in ("title", "summary", "link")]
    fields |= {"kind": Kind(row["kind"]), "findings": Findings(*words) if words[0] else None}
    return Opportunity(**fields)


def _interest(row: asyncpg.Record) -> Interest:
    names = Interest.__dataclass_fields__
    return Interest(**{name: row[name] for name in names} | {"state": Outcome(row["state"])})
