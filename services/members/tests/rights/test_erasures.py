"""The team sees how every erasure goes, service by service, and which service is late: by the API and on a page."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import deliver, in_browser
from chassis.testing import said as heard
from contracts.erasure import (
    MemberDataErasedByEvents,
    MemberDataErasedByMentoring,
    MemberDataErasedByNotifications,
)
from members import app
from members.erasure import erasing

SignIn = Callable[..., dict[str, str]]
API: Final = "/api/members/v1"


async def erased(client: AsyncClient, signed_in: SignIn) -> str:
    """The id of somebody who has asked to be erased."""
    form = {"name": "Ada Moss", "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    answer = await client.post(f"{API}/members", json=form, headers={"Idempotency-Key": str(uuid4())})
    member_id = str(answer.json()["member_id"])
    asked = await client.post(f"{API}/members/{member_id}/erasure", headers=signed_in("member", member_id=member_id))
    assert asked.status_code == 202
    return member_id


async def some(client: AsyncClient, signed_in: SignIn, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"{API}/erasures{query}", headers=signed_in("team"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def card(client: AsyncClient, member_id: str) -> str:
    """What the page says of one erasure."""
    page = (await client.get("/members/erasures", headers=in_browser("team"))).text
    [its] = [each for each in page.split('<div class="govuk-summary-card">') if member_id in each]
    return " ".join(re.sub("<[^>]+>", " ", its).split())


async def test_the_team_sees_each_service_and_which_one_is_late(
    client: AsyncClient, running: FastAPI, signed_in: SignIn
) -> None:
    ada = await erased(client, signed_in)
    database = running.state.running.database
    await deliver(database, "members", app.MENTORING, heard(MemberDataErasedByMentoring(member_id=ada), 1))
    await deliver(database, "members", app.NOTIFICATIONS, heard(MemberDataErasedByNotifications(member_id=ada), 1))
    before = await card(client, ada)
    now = database.clock
    database.clock = lambda: now() + timedelta(hours=25)
    await erasing.tell_stalled(database)

    [its] = [each for each in (await some(client, signed_in))["erasures"] if each["member_id"] == ada]
    late = await card(client, ada)
    await deliver(database, "members", app.EVENTS, heard(MemberDataErasedByEvents(member_id=ada), 1))
    after = await card(client, ada)
    database.clock = now

    assert re.search("Members Erased .* Mentoring Erased .* Events Waiting until .* Notifications Erased", before)
    assert "Complete Not yet" in before
    assert (its["late"], its["completed_at"]) == (["events"], None)
    assert {each["service"] for each in its["receipts"]} == {"members", "mentoring", "notifications"}
    assert re.search("Mentoring Erased .* Events Late since .* Notifications Erased", late)
    assert re.search("Events Erased .* Notifications Erased .* Complete [0-9]", after)
    unfinished = await some(client, signed_in, "?unfinished=true")
    assert ada not in [each["member_id"] for each in unfinished["erasures"]]


async def test_the_list_is_paged_the_newest_first(client: AsyncClient, signed_in: SignIn) -> None:
    three = [await erased(client, signed_in) for _ in range(3)]

    first = await some(client, signed_in, "?unfinished=true&limit=2")
    second = await some(client, signed_in, f"?unfinished=true&limit=2&before={first['next']}")

    assert [its["member_id"] for its in first["erasures"]] == [three[2], three[1]]
    assert first["next"] == three[1]
    assert second["erasures"][0]["member_id"] == three[0]


async def test_erasures_are_for_the_team_alone(client: AsyncClient, signed_in: SignIn) -> None:
    assert (await client.get(f"{API}/erasures", headers=signed_in("operator", "hosep"))).status_code == 403
    assert (await client.get(f"{API}/erasures")).status_code == 401
    assert (await client.get("/members/erasures", headers=in_browser("member"))).status_code == 403
