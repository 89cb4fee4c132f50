"""A seeded profession: people join, move, meet and leave, several at a time, each through the front door."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2

from gse_platform.prove.asking import AT_ONCE, Headers, History
from gse_platform.prove.facts import Command
from gse_platform.prove.letters import Post
from gse_platform.prove.people import GRADES, ORGANISATIONS, SKILLS, Names, Person, Tokens
from gse_platform.prove.wishing import as_form, wish

LARGEST_SCHEME = 120  # enrolments, then another one opens
LEAVERS_ASK = 0.04  # how often it is somebody who is gone, of what is asked about somebody
CAPACITIES = (8, 5000)  # one that is soon full, and one that never is
# Each publication writes to everybody who is there, so events are few, and fewer the more people there are.
FIRST_GATHERINGS = 12
COMMANDS_FOR_ANOTHER = 1500
HOSTED = "/api/events/v1/events"
MEMBERS = "/api/members/v1/members"
SCHEMES = "/api/mentoring/v1/schemes"
INBOXES = "/api/notifications/v1/members"
NOTICES = "/api/notifications/v1/notices"
ROLES = ("volunteer", "team")
DAYS = (2, 30)  # that an event lasts: one is over when a weekly digest comes, and one is not


@dataclass
class Gathering:
    """A hosted event of the run."""

    event_id: str
    state: str  # proposed, signed-off, published, hosted
    busy: bool = False


@dataclass
class Profession:
    """The run's own picture of who and what there is; it decides what to ask next, never what is true."""

    history: History
    tokens: Tokens
    names: Names
    chance: random.Random
    post: Post | None = None  # where their mail ends; without it nobody opens any
    people: list[Person] = field(default_factory=list)
    gatherings: list[Gathering] = field(default_factory=list)
    scheme: str = ""
    enrolled: int = 0
    matching: bool = False

    def __post_init__(self) -> None:
        self.accounts = {
            role: UUID(int=self.chance.getrandbits(128), version=4) for role in ("volunteer", "team", "scheme-lead")
        }

    async def run(self, count: int, may_begin: Callable[[int], Awaitable[None]]) -> None:
        """Send `count` commands; `may_begin` holds back the nth until its time has come."""

        async def work() -> None:
            while len(self.history.commands) < count:
                await may_begin(len(self.history.commands))
                await self._one()

        while not (self.scheme and self.gatherings):
            await self._open_scheme()
            await self._propose()
        async with asyncio.TaskGroup() as workers:
            for _ in range(AT_ONCE):
                workers.create_task(work())

    async def _one(self) -> None:
        """The next command, drawn by how often each is to be asked."""
        alone: dict[Callable[[], Awaitable[None]], int] = {
            self.join: 33, self._propose: 3, self._move_a_gathering_on: 9, self._match: 3, self.send_again: 2,
        }  # fmt: skip
        about: dict[Callable[[Person], Awaitable[None]], int] = {
            self._enrol: 12,
            self._register: 13,
            self.change_grade: 10,
            self._transfer: 5,
            self._change_contact: 4,
            self._leave: 4,
            self.erase: 3,
            self._choose: 6,
            self._grant: 3,
            self._read: 3,
        }
        if self.post is not None:
            about[self._unsubscribe] = 4  # fmt: skip
        person = self._somebody()
        if person is None or self.chance.choices((True, False), (sum(alone.values()), sum(about.values())))[0]:
            await self.chance.choices(list(alone), list(alone.values()))[0]()
        else:
            person.busy = True
            await self.chance.choices(list(about), list(about.values()))[0](person)

    def _somebody(self) -> Person | None:
        """Mostly somebody present; now and then a leaver, who must be refused everything."""
        present = self.chance.random() > LEAVERS_ASK
        free = [its for its in self.people if not its.busy and its.present is present]
        return self.chance.choice(free) if free else None

    async def join(self) -> None:
        organisation, grade = self.chance.choice(ORGANISATIONS), self.chance.choice(GRADES)
        person = Person(UUID(int=self.chance.getrandbits(128), version=4), organisation, grade)
        self.people.append(person)
        form = self.names.person() | {"organisation": organisation, "grade": grade}
        asked = {"organisation": organisation, "grade": grade}
        its = await self.history.ask(
            "join", MEMBERS, form, lambda: self.tokens.headers(person.account), asked=asked, made="member_id"
        )
        person.member_id = its.made
        self._free(person, its)

    async def change_grade(self, person: Person) -> None:
        grade = self.chance.choice(GRADES)  # now and then the one they have, which is refused
        its = await self._of_member(person, "grade", "grade-changes", {"grade": grade})
        person.grade = grade if its.outcome == "ok" else person.grade
        self._free(person, its)

    async def _transfer(self, person: Person) -> None:
        there, grade = self.chance.choice(ORGANISATIONS), self.chance.choice(GRADES)
        its = await self._of_member(person, "transfer", "transfers", {"organisation": there, "grade": grade})
        if its.outcome == "ok":
            person.organisation, person.grade = there, grade
        self._free(person, its)

    async def _change_contact(self, person: Person) -> None:
        its = await self.history.ask(
            "contact",
            self._path(person, "contact-changes"),
            self.names.person(),
            self._by(person),
            about=person.member_id,
        )
        self._free(person, its)

    async def _leave(self, person: Person) -> None:
        its = await self._of_member(person, "leave", "departures", {})
        person.present = person.present and its.outcome != "ok"
        self._free(person, its)

    async def erase(self, person: Person) -> None:
        if person.erased:  # asked again it would only tell how far it is
            await self.change_grade(person)
            return
        its = await self._of_member(person, "erase", "erasure", {})
        person.erased = its.outcome == "ok"
        person.present = person.present and not person.erased
        self._free(person, its)

    async def _of_member(self, person: Person, kind: str, path: str, form: dict[str, str]) -> Command:
        return await self.history.ask(
            kind, self._path(person, path), form, self._by(person), about=person.member_id, asked=form
        )

    async def _open_scheme(self) -> None:
        self.enrolled = 0
        form = {
            "title": "GSE Connect",
            "summary": "Peers for a year",
            "link": "https://www.gov.uk/gse",
            "across_organisations": self.chance.choice((True, False)),
        }
        its = await self.history.ask("open-scheme", SCHEMES, form, self._as("scheme-lead"), made="scheme_id")
        self.scheme = its.made or self.scheme

    async def _enrol(self, person: Person) -> None:
        if self.enrolled >= LARGEST_SCHEME:
            await self._open_scheme()
        scheme = self.scheme
        form = {"attestation": True, "offers": self.chance.sample(SKILLS, 3), "seeks": self.chance.sample(SKILLS, 3)}
        self.enrolled += 1
        its = await self.history.ask(
            "enrol",
            f"{SCHEMES}/{scheme}/enrolments",
            form,
            self._by(person),
            about=person.member_id,
            asked={"scheme_id": scheme},
            made="enrolment_id",
        )
        self._free(person, its)

    async def _match(self) -> None:
        if self.matching or self.enrolled < 6:  # noqa: PLR2004 (enough for a pair or two)
            await self.join()
            return
        self.matching = True
        its = await self.history.ask(
            "match",
            f"{SCHEMES}/{self.scheme}/match-runs",
            None,
            self._as("scheme-lead"),
            about=self.scheme,
            made="run_id",
        )
        if its.outcome == "ok":
            await self.history.ask(
                "publish-run",
                f"/api/mentoring/v1/match-runs/{its.made}/publish",
                None,
                self._as("scheme-lead"),
                about=its.made,
            )
        self.matching = False

    async def _propose(self) -> None:
        if len(self.gatherings) >= FIRST_GATHERINGS + len(self.history.commands) // COMMANDS_FOR_ANOTHER:
            await self.join()
            return
        begins = datetime.now(UTC) - timedelta(hours=1)  # so that it can be said to be hosted
        form: dict[str, Any] = {
            "title": "An hour of science",
            "summary": "Somebody shows what they do",
            "link": "https://www.gov.uk/gse",
            "place": "London and online",
            "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(days=self.chance.choice(DAYS))).isoformat(),
            "capacity": self.chance.choice(CAPACITIES),
        }
        its = await self.history.ask("propose", HOSTED, form, self._as("volunteer"), made="hosted_event_id")
        if its.outcome == "ok":
            self.gatherings.append(Gathering(its.made, "proposed"))

    async def _move_a_gathering_on(self) -> None:
        """One step of one event: signed off by the team, published and at last hosted by its proposer."""
        steps = {"proposed": ("sign-off", "team", "signed-off"), "signed-off": ("publish", "volunteer", "published")}
        free = [its for its in self.gatherings if not its.busy and its.state in steps]
        old = [its for its in self.gatherings[:-6] if not its.busy and its.state == "published"]
        if not free and not old:
            await self.join()
            return
        its = self.chance.choice(free or old)
        kind, role, then = steps.get(its.state, ("host", "volunteer", "hosted"))
        its.busy = True
        answer = await self.history.ask(
            kind, f"{HOSTED}/{its.event_id}/{kind}", None, self._as(role), about=its.event_id
        )
        its.state = then if answer.outcome == "ok" else its.state
        its.busy = answer.outcome == "unknown"

    async def _register(self, person: Person) -> None:
        open_ones = [its for its in self.gatherings if its.state in {"published", "hosted"}]
        if not open_ones:
            await self.change_grade(person)
            return
        there = self.chance.choice(open_ones[-8:]).event_id
        asked = {"hosted_event_id": there, "member_id": person.member_id}
        its = await self.history.ask(
            "register",
            f"{HOSTED}/{there}/registrations",
            None,
            self._by(person),
            about=person.member_id,
            asked=asked,
            made="registration_id",
        )
        self._free(person, its)

    async def _choose(self, person: Person) -> None:
        """What they want to hear, and when."""
        asked = wish(self.chance)
        its = await self.history.ask(
            "prefer",
            f"{INBOXES}/{person.member_id}/preferences",
            as_form(asked),
            self._by(person),
            about=person.member_id,
            asked=asked,
            method="PUT",
        )
        self._free(person, its)

    async def _unsubscribe(self, person: Person) -> None:
        """As a mail program does it for whoever has the mail: one request, without signing in."""
        way = await self._way_out(person)
        if way is None:
            await self._choose(person)
            return
        path, token = way
        self.history.tokens |= {token}
        its = await self.history.ask(
            "unsubscribe",
            path,
            {"List-Unsubscribe": "One-Click"},
            dict,
            about=person.member_id,
            asked={"category": path.rpartition("/")[2]},
            is_form=True,
        )
        self._free(person, its)

    async def _way_out(self, person: Person) -> tuple[str, str] | None:
        """Of some mail of theirs; None where there is none, or it is of what nobody can stop."""
        theirs = self.history.addresses({person.member_id})
        with contextlib.suppress(httpx2.HTTPError):
            numbers = [its["number"] for its in await self.post.heads() if its["to"] in theirs] if self.post else []
            if self.post and numbers:
                return await self.post.way_out(self.chance.choice(numbers))
        return None

    async def _grant(self, person: Person) -> None:
        """The team gives them a role that they have not."""
        free = [role for role in ROLES if role not in person.roles]
        if not free:
            await self.change_grade(person)
            return
        asked = {"role": self.chance.choice(free)}
        its = await self.history.ask(
            "grant", self._path(person, "role-grants"), asked, self._as("team"), about=person.member_id, asked=asked
        )
        person.roles |= {asked["role"]} if its.outcome == "ok" else set()
        self._free(person, its)

    async def send_again(self) -> None:
        """The team looks for what may not have gone out, and sends one of it again."""
        unknown: list[str] = []
        with contextlib.suppress(httpx2.HTTPError):
            place = f"{NOTICES}?state=unknown"
            answer = await self.history.http.get(place, headers=self._as("team")())
            unknown = [its["notice_id"] for its in answer.json()["notices"]] if answer.is_success else []
        if not unknown:
            await self.join()
            return
        notice = self.chance.choice(unknown)
        await self.history.ask("send-again", f"{NOTICES}/{notice}/redelivery", None, self._as("team"), about=notice)

    async def _read(self, person: Person) -> None:
        """They open something that they were told."""
        inbox = f"{INBOXES}/{person.member_id}/inbox"
        found: list[str] = []
        with contextlib.suppress(httpx2.HTTPError):
            answer = await self.history.http.get(inbox, headers=self._by(person)())
            found = [its["notice_id"] for its in answer.json()["notices"]] if answer.is_success else []
        if not found:
            await self.change_grade(person)
            return
        notice = self.chance.choice(found)
        its = await self.history.ask(
            "read",
            f"{inbox}/{notice}/read",
            None,
            self._by(person),
            about=person.member_id,
            asked={"notice_id": notice},
            method="PUT",
        )
        self._free(person, its)

    def _free(self, person: Person, its: Command) -> None:
        """Somebody whose command has no answer is left alone until the end, so that the order of theirs is known."""
        person.busy = its.outcome == "unknown" or not person.member_id

    def _path(self, person: Person, what: str) -> str:
        return f"{MEMBERS}/{person.member_id}/{what}"

    def _by(self, person: Person) -> Headers:
        """The member themselves."""
        return lambda: self.tokens.headers(
            person.account, "member", member_id=person.member_id, organisation=person.organisation
        )

    def _as(self, role: str) -> Headers:
        return lambda: self.tokens.headers(self.accounts[role], role)
