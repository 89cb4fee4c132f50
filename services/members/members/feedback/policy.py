"""What feedback goes by: periods, thresholds, and the groups that can be asked for (policy.json). Pure once read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

MONTHS: Final = 12


@dataclass(frozen=True)
class Period:
    """Both days are in it."""

    first: date
    last: date


@dataclass(frozen=True)
class Policy:
    """`groups` are labels by code. A number of people below `fewest` (of a group: `fewest_of_group`) is not told."""

    version: int
    months: int
    first_month: int
    longest_round: timedelta
    years_kept: int
    fewest: int
    fewest_of_group: int
    groups: Mapping[str, str]

    def period_of(self, day: date) -> Period:
        """The period of the year in which a day lies."""
        since = (day.month - self.first_month) % MONTHS % self.months
        first = _first_of(day.year, day.month - since)
        return Period(first, _first_of(first.year, first.month + self.months) - timedelta(days=1))

    def kept_until(self, closes_on: date) -> date:
        """The last day on which what people wrote in a round is kept, by the round's last day."""
        try:
            return closes_on.replace(year=closes_on.year + self.years_kept)
        except ValueError:  # the 29th of February
            return date(closes_on.year + self.years_kept, 2, 28)

    def label(self, code: str) -> str:
        """A group's name for people; of one that is asked for no more, its code."""
        return self.groups.get(code, code)


def _first_of(year: int, month: int) -> date:
    """The first day of a month, which may be counted on into other years."""
    return date(year + (month - 1) // MONTHS, (month - 1) % MONTHS + 1, 1)


def _read(text: str) -> Policy:
    its = json.loads(text)
    return Policy(
        version=its["version"],
        months=its["months_of_a_period"],
        first_month=its["first_month"],
        longest_round=timedelta(days=its["longest_round_days"]),
        years_kept=its["years_that_comments_are_kept"],
        fewest=its["fewest_told_of"]["everybody"],
        fewest_of_group=its["fewest_told_of"]["group"],
        groups={group["code"]: group["label"] for group in its["groups"]},
    )


POLICY: Final = _read((Path(__file__).parent / "policy.json").read_text())
