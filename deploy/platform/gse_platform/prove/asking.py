"""Sends one command over HTTP and keeps what became of it: the history of a run."""

import asyncio
import json
import random
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from gse_platform.prove.facts import Command

SECONDS = 5  # for one answer
TRIES = 2  # then it is unknown, and asked again after the run
LAST_TRIES = 20
AT_ONCE = 8
REFUSALS = range(400, 500)
BUSY, NOT_YET = 429, 409
NOT_REPEATED = frozenset(
    {"prefer", "unsubscribe", "send-again", "token", "answer-round", "monitor", "unmonitor", "confirm"}
    | {"agenda", "notes", "schedule-own", "stand-down"}
)
VERIFY = "/join/verify/"
IN_CONFIDENCE = frozenset({"statement", "comment"})  # fields
PROOFS = re.compile(r"(?<=/unsubscribe/)[^/]+|(?<=/join/verify/).+")  # which whoever has them may use

Headers = Callable[[], dict[str, str]]
"""Who asks; a token lives minutes, so it is made when it is needed."""


@dataclass(frozen=True)
class Request:
    """What was sent, so that it can be sent again under the same key. Never written down: it holds names."""

    path: str
    body: Mapping[str, Any] | None
    headers: Headers
    key: str
    made: str  # the field of the answer that says what was made
    method: str = "POST"
    is_form: bool = False  # as a mail program sends it, and not JSON


@dataclass
class History:
    """Every command of a run in the order in which it was begun."""

    http: httpx2.AsyncClient
    chance: random.Random
    commands: dict[int, Command] = field(default_factory=dict)
    requests: dict[int, Request] = field(default_factory=dict)
    tokens: frozenset[str] = frozenset()  # of unsubscribing, that were used
    strange: list[str] = field(default_factory=list)  # answers that nobody should ever get

    async def ask(
        self,
        kind: str,
        path: str,
        body: Mapping[str, Any] | None,
        headers: Headers,
        *,
        about: str = "",
        asked: Mapping[str, str] | None = None,
        made: str = "",
        method: str = "POST",
        is_form: bool = False,
    ) -> Command:
        """Send a new command; without an answer once more, since clients do; then it is left as unknown."""
        number = len(self.commands)
        key = str(UUID(int=self.chance.getrandbits(128)))
        self.requests[number] = Request(path, body, headers, key, made, method, is_form)
        self.commands[number] = Command(number, kind, about, dict(asked or {}), "unknown", began=time.time())
        self.commands[number] = await self._send(self.commands[number], TRIES)
        return self.commands[number]

    async def settle(self) -> list[Command]:
        """Ask what is unknown again until there is an answer; gives what was unknown."""
        unknown = [its for its in self.commands.values() if its.outcome == "unknown"]
        one_of_few = asyncio.Semaphore(AT_ONCE)

        async def settle(its: Command) -> None:
            async with one_of_few:
                self.commands[its.number] = await self._send(replace(its, doubted=True), LAST_TRIES)

        async with asyncio.TaskGroup() as settling:
            for its in unknown:
                settling.create_task(settle(its))
        return unknown

    async def ask_again(self, share: float) -> int:
        """Ask some of what was acknowledged again under its key; gives how many.

        But for what was asked of somebody who was erased: what they sent is forgotten, so a repeat is refused. And for
        what no key guards: a choice would be made anew, a token and an answer are refused the second time, a link works
        no more; nor for what the team sent again, which may be gone with its member, and what only who is still in a
        group or has still a seat may ask; words of a meeting would be those of before again.
        """
        erased = {its.about for its in self.commands.values() if its.kind == "erase" and its.outcome == "ok"}
        done = [
            its
            for its in self.commands.values()
            if its.outcome == "ok"
            and its.kind not in NOT_REPEATED
            and not erased & {its.about, its.made, its.asked.get("surviving")}
        ]
        chosen = self.chance.sample(done, min(len(done), max(20, int(len(done) * share))))
        for its in chosen:
            again = await self._send(its, LAST_TRIES)
            same = (again.outcome, again.made) == (its.outcome, its.made)
            self.commands[its.number] = replace(its, again="same" if same else "other")
        return len(chosen)

    async def _send(self, command: Command, tries: int) -> Command:
        request, doubted = self.requests[command.number], command.doubted
        for left in reversed(range(tries)):
            try:
                answer = await self._answer(request)
            except httpx2.HTTPError:
                doubted = True
            else:
                if answer.is_success:
                    made = str(answer.json()[request.made]) if request.made else ""
                    return replace(command, outcome="ok", made=made, doubted=doubted, ended=time.time())
                later = answer.status_code == BUSY or (
                    answer.status_code == NOT_YET and "retry-after" in answer.headers
                )
                if answer.status_code in REFUSALS and not (later and left):
                    return replace(command, outcome="fail", doubted=doubted)
                doubted = doubted or not later
                if answer.status_code == 500:  # noqa: PLR2004 (a bug of ours, whatever the fault was)
                    self.strange.append(f"command {command.number} ({command.kind}) was answered 500")
            await asyncio.sleep(0.5 + self.chance.random())
        return replace(command, outcome="unknown", doubted=True)

    async def _answer(self, request: Request) -> httpx2.Response:
        body: dict[str, Any] = {"data" if request.is_form else "json": request.body}
        headers = request.headers() | ({} if request.is_form else {"Idempotency-Key": request.key})
        return await self.http.request(
            request.method, request.path, headers=headers, follow_redirects=request.is_form, **body
        )

    def addresses(self, members: Collection[str]) -> set[str]:
        """Every address that these members ever entered."""
        return {
            str((self.requests[its.number].body or {})["email"])
            for its in self.commands.values()
            if its.kind in {"join", "contact"} and (its.about in members or its.made in members)
        }

    def confided(self) -> set[str]:
        """All that was written in confidence, every token of feedback, and every proof in a link that was used."""
        words = {
            str(body[field])
            for body in (its.body for its in self.requests.values() if not its.is_form)
            for field in IN_CONFIDENCE & (body or {}).keys()
            if body and body[field]
        }
        proofs = {request.path.rpartition("/")[2] for request in self.requests.values() if VERIFY in request.path}
        return words | proofs | {its.made for its in self.commands.values() if its.kind == "token" and its.made}

    def keep(self, file: Path) -> None:
        """The history without anything personal, for whoever has to find out."""
        lines = [
            json.dumps(
                asdict(_without_secrets(its))
                | {"path": PROOFS.sub("…", self.requests[its.number].path), "key": self.requests[its.number].key}
            )
            for its in self.commands.values()
        ]
        file.write_text("\n".join(lines) + "\n")


def _without_secrets(its: Command) -> Command:
    """Without a token of feedback, and without what somebody answered to monitoring."""
    if its.kind == "token":
        return replace(its, made="…" if its.made else "")
    return replace(its, asked={}) if its.kind == "monitor" else its
