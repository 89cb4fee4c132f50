"""What the stream of contacts begins with when it has been lost: the newest of who is here, and of nobody else."""

from collections.abc import Callable
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.outbox import Tombstone
from contracts.members import MemberContactChanged
from members.erasure import contacts_again

MEMBERS = "/api/members/v1/members"


async def joined(client: AsyncClient) -> UUID:
    form = {"name": "Ada Old", "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    return UUID((await client.post(MEMBERS, json=form)).json()["member_id"])


async def test_who_is_here_has_the_newest_contact_and_who_left_or_is_unknown_has_it_taken_back(
    client: AsyncClient, running: FastAPI, signed_in: Callable[..., dict[str, str]]
) -> None:
    team, stayer, leaver = signed_in("team"), await joined(client), await joined(client)
    new = {"name": "Ada New", "email": f"{uuid4().hex}@ukhsa.example"}
    assert (await client.post(f"{MEMBERS}/{stayer}/contact-changes", json=new, headers=team)).status_code == 200
    assert (await client.post(f"{MEMBERS}/{leaver}/departures", headers=team)).status_code == 200
    stranger = uuid4()

    async with running.state.running.database.transaction() as tx:
        found = await contacts_again.newest(tx, [leaver, stayer, stranger])

    assert found == [
        Tombstone(of=MemberContactChanged, subject=leaver),
        MemberContactChanged(member_id=stayer, name="Ada New", email=new["email"]),
        Tombstone(of=MemberContactChanged, subject=stranger),
    ]
