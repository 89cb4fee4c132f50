"""The team gives a member a role: their next token opens the door, until the role is taken back."""

import base64
import json
import secrets
from typing import Any

import httpx2
from house import House
from people import planted
from visitor import a_colleague

from testkit.records import read_all

MEMBERS = "/api/members/v1/members"


async def _roles(house: House, subject: str) -> list[str]:
    """What the token of this subject says they may be."""
    payload = (await house.token(subject)).split(".")[1]
    return list(json.loads(base64.urlsafe_b64decode(payload + "=="))["roles"])


async def _said(house: House, member_id: str) -> list[tuple[str, Any]]:
    records = await read_all(house.kafka, f"{house.prefix}gse.members")
    mine = [its for its in records if its.json().get("member_id") == member_id]
    return [((its.header("ce_type") or "").split(".")[-2], its.json().get("role")) for its in mine]


async def test_a_role_opens_a_door_with_the_next_token_until_it_is_taken_back(house: House) -> None:
    [person] = planted(1)
    subject = secrets.token_hex(8)
    async with httpx2.AsyncClient(trust_env=False) as provider:
        about = {"email": person.email, "email_verified": True}
        (await provider.put(f"{house.platform.issuer}/users/{subject}", json=about)).raise_for_status()
    member_id = str(await house.join(person))
    role, team, here = {"role": "scheme-lead"}, a_colleague(house), f"/members/people/{member_id}"
    scheme = {"title": "Reach", "summary": "Members help each other.", "link": "https://gse.example/reach"}

    before = await house.post("/api/mentoring/v1/schemes", scheme, persona=subject)
    granted = await team.send(f"{here}/roles", role)
    with_it = await _roles(house, subject)
    after = await house.post("/api/mentoring/v1/schemes", scheme, persona=subject)
    own = await house.post(f"{MEMBERS}/{member_id}/role-grants", role, persona=subject)
    held = await team.read(here)
    revoked = await team.send(here, role, to=f"{here}/roles/taken-back")
    without_it = await _roles(house, subject)

    assert [its.status_code for its in (before, granted, after, own, revoked)] == [403, 303, 201, 403, 303]
    assert ("Scheme lead" in held, "Scheme lead" in await team.read(here)) == (True, False)
    assert (with_it, without_it) == (["member", "scheme-lead"], ["member"])
    await house.level()
    assert await _said(house, member_id) == [
        ("MemberJoined", None),
        ("RoleGranted", "scheme-lead"),
        ("RoleRevoked", "scheme-lead"),
    ]
