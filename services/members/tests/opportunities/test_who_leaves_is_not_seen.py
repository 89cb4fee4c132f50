"""What a stranger learns who reads all that is open, and the public stream, before and after a member leaves."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import signed_in, what_was_said
from contracts.base import Visibility
from contracts.catalogue import EVENTS
from contracts.members import Grade
from members.opportunities import closing, rotating
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


@pytest.mark.parametrize("how", ["leaves", "is erased", "gives it up", "is sent away"])
async def test_a_seat_stays_taken_to_its_day_whoever_has_it_no_more(
    client: AsyncClient, database: Database, how: str
) -> None:
    ada, ben = await there_are(database, EO, G7)
    team, board = signed_in("team"), f"{API}/shadow-board"
    public = {its.__name__ for its in EVENTS if its.visibility is Visibility.PUBLIC}
    with at(database, OPENS) as move:
        its = (await client.post(f"{board}/seats", json={"title": f"Who {how}"}, headers=team)).json()["seat_id"]
        here = (await opened(client, call(CLOSES, kind="shadow-board", capacity=2)))["opportunity_id"]
        numbers = [(await applies(client, here, each)).json()["mine"]["number"] for each in (ada, ben)]
        move(CLOSES)

        async def closed() -> bool:
            await closing.close_due(database)
            return len(await what_was_said(database, here)) == 2

        await eventually(closed)
        (
            await client.post(f"{API}/opportunities/{here}/selections", json={"numbers": numbers}, headers=team)
        ).raise_for_status()
        form = {"number": numbers[0], "ends_on": "2028-05-12"}
        appointed = await client.post(f"{board}/seats/{its}/appointments", json=form, headers=team)
        ending = f"{board}/terms/{appointed.json()['term_id']}/ending"
        addresses = [f"{board}/seats", f"{HERE}/shadow-board", f"{API}/opportunities/{here}", f"{HERE}/{here}"]
        before, heard = await read(client, *addresses), await what_was_said(database, its, here)

        if how == "leaves":
            await leaves(client, ada)
        elif how == "is erased":
            (await client.post(f"{API}/members/{ada}/erasure", headers=team)).raise_for_status()
        else:
            by = team if how == "is sent away" else signed_in("member", member_id=ada)
            (await client.post(ending, headers=by)).raise_for_status()
        at_once = await rotating.end_terms(database), await read(client, *addresses)
        move(CLOSES + timedelta(days=30))
        for_the_team = (await client.get(f"{board}/seats", headers=team)).json()["seats"]
        rest = await client.post(f"{board}/seats/{its}/appointments", json={"number": numbers[1]}, headers=team)
        later = await rotating.end_terms(database), await read(client, *addresses)
        said = (await what_was_said(database, its, here))[len(heard) :]
        move(datetime(2028, 5, 12, 23, 0, tzinfo=UTC))  # midnight in London

        async def freed() -> Any:
            await rotating.end_terms(database)
            return [name for name, _ in (await what_was_said(database, its))[-2:] if name in public]

        at_its_end = await eventually(freed)

    assert at_once == later == (0, before)
    assert [name for name, _ in said if name in public] == []
    assert [each["member_id"] for each in for_the_team if each["seat_id"] == its] == [None]
    assert (rest.status_code, rest.json()["ends_on"]) == (201, "2028-05-12")
    assert at_its_end == ["ShadowBoardTermEnded", "ShadowBoardSeatOpened"]
