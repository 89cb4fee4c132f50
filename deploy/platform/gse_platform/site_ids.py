"""What the addresses of the site's pages need, of what a running site shows."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

import httpx2

from gse_platform.demo.acting import Actors
from gse_platform.personas import PERSONAS

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """A list of the API and what is taken of a row; `persona` is who may see it, None: anyone."""

    path: str
    rows: str
    take: Callable[[Row], Any]
    persona: str | None = None
    wanted: Callable[[Row], bool] = lambda _: True

    @property
    def needs(self) -> set[str]:
        """What has to be known before it can be asked for."""
        return set(re.findall(r"{(\w+)}", self.path)) | ({"member"} if self.persona else set())


def _opportunity(state: str, *, by_lot: bool) -> Source:
    return Source(
        "/api/members/v1/opportunities",
        "opportunities",
        itemgetter("opportunity_id"),
        wanted=lambda its: its["state"] == state and its["by_lot"] == by_lot,
    )


def _round(wanted: Callable[[Row], bool]) -> Source:
    return Source("/api/members/v1/feedback-rounds", "rounds", itemgetter("round_id"), wanted=wanted)


def _advice(*, answered: bool) -> Source:
    return Source(
        "/api/members/v1/shadow-board/advice",
        "advice",
        itemgetter("advice_id"),
        wanted=lambda its: (its["answer"] is not None) == answered,
    )


SOURCES: Final[Mapping[str, Source]] = {
    "event": Source("/api/events/v1/events", "events", itemgetter("hosted_event_id")),
    "scheme": Source("/api/mentoring/v1/schemes", "schemes", itemgetter("scheme_id")),
    "commitment": Source(
        "/api/members/v1/commitments",
        "commitments",
        itemgetter("commitment_id"),
        wanted=lambda its: its["completed_on"] is None,
    ),
    "question": _round(lambda its: its["is_open"]),
    "closed": _round(lambda its: its["closed_at"] is not None and its["summary"] is None),
    "summed": _round(lambda its: its["summary"] is not None and its["we_did"] is None),
    "heard": _round(lambda its: its["we_did"] is not None),
    "opportunity": _opportunity("open", by_lot=True),
    "programme": _opportunity("open", by_lot=False),
    "choice": _opportunity("closed", by_lot=False),
    "draw": _opportunity("selected", by_lot=True),
    "held": _opportunity("held", by_lot=True),
    "found": _opportunity("published", by_lot=True),
    "seat": Source(
        "/api/members/v1/shadow-board/seats", "seats", itemgetter("seat_id"), wanted=lambda its: its["ends_on"] is None
    ),
    "term": Source(
        "/api/members/v1/shadow-board/seats",
        "seats",
        itemgetter("term_id"),
        "team",
        lambda its: its["term_id"] is not None,
    ),
    "advice": _advice(answered=False),
    "answer": _advice(answered=True),
    "period": Source("/api/members/v1/statistics-releases", "releases", itemgetter("period")),
    "group": Source(
        "/api/members/v1/groups", "groups", itemgetter("group_id"), "member", lambda its: its["kind"] == "task"
    ),
    "meeting": Source("/api/members/v1/groups/{group}/meetings", "meetings", itemgetter("meeting_id"), "member"),
    "theme": Source("/api/members/v1/champion-themes", "themes", itemgetter("theme_id"), "member"),
    "pair": Source(
        "/api/members/v1/duplicates",
        "pairs",
        lambda its: f"{its['first']['member_id']}/{its['second']['member_id']}",
        "team",
    ),
    "notice": Source("/api/notifications/v1/members/{member}/inbox", "notices", itemgetter("notice_id"), "member"),
    "occasion": Source("/api/notifications/v1/occasions", "occasions", itemgetter("event_id"), "team"),
}


async def known_ids(state: dict[str, Any]) -> Mapping[str, str]:
    """An id for each name in an address (see `SitePage`); what there is none of is absent."""
    found: dict[str, str] = {}
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        actors = Actors(state, client)
        if state["identity_provider"]["local"]:
            found["member"] = str(await actors.member_id("member"))
            found |= await _import(actors)
        for name, source in SOURCES.items():
            if found.keys() >= source.needs:
                rows = (await actors.get(source.path.format_map(found), source.persona))[source.rows]
                if wanted := [str(source.take(row)) for row in rows if source.wanted(row)]:
                    found[name] = wanted[0]
        if tokens := await _tokens_in_mail(state, client):
            found["token"] = tokens[0]
    return found


async def _import(actors: Actors) -> dict[str, str]:
    """The newest; there is a page of them, and no list of the API."""
    address = f"{actors.state['front_door']}/members/imports"
    page = await actors.client.get(address, headers=await actors.signed_in("team"))
    found = re.search('"/members/imports/([^"/]+)"', page.raise_for_status().text)
    return {"import": found[1]} if found else {}


async def _tokens_in_mail(state: Mapping[str, Any], client: httpx2.AsyncClient) -> list[str]:
    """Of the newest mail to a persona with a link to unsubscribe, where mail stays here; others may have left since."""
    if state["mail_sink"] is None:
        return []
    url = state["mail_sink"]["url"]
    addresses = {its.email for its in PERSONAS}
    for mail in reversed((await client.get(f"{url}/messages")).raise_for_status().json()):
        if mail["to"] not in addresses:
            continue
        page = (await client.get(f"{url}/messages/{mail['number']}")).raise_for_status().text
        if found := re.findall("/notifications/unsubscribe/([^/]+)/", page):
            return found
    return []
