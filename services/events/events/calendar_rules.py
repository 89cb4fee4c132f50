"""The inclusion calendar as rules that hold for every year. Pure.

Only dates that a rule gives, or that stand fixed in a calendar, are here. What an organiser announces year by year has
no rule and is left out rather than guessed: British Science Week, Neurodiversity Celebration Week, National Inclusion
Week and Disability History Month; so are Ramadan, Eid, Lunar New Year, Diwali, Rosh Hashanah and Yom Kippur until
somebody enters their dates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID, uuid5

from contracts.events import KeyDateApproaching, KeyDateScheduled

NOTICE: Final = timedelta(days=60)
"""How long before a key date it is said that it approaches."""
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = range(4)
DECEMBER: Final = 12
# The id of a key date follows from its rule and its year, so that nobody can schedule it twice. Never change it.
KEY_DATES: Final = UUID("6f1c9d4e-6a0b-4b52-9c1e-5d0f3f6b7a21")


@dataclass(frozen=True)
class Fixed:
    """The same days each year; `last` is given for more than one day."""

    first: tuple[int, int]  # month, day
    last: tuple[int, int] | None = None

    def days(self, year: int) -> tuple[date, date]:
        return date(year, *self.first), date(year, *(self.last or self.first))


@dataclass(frozen=True)
class NthWeekday:
    """Such as the second Tuesday of October; `length` in days for a week that begins then."""

    nth: int
    weekday: int
    month: int
    length: int = 1

    def days(self, year: int) -> tuple[date, date]:
        first = date(year, self.month, 1)
        start = first + timedelta(days=(self.weekday - first.weekday()) % 7 + 7 * (self.nth - 1))
        return start, start + timedelta(days=self.length - 1)


@dataclass(frozen=True)
class WholeMonth:
    month: int

    def days(self, year: int) -> tuple[date, date]:
        following = date(year + self.month // DECEMBER, self.month % DECEMBER + 1, 1)
        return date(year, self.month, 1), following - timedelta(days=1)


@dataclass(frozen=True)
class ByTable:
    """Moves from year to year; there is none in a year that the table does not have."""

    starts: Mapping[int, tuple[int, int]]  # month, day

    def days(self, year: int) -> tuple[date, date] | None:
        if year not in self.starts:
            return None
        start = date(year, *self.starts[year])
        return start, start


Rule = Fixed | NthWeekday | WholeMonth | ByTable

# The code names the rule in ids, for ever; the title is what people read, and may be corrected.
RULES: Final[Mapping[str, tuple[str, Rule]]] = {
    "braille": ("World Braille Day", Fixed((1, 4))),
    "race-equality": ("Race Equality Week", NthWeekday(1, MONDAY, 2, length=7)),
    "lgbt-history": ("LGBT+ History Month", WholeMonth(2)),
    "time-to-talk": ("Time to Talk Day", NthWeekday(1, THURSDAY, 2)),
    "women-in-science": ("International Day of Women and Girls in Science", Fixed((2, 11))),
    "engineering": ("World Engineering Day", Fixed((3, 4))),
    "women": ("International Women's Day", Fixed((3, 8))),
    "racial-discrimination": ("International Day for the Elimination of Racial Discrimination", Fixed((3, 21))),
    "trans-visibility": ("Transgender Day of Visibility", Fixed((3, 31))),
    "autism": ("World Autism Awareness Day", Fixed((4, 2))),
    "easter": (
        "Easter Sunday",
        ByTable({2026: (4, 5), 2027: (3, 28), 2028: (4, 16), 2029: (4, 1), 2030: (4, 21), 2031: (4, 13)}),
    ),
    "staff-networks": ("National Day for Staff Networks", NthWeekday(2, WEDNESDAY, 5)),
    "idahobit": ("International Day Against Homophobia, Biphobia and Transphobia", Fixed((5, 17))),
    "accessibility": ("Global Accessibility Awareness Day", NthWeekday(3, THURSDAY, 5)),
    "pride": ("Pride Month", WholeMonth(6)),
    "windrush": ("Windrush Day", Fixed((6, 22))),
    "women-in-engineering": ("International Women in Engineering Day", Fixed((6, 23))),
    "equal-pay": ("International Equal Pay Day", Fixed((9, 18))),
    "bi-visibility": ("Bi Visibility Day", Fixed((9, 23))),
    "black-history": ("Black History Month", WholeMonth(10)),
    "space": ("World Space Week", Fixed((10, 4), (10, 10))),
    "mental-health": ("World Mental Health Day", Fixed((10, 10))),
    "ada-lovelace": ("Ada Lovelace Day", NthWeekday(2, TUESDAY, 10)),
    "menopause": ("World Menopause Day", Fixed((10, 18))),
    "trans-awareness": ("Transgender Awareness Week", Fixed((11, 13), (11, 19))),
    "lgbtq-stem": ("International Day of LGBTQ+ People in STEM", Fixed((11, 18))),
    "men": ("International Men's Day", Fixed((11, 19))),
    "violence-against-women": (
        "International Day for the Elimination of Violence against Women",
        Fixed((11, 25)),
    ),
    "aids": ("World AIDS Day", Fixed((12, 1))),
    "disabled-people": ("International Day of Persons with Disabilities", Fixed((12, 3))),
    "human-rights": ("Human Rights Day", Fixed((12, 10))),
}


@dataclass(frozen=True)
class KeyDate:
    """One date of the inclusion calendar in one year; the first and the last day are the same for a single day."""

    key_date_id: UUID
    title: str
    starts_on: date
    ends_on: date


def key_dates(year: int) -> list[KeyDate]:
    """All of a year, in the order of their ids, in which every replica writes them."""
    dates = [
        KeyDate(uuid5(KEY_DATES, f"{code} {year}"), title, *days)
        for code, (title, rule) in RULES.items()
        if (days := rule.days(year)) is not None
    ]
    return sorted(dates, key=lambda its: its.key_date_id)


def scheduled(its: KeyDate) -> KeyDateScheduled:
    return KeyDateScheduled(key_date_id=its.key_date_id, title=its.title, starts_on=its.starts_on, ends_on=its.ends_on)


def approaching(its: KeyDate) -> KeyDateApproaching:
    return KeyDateApproaching(key_date_id=its.key_date_id, starts_on=its.starts_on)
