"""Champions of themes: appointed for a term, which ends on its day or before. Pure.

a theme   vacant ── appoint ──> has champions ── the last one's term ends ──> vacant
a term    appoint ──> serving ── its day ends in London, resign, the team, leave the profession, be erased ──> ended
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from chassis.days import day_in_london
from contracts.groups import ChampionAppointed, ChampionTermEnded
from contracts.refusal import FieldError, Invalid, NotFound, Refused
from members.membership.domain import Member

MOST: Final = 20  # champions of a theme at one time
LONGEST: Final = timedelta(days=3 * 366)


class Ending(StrEnum):
    OVER = "over"
    RESIGNED = "resigned"
    BY_THE_TEAM = "by-the-team"
    GONE = "gone"


class NoSuchTheme(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such theme.")


class NoSuchTerm(NotFound):
    """No such term of a champion, or not one that the caller may end."""


class ThemeExists(Refused):
    """Two themes with one name could not be told apart."""

    def __init__(self) -> None:
        super().__init__("There is a theme with this name already. Give this one another name.")


class NoPresentMember(Refused):
    """Champions are members."""

    def __init__(self) -> None:
        super().__init__("No present member has this id. Only members can be champions: ask the person to join.")


class AlreadyAChampion(Refused):
    def __init__(self) -> None:
        super().__init__("This member is a champion of this theme already. End that term first to give another day.")


class EnoughChampions(Refused):
    def __init__(self) -> None:
        super().__init__(f"This theme has {MOST} champions already. End a term first.")


class TermIsOver(Refused):
    def __init__(self) -> None:
        super().__init__("This term has ended already. Look at the theme again.")


@dataclass(frozen=True)
class Theme:
    """`ask` says where to ask: a role or a shared mailbox. `vacant_since`: since then it has had no champion."""

    theme_id: UUID
    title: str
    purpose: str
    ask: str
    established_at: datetime
    established_by: UUID
    vacant_since: datetime | None


@dataclass(frozen=True)
class Term:
    """`…_by` are accounts. `ends_on` is its last day in London. Without a member: they left the profession."""

    term_id: UUID
    theme_id: UUID
    member_id: UUID | None
    starts_on: date
    ends_on: date
    appointed_at: datetime
    appointed_by: UUID
    ended: Ending | None = None
    ended_at: datetime | None = None
    ended_by: UUID | None = None


def appoint(
    theme: Theme,
    member: Member | None,
    serving: Sequence[Term],
    *,
    term_id: UUID,
    ends_on: date,
    by: UUID,
    now: datetime,
) -> tuple[Term, ChampionAppointed]:
    """From today on, beside those who are `serving`.

    Raises `NoPresentMember`, `AlreadyAChampion`, `EnoughChampions`, and `Invalid` for a day that can't be meant.
    """
    today = day_in_london(now)
    if not today < ends_on <= today + LONGEST:
        raise Invalid(FieldError("ends_on", "Enter a day after today and within three years"))
    if member is None or member.left_on is not None:
        raise NoPresentMember
    if any(its.member_id == member.member_id for its in serving):
        raise AlreadyAChampion
    if len(serving) >= MOST:
        raise EnoughChampions
    its = Term(term_id, theme.theme_id, member.member_id, today, ends_on, appointed_at=now, appointed_by=by)
    appointed = ChampionAppointed(term_id=term_id, theme_id=theme.theme_id, member_id=member.member_id, ends_on=ends_on)
    return its, appointed


def are_over(serving: Sequence[Term], today: date) -> list[Term]:
    """Those whose last day has ended."""
    return [its for its in serving if its.ends_on < today]


def of_member(serving: Sequence[Term], member_id: UUID) -> list[Term]:
    return [its for its in serving if its.member_id == member_id]


def end(
    ending: Sequence[Term], serving: Sequence[Term], how: Ending, *, by: UUID | None, now: datetime
) -> list[tuple[Term, ChampionTermEnded]]:
    """Some of the terms of those who are `serving` for one theme. Where nobody is left, the last says so."""
    left = len(serving)
    ended = []
    for its in ending:
        if its.member_id is None or its.ended is not None:
            raise TypeError("who serves is somebody")
        left -= 1
        said = ChampionTermEnded(
            term_id=its.term_id, theme_id=its.theme_id, member_id=its.member_id, ended=how.value, vacancy=left == 0
        )
        ended.append((replace(its, ended=how, ended_at=now, ended_by=by), said))
    return ended
