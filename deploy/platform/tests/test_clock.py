from datetime import UTC, datetime
from pathlib import Path

import pytest

from gse_platform.clock import move_clock, offset
from gse_platform.home import CannotGoOn

WALL = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_clock_moves_forwards_by_what_it_writes_for_the_services(tmp_path: Path) -> None:
    file = tmp_path / "clock"

    before, after = move_clock(file, "2026-11-24T12:00:00+00:00", WALL)

    assert (before, after) == (WALL, datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
    assert offset(file) == 86400.0


def test_an_instant_without_offset_is_london_time(tmp_path: Path) -> None:
    _, after = move_clock(tmp_path / "clock", "2027-07-01T09:00", WALL)

    assert after.astimezone(UTC) == datetime(2027, 7, 1, 8, 0, tzinfo=UTC)


def test_the_clock_never_goes_back(tmp_path: Path) -> None:
    move_clock(tmp_path / "clock", "2027-02-11", WALL)

    with pytest.raises(CannotGoOn, match="only goes forwards: it is already 2027-02-11 00:00:00"):
        move_clock(tmp_path / "clock", "2027-02-10", WALL)


def test_what_is_no_instant_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotGoOn, match="'tomorrow' is not an instant: write 2027-02-11"):
        move_clock(tmp_path / "clock", "tomorrow", WALL)
