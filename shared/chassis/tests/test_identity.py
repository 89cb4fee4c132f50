"""Only a platform token of today, signed by a key of ours, says who is asking."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from chassis import problems
from chassis.identity import (
    Caller,
    MaybeSignedIn,
    SignedIn,
    TokenKeys,
    Unauthenticated,
    sign,
    verify,
)

KEY = OKPKey.generate_key("Ed25519", {"kid": "one"})
STRANGERS = OKPKey.generate_key("Ed25519", {"kid": "one"})
KEYS = TokenKeys.of({"keys": [KEY.as_dict(private=False)]})
ACCOUNT = UUID("11111111-1111-4111-8111-111111111111")
MEMBER = UUID("22222222-2222-4222-8222-222222222222")
NOW = datetime(2027, 2, 11, 14, 0, tzinfo=UTC)
AT = int(NOW.timestamp())


def claims(at: int = AT, **changed: Any) -> dict[str, Any]:
    """A good token's claims; a change to `...` takes the claim away."""
    good: dict[str, Any] = {
        "iss": "gse-members",
        "aud": "gse",
        "sub": str(ACCOUNT),
        "member_id": str(MEMBER),
        "organisation": "DEFRA",
        "roles": ["member", "hosep"],
        "iat": at,
        "exp": at + 600,
    }
    return {name: value for name, value in (good | changed).items() if value is not ...}


def part(content: Any) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def handmade(header: Any, payload: Any, key: OKPKey = KEY) -> str:
    """A token with any header and payload at all and a true signature."""
    signed = f"{part(header)}.{part(payload)}"
    private = key.private_key
    assert isinstance(private, Ed25519PrivateKey)
    return f"{signed}.{part(private.sign(signed.encode()))}"


HEADER = {"alg": "Ed25519", "typ": "JWT", "kid": "one"}


def with_header(at: int, **changed: Any) -> str:
    header = {name: value for name, value in (HEADER | changed).items() if value is not ...}
    return handmade(header, claims(at))


def with_claims(at: int, **changed: Any) -> str:
    return sign(claims(at, **changed), KEY)


def hmac_with_public_key(at: int) -> str:
    """The classic: the public key, which everybody has, taken as a shared secret."""
    secret = KEY.public_key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    signed = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims(at))}"
    return f"{signed}.{part(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def by_another_algorithm(at: int, name: str, key: Any) -> str:
    return jws.serialize_compact({"alg": name, "kid": "one"}, json.dumps(claims(at)), key, [name])


def bent(token: str, *, segment: int, change: Callable[[str], str]) -> str:
    parts = token.split(".")
    parts[segment] = change(parts[segment])
    return ".".join(parts)


def good(at: int) -> str:
    return sign(claims(at), KEY)


def encrypted(at: int) -> str:
    key = OctKey.generate_key(256)
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM", "kid": "one"}, json.dumps(claims(at)), key)


