"""Lists go page by page, and each page begins behind a row of the one before, so that rows may come and go meanwhile.

A store reads one row more than a page holds: if that one is there, the id of the page's last row is `next`, which a
program gives as `after`, and a page's link too. Rows are in an order that an id completes.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from chassis.database import Transaction
from contracts.refusal import FieldError, Invalid

Row = TypeVar("Row")
Place = TypeVar("Place")


def page(found: Sequence[Row], limit: int, place: Callable[[Row], Place]) -> tuple[Sequence[Row], Place | None]:
    """Of one row more than a page holds the page, and what leads to the following one; None: this was the last."""
    shown = found[:limit]
    return shown, place(shown[-1]) if len(found) > limit else None


async def begin_behind(tx: Transaction, row: str, after: UUID | None, *, field: str = "after") -> None:
    """Raises `Invalid` at `field` where no row has this id: the page would be empty, as if it were the last.

    `row` selects it: `SELECT FROM scheme WHERE scheme_id = $1`. Not needed where the id alone is the order.
    """
    if after is not None and await tx.fetchrow(row, after) is None:
        sentence = "There is no such place in the list, or no longer. Leave it out to begin with the first page"
        raise Invalid(FieldError(field, sentence))
