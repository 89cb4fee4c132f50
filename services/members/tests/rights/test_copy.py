"""The part of a member's copy that members gives, and the page that offers the whole."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import in_browser, left_out
from members.rights import copy_store
from members.roles import store as role_store
from members.roles.domain import Grant
from members.signing_in import account_store

SignIn = Callable[..., dict[str, str]]
API: Final = "/api/members/v1"


async def joined(client: AsyncClient, **changed: Any) -> str:
    form = {"name": "Ada Moss", "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    answer = await client.post(f"{API}/members", json=form | changed, headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["member_id"])


async def test_every_table_about_people_is_in_the_copy_or_has_a_reason(running: FastAPI) -> None:
    database = running.state.running.database

    holdings = copy_store.holdings(running.state.vault, b"")
    assert await left_out(database, holdings, copy_store.NOT_COPIED) == []
    without = [its for its in holdings if "member" not in its.tables]
    assert await left_out(database, without, copy_store.NOT_COPIED) == ["member"]


async def test_answers_to_equality_monitoring_are_in_the_copy_of_who_gave_them_alone(
    client: AsyncClient, signed_in: SignIn
) -> None:
    ada, ben = await joined(client), await joined(client)
    themself = signed_in("member", member_id=ada)
    answers = {"answers": {"sex": "female"}}
    kept = await client.put(f"{API}/members/{ada}/monitoring-answers", json=answers, headers=themself)
    assert kept.is_success, kept.text

    found = []
    for headers in (themself, signed_in("member", member_id=ben)):
        copy = (await client.get(f"{API}/my/copy", headers=headers)).json()
        held = {its["title"]: its["rows"] for its in copy["holdings"]}
        found.append(held["What you answered to equality monitoring"])

    [[answer], nothing] = found
    assert (answer["about"], answer["answer"], nothing) == ("sex", "female", [])


async def test_a_member_has_what_members_holds_of_them_with_their_sign_in_and_roles(
    client: AsyncClient, running: FastAPI, signed_in: SignIn
) -> None:
    email = f"{uuid4().hex}@ukhsa.example"
    ada = await joined(client, email=email, interests=["botany"], skills=["maps"])
    account_id = uuid4()
    async with running.state.running.database.transaction() as tx:
        await account_store.add(tx, account_id, "https://provider.example", email)
        await account_store.link(tx, account_id, UUID(ada))
        await role_store.add(tx, UUID(ada), Grant("volunteer"), by=uuid4())
        await role_store.record(tx, UUID(ada), [Grant("volunteer")], granted=True, by=uuid4())

    answer = await client.get(f"{API}/my/copy", headers=signed_in("member", member_id=ada))

    held = {its["title"]: its["rows"] for its in answer.json()["holdings"]}
    [member] = held["You as a member"]
    assert member | {"joined_on": "", "asked_to_confirm_address_at": ""} == {
        "member_number": ada,
        "name": "Ada Moss",
        "email_address": email,
        "organisation": "UKHSA",
        "grade": "HEO",
        "interests": ["botany"],
        "skills": ["maps"],
        "joined_on": "",
        "asked_to_confirm_address_at": "",
        "confirmed_by": None,
        "confirmed_at": None,
        "address_verified_at": None,
        "left_on": None,
    }
    [account] = held["Your sign-ins"]
    assert (account["sign_in_service"], account["your_pseudonym_there"]) == ("https://provider.example", email)
    assert [its["role"] for its in held["Roles that the central team gave to you"]] == ["volunteer"]
    assert [(its["role"], its["what"]) for its in held["The record of your roles"]] == [("volunteer", "given")]
    assert [title for title, rows in held.items() if rows] == [
        "You as a member",
        "Your sign-ins",
        "Roles that the central team gave to you",
        "The record of your roles",
    ]


async def test_somebody_else_and_a_stranger_have_nothing_of_it(client: AsyncClient, signed_in: SignIn) -> None:
    email = f"{uuid4().hex}@ukhsa.example"
    await joined(client, email=email)
    other = await joined(client)

    theirs = await client.get(f"{API}/my/copy", headers=signed_in("team", member_id=other))
    strangers = await client.get(f"{API}/my/copy")

    assert (theirs.status_code, email in theirs.text) == (200, False)
    assert strangers.status_code == 401


async def test_the_page_leads_to_each_part(client: AsyncClient) -> None:
    page = (await client.get("/members/profile/copy", headers=in_browser("member", member_id=uuid4()))).text

    for service in ("members", "mentoring", "events", "notifications"):
        assert f'href="/{service}/my/copy"' in page
        assert f'href="/{service}/my/copy.json"' in page
