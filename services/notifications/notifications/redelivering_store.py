"""The SQL of sending again by hand."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Transaction


async def states_of(tx: Transaction, notices: Sequence[UUID]) -> dict[UUID, str]:
    """Where these stand, whose recipients the caller holds: what has failed or is unknown then stays so.

    They are not held themselves: whoever settles what is being sent may wait for one of the recipients.
    """
    rows = await tx.fetch("SELECT notice_id, state FROM notice WHERE notice_id = ANY($1::uuid[])", notices)
    return {row["notice_id"]: row["state"] for row in rows}


async def make_due(tx: Transaction, notices: Sequence[UUID], *, by: str) -> None:
    """Due now, each by itself; the caller holds their recipients."""
    await tx.execute(
        """
        UPDATE notice SET state = 'due', reason = NULL, due_at = $2, wanted_at = $2, digest_id = NULL,
            provider_id = NULL, redelivered_at = $2, redelivered_by = $3, redeliveries = redeliveries + 1
        WHERE notice_id = ANY($1::uuid[])""",
        notices,
        tx.now,
        by,
    )


async def in_one_state(tx: Transaction, event_id: UUID, state: str, limit: int) -> list[UUID]:
    """The notices of an event that stand in a state, without digests, the oldest first."""
    rows = await tx.fetch(
        """
        SELECT notice_id FROM notice WHERE event_id = $1 AND state = $2 AND template <> 'digest'
        ORDER BY number LIMIT $3""",
        event_id,
        state,
        limit,
    )
    return [row["notice_id"] for row in rows]
