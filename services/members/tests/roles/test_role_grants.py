"""The central team gives roles and takes them back; tokens and events say so."""

import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from joserfc import jwt
from joserfc.jwk import RSAKey

from chassis import testing
from chassis.testing import signed_in

Said = Callable[[str], Awaitable[list[tuple[str, Any]]]]
KEY = RSAKey.generate_key(2048, {"kid": "rsa"})
EMAIL = "{}@defra.example"
API = "/api/members/v1/members"


@pytest.fixture(autouse=True)
def published_keys(provider: Any) -> None:
    provider.keys = [KEY.as_dict(private=False)]


async def join(client: AsyncClient, word: str) -> str:
    form = {"name": "Ada Byron", "email": EMAIL.format(word), "organisation": "Defra", "grade": "G7"}
    return str((await client.post(API, json=form)).json()["member_id"])


async def roles_in_the_token(client: AsyncClient, provider: Any, word: str) -> list[str]:
    now = int(time.time())
    about = {"iss": provider.issuer, "aud": "gse", "sub": word, "email": EMAIL.format(word), "email_verified": True}
    id_token = jwt.encode({"alg": "RS256", "kid": "rsa"}, about | {"iat": now, "exp": now + 60}, KEY)
    token = (await client.post("/api/members/v1/tokens", json={"id_token": id_token})).json()["access_token"]
    return list(jwt.decode(token, testing.KEY, algorithms=["Ed25519"]).claims["roles"])


async def test_a_role_is_in_the_next_token_once_given_and_not_once_taken_back(
    client: AsyncClient, provider: Any, said: Said
) -> None:
    word, team = uuid4().hex, signed_in("team")
    member_id = await join(client, word)
    role, head = {"role": "volunteer"}, {"role": "hosep", "organisation": "Defra"}

    given = [await client.post(f"{API}/{member_id}/role-grants", json=its, headers=team) for its in (role, head, role)]
    with_both = await roles_in_the_token(client, provider, word)
    taken = [await client.post(f"{API}/{member_id}/role-revocations", json=head, headers=team) for _ in range(2)]
    with_one = await roles_in_the_token(client, provider, word)

    assert [answer.status_code for answer in given + taken] == [200] * 5
    assert given[2].json() == {
        "member_id": member_id,
        "roles": [{"role": "hosep", "organisation": "DEFRA"}, {"role": "volunteer", "organisation": None}],
    }
    assert taken[1].json()["roles"] == [{"role": "volunteer", "organisation": None}]
    assert (with_both, with_one) == (["hosep", "member", "volunteer"], ["member", "volunteer"])
    head_of_defra = {"member_id": member_id, "role": "hosep", "organisation": "DEFRA"}
    assert (await said(member_id))[1:] == [
        ("RoleGranted", {"member_id": member_id, "role": "volunteer", "organisation": None}),
        ("RoleGranted", head_of_defra),
        ("RoleRevoked", head_of_defra),
    ]


async def test_whoever_moves_loses_what_they_were_at_the_old_organisation_and_coming_back_does_not_bring_it_back(
    client: AsyncClient, provider: Any, said: Said
) -> None:
    word, team = uuid4().hex, signed_in("team")
    member_id = await join(client, word)
    head = {"role": "recruiting-manager", "organisation": "Defra"}
    for role in (head, {"role": "volunteer"}):
        await client.post(f"{API}/{member_id}/role-grants", json=role, headers=team)

    themselves = signed_in("member", member_id=member_id)
    for there in ("UKHSA", "Defra"):
        moved = {"organisation": there, "grade": "G7"}
        assert (await client.post(f"{API}/{member_id}/transfers", json=moved, headers=themselves)).status_code == 200

    assert await roles_in_the_token(client, provider, word) == ["member", "volunteer"]
    revoked = ("RoleRevoked", {"member_id": member_id, "role": "recruiting-manager", "organisation": "DEFRA"})
    assert [name for name, _ in await said(member_id)][3:] == ["RoleRevoked", "MemberTransferred", "MemberTransferred"]
    assert revoked in await said(member_id)
    records = (await client.get(f"/api/members/v1/role-records?member_id={member_id}", headers=team)).json()["records"]
    newest = records[0]
    assert (newest["role"], newest["organisation"], newest["granted"]) == ("recruiting-manager", "DEFRA", False)
    assert newest["by"] == str(testing.account_of(themselves))


