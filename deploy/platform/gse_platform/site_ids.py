"""What the addresses of the site's pages need, of what a running site shows."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import httpx2

from gse_platform.tokens import token


async def known_ids(state: dict[str, Any]) -> Mapping[str, str]:
    """An id for each name in an address (see `SitePage`); what there is none of is absent."""
    async with httpx2.AsyncClient(base_url=state["front_door"], timeout=30, trust_env=False) as client:
        events = (await client.get("/api/events/v1/events")).raise_for_status().json()["events"]
        schemes = (await client.get("/api/mentoring/v1/schemes")).raise_for_status().json()["schemes"]
        promises = (await client.get("/api/members/v1/commitments")).raise_for_status().json()["commitments"]
        notices = await _notices(state, client)
        tokens = await _tokens_in_mail(state, client)
    event = {"event": events[0]["hosted_event_id"]} if events else {}
    scheme = {"scheme": schemes[0]["scheme_id"]} if schemes else {}
    open_ones = [its["commitment_id"] for its in promises if its["completed_on"] is None]
    commitment = {"commitment": open_ones[0]} if open_ones else {}
    told = {name: found[0] for name, found in (("notice", notices), ("token", tokens)) if found}
    return event | scheme | commitment | told


async def _notices(state: dict[str, Any], client: httpx2.AsyncClient) -> list[str]:
    """What the persona `member` was told, newest first."""
    if not state["identity_provider"]["local"]:
        return []
    authorization = f"Bearer {await asyncio.to_thread(token, state, 'member')}"
    headers = {"Authorization": authorization, "Accept": "text/html"}
    page = (await client.get("/notifications/inbox", headers=headers)).raise_for_status().text
    return re.findall(r'href="/notifications/inbox/([^"?]+)"', page)


async def _tokens_in_mail(state: dict[str, Any], client: httpx2.AsyncClient) -> list[str]:
    """Of the newest mail that has a link to unsubscribe with, where the mail stays on this machine."""
    if state["mail_sink"] is None:
        return []
    url = state["mail_sink"]["url"]
    for mail in reversed((await client.get(f"{url}/messages")).raise_for_status().json()):
        page = (await client.get(f"{url}/messages/{mail['number']}")).raise_for_status().text
        if found := re.findall("/notifications/unsubscribe/([^/]+)/", page):
            return found
    return []
