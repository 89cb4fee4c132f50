"""Times of meetings, as people type them."""

from datetime import UTC, datetime

import pytest

from members.groups import answers

DAY = {"on-day": "11", "on-month": "2", "on-year": "2027"}


@pytest.mark.parametrize(
    ("typed", "hour", "minute"),
    [
        ("14:00", 14, 0), ("14", 14, 0), ("9.05", 9, 5), ("0930", 9, 30), ("9 30", 9, 30),
        ("2pm", 14, 0), ("2 PM", 14, 0), ("2.30pm", 14, 30), ("2:30 p.m.", 14, 30), ("9am", 9, 0),
        ("12pm", 12, 0), ("12am", 0, 0), ("midday", 12, 0), ("Noon", 12, 0), ("midnight", 0, 0),
    ],
)  # fmt: skip
def test_a_time_is_understood_as_people_and_this_site_write_it(typed: str, hour: int, minute: int) -> None:
    assert answers.moments("on", ["starts_at"], DAY | {"starts_at": typed}) == {
        "starts_at": datetime(2027, 2, 11, hour, minute, tzinfo=UTC)
    }


@pytest.mark.parametrize("typed", ["", "24:00", "14pm", "0am", "2:60pm", "half past two", "14:00:30", "2 3", "٢pm"])
def test_what_is_no_time_is_absent(typed: str) -> None:
    assert answers.moments("on", ["starts_at"], DAY | {"starts_at": typed}) == {}
