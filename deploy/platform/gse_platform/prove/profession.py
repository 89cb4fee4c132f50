"""The run's own picture of the profession, from which the commands draw."""

import contextlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx2

from gse_platform.clock import HERE
from gse_platform.prove.asking import Headers, History
from gse_platform.prove.facts import Command
from gse_platform.prove.letters import Post
from gse_platform.prove.people import Names, Person, Tokens

MEMBERS = "/api/members/v1/members"
LEAVERS_ASK = 0.04  # how often it is somebody who is gone, of what is asked about somebody


@dataclass
class Gathering:
    """A hosted event of the run."""

    event_id: str
    state: str  # proposed, signed-off, published, hosted
    busy: bool = False


@dataclass
class Promise:
    """A commitment of the run, as it was sent."""

    form: dict[str, str]
    busy: bool = False


@dataclass
class Call:
    """An opportunity of the run. `stage`: open, held or published, as far as the team has come with it."""

    opportunity_id: str
    kind: str
    closes_at: datetime
    capacity: int
    stage: str = "open"
    busy: bool = False


@dataclass
class Seat:
    """A seat of the Shadow Board; `taken_until` is the last day that was said when it was given last."""

    seat_id: str
    taken_until: date | None = None
    busy: bool = False


@dataclass
class Group:
    """A group; `ends_on` is the last day of a task group, None for a standing one."""

    group_id: str
    ends_on: date | None = None
    over: bool = False
    busy: bool = False


@dataclass
class Meeting:
    """A meeting of a group."""

    meeting_id: str
    group_id: str
    starts_at: datetime
    cancelled: bool = False
    busy: bool = False


@dataclass
class Round:
    """A round of feedback. `stage`: asked, summed-up or answered."""

    round_id: str
    closes_on: date
    groups: list[str]
    stage: str = "asked"
    busy: bool = False


@dataclass
class Merging:
    """An organisation that will close, and what will stand in its place."""

    old: str
    new: str = ""
    busy: bool = False


@dataclass
class Ballot:
    """A token of a round, which leads to nobody."""

    round_id: str
    token: str
    used: bool = False


@dataclass
class Profession:
    """The run's own picture of who and what there is; it decides what to ask next, never what is true."""

    history: History
    tokens: Tokens
    names: Names
    chance: random.Random
    post: Post | None = None  # where their mail ends; without it nobody opens any
    now: Callable[[], datetime] = lambda: datetime.now(UTC)  # business time
    people: list[Person] = field(default_factory=list)
    gatherings: list[Gathering] = field(default_factory=list)
    scheme: str = ""
    enrolled: int = 0
    matching: bool = False
    strategy: int = 0  # its newest version
    promises: dict[str, Promise] = field(default_factory=dict)  # by the ids of the commitments
    publishing: bool = False
    groups: list[Group] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)  # that is not answered yet
    rounds: list[Round] = field(default_factory=list)
    mergings: list[Merging] = field(default_factory=list)
    themes: list[str] = field(default_factory=list)
    ballots: list[Ballot] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.accounts = {
            role: UUID(int=self.chance.getrandbits(128), version=4) for role in ("volunteer", "team", "scheme-lead")
        }

    def somebody(self) -> Person | None:
        """Mostly somebody present; now and then a leaver, who must be refused everything."""
        present = self.chance.random() > LEAVERS_ASK
        free = [its for its in self.people if not its.busy and its.present is present]
        return self.chance.choice(free) if free else None

    def instead(self, person: Person, some: Sequence[Person]) -> Person:
        """One of these rather than somebody, who is left alone then; that one where there are none."""
        if some:
            person.busy, person = False, self.chance.choice(some)
            person.busy = True
        return person

    async def shown(self, path: str, headers: Headers, what: str) -> list[dict[str, Any]]:
        """The list that stands under `what` in an answer; nothing where there is no answer, or not that one."""
        with contextlib.suppress(httpx2.HTTPError):
            answer = await self.history.http.get(path, headers=headers())
            if answer.is_success:
                return list(answer.json()[what])
        return []

    async def mail_of(self, person: Person) -> list[int]:
        """The numbers of what came to any address of theirs, in order; nothing where there is no answer."""
        theirs = self.history.addresses({person.member_id})
        with contextlib.suppress(httpx2.HTTPError):
            if self.post:
                return [its["number"] for its in await self.post.heads() if its["to"] in theirs]
        return []

    def today(self) -> date:
        """On the business clock, in London."""
        return self.now().astimezone(HERE).date()

    async def of_member(self, person: Person, kind: str, path: str, form: dict[str, str]) -> Command:
        return await self.history.ask(
            kind, self.path(person, path), form, self.by(person), about=person.member_id, asked=form
        )

    def free(self, person: Person, its: Command) -> None:
        """Somebody whose command has no answer is left alone until the end, so that the order of theirs is known."""
        person.busy = its.outcome == "unknown" or not person.member_id

    def path(self, person: Person, what: str) -> str:
        return f"{MEMBERS}/{person.member_id}/{what}"

    def by(self, person: Person) -> Headers:
        """The member themselves."""
        return lambda: self.tokens.headers(
            person.account, "member", member_id=person.member_id, organisation=person.organisation
        )

    def holding(self, role: str) -> Headers:
        return lambda: self.tokens.headers(self.accounts[role], role)
