"""Signing in with a department's ID token: who counts as who, and which tokens count for nothing."""

import base64
import hmac
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

SignIn = Callable[..., dict[str, str]]
Jwk = RSAKey | ECKey | OKPKey
TOKENS = "/api/members/v1/tokens"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
STRANGERS = RSAKey.generate_key(2048, {"kid": "rsa"})
KEYS: dict[str, Jwk] = {
    "RS256": RSA,
    "ES256": ECKey.generate_key("P-256", {"kid": "ec"}),
    "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}


@pytest.fixture(scope="module", autouse=True)
def published_keys(provider: Any) -> None:
    provider.keys = [key.as_dict(private=False) for key in KEYS.values()]


def id_token(provider: Any, *, alg: str = "RS256", key: Jwk = RSA, header: Any = None, **changed: Any) -> str:
    """A good ID token about somebody new, with these changes; a change to `...` takes the claim away."""
    now = int(time.time())
    claims = {
        "iss": provider.issuer,
        "aud": "gse",
        "sub": uuid4().hex,
        "email": f"{uuid4().hex}@defra.example",
        "email_verified": True,
        "name": "Ada Byron",
        "iat": now,
        "exp": now + 3600,
    } | changed
    return jwt.encode(
        {name: value for name, value in ({"alg": alg, "kid": key.kid} | (header or {})).items() if value},
        {name: value for name, value in claims.items() if value is not ...},
        key,
        algorithms=[alg],
    )


async def signed_in_as(client: AsyncClient, token: str, running: FastAPI) -> dict[str, Any]:
    """The claims of the platform token."""
    answer = await client.post(TOKENS, json={"id_token": token})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 600)
    return jwt.decode(answer.json()["access_token"], running.state.signing_key, algorithms=["Ed25519"]).claims


async def member(client: AsyncClient, email: str, organisation: str = "Defra") -> str:
    form = {"name": "Ada Byron", "email": email, "organisation": organisation, "grade": "G7"}
    return str((await client.post("/api/members/v1/members", json=form)).json()["member_id"])


@pytest.mark.parametrize(("changed", "confirmed"), [({}, True), ({"email_verified": False}, False)])
async def test_signing_in_with_an_address_that_the_provider_vouches_for_confirms_it(
    client: AsyncClient, running: FastAPI, provider: Any, changed: dict[str, Any], confirmed: object
) -> None:
    email = f"{uuid4().hex}@defra.example"
    member_id = UUID(await member(client, email))

    await signed_in_as(client, id_token(provider, email=email, **changed), running)

    async with running.state.running.database.transaction() as tx:
        verified_at = await tx.fetchval("SELECT address_verified_at FROM member WHERE member_id = $1", member_id)
    assert (verified_at is not None) is confirmed


async def test_a_member_is_known_by_their_verified_address_and_the_account_stays_theirs(
    client: AsyncClient, running: FastAPI, provider: Any
) -> None:
    email = f"{uuid4().hex}@defra.example"
    member_id = await member(client, email)

    first = await signed_in_as(client, id_token(provider, sub="ada", email=email.upper()), running)
    again = await signed_in_as(client, id_token(provider, sub="ada", email=...), running)

    assert UUID(first["sub"]) == UUID(again["sub"])
    assert (first["member_id"], again["member_id"]) == (member_id, member_id)
    assert (first["organisation"], first["roles"]) == ("DEFRA", ["member"])
    assert (first["iss"], first["aud"], first["exp"] - first["iat"]) == ("gse-members", "gse", 600)
    assert not any("ada" in str(value).lower() for value in first.values())


async def test_an_address_that_the_provider_has_not_verified_says_nothing(
    client: AsyncClient, running: FastAPI, provider: Any
) -> None:
    email = f"{uuid4().hex}@defra.example"
    await member(client, email)

    for unverified in (False, "true", 1, ...):
        token = id_token(provider, email=email, email_verified=unverified)
        claims = await signed_in_as(client, token, running)
        assert (claims["member_id"], claims["organisation"], claims["roles"]) == (None, None, [])


async def test_who_has_left_is_no_member_to_their_account_and_who_comes_back_is(
    client: AsyncClient, running: FastAPI, provider: Any, signed_in: SignIn
) -> None:
    email = f"{uuid4().hex}@defra.example"
    member_id = await member(client, email)
    await signed_in_as(client, id_token(provider, sub="bea", email=email), running)

    await client.post(f"/api/members/v1/members/{member_id}/departures", headers=signed_in("team"))
    gone = await signed_in_as(client, id_token(provider, sub="bea", email=email), running)
    back_as = await member(client, email)
    back = await signed_in_as(client, id_token(provider, sub="bea", email=email), running)

    assert (gone["member_id"], gone["roles"]) == (None, [])
    assert (back["member_id"], back["roles"], back["sub"]) == (back_as, ["member"], gone["sub"])


