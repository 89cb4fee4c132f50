"""Whom releases counted as what, as it is kept: of everybody a row of some bytes, of all the same number. Pure.

What a release counted names each place and answer that anybody had then, and that is kept beside the rows. So a row
holds, for each release, the number of a place in two bytes and of each answer in one, from 1; 0 is none.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from struct import Struct
from typing import Any

from members.monitoring.questions import NO_ANSWER

Place = tuple[str, str]
"""An organisation and a grade band."""
Exact = Mapping[str, Sequence[tuple[str, str, Mapping[str, int]]]]
"""What a release counted, by characteristic: organisation, grade band, how many gave which answer."""


@dataclass(frozen=True)
class Book:
    """The places and, by characteristic, the answers of one release, in the order of their numbers."""

    places: Sequence[Place]
    answers: Mapping[str, Sequence[str]]

    @cached_property
    def row(self) -> Struct:
        """How one person stands in it."""
        return Struct(f">H{len(self.answers)}B")


@dataclass(frozen=True)
class Column:
    """Of some people, one after the other: the numbers of their places and of their answers to one question."""

    places: Sequence[int]
    answers: Sequence[int]


@dataclass(frozen=True)
class Ledger:
    """`exact` by period; `rows` by the names of people, the releases in the order of their periods."""

    exact: Mapping[str, Exact]
    rows: Mapping[bytes, bytes]

    @cached_property
    def books(self) -> dict[str, Book]:
        return {period: book(self.exact[period]) for period in sorted(self.exact)}

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where each release stands in a row."""
        ends = list(accumulate((its.row.size for its in self.books.values()), initial=0))
        return {period: slice(ends[at], ends[at + 1]) for at, period in enumerate(self.books)}

    @property
    def nobody(self) -> bytes:
        """The row of who was not counted."""
        return bytes(sum(its.row.size for its in self.books.values()))

    def only(self, periods: Collection[str]) -> "Ledger":
        """Without whom no other release counted."""
        slices = [its for period, its in self.slices.items() if period in periods]
        rows = {name: b"".join([row[its] for its in slices]) for name, row in self.rows.items()}
        kept = {period: its for period, its in self.exact.items() if period in periods}
        return Ledger(kept, {name: row for name, row in rows.items() if any(row)})

    def and_(self, period: str, exact: Exact, counted: Mapping[bytes, bytes]) -> "Ledger":
        """With another release, of which `counted` are the rows."""
        before, nobody = self.nobody, bytes(book(exact).row.size)
        at = sum(its.row.size for of, its in self.books.items() if of < period)
        rows = {}
        for name in self.rows.keys() | counted.keys():
            row = self.rows.get(name, before)
            rows[name] = row[:at] + counted.get(name, nobody) + row[at:]
        return Ledger({**self.exact, period: exact}, rows)


def book(exact: Exact) -> Book:
    return Book(
        sorted({(organisation, band) for its in exact.values() for organisation, band, _ in its}),
        {its: sorted({code for *_, figures in exact[its] for code in figures}) for its in sorted(exact)},
    )


def written(its: Book, places: Sequence[Place], codes: Mapping[str, Sequence[str]]) -> dict[str, Column]:
    """What these people are in a book that has all of it; each of `codes` is in the order of `places`."""
    number = {place: at for at, place in enumerate(its.places, 1)}
    where, found = [number[place] for place in places], dict[str, Column]()
    for what, every in its.answers.items():
        numbers = {code: at for at, code in enumerate(every, 1)}
        found[what] = Column(where, [numbers[code] for code in codes[what]])
    return found


def rows_of(its: Book, written_: Mapping[str, Column]) -> list[bytes]:
    every = [written_[what] for what in its.answers]
    return [its.row.pack(*numbers) for numbers in zip(every[0].places, *(each.answers for each in every), strict=True)]


def columns(its: Ledger, names: Iterable[bytes], period: str) -> dict[str, Column]:
    """How a release counted these people, by characteristic."""
    nobody, at = its.nobody, its.slices[period].start
    rows, width = b"".join([its.rows.get(name, nobody) for name in names]), len(nobody)
    where = [high << 8 | low for high, low in zip(rows[at::width], rows[at + 1 :: width], strict=True)]
    return {what: Column(where, rows[at + 2 + nth :: width]) for nth, what in enumerate(its.books[period].answers)}


def counted_as(its: Ledger, name: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each period in which somebody was counted, their `place` and their `codes`: None for who has deleted them."""
    row = its.rows.get(name, its.nobody)
    for period, book_ in its.books.items():
        place, *numbers = book_.row.unpack(row[its.slices[period]])
        if place:
            every = zip(book_.answers.items(), numbers, strict=True)
            codes = {what: codes[at - 1] for (what, codes), at in every if codes[at - 1] != NO_ANSWER}
            yield period, {"place": book_.places[place - 1], "codes": codes if all(numbers) else None}


def row_of(its: Book, place: Place, codes: Mapping[str, str] | None) -> bytes:
    """Of one person; a code that was not counted is none."""
    answers = [
        0 if codes is None else every.index(code if (code := codes.get(what, NO_ANSWER)) in every else NO_ANSWER) + 1
        for what, every in its.answers.items()
    ]
    return its.row.pack(its.places.index(place) + 1, *answers)


def without_answers(its: Ledger, row: bytes) -> bytes:
    """It still says where somebody was counted."""
    parts = [row[at] for at in its.slices.values()]
    return b"".join(part[:2].ljust(len(part), b"\0") for part in parts)
