"""The register of organisations: which take part, since when, and what became of those that closed. Pure.

opened ── a merger is said, and not called off ── its day comes ──> closed: its members move to its one successor, or
are asked which of several

Refused
├── NoSuchOrganisation    nothing in the register has this code
├── AlreadyRegistered     the code or a name is taken, by a closed organisation too
├── AlreadyMerged         its closing day has come; what is done stays
├── NoMerger              nothing was said that could be called off
├── NotASuccessor         it does not stand for anything on that day, or would come back to the one that closes
└── OrganisationClosed    nobody joins or moves there any more (Invalid, at its field)
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from chassis.web.times import date as in_words
from contracts.members import OrganisationMerged, OrganisationRegistered
from contracts.refusal import FieldError, Invalid, NotFound, Refused


class NoSuchOrganisation(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such organisation in the register.")


class AlreadyRegistered(Refused):
    def __init__(self) -> None:
        super().__init__(
            "An organisation in the register is called so already: by its code, its name or its short name."
        )


class AlreadyMerged(Refused):
    def __init__(self) -> None:
        super().__init__("This organisation has closed already, and what became of it stays as it is.")


class NoMerger(Refused):
    def __init__(self) -> None:
        super().__init__("Nothing was said of what becomes of this organisation, so there is nothing to call off.")


class NotASuccessor(Refused):
    """One of the successors is not open on the day, or is itself to end in the organisation that closes."""

    def __init__(self) -> None:
        super().__init__("Name successors that are open on that day and do not become this organisation again.")


class OrganisationClosed(Invalid):
    """Nobody joins there any more, or moves there. Nothing was changed."""


class ClosedThere(FieldError):  # noqa: N818 - no exception
    """The organisation that was named has closed; the sentence says what stands in its place."""


@dataclass(frozen=True)
class Organisation:
    """`code` is what events carry; `short` is what people call it, where that is not the name.

    Without `opened_on` it was there before the register; `closed_on` is the first day on which it is not there any
    more, and may be to come.
    """

    organisation_id: UUID
    code: str
    name: str
    short: str = ""
    opened_on: date | None = None
    closed_on: date | None = None
    successors: tuple[str, ...] = ()  # codes
    registered_at: datetime | None = None  # None, like the next: it was there before the register
    registered_by: UUID | None = None  # an account
    merged_at: datetime | None = None  # when it was last said what becomes of it
    merged_by: UUID | None = None  # an account

    @property
    def label(self) -> str:
        return f"{self.name} ({self.short})" if self.short else self.name

    @property
    def called(self) -> str:
        return self.short or self.name

    def has_closed(self, day: date) -> bool:
        return self.closed_on is not None and self.closed_on <= day

    def is_open(self, day: date) -> bool:
        return (self.opened_on is None or self.opened_on <= day) and not self.has_closed(day)


@dataclass(frozen=True)
class Register:
    """Every organisation that takes part, did, or will, by name."""

    organisations: tuple[Organisation, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Organisation]:
        return {its.code: its for its in self.organisations}

    @cached_property
    def _by_spelling(self) -> Mapping[str, Organisation]:
        return {_plain(text): its for its in self.organisations for text in (its.code, its.name, its.short) if text}

    def named(self, text: str) -> Organisation | None:
        """The one that the text names: by code, full name or short name, in any letter case."""
        plain = _plain(text)
        return self._by_spelling.get(plain) if plain else None

    def some(self, *, after: str | None, most: int) -> tuple[tuple[Organisation, ...], str | None]:
        """Those behind a code, by name; from the first where there is none. And what leads to the following ones."""
        first = next((place for place, its in enumerate(self.organisations, 1) if its.code == after), 0)
        found = self.organisations[first : first + most]
        return found, found[-1].code if first + most < len(self.organisations) else None

    def label(self, code: str) -> str:
        its = self.by_code.get(code)
        return its.label if its else code


@dataclass(frozen=True)
class Places:
    """The register as it is on a day in London."""

    register: Register
    day: date

    @cached_property
    def open(self) -> tuple[Organisation, ...]:
        """Those that people join, by name."""
        return tuple(its for its in self.register.organisations if its.is_open(self.day))

    @cached_property
    def written_so(self) -> str:
        """What can be entered, for a sentence that helps."""
        return ", ".join(sorted((its.called for its in self.open), key=str.casefold))

    def heirs(self, code: str) -> tuple[Organisation, ...]:
        """Who stands now in the place of a closed one: its successors, and theirs where these have closed. By name."""
        after = _after(self.register.by_code, code, self.day) if code in self.register.by_code else []
        return tuple(sorted((its for its in after if its.is_open(self.day)), key=lambda its: its.name.casefold()))

    def destination(self, code: str) -> str:
        """Where members of a closed one go without being asked: along single successors, as far as that leads."""
        its = self.register.by_code[code]
        while its.has_closed(self.day) and len(its.successors) == 1:
            its = self.register.by_code[its.successors[0]]
        return its.code

    def why_nobody_joins(self, its: Organisation) -> str | None:
        """A sentence for whoever would, or None: it is open."""
        if its.has_closed(self.day):
            closed_on, heirs = in_words(its.closed_on or self.day), [heir.label for heir in self.heirs(its.code)]
            instead = f". Choose what stands in its place: {' or '.join(heirs)}" if heirs else ""
            return f"{its.label} closed on {closed_on}{instead}"
        if not its.is_open(self.day):
            return f"{its.label} takes part from {in_words(its.opened_on or self.day)}. Choose another until then"
        return None


def register(known: Register, its: Organisation) -> OrganisationRegistered:
    """A new one. Raises `AlreadyRegistered`, and `Invalid` for a name that nobody could write to find it."""
    unwritten = [field for field, text in (("name", its.name), ("short", its.short)) if text and not _plain(text)]
    if unwritten:
        sentence = "Write the name with letters from A to Z or digits, by which people find it"
        raise Invalid(*(FieldError(field, sentence) for field in unwritten))
    if any(known.named(text) for text in (its.code, its.name, its.short) if text):
        raise AlreadyRegistered
    if its.opened_on is None:
        raise TypeError("only those that were there before the register have no opening day")
    return OrganisationRegistered(
        organisation_id=its.organisation_id, code=its.code, title=its.name, opened_on=its.opened_on
    )


def merge(known: Register, code: str, into: Iterable[str], on: date, *, today: date) -> Organisation:
    """It closes on a day, and these stand in its place; another word before that day replaces this one.

    Raises `NoSuchOrganisation`, `AlreadyMerged`, `NotASuccessor`, and `Invalid` for a day before it opened.
    """
    its, successors = known.by_code.get(code), tuple(dict.fromkeys(into))
    if its is None:
        raise NoSuchOrganisation
    merged = replace(its, closed_on=on, successors=successors)
    if merged == its:
        return its
    if its.has_closed(today):
        raise AlreadyMerged
    if its.opened_on is not None and on <= its.opened_on:
        raise Invalid(FieldError("on", f"Give a day after the one on which it opened, {in_words(its.opened_on)}"))
    afterwards = {**known.by_code, code: merged}
    for each in successors:
        there = known.by_code.get(each)
        if there is None or not there.is_open(on) or any(heir.code == code for heir in _after(afterwards, each)):
            raise NotASuccessor
    return merged


def call_off(known: Register, code: str, *, today: date) -> Organisation:
    """It stays open. Raises `NoSuchOrganisation`, `AlreadyMerged`, `NoMerger`."""
    its = known.by_code.get(code)
    if its is None:
        raise NoSuchOrganisation
    if its.has_closed(today):
        raise AlreadyMerged
    if its.closed_on is None:
        raise NoMerger
    return replace(its, closed_on=None, successors=())


def tell_merged(its: Organisation) -> OrganisationMerged:
    """Its closing day has come."""
    if its.closed_on is None:
        raise TypeError("it has no closing day")
    return OrganisationMerged(
        organisation_id=its.organisation_id, code=its.code, successors=its.successors, closed_on=its.closed_on
    )


def _after(by_code: Mapping[str, Organisation], code: str, day: date | None = None) -> list[Organisation]:
    """All that come after this one, near ones first; with a day only beyond those that have closed by then."""
    found, to_do = dict[str, Organisation](), [code]
    while to_do:
        its = by_code[to_do.pop(0)]
        if day is None or its.has_closed(day):
            new = [each for each in its.successors if each not in found]
            found |= {each: by_code[each] for each in new}
            to_do += new
    return list(found.values())


def _plain(text: str) -> str:
    """`The Met-Office ` and `MET OFFICE` are one: letters and digits only."""
    words = re.sub(r"[^a-z0-9]+", " ", text.casefold().replace("&", " and ")).split()
    return "".join(words[1:] if words[:1] == ["the"] else words)
