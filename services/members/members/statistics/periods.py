"""The periods of releases: quarters of the year, by days in London. Pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

MONTHS: Final = ("January to March", "April to June", "July to September", "October to December")


@dataclass(frozen=True, order=True)
class Quarter:
    year: int
    number: int  # from 1

    @property
    def code(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def words(self) -> str:
        return f"{MONTHS[self.number - 1]} {self.year}"

    @property
    def first_day(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> date:
        following = Quarter(self.year + self.number // 4, self.number % 4 + 1)
        return following.first_day - timedelta(days=1)


def last_ended(today: date) -> Quarter:
    """The newest quarter that is over on this day."""
    day = today.replace(day=1, month=3 * ((today.month - 1) // 3) + 1) - timedelta(days=1)
    return Quarter(day.year, (day.month - 1) // 3 + 1)


def read(code: str) -> Quarter | None:
    """`2026-Q3`; None for any other text."""
    found = re.fullmatch(r"(20\d\d)-Q([1-4])", code)
    return Quarter(int(found[1]), int(found[2])) if found else None