async def test_who_leaves_loses_the_roles_and_everyone_hears_it(
    client: AsyncClient, running: FastAPI, said: Said
) -> None:
    member_id, team = await join(client, uuid4().hex), signed_in("team")
    await client.post(f"{API}/{member_id}/role-grants", json={"role": "volunteer"}, headers=team)

    await client.post(f"{API}/{member_id}/departures", headers=team)

    assert [name for name, _ in await said(member_id)] == ["MemberJoined", "RoleGranted", "RoleRevoked", "MemberLeft"]
    assert (await client.get(f"{API}/{member_id}/roles", headers=team)).json()["roles"] == []
    late = await client.post(f"{API}/{member_id}/role-grants", json={"role": "volunteer"}, headers=team)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/has-left")


async def test_the_team_and_the_member_see_the_roles_and_the_team_alone_gives_them(client: AsyncClient) -> None:
    member_id = await join(client, uuid4().hex)
    themselves = signed_in("member", "team", member_id=member_id)
    volunteer = {"role": "volunteer"}

    for seen_by in (signed_in("team"), signed_in("member", member_id=member_id)):
        assert (await client.get(f"{API}/{member_id}/roles", headers=seen_by)).status_code == 200
    for stranger in (signed_in("member", member_id=uuid4()), signed_in("hosep", organisation="DEFRA")):
        assert (await client.get(f"{API}/{member_id}/roles", headers=stranger)).status_code == 404
        for change in ("role-grants", "role-revocations"):
            refused = await client.post(f"{API}/{member_id}/{change}", json=volunteer, headers=stranger)
            assert refused.status_code == 403
    own = await client.post(f"{API}/{member_id}/role-grants", json=volunteer, headers=themselves)
    assert (own.status_code, own.json()["type"]) == (409, "/problems/not-to-yourself")
    nobody = await client.post(f"{API}/{uuid4()}/role-grants", json=volunteer, headers=signed_in("team"))
    assert nobody.status_code == 404


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"role": "emperor"}, "role"),
        ({"role": "member"}, "role"),
        ({"role": "hosep"}, "organisation"),
        ({"role": "hosep", "organisation": "Atlantis"}, "organisation"),
        ({"role": "team", "organisation": "Defra"}, "organisation"),
    ],
)
async def test_a_role_that_cannot_hold_is_refused_at_its_field(
    client: AsyncClient, form: dict[str, str], field: str
) -> None:
    member_id = await join(client, uuid4().hex)

    answer = await client.post(f"{API}/{member_id}/role-grants", json=form, headers=signed_in("team"))

    assert (answer.status_code, [its["field"] for its in answer.json()["errors"]]) == (422, [field])


async def test_a_role_for_another_organisation_than_the_members_is_refused(client: AsyncClient) -> None:
    member_id = await join(client, uuid4().hex)
    form = {"role": "hosep", "organisation": "UKHSA"}

    answer = await client.post(f"{API}/{member_id}/role-grants", json=form, headers=signed_in("team"))

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-their-organisation")


async def test_a_grant_repeated_with_its_key_gives_nothing_anew_after_it_was_taken_back(
    client: AsyncClient, said: Said
) -> None:
    member_id = await join(client, uuid4().hex)
    headers = signed_in("team")
    keyed, form = headers | {"Idempotency-Key": uuid4().hex}, {"role": "volunteer"}

    await client.post(f"{API}/{member_id}/role-grants", json=form, headers=keyed)
    await client.post(f"{API}/{member_id}/role-revocations", json=form, headers=headers)
    repeated = await client.post(f"{API}/{member_id}/role-grants", json=form, headers=keyed)

    assert (repeated.status_code, repeated.json()["roles"]) == (200, [])
    assert [name for name, _ in await said(member_id)] == ["MemberJoined", "RoleGranted", "RoleRevoked"]
