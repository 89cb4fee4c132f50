"""The mail sink as a reader meets it: what came to an address, where a digest leads, and where mail of a kind ends."""

import asyncio
import html
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from gse_platform.prove.facts import Mail

DIGEST: Final = "What is new for you in the profession"  # the subject of every digest
UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
LINK: Final = re.compile(rf"/notifications/inbox/({UUID})")
UNSUBSCRIBE: Final = re.compile(
    rf"<dt>List-Unsubscribe</dt><dd><https?://[^/]+(/notifications/unsubscribe/({UUID})/\w+)>"
)
CONFIRM: Final = re.compile(rf"/join/verify/{UUID}/[\w-]{{43}}")
AT_ONCE: Final = 8


@dataclass(frozen=True)
class Post:
    """Reads the sink over HTTP."""

    url: str
    http: httpx2.AsyncClient

    async def heads(self) -> list[dict[str, Any]]:
        """Of every message in its order: its number, Message-ID, addressee and subject."""
        found: list[dict[str, Any]] = (await self.http.get(f"{self.url}/messages")).raise_for_status().json()
        return found

    async def message(self, number: int) -> str:
        """The headers and the words of one, as the sink shows them."""
        return html.unescape((await self.http.get(f"{self.url}/messages/{number}")).raise_for_status().text)

    async def way_out(self, number: int) -> tuple[str, str] | None:
        """Where one request ends mail of this kind, as a mail program finds it, and the token in it."""
        found = UNSUBSCRIBE.search(await self.message(number))
        return (found[1], found[2]) if found else None

    async def confirming(self, number: int) -> str | None:
        """The path behind which the address of this message is confirmed, if it asks for that."""
        found = CONFIRM.search(await self.message(number))
        return found[0] if found else None

    async def mails(self, heads: Iterable[dict[str, Any]]) -> list[Mail]:
        """What the checks go by; digests are opened."""
        few = asyncio.Semaphore(AT_ONCE)

        async def read(head: dict[str, Any]) -> Mail:
            if head["subject"] != DIGEST:
                return Mail(head["message_id"], head["to"])
            async with few:
                return Mail(head["message_id"], head["to"], links(await self.message(head["number"])))

        return list(await asyncio.gather(*map(read, heads)))


def links(words: str) -> frozenset[str]:
    """The notices that a message leads to."""
    return frozenset(LINK.findall(words))


def with_tokens(text: str, tokens: Collection[str]) -> int:
    """How many of the tokens a text holds."""
    return len(set(re.findall(UUID, text.lower())) & set(tokens)) if tokens else 0