FORGED: dict[str, Callable[[int], str]] = {
    "nothing at all": lambda _: "",
    "a word": lambda _: "token",
    "two dots": lambda _: "..",
    "four parts": lambda at: good(at) + ".e30",
    "two parts": lambda at: good(at).rpartition(".")[0],
    "no signature": lambda at: good(at).rpartition(".")[0] + ".",
    "a signature of zeros": lambda at: bent(good(at), segment=2, change=lambda _: part(bytes(64))),
    "a signature cut short": lambda at: bent(good(at), segment=2, change=lambda text: text[:-4]),
    "a signature with more behind it": lambda at: bent(good(at), segment=2, change=lambda text: text + "AAAA"),
    "a signature with characters that decoders skip": lambda at: bent(
        good(at), segment=2, change=lambda text: text[:9] + "!" + text[9:]
    ),
    "a padded signature": lambda at: bent(good(at), segment=2, change=lambda text: text + "=="),
    "the signature of another token": lambda at: (
        good(at).rpartition(".")[0] + "." + with_claims(at, roles=["team"]).rpartition(".")[2]
    ),
    "claims changed after signing": lambda at: bent(
        good(at), segment=1, change=lambda _: part(claims(at, roles=["operator"]))
    ),
    "a header changed after signing": lambda at: bent(
        good(at), segment=0, change=lambda _: part(HEADER | {"typ": "x"})
    ),
    "a stranger's key under our kid": lambda at: sign(claims(at), STRANGERS),
    "algorithm none": lambda at: f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims(at))}.",
    "algorithm None": lambda at: f"{part({'alg': 'None', 'kid': 'one'})}.{part(claims(at))}.",
    "algorithm none with a true signature": lambda at: with_header(at, alg="none"),
    "HMAC with the public key": hmac_with_public_key,
    "HMAC with a secret": lambda at: by_another_algorithm(at, "HS256", OctKey.generate_key(256)),
    "RSA": lambda at: by_another_algorithm(at, "RS256", RSAKey.generate_key(2048)),
    "elliptic curve": lambda at: by_another_algorithm(at, "ES256", ECKey.generate_key("P-256")),
    "Ed448": lambda at: by_another_algorithm(at, "Ed448", OKPKey.generate_key("Ed448")),
    "the old name of the algorithm": lambda at: with_header(at, alg="EdDSA"),
    "the algorithm in small letters": lambda at: with_header(at, alg="ed25519"),
    "no algorithm": lambda at: with_header(at, alg=...),
    "a list of algorithms": lambda at: with_header(at, alg=["Ed25519"]),
    "no kid": lambda at: with_header(at, kid=...),
    "an unknown kid": lambda at: with_header(at, kid="two"),
    "an empty kid": lambda at: with_header(at, kid=""),
    "a kid that is a path": lambda at: with_header(at, kid="../../dev/null"),
    "a kid that is a list": lambda at: with_header(at, kid=["one"]),
    "a kid that is null": lambda at: with_header(at, kid=None),
    "the address of other keys": lambda at: with_header(at, jku="https://example.com/keys.json"),
    "the address of a certificate": lambda at: with_header(at, x5u="https://example.com/certificate.pem"),
    "a key brought along": lambda at: handmade(
        HEADER | {"jwk": STRANGERS.as_dict(private=False)}, claims(at), STRANGERS
    ),
    "a certificate brought along": lambda at: with_header(at, x5c=["MIIB"]),
    "a critical extension": lambda at: with_header(at, crit=["exp"], exp=1),
    "an unencoded payload": lambda at: with_header(at, b64=False, crit=["b64"]),
    "another type": lambda at: with_header(at, typ="at+jwt"),
    "a header that is a list": lambda at: handmade(["Ed25519"], claims(at)),
    "a header with a name twice": lambda at: handmade(b'{"alg": "none", "alg": "Ed25519", "kid": "one"}', claims(at)),
    "claims that are a list": lambda at: handmade(HEADER, [claims(at)]),
    "claims that are no JSON": lambda _: handmade(HEADER, b"claims"),
    "claims that are not UTF-8": lambda _: handmade(HEADER, b'{"iss": "\xff"}'),
    "a claim twice": lambda at: handmade(
        HEADER, json.dumps(claims(at)).replace("{", '{"roles": ["operator"], ', 1).encode()
    ),
    "claims nested without end": lambda _: handmade(HEADER, b"[" * 1000 + b"]" * 1000),
    "another issuer": lambda at: with_claims(at, iss="gse-mentoring"),
    "no issuer": lambda at: with_claims(at, iss=...),
    "a list of issuers": lambda at: with_claims(at, iss=["gse-members"]),
    "another audience": lambda at: with_claims(at, aud="payroll"),
    "no audience": lambda at: with_claims(at, aud=...),
    "several audiences": lambda at: with_claims(at, aud=["gse", "payroll"]),
    "expired a second ago": lambda at: with_claims(at, iat=at - 600, exp=at - 1),
    "expires this second": lambda at: with_claims(at, iat=at - 600, exp=at),
    "expired a year ago": lambda at: good(at - 31_536_000),
    "no expiry": lambda at: with_claims(at, exp=...),
    "an expiry of null": lambda at: with_claims(at, exp=None),
    "an expiry in text": lambda at: with_claims(at, exp=str(at + 600)),
    "an expiry with a fraction": lambda at: with_claims(at, exp=at + 599.5),
    "an expiry that is no number": lambda at: with_claims(at, exp=float("nan")),
    "an endless expiry": lambda at: with_claims(at, exp=float("inf")),
    "an expiry that is true": lambda at: with_claims(at, exp=True),
    "a life longer than ten minutes": lambda at: with_claims(at, exp=at + 601),
    "issued tomorrow": lambda at: good(at + 86_400),
    "no time of issue": lambda at: with_claims(at, iat=...),
    "not before tomorrow": lambda at: with_claims(at, nbf=at + 86_400),
    "a not-before in text": lambda at: with_claims(at, nbf="now"),
    "no subject": lambda at: with_claims(at, sub=...),
    "a subject that is no UUID": lambda at: with_claims(at, sub="jane"),
    "a subject in braces": lambda at: with_claims(at, sub=f"{{{ACCOUNT}}}"),
    "a subject that is a number": lambda at: with_claims(at, sub=1),
    "no word on the member": lambda at: with_claims(at, member_id=...),
    "a member that is no UUID": lambda at: with_claims(at, member_id=""),
    "no roles": lambda at: with_claims(at, roles=...),
    "roles in text": lambda at: with_claims(at, roles="operator"),
    "a role that is not known": lambda at: with_claims(at, roles=["member", "root"]),
    "a role that is a list": lambda at: with_claims(at, roles=[["operator"]]),
    "roles that are an object": lambda at: with_claims(at, roles={"operator": True}),
    "no organisation": lambda at: with_claims(at, organisation=...),
    "an empty organisation": lambda at: with_claims(at, organisation=""),
    "several organisations": lambda at: with_claims(at, organisation=["DEFRA", "MOD"]),
    "a value of forms that is a number": lambda at: with_claims(at, csrf=1),
    "an empty value of forms": lambda at: with_claims(at, csrf=""),
    "a token too long": lambda at: with_claims(at, more="x" * 4096),
    "an encrypted token": encrypted,
    "letters beyond ASCII": lambda at: good(at).replace("e", "\u00e9", 1),
}


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    app.state.token_keys = KEYS
    problems.install(app)

    @app.get("/api/mine")
    async def mine(caller: SignedIn) -> dict[str, str]:
        return {"account": str(caller.account_id)}

    @app.get("/api/open")
    async def open_to_all(caller: MaybeSignedIn) -> dict[str, bool]:
        return {"known": caller is not None}

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gse") as client:
        yield client


