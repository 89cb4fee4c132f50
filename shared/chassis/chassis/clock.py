"""The business clock: what "today" is for rules, reminders and events.

Tokens, leases and time-outs stay on wall time. A deployment has no clock file and the two are the same; the local
platform and the tests move the business clock by writing an offset in seconds into a file.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]
"""Gives the present business instant, aware, in UTC."""


def wall_clock() -> datetime:
    return datetime.now(UTC)


def clock_from(file: Path | None) -> Clock:
    """The wall clock, moved by the seconds that the file holds at the time of asking. No file: not moved."""
    if file is None:
        return wall_clock

    def now() -> datetime:
        try:
            offset = float(file.read_bytes())
        except FileNotFoundError:
            offset = 0.0
        return wall_clock() + timedelta(seconds=offset)

    return now
