"""A request to apply that comes twice under one key."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import signed_in
from contracts.members import Grade
from members.opportunities.testing import API, at, call, opened, there_are

OPENS = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
CLOSES = datetime(2027, 2, 11, 17, 0, tzinfo=UTC)
EO = (Grade.EO, "UKHSA")


@pytest.fixture
def database(running: FastAPI) -> Database:
    found: Database = running.state.running.database
    return found


async def test_a_repeat_is_answered_as_before_also_when_who_applied_has_left(
    client: AsyncClient, database: Database
) -> None:
    [ada] = await there_are(database, EO)
    with at(database, OPENS):
        here = (await opened(client, call(CLOSES)))["opportunity_id"]
        headers = signed_in("member", member_id=ada) | {"Idempotency-Key": "mine"}

        async def apply_once() -> Any:
            return await client.post(f"{API}/opportunities/{here}/interests", json={}, headers=headers)

        first = await apply_once()
        await client.post(f"{API}/members/{ada}/departures", headers=signed_in("member", member_id=ada))
        again = await apply_once()

    assert (first.status_code, first.json()["mine"]["state"]) == (201, "registered")
    assert (again.status_code, again.json()["opportunity_id"], again.json()["mine"]) == (201, here, None)
