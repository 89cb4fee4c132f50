"""A commitment, rounds that ask about it, members who answer, and a clock on which rounds close."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from httpx2 import AsyncClient

from chassis.database import Database, connect
from chassis.testing import signed_in
from members.feedback import closing

API = "/api/members/v1"
KEY = b"only-these-tests-keep-feedback-secret-so"
TODAY = datetime.now(ZoneInfo("Europe/London")).date()

Commitment = Callable[[], Awaitable[str]]
Ask = Callable[..., Awaitable[str]]
Join = Callable[[], Awaitable[tuple[str, dict[str, str]]]]
Take = Callable[..., Awaitable[str]]
Answer = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def commitment(client: AsyncClient) -> Commitment:
    """A new commitment of a new version of the strategy: its id."""

    async def made() -> str:
        before = await client.get(f"{API}/strategy")
        promise = {"title": "A baseline", "owner": "Central team", "measure": "It is there.", "due_on": "2099-12-31"}
        form = {
            "follows": before.json()["version"] if before.is_success else 0,
            "title": f"Plan {uuid4().hex}",
            "summary": "What we do.",
            "link": "https://gse.example/strategy",
            "mission": "We value everybody's talent.",
            "themes": [{"title": "Know", "goals": [{"title": "Count", "commitments": [promise]}]}],
        }
        answer = (await client.post(f"{API}/strategies", json=form, headers=signed_in("team"))).raise_for_status()
        its: str = answer.json()["themes"][0]["goals"][0]["commitments"][0]["commitment_id"]
        return its

    return made


@pytest.fixture(scope="module")
def ask(client: AsyncClient, commitment: Commitment) -> Ask:
    """An open round: its id."""

    async def asked(must_hear: Sequence[str] = ("EO", "SCS"), **more: Any) -> str:
        form = {
            "commitment_id": await commitment(),
            "title": "Did it reach you?",
            "closes_on": str(TODAY + timedelta(days=7)),
            "must_hear": list(must_hear),
            **more,
        }
        answer = await client.post(f"{API}/feedback-rounds", json=form, headers=signed_in("team"))
        assert answer.status_code == 201, answer.text
        its: str = answer.json()["round_id"]
        return its

    return asked


@pytest.fixture(scope="module")
def join(client: AsyncClient) -> Join:
    """A new member: their id and their headers."""

    async def joined() -> tuple[str, dict[str, str]]:
        form = {"name": "Ada", "email": f"{uuid4().hex}@defra.example", "organisation": "DEFRA", "grade": "EO"}
        answer = await client.post(f"{API}/members", json=form | {"interests": [], "skills": []})
        member_id: str = answer.json()["member_id"]
        return member_id, signed_in("member", member_id=member_id)

    return joined


@pytest.fixture(scope="module")
def take(client: AsyncClient, join: Join) -> Take:
    """A token of a new member."""

    async def taken(round_id: str) -> str:
        _, member = await join()
        answer = await client.post(f"{API}/feedback-rounds/{round_id}/tokens", headers=member)
        assert answer.status_code == 201, answer.text
        its: str = answer.json()["token"]
        return its

    return taken


@pytest.fixture(scope="module")
def answer(client: AsyncClient, take: Take) -> Answer:
    """A new member's answer, however it is answered."""

    async def answered(round_id: str, rating: str = "well", **more: Any) -> Any:
        form = {"token": await take(round_id), "rating": rating, **more}
        return await client.post(f"{API}/feedback-rounds/{round_id}/answers", json=form)

    return answered


@pytest.fixture(scope="module")
async def later(database_url: str) -> AsyncIterator[Database]:
    """The service's database a hundred days on."""
    database = await connect(database_url, size=2, name="later", clock=lambda: datetime.now(UTC) + timedelta(days=100))
    yield database
    await database.close()


@pytest.fixture(scope="module")
def close(later: Database) -> Callable[[], Awaitable[None]]:
    """Close every round that is open."""

    async def closed() -> None:
        while await closing.close_due(later, key=KEY):
            pass

    return closed
