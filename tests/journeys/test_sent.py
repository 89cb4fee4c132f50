"""The team sees what went out: members join, and each welcome is there by its event, without a name or an address."""

import re
from typing import Any
from uuid import uuid4

from house import House
from people import planted

from testkit.eventually import eventually

API = "/api/notifications/v1"
SENT = "/notifications/sent"


async def _json(house: House, path: str) -> dict[str, Any]:
    found: dict[str, Any] = (await house.get(API + path, persona="team")).raise_for_status().json()
    return found


async def test_the_team_sees_the_welcomes_by_event_and_nobody_else_does(house: House) -> None:
    people = planted(3)
    members = [await house.join(person) for person in people]
    await house.level()

    async def are_welcomed() -> list[dict[str, Any]]:
        """The newest events, once they are those of these members and their welcomes are sent."""
        newest = (await _json(house, "/occasions?type=MemberJoined&limit=3"))["occasions"]
        told = [(await _json(house, f"/occasions/{its['event_id']}/notices"))["notices"] for its in newest]
        whose = {its["member_id"] for notices in told for its in notices}
        are_sent = all(its["notices"] == {"sent": 1} for its in newest)
        return newest if are_sent and whose == {str(its) for its in members} else []

    welcomes = await eventually(are_welcomed, timeout=30)
    as_team = {**house.member(members[0], "team"), "Accept": "text/html"}
    overview = (await house.http.get(SENT, headers=as_team)).raise_for_status().text
    event = (await house.http.get(f"{SENT}/{welcomes[0]['event_id']}", headers=as_team)).raise_for_status().text

    assert all(f'href="{SENT}/{its["event_id"]}"' in overview for its in welcomes)
    assert re.search(r'<svg[^>]* role="img"', overview)
    assert sum(str(its) in event for its in members) == 1
    assert not any(person.name in page or person.email in page for person in people for page in (overview, event))
    today = (await _json(house, "/volumes?days=1"))["days"][0]
    assert today["sent"] >= len(members)

    as_member = {**house.member(members[0]), "Accept": "text/html"}
    assert (await house.http.get(SENT, headers=as_member)).status_code == 403


async def test_what_went_out_is_not_sent_again(house: House) -> None:
    [person] = planted(1)
    member_id = await house.join(person)
    await house.level()

    async def is_sent() -> list[dict[str, Any]]:
        inbox = (await _json(house, f"/members/{member_id}/inbox"))["notices"]
        return [its for its in inbox if its["state"] == "sent"]

    [notice] = await eventually(is_sent, timeout=30)
    path = f"{API}/notices/{notice['notice_id']}/redelivery"
    answer = await house.post(path, persona="team", **{"Idempotency-Key": str(uuid4())})

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-to-be-sent-again")
    assert len([its for its in await house.mails() if its["to"] == person.email]) == 1
