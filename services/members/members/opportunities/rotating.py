"""When a term of the Shadow Board is over: it ends, and its seat is free. A timer's work."""

from chassis import outbox
from chassis.database import Database
from chassis.days import day_in_london
from members.opportunities import shadow_board, shadow_board_store


async def end_terms(database: Database) -> int:
    """Free one seat of whose time the last day has ended, whether somebody still has it or not; gives how many."""
    async with database.transaction() as tx:
        today = day_in_london(tx.now)
        seat = await shadow_board_store.take_over(tx, today)
        if seat is None or seat.taken_until is None:
            return 0
        its, ended, opened = shadow_board.free(seat, seat.taken_until, today=today)
        await shadow_board_store.end_with_its_day(tx, seat.seat_id)
        await shadow_board_store.save_seat(tx, its)
        await outbox.put(tx, ended, opened)
    return 1
