"""Who has a place, over HTTP on the real database, also while members leave."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import deliver, said, what_was_said
from events.app import MEMBERS
from testkit.examples import erasure_requested, joined, left

SignIn = Callable[..., dict[str, str]]
HERE: Final = "/api/events/v1/events"
ROUNDS: Final = int(os.environ.get("GSE_RACE_ROUNDS", "50"))


def form(**changed: object) -> dict[str, object]:
    """An event that is under way, so that it can be registered for and hosted without moving any clock."""
    now = datetime.now(UTC)
    return {
        "title": "Women and girls in science",
        "summary": "Talks and questions.",
        "link": "https://gse.example/science",
        "place": "Online",
        "starts_at": str(now - timedelta(minutes=5)),
        "ends_at": str(now + timedelta(hours=1)),
        "capacity": 2,
    } | changed


async def proposed(client: AsyncClient, by: dict[str, str], **changed: object) -> str:
    """The address of a new event."""
    answer = await client.post(HERE, json=form(**changed), headers=by)
    answer.raise_for_status()
    return f"{HERE}/{answer.json()['hosted_event_id']}"


async def published(client: AsyncClient, signed_in: SignIn, **changed: object) -> str:
    its = await proposed(client, signed_in("volunteer"), **changed)
    for step in ("sign-off", "publish"):
        (await client.post(f"{its}/{step}", headers=signed_in("team"))).raise_for_status()
    return its


async def join(running: FastAPI) -> UUID:
    member_id = uuid4()
    await deliver(running.state.running.database, "events", MEMBERS, said(joined(member_id), 1))
    return member_id


async def leave(running: FastAPI, member_id: UUID) -> None:
    await deliver(running.state.running.database, "events", MEMBERS, said(left(member_id), 2))


async def be_erased(running: FastAPI, member_id: UUID) -> None:
    await deliver(running.state.running.database, "events", MEMBERS, said(erasure_requested(member_id), 2))


async def register(client: AsyncClient, signed_in: SignIn, its: str, member_id: UUID) -> tuple[int, str]:
    """The status, and the kind of problem or the id of the registration."""
    answer = await client.post(f"{its}/registrations", headers=signed_in("member", member_id=member_id))
    return answer.status_code, answer.json().get("type") or answer.json()["registration_id"]


async def test_a_member_takes_a_place_and_that_is_said_inside_the_platform(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    its, ada = await published(client, signed_in), await join(running)

    status, registration_id = await register(client, signed_in, its, ada)

    assert status == 201
    assert await what_was_said(running.state.running.database, registration_id) == [
        (
            "AttendeeRegistered",
            {
                "registration_id": registration_id,
                "hosted_event_id": its.rpartition("/")[2],
                "member_id": str(ada),
            },
        )
    ]
    assert (await client.get(its)).json()["places_left"] == 1


async def test_whoever_cannot_have_a_place_is_told_why(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    its = await published(client, signed_in, capacity=1)
    ada, ben, cal = await join(running), await join(running), await join(running)
    await leave(running, cal)
    unpublished = await proposed(client, signed_in("volunteer"))
    assert (await register(client, signed_in, its, ada))[0] == 201

    assert await register(client, signed_in, its, ada) == (409, "/problems/already-registered")
    assert await register(client, signed_in, its, ben) == (409, "/problems/full")
    assert await register(client, signed_in, its, cal) == (409, "/problems/has-left")
    assert await register(client, signed_in, unpublished, ben) == (409, "/problems/not-published")
    assert await register(client, signed_in, f"{HERE}/{uuid4()}", ben) == (404, "/problems/no-such-event")
    assert (await client.post(f"{its}/registrations", headers=signed_in("team"))).status_code == 403
    early = await client.post(f"{its}/registrations", headers=signed_in("member", member_id=uuid4()))
    assert (early.status_code, early.json()["type"], early.headers["retry-after"]) == (
        409,
        "/problems/not-invited-yet",
        "1",
    )


async def test_a_leaver_frees_their_place_for_somebody_else(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    its = await published(client, signed_in, capacity=1)
    ada, ben = await join(running), await join(running)
    await register(client, signed_in, its, ada)

    await leave(running, ada)

    assert (await register(client, signed_in, its, ben))[0] == 201
    assert (await client.get(its)).json()["places_left"] == 0


async def test_the_last_place_is_given_once_however_many_ask_at_once(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    its = await published(client, signed_in, capacity=3)
    members = [await join(running) for _ in range(8)]

    answers = await asyncio.gather(*(register(client, signed_in, its, member_id) for member_id in members))

    assert sorted(status for status, _ in answers) == [201] * 3 + [409] * 5
    assert {kind for status, kind in answers if status == 409} == {"/problems/full"}


@pytest.mark.parametrize("go", [leave, be_erased])
async def test_going_and_registering_in_the_same_instant_never_leave_a_seat_of_who_is_gone(
    running: FastAPI, client: AsyncClient, signed_in: SignIn, go: Callable[[FastAPI, UUID], Awaitable[None]]
) -> None:
    its, answers = await published(client, signed_in, capacity=100), set[str | int]()
    for _ in range(ROUNDS):
        ada = await join(running)

        async def take_a_place(ada: UUID = ada) -> None:
            await asyncio.sleep(random.uniform(0, 0.01))  # so that now one is first, now the other
            status, kind = await register(client, signed_in, its, ada)
            answers.add(kind if status == 409 else status)

        await asyncio.gather(take_a_place(), go(running, ada))

    async with running.state.running.database.transaction() as tx:
        seats = await tx.fetchval(
            """
            SELECT count(*) FROM registration JOIN invitee USING (member_id)
            WHERE left_at IS NOT NULL OR member_id IN (SELECT member_id FROM erased_member)"""
        )
    assert seats == 0
    assert (await client.get(its)).json()["places_left"] == 100
    assert answers == {201, "/problems/has-left"}, "the two never met in both orders"


async def test_an_erased_member_is_told_that_they_left_and_is_shown_to_nobody(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    """Also with a token that is still good, and not that they are to try again in a moment."""
    its, ada = await published(client, signed_in), await join(running)
    await be_erased(running, ada)

    shown = await client.get(f"/api/events/v1/members/{ada}/invitee", headers=signed_in("member", member_id=ada))

    assert await register(client, signed_in, its, ada) == (409, "/problems/has-left")
    assert (shown.status_code, shown.json()["type"]) == (404, "/problems/not-invited")
