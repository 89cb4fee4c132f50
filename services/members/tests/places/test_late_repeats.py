"""A request with an Idempotency-Key that comes again when the register of organisations is another."""

from datetime import UTC, datetime
from uuid import uuid4

from httpx2 import AsyncClient

from chassis.days import day_in_london
from chassis.testing import signed_in

API = "/api/members/v1"


async def test_a_late_repeat_is_answered_as_the_first_though_the_organisation_has_closed_since(
    client: AsyncClient,
) -> None:
    code, keys = f"X{uuid4().hex[:12].upper()}", [{"Idempotency-Key": str(uuid4())} for _ in range(3)]
    form = {"name": "Ada Byron", "email": f"{uuid4().hex}@ukhsa.example", "organisation": code, "grade": "SEO"}
    ben_form = form | {"email": f"{uuid4().hex}@defra.example", "organisation": "DEFRA"}
    team, ben = signed_in("team"), (await client.post(f"{API}/members", json=ben_form)).json()["member_id"]
    office = {"code": code, "name": f"Office {code}", "opened_on": "2020-01-01"}
    (await client.post(f"{API}/organisations", json=office, headers=team)).raise_for_status()
    role, move = {"role": "hosep", "organisation": code}, {"organisation": code, "grade": "SEO"}
    asked = [
        (f"{API}/members", form, keys[0]),
        (f"{API}/members/{ben}/transfers", move, team | keys[1]),
        (f"{API}/members/{ben}/role-grants", role, team | keys[2]),
    ]

    first = [await client.post(path, json=its, headers=headers) for path, its, headers in asked]
    merger = {"into": ["UKHSA", "DEFRA"], "on": str(day_in_london(datetime.now(UTC)))}
    (await client.post(f"{API}/organisations/{code}/mergers", json=merger, headers=team)).raise_for_status()
    late = [await client.post(path, json=its, headers=headers) for path, its, headers in asked]

    assert [its.status_code for its in first] == [its.status_code for its in late] == [201, 200, 200]
    assert late[0].json() == first[0].json()
