"""A form that is sent twice just as it is, by a second click without JavaScript or a reload, does one thing."""

import asyncio
import html
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis.database import Database
from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in

API = "/api/members/v1"
LATER = date.today() + timedelta(days=100)  # noqa: DTZ011 - far enough in any zone
GROUP = {"purpose": "Share what works.", "ask": "The DIAG mailbox"}


@pytest.fixture
def database(running: FastAPI) -> Database:
    its: Database = running.state.running.database
    return its


def on(name: str) -> dict[str, str]:
    return {f"{name}-day": str(LATER.day), f"{name}-month": str(LATER.month), f"{name}-year": str(LATER.year)}


FORMS = [
    (
        "/members/opportunities/new",
        {"kind": "champion", "title": "T", "summary": "S", "eligibility": "below-scs", "capacity": "2"}
        | {"closes_time": "17:00"}
        | on("closes_at"),
        "SELECT count(*) FROM opportunity",
    ),
    ("/members/opportunities/shadow-board/seats/new", {"title": "T"}, "SELECT count(*) FROM shadow_board_seat"),
    ("/members/groups/new", {"title": "T"} | GROUP, "SELECT count(*) FROM profession_group"),
    (
        "/members/groups/task/new",
        {"title": "A task", "charter": "C", "deliverables": "One"} | GROUP | on("ends_on"),
        "SELECT count(*) FROM profession_group",
    ),
    ("/members/groups/champions/new", {"title": "T"} | GROUP, "SELECT count(*) FROM champion_theme"),
    (
        "/members/organisations/new",
        {"name": "An Office", "code": "AN-OFFICE"} | on("opened_on"),
        "SELECT count(*) FROM organisation",
    ),
    (
        "{meetings}/new",
        {"title": "T", "place": "Online", "starts_at": "14:00", "ends_at": "15:00"} | on("on"),
        "SELECT count(*) FROM group_meeting",
    ),
    (
        "{commitment}/progress",
        {"status": "on-track", "summary": "S", "percent": "10"},
        "SELECT count(*) FROM commitment_progress",
    ),
]


async def filled(client: AsyncClient, address: str, who: Mapping[str, str], answers: dict[str, str]) -> dict[str, Any]:
    """The form as a browser sends it: what was typed, and what the page put into it."""
    page = (await client.get(address, headers=who)).raise_for_status().text
    form = page.partition(f'action="{html.escape(address)}"')[2] or page.rpartition('<form method="post"')[2]
    key = re.search(r'name="form_key" value="([^"]+)"', form)
    assert key is not None
    return {**answers, **CSRF_OF_FORMS, "form_key": key[1]}


async def places(client: AsyncClient, address: str) -> str:
    """An address with the id of something of its own in it."""
    team = signed_in("team")
    if "{meetings}" in address:
        body = {"title": uuid4().hex, **GROUP}
        its = (await client.post(f"{API}/groups", json=body, headers=team)).raise_for_status().json()
        return address.replace("{meetings}", f"/members/groups/{its['group_id']}/meetings")
    if "{commitment}" in address:
        promise = {"title": "P", "owner": "Heads of profession", "measure": "It is published.", "due_on": str(LATER)}
        themes = [{"title": "T", "goals": [{"title": "G", "commitments": [promise]}]}]
        words = {"title": "Plan", "summary": "S", "link": "https://gse.example", "mission": "M", "themes": themes}
        made = await client.post(f"{API}/strategies", json={"follows": 0, **words}, headers=team)
        [its] = made.raise_for_status().json()["themes"][0]["goals"][0]["commitments"]
        return address.replace("{commitment}", f"/members/strategy/commitments/{its['commitment_id']}")
    return address


def where(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.headers["location"]


@pytest.mark.parametrize(("address", "answers", "count"), FORMS, ids=lambda its: its if isinstance(its, str) else "")
async def test_a_form_sent_twice_does_one_thing(
    client: AsyncClient, database: Database, address: str, answers: dict[str, str], count: str
) -> None:
    address, team = await places(client, address), in_browser("team")
    form = await filled(client, address, team, answers)

    async def counted() -> int:
        async with database.transaction() as tx:
            return int(await tx.fetchval(count))

    before = await counted()
    first, second = await asyncio.gather(*[client.post(address, data=form, headers=team) for _ in range(2)])
    late = await client.post(address, data=form, headers=team)

    assert first.status_code == 303, first.text
    assert {where(first), where(second), where(late)} == {where(first)}
    assert await counted() == before + 1


async def test_what_is_typed_anew_into_a_form_that_was_sent_is_another_request(client: AsyncClient) -> None:
    address, team = "/members/groups/new", in_browser("team")
    form = await filled(client, address, team, {"title": "One", **GROUP})

    first = await client.post(address, data=form, headers=team)
    other = await client.post(address, data=form | {"title": "Another"}, headers=team)

    assert (first.status_code, other.status_code) == (303, 303)
    assert first.headers["location"] != other.headers["location"]


async def test_the_key_of_a_form_is_of_its_account_alone(client: AsyncClient) -> None:
    address, answers, _ = FORMS[0]
    team = in_browser("team")
    form = await filled(client, address, team, answers)

    first = await client.post(address, data=form, headers=team)
    other = await client.post(address, data=form, headers=in_browser("team"))

    assert first.headers["location"] != other.headers["location"]
