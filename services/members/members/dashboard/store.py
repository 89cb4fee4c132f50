"""Counts of the members of an organisation, or of all. Who is restricted is in none of those present."""

from datetime import date, datetime

from chassis.database import Transaction
from contracts.members import Grade
from members.dashboard.overview import Counted
from members.opportunities.calls import BY_LOT
from members.places.grades import BANDS
from members.rights.restriction_store import NOT_RESTRICTED

_HERE = "($1::text IS NULL OR organisation = $1)"


async def counted(tx: Transaction, organisation: str | None, *, since: date, at: datetime) -> Counted:
    """Who comes and goes from that day on; who took part at that instant, and in the year before."""
    return Counted(
        await _by_band(tx, organisation),
        await _by_month(tx, organisation, since, "joined_on", f"AND {NOT_RESTRICTED}"),
        await _by_month(tx, organisation, since, "left_on", ""),
        await _taking_part(tx, organisation, at),
    )


async def _by_band(tx: Transaction, organisation: str | None) -> dict[str, int]:
    rows = await tx.fetch(
        f"""
        SELECT grade, count(*) AS people FROM member WHERE left_on IS NULL AND {_HERE} AND {NOT_RESTRICTED}
        GROUP BY grade""",  # noqa: S608 (ours)
        organisation,
    )
    found = dict[str, int]()
    for row in rows:
        band = BANDS[Grade(row["grade"])].value
        found[band] = found.get(band, 0) + row["people"]
    return found


async def _by_month(
    tx: Transaction, organisation: str | None, since: date, day: str, condition: str
) -> dict[date, int]:
    rows = await tx.fetch(
        f"""
        SELECT date_trunc('month', {day}::timestamp)::date AS month, count(*) AS people FROM member
        WHERE {_HERE} AND {day} >= $2 {condition} GROUP BY month""",  # noqa: S608 (ours)
        organisation,
        since,
    )
    return {row["month"]: row["people"] for row in rows}


async def _taking_part(tx: Transaction, organisation: str | None, at: datetime) -> dict[str, int]:
    """Places that a lot gave are left out: its draw is public, and would tell by its size which label is whose."""
    row = await tx.fetchrow(
        f"""
        SELECT
            count(*) FILTER (WHERE member_id IN (
                SELECT member_id FROM volunteering WHERE joined_at < $2 AND (left_at IS NULL OR left_at >= $2)
            )) AS groups,
            count(*) FILTER (WHERE member_id IN (
                SELECT member_id FROM champion_term WHERE appointed_at < $2 AND (ended_at IS NULL OR ended_at >= $2)
            )) AS champions,
            count(*) FILTER (WHERE member_id IN (
                SELECT member_id FROM interest JOIN opportunity USING (opportunity_id)
                WHERE state = 'chosen' AND kind <> ALL($3)
                    AND changed_at < $2 AND changed_at >= $2 - interval '1 year'
            )) AS places
        FROM member WHERE left_on IS NULL AND {_HERE} AND {NOT_RESTRICTED}""",  # noqa: S608 (ours)
        organisation,
        at,
        [its.value for its in BY_LOT],
    )
    return dict(row) if row else {}
