"""Whatever is listed comes whole, page by page."""

from uuid import UUID

import pytest

from chassis import paging
from chassis.database import Database
from contracts.refusal import FieldError, Invalid

FIRST = UUID(int=1)


@pytest.mark.parametrize(
    ("found", "shown", "following"),
    [
        ("", "", None),
        ("a", "a", None),
        ("ab", "ab", None),
        ("abc", "ab", "B"),
    ],
)
def test_the_last_page_leads_nowhere_a_full_one_too(found: str, shown: str, following: str | None) -> None:
    assert paging.page(found, 2, str.upper) == (shown, following)


async def test_a_place_that_is_not_in_the_list_is_told_at_its_field(store: Database) -> None:
    one = "SELECT FROM (VALUES ('00000000-0000-0000-0000-000000000001'::uuid)) its (id) WHERE id = $1"

    async with store.transaction() as tx:
        await paging.begin_behind(tx, one, None)
        await paging.begin_behind(tx, one, FIRST)
        with pytest.raises(Invalid) as refused:
            await paging.begin_behind(tx, one, UUID(int=2), field="seats_after")

    assert refused.value.errors == (
        FieldError(
            "seats_after", "There is no such place in the list, or no longer. Leave it out to begin with the first page"
        ),
    )
