"""What a stranger learns who reads all that is open, and the public stream, before and after a member leaves."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import signed_in
from contracts.members import Grade
from members.opportunities import closing
from members.opportunities.testing import API, applies, at, call, its_draw, opened, states, there_are, withdraws
from testkit.eventually import eventually

HERE = "/members/opportunities"
OPENS = datetime(2027, 5, 3, 9, 0, tzinfo=UTC)
CLOSES = datetime(2027, 5, 13, 17, 0, tzinfo=UTC)
EO, G7 = (Grade.EO, "UKHSA"), (Grade.G7, "DEFRA")


@pytest.fixture
def database(running: FastAPI) -> Database:
    found: Database = running.state.running.database
    return found


async def leaves(client: AsyncClient, member_id: UUID) -> None:
    who = signed_in("member", member_id=member_id)
    (await client.post(f"{API}/members/{member_id}/departures", headers=who)).raise_for_status()


async def read(client: AsyncClient, *addresses: str) -> dict[str, str]:
    """Each address as a stranger has it, without the random word that a page's scripts carry."""
    answers = {its: await client.get(its, headers={"accept": "text/html"}) for its in addresses}
    return {its: re.sub(r'nonce="[^"]+"', "", answer.raise_for_status().text) for its, answer in answers.items()}


async def test_the_draw_stays_as_it_was_drawn_whoever_gives_up_leaves_or_follows(
    client: AsyncClient, database: Database
) -> None:
    members = await there_are(database, EO, EO, EO, G7, G7)
    with at(database, OPENS) as move:
        here = (await opened(client, call(CLOSES, capacity=3)))["opportunity_id"]
        for member in members:
            await applies(client, here, member)
        move(CLOSES)

        async def drawn() -> Any:
            await closing.close_due(database)
            found = await states(database, here)
            return found if "chosen" in found.values() else None

        first = await eventually(drawn)
        with_place = [its for its in members if first[its] == "chosen"]
        addresses = [
            f"{API}/opportunities/{here}",
            f"{API}/opportunities/{here}/draw",
            f"{API}/opportunities/{here}/draw?limit=2",
            *(f"{HERE}/{here}{page}" for page in ("", "/draw", "/draw.csv")),
        ]
        before, (_, as_drawn) = await read(client, *addresses), await its_draw(client, here)
        await withdraws(client, here, with_place[0])
        await leaves(client, with_place[1])
        (await client.post(f"{API}/members/{with_place[2]}/erasure", headers=signed_in("team"))).raise_for_status()
        await closing.give_free_places(database)

        async def followed() -> bool:
            return list((await states(database, here)).values()).count("chosen") == 2

        await eventually(followed)
        after = await read(client, *addresses)

    assert after == before
    assert sorted(each["chosen"] for each in as_drawn) == [False, False, True, True, True]
