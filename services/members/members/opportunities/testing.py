"""For tests of opportunities: members, many at a time, and a business clock that a test moves."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from chassis.database import Database
from chassis.testing import signed_in
from contracts.members import Grade
from members.membership import store
from members.membership.domain import Member

API = "/api/members/v1"
SERVICE_UNAVAILABLE = 503
Client = Any  # what a test asks with: a service imports no HTTP client


async def there_are(database: Database, *places: tuple[Grade, str]) -> list[UUID]:
    """Members with these grades and organisations."""
    members = [
        Member(uuid4(), "A Member", f"{uuid4().hex}@gse.example", organisation, grade, (), (), date(2021, 11, 1))
        for grade, organisation in places
    ]
    async with database.transaction() as tx:
        await store.add(tx, members)
    return [its.member_id for its in members]


@contextmanager
def at(database: Database, now: datetime) -> Iterator[Callable[[datetime], None]]:
    """The business clock stands at this instant, and at whichever is given to what this yields."""
    before = database.clock

    def move(to: datetime) -> None:
        database.clock = lambda: to

    move(now)
    try:
        yield move
    finally:
        database.clock = before


def call(closes_at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "kind": "focus-group",
        "title": "How we recruit",
        "summary": "Two hours on how we find people.",
        "closes_at": closes_at.isoformat(),
        "capacity": 12,
        **more,
    }


async def opened(client: Client, form: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(f"{API}/opportunities", json=form, headers=signed_in("team"))
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


async def applies(client: Client, opportunity_id: str, member_id: UUID, **form: str) -> Any:
    """On a busy machine they are asked to wait, and do: the opportunity's row is held for one after the other."""
    headers = signed_in("member", member_id=member_id)
    while True:
        answer = await client.post(f"{API}/opportunities/{opportunity_id}/interests", json=form, headers=headers)
        if answer.status_code != SERVICE_UNAVAILABLE:
            return answer


async def withdraws(client: Client, opportunity_id: str, member_id: UUID) -> Any:
    headers = signed_in("member", member_id=member_id)
    return await client.post(f"{API}/opportunities/{opportunity_id}/withdrawals", headers=headers)


async def its_draw(client: Client, opportunity_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The draw as anybody can read it, with all its pages."""
    path, after, every = f"{API}/opportunities/{opportunity_id}/draw?limit=40", "", list[dict[str, Any]]()
    while True:
        page = (await client.get(path + after)).raise_for_status().json()
        every += page["applicants"]
        if page["next"] is None:
            return page, every
        after = f"&after={page['next']}"


async def states(database: Database, opportunity_id: str) -> dict[UUID | None, str]:
    """What became of each member's interest."""
    async with database.transaction() as tx:
        rows: Sequence[Any] = await tx.fetch(
            "SELECT member_id, state FROM interest WHERE opportunity_id = $1", UUID(opportunity_id)
        )
    return {row["member_id"]: row["state"] for row in rows}