async def test_the_deployment_grants_roles_to_subjects_and_their_tokens_open_doors(
    client: AsyncClient, running: FastAPI, provider: Any
) -> None:
    helen = await signed_in_as(client, id_token(provider, sub="helen"), running)
    gareth = await signed_in_as(client, id_token(provider, sub="gareth"), running)

    assert (helen["organisation"], helen["roles"]) == (None, ["team"])
    assert (gareth["organisation"], gareth["roles"]) == ("DEFRA", ["hosep", "volunteer"])
    token = (await client.post(TOKENS, json={"id_token": id_token(provider, sub="helen")})).json()["access_token"]
    shown = await client.get(f"/api/members/v1/imports/{uuid4()}", headers={"Authorization": f"Bearer {token}"})
    assert shown.status_code == 404


async def test_a_role_for_one_organisation_does_not_move_with_its_holder(
    client: AsyncClient, running: FastAPI, provider: Any, signed_in: SignIn
) -> None:
    email = f"{uuid4().hex}@defra.example"
    member_id = await member(client, email)
    before = await signed_in_as(client, id_token(provider, sub="gareth", email=email), running)

    moved = {"organisation": "UKHSA", "grade": "G7"}
    await client.post(f"/api/members/v1/members/{member_id}/transfers", json=moved, headers=signed_in("team"))
    after = await signed_in_as(client, id_token(provider, sub="gareth", email=email), running)

    assert (before["organisation"], before["roles"]) == ("DEFRA", ["hosep", "member", "volunteer"])
    assert (after["organisation"], after["roles"]) == ("UKHSA", ["member", "volunteer"])


@pytest.mark.parametrize("alg", ["RS256", "ES256", "Ed25519"])
async def test_a_provider_may_sign_with_any_of_three_algorithms(
    client: AsyncClient, running: FastAPI, provider: Any, alg: str
) -> None:
    claims = await signed_in_as(client, id_token(provider, alg=alg, key=KEYS[alg]), running)

    assert claims["iss"] == "gse-members"


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # a provider may not know the newer name
async def test_the_older_name_of_ed25519_is_understood(client: AsyncClient, running: FastAPI, provider: Any) -> None:
    await signed_in_as(client, id_token(provider, alg="EdDSA", key=KEYS["Ed25519"]), running)


NOW = int(time.time())
FORGED: dict[str, dict[str, Any]] = {
    "signed by a stranger": {"key": STRANGERS},
    "another issuer": {"iss": "https://login.example"},
    "no issuer": {"iss": ...},
    "another client": {"aud": "payroll"},
    "no client": {"aud": ...},
    "two clients and no party": {"aud": ["gse", "payroll"]},
    "given to another party": {"aud": ["gse", "payroll"], "azp": "payroll"},
    "over": {"iat": NOW - 7200, "exp": NOW - 3600},
    "never over": {"exp": ...},
    "from the future": {"iat": NOW + 3600, "exp": NOW + 7200},
    "not yet": {"nbf": NOW + 3600},
    "an expiry in words": {"exp": "tomorrow"},
    "nobody": {"sub": ...},
    "an empty subject": {"sub": ""},
    "a number for a subject": {"sub": 7},
    "an endless subject": {"sub": "x" * 256},
    "a key that is not published": {"key": RSAKey.generate_key(2048, {"kid": "new"})},
    "no name of a key": {"header": {"kid": None}},
    "another algorithm": {"alg": "RS512"},
}


@pytest.mark.filterwarnings("ignore:.*")  # the forger's library warns of what the forger does
@pytest.mark.parametrize("kind", FORGED)
async def test_a_forged_id_token_signs_nobody_in(client: AsyncClient, provider: Any, kind: str) -> None:
    answer = await client.post(TOKENS, json={"id_token": id_token(provider, **FORGED[kind])})

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_public_key_used_as_a_secret_signs_nobody_in(client: AsyncClient, provider: Any) -> None:
    header, payload, _ = id_token(provider).split(".")
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa"}').rstrip(b"=").decode()
    mark = hmac.digest(RSA.as_pem(private=False), f"{header}.{payload}".encode(), "sha256")

    forged = f"{header}.{payload}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"

    assert (await client.post(TOKENS, json={"id_token": forged})).status_code == 401


@pytest.mark.parametrize("text", ["", "nonsense", "a.b.c", "é.é.é", "..", "e30.e30.e30"])
async def test_what_is_no_token_signs_nobody_in(client: AsyncClient, text: str) -> None:
    assert (await client.post(TOKENS, json={"id_token": text})).status_code == 401


async def test_invented_keys_do_not_make_us_ask_the_provider_again_and_again(
    client: AsyncClient, provider: Any, running: FastAPI
) -> None:
    await signed_in_as(client, id_token(provider), running)
    asked = provider.asked

    for _ in range(5):
        stranger = OKPKey.generate_key("Ed25519", {"kid": uuid4().hex})
        await client.post(TOKENS, json={"id_token": id_token(provider, alg="Ed25519", key=stranger)})

    assert provider.asked - asked <= 2  # once a minute: who it is and its keys
