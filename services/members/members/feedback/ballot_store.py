"""What is kept of an open round's tokens and answers: marks, hashes and sealed texts, which lead to nobody.

Nothing here has an instant or a number that counts, no statement writes two of the tables' rows with one value in both,
and what a member takes and what somebody answers are two transactions.
"""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID, uuid4

from chassis.database import Transaction

AT_ONCE: Final = 50  # opening them takes some 30 ms, in which the service answers nobody


async def take(tx: Transaction, round_id: UUID, mark: bytes) -> bool:
    """Whether this mark's member had no token of this round before."""
    tag = await tx.execute(
        "INSERT INTO feedback_taken (mark, round_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", mark, round_id
    )
    return tag == "INSERT 0 1"


async def spend(tx: Transaction, round_id: UUID, token_hash: bytes) -> bool:
    """Whether this token was not used before. Waits for another answer that comes with it."""
    tag = await tx.execute(
        "INSERT INTO feedback_spent (hash, round_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", token_hash, round_id
    )
    return tag == "INSERT 0 1"


async def put_in(tx: Transaction, round_id: UUID, sealed: str) -> None:
    await tx.execute(
        "INSERT INTO feedback_sealed (sealed_id, round_id, sealed) VALUES ($1, $2, $3)", uuid4(), round_id, sealed
    )


async def every_sealed(tx: Transaction, round_id: UUID) -> AsyncIterator[str]:
    """All that was answered in a round, sealed; read in parts, since it can be tens of megabytes."""
    after: UUID | None = None
    while True:
        rows = await tx.fetch(
            """
            SELECT sealed_id, sealed FROM feedback_sealed
            WHERE round_id = $1 AND ($2::uuid IS NULL OR sealed_id > $2) ORDER BY sealed_id LIMIT $3""",
            round_id,
            after,
            AT_ONCE,
        )
        for row in rows:
            yield row["sealed"]
        if len(rows) < AT_ONCE:
            return
        after = rows[-1]["sealed_id"]


async def empty(tx: Transaction, round_id: UUID) -> None:
    """Of who took a token, which was used and what was answered nothing is left."""
    await tx.execute("DELETE FROM feedback_taken WHERE round_id = $1", round_id)
    await tx.execute("DELETE FROM feedback_spent WHERE round_id = $1", round_id)
    await tx.execute("DELETE FROM feedback_sealed WHERE round_id = $1", round_id)


async def open_rounds(tx: Transaction) -> list[UUID]:
    """Those of which marks may be kept."""
    return [row["round_id"] for row in await tx.fetch("SELECT round_id FROM feedback_round WHERE closed_at IS NULL")]


async def forget(tx: Transaction, marks: list[bytes]) -> None:
    """That these had a token. What they answered, if they did, is nobody's, and stays."""
    await tx.execute("DELETE FROM feedback_taken WHERE mark = ANY($1::bytea[])", marks)


async def has_taken(tx: Transaction, mark: bytes) -> bool:
    """Whether this mark's member has had a token; nothing is written."""
    return await tx.fetchval("SELECT true FROM feedback_taken WHERE mark = $1", mark) is not None


async def taken_of(tx: Transaction, marks: list[bytes]) -> list[bytes]:
    """Those of these marks whose member has had a token; nothing is written."""
    rows = await tx.fetch("SELECT mark FROM feedback_taken WHERE mark = ANY($1::bytea[])", marks)
    return [row["mark"] for row in rows]