def bearer(token: str) -> httpx2.Headers:
    return httpx2.Headers({b"Authorization": f"Bearer {token}".encode("latin-1")})


def today() -> int:
    return int(datetime.now(UTC).timestamp())


def test_a_platform_token_says_who_is_asking() -> None:
    assert verify(good(AT), KEYS, NOW) == Caller(ACCOUNT, MEMBER, "DEFRA", frozenset({"member", "hosep"}))


def test_an_account_need_not_be_a_member_or_of_an_organisation() -> None:
    token = sign(claims(member_id=None, organisation=None, roles=[]), KEY)
    assert verify(token, KEYS, NOW) == Caller(ACCOUNT, None, None, frozenset())


def test_a_token_holds_until_its_last_second_and_bears_a_signer_half_a_minute_ahead() -> None:
    assert verify(good(AT - 599), KEYS, NOW).account_id == ACCOUNT
    assert verify(good(AT + 30), KEYS, NOW).account_id == ACCOUNT
    with pytest.raises(Unauthenticated):
        verify(good(AT + 31), KEYS, NOW)


def test_a_token_that_was_read_before_ends_as_any_other_and_is_good_with_its_own_keys_alone() -> None:
    token = good(AT)
    for _ in range(2):
        assert verify(token, KEYS, NOW).account_id == ACCOUNT
    for over in (NOW + timedelta(seconds=600), NOW - timedelta(seconds=31)):
        with pytest.raises(Unauthenticated):
            verify(token, KEYS, over)
    with pytest.raises(Unauthenticated):
        verify(token, TokenKeys.of({"keys": [STRANGERS.as_dict(private=False)]}), NOW)


def test_more_tokens_than_are_kept_in_mind_are_all_good() -> None:
    keys = replace(KEYS, room=1)
    others = sign(claims(member_id=None), KEY)
    for _ in range(2):
        assert verify(good(AT), keys, NOW).member_id == MEMBER
        assert verify(others, keys, NOW).member_id is None


@pytest.mark.parametrize("kind", FORGED)
async def test_a_forged_token_is_answered_with_401(client: httpx2.AsyncClient, kind: str) -> None:
    token = FORGED[kind](today())
    answer = await client.get("/api/mine", headers=bearer(token))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="gse", error="invalid_token"'
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "The access token is not valid or has expired.",
    }


async def test_a_forged_token_is_not_taken_for_nobody_where_anybody_may_enter(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/api/open")).json() == {"known": False}
    assert (await client.get("/api/open", headers=bearer(good(today())))).json() == {"known": True}
    assert (await client.get("/api/open", headers=bearer("token"))).status_code == 401


async def test_without_a_token_the_answer_says_to_sign_in(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/api/mine")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="gse"'
    assert answer.json()["detail"] == "Sign in first."


async def test_one_bearer_token_in_one_header_is_what_counts(client: httpx2.AsyncClient) -> None:
    token = good(today())
    assert (await client.get("/api/mine", headers={"Authorization": f"bearer {token}"})).status_code == 200
    assert (await client.get("/api/mine", headers={"Authorization": f"Basic {token}"})).status_code == 401
    assert (await client.get("/api/mine", headers={"Authorization": token})).status_code == 401
    twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert (await client.get("/api/mine", headers=twice)).status_code == 401
    assert (await client.get(f"/api/mine?access_token={token}")).status_code == 401


def test_the_keys_are_named_public_ed25519_keys_or_the_service_does_not_start(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    assert list(TokenKeys.load(path).by_kid) == ["one"]
    refused = [
        {"keys": []},
        {"keys": [KEY.as_dict(private=True)]},
        {"keys": [KEY.as_dict(private=False), KEY.as_dict(private=False)]},
        {"keys": [OKPKey.generate_key("Ed448", {"kid": "two"}).as_dict(private=False)]},
        {"keys": [RSAKey.generate_key(2048, {"kid": "two"}).as_dict(private=False)]},
        {"keys": [KEY.as_dict(private=False) | {"kid": ""}]},
    ]
    for jwks in refused:
        path.write_text(json.dumps(jwks))
        with pytest.raises(ValueError, match="token keys"):
            TokenKeys.load(path)


def test_a_key_without_a_name_signs_nothing() -> None:
    with pytest.raises(ValueError, match="no kid"):
        sign(claims(), OKPKey.generate_key("Ed25519"))
