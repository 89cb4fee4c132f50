"""When a term of the Shadow Board is over: it ends, and its seat is free. A timer's work."""

from chassis import outbox
from chassis.database import Database
from chassis.days import day_in_london
from members.opportunities import shadow_board, shadow_board_store


async def end_terms(database: Database) -> int:
    """End one term; gives how many were ended."""
    async with database.transaction() as tx:
        today = day_in_london(tx.now)
        over = await shadow_board_store.take_over(tx, today)
        if over is None:
            return 0
        seat = await shadow_board_store.lock_seat(tx, over.seat_id)
        if seat is None:
            raise LookupError("a term is of a seat")
        term, free, said = shadow_board.end(over, seat, today=today, now=tx.now)
        await shadow_board_store.end(tx, term, free)
        await outbox.put(tx, *said)
    return 1
