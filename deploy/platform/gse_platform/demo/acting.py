"""People at work on the local platform: each signs in for themselves and asks at the front door, as anybody would."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2

from gse_platform.home import CannotGoOn
from gse_platform.people import Person
from gse_platform.tokens import token

AT_ONCE = 4
GOOD_FOR = 480  # seconds; a token holds ten minutes
AGAIN = 30  # times a request that comes too early is sent again


@dataclass
class Actors:
    """Whoever does something in a story, by the subject under which the identity provider knows them."""

    state: dict[str, Any]
    client: httpx2.AsyncClient
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    async def introduce(self, everybody: Iterable[Person]) -> list[str]:
        """Make the local identity provider know these people; gives their subjects there, in the same order."""
        subjects = []
        for person in everybody:
            subject = person.email.replace("@", ".at.")
            claims = {"name": person.name, "email": person.email, "email_verified": True}
            place = f"{self.state['identity_provider']['issuer']}/users/{subject}"
            (await self.client.put(place, json=claims)).raise_for_status()
            subjects.append(subject)
        return subjects

    async def token(self, who: str) -> str:
        found, until = self._tokens.get(who, ("", 0.0))
        if time.monotonic() >= until:
            found = await asyncio.to_thread(token, self.state, who)
            self._tokens[who] = (found, time.monotonic() + GOOD_FOR)
        return found

    async def signed_in(self, who: str) -> dict[str, str]:
        """The headers of somebody who has signed in."""
        return {"Authorization": f"Bearer {await self.token(who)}"}

    async def member_id(self, who: str) -> UUID:
        """As the person's own token says it; no secret is in there."""
        payload = (await self.token(who)).split(".")[1]
        return UUID(json.loads(base64.urlsafe_b64decode(payload + "=="))["member_id"])

    async def get(self, path: str, who: str | None = None) -> Any:
        headers = await self.signed_in(who) if who else {}
        return _content(path, await self.client.get(f"{self.state['front_door']}{path}", headers=headers))

    async def post(self, path: str, form: Any = None, *, who: str, method: str = "POST") -> Any:
        """Send a form as somebody. What comes too early, since an event is on its way, is sent again."""
        headers = await self.signed_in(who)
        for _ in range(AGAIN):
            url = f"{self.state['front_door']}{path}"
            answer = await self.client.request(method, url, json=form, headers=headers)
            if "retry-after" not in answer.headers:
                break
            await asyncio.sleep(float(answer.headers["retry-after"]))
        return _content(path, answer)

    async def each(self, path: str, form: Callable[[str], Any], everybody: Iterable[str]) -> None:
        """Everybody sends a form of their own, a few at a time."""
        room = asyncio.Semaphore(AT_ONCE)

        async def one(who: str) -> None:
            async with room:
                await self.post(path, form(who), who=who)

        await asyncio.gather(*map(one, everybody))


def _content(path: str, answer: httpx2.Response) -> Any:
    if answer.is_error:
        raise CannotGoOn(f"{path} was refused ({answer.status_code}): {answer.text[:300]}")
    return answer.json() if answer.content else None
