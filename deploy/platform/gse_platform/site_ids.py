"""What the addresses of the site's pages need, of what a running site shows."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from gse_platform.demo.acting import Actors

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """A list of the API and the field of its rows that is the id; `persona` is who may see it, None: anyone."""

    path: str
    rows: str
    field: str
    persona: str | None = None
    wanted: Callable[[Row], bool] = lambda _: True

    @property
    def needs(self) -> set[str]:
        """What has to be known before it can be asked for."""
        return set(re.findall(r"{(\w+)}", self.path)) | ({"member"} if self.persona else set())


SOURCES: Final[Mapping[str, Source]] = {
    "event": Source("/api/events/v1/events", "events", "hosted_event_id"),
    "scheme": Source("/api/mentoring/v1/schemes", "schemes", "scheme_id"),
    "commitment": Source(
        "/api/members/v1/commitments", "commitments", "commitment_id", wanted=lambda its: its["completed_on"] is None
    ),
    "question": Source("/api/members/v1/feedback-rounds", "rounds", "round_id"),
    "opportunity": Source("/api/members/v1/opportunities", "opportunities", "opportunity_id"),
    "draw": Source(
        "/api/members/v1/opportunities", "opportunities", "opportunity_id", wanted=lambda its: its["seed"] is not None
    ),
    "group": Source("/api/members/v1/groups", "groups", "group_id", "member", lambda its: its["kind"] == "task"),
    "meeting": Source("/api/members/v1/groups/{group}/meetings", "meetings", "meeting_id", "member"),
    "theme": Source("/api/members/v1/champion-themes", "themes", "theme_id", "member"),
    "notice": Source("/api/notifications/v1/members/{member}/inbox", "notices", "notice_id", "member"),
}


async def known_ids(state: dict[str, Any]) -> Mapping[str, str]:
    """An id for each name in an address (see `SitePage`); what there is none of is absent."""
    found: dict[str, str] = {}
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        actors = Actors(state, client)
        if state["identity_provider"]["local"]:
            found["member"] = str(await actors.member_id("member"))
        for name, source in SOURCES.items():
            if found.keys() >= source.needs:
                rows = (await actors.get(source.path.format_map(found), source.persona))[source.rows]
                if wanted := [str(row[source.field]) for row in rows if source.wanted(row)]:
                    found[name] = wanted[0]
        if tokens := await _tokens_in_mail(state, client):
            found["token"] = tokens[0]
    return found


async def _tokens_in_mail(state: Mapping[str, Any], client: httpx2.AsyncClient) -> list[str]:
    """Of the newest mail that has a link to unsubscribe with, where the mail stays on this machine."""
    if state["mail_sink"] is None:
        return []
    url = state["mail_sink"]["url"]
    for mail in reversed((await client.get(f"{url}/messages")).raise_for_status().json()):
        page = (await client.get(f"{url}/messages/{mail['number']}")).raise_for_status().text
        if found := re.findall("/notifications/unsubscribe/([^/]+)/", page):
            return found
    return []
