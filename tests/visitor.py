"""Somebody at the site's pages in a browser without JavaScript: what they read, and the forms that they send."""

import html
import re
from typing import Any
from uuid import UUID, uuid4

import httpx2
from house import House


class Visitor:
    """Signed in as a member with these roles; without a member a stranger."""

    def __init__(self, house: House, member_id: UUID | None = None, *roles: str, organisation: str = "UKHSA") -> None:
        self.http = house.http
        self.headers = {"Accept": "text/html"}
        if member_id is not None:
            cookie = house.cookie(member_id, *roles, organisation=organisation)
            self.headers["Cookie"] = f"{cookie['name']}={cookie['value']}"

    async def look(self, path: str) -> httpx2.Response:
        return await self.http.get(path, headers=self.headers)

    async def read(self, path: str) -> str:
        """The words of a page that is there."""
        return words((await self.look(path)).raise_for_status().text)

    async def send(self, path: str, form: dict[str, Any], *, to: str | None = None) -> httpx2.Response:
        """A form of the page at the address, with what its hidden field says; `to` where it leads, unless to itself."""
        page = (await self.look(path)).raise_for_status().text
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
        assert found, "there is no form for them on this page"
        return await self.http.post(to or path, data={"csrf_token": found[1], **form}, headers=self.headers)


def a_colleague(house: House) -> Visitor:
    """Somebody of the central team."""
    return Visitor(house, uuid4(), "team")


def words(page: str) -> str:
    """What is read, on one line."""
    body = re.sub(r"<(script|style|head)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", body)).split())
