"""The keys of a provider: fetched when needed, kept for a while, never from somebody else."""

import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from chassis.identity import Unauthenticated
from members.signing_in.provider import Provider, ProviderAway

FIRST = RSAKey.generate_key(2048, {"kid": "first"})
SECOND = RSAKey.generate_key(2048, {"kid": "second"})


class Seconds:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def token(issuer: str, key: RSAKey) -> str:
    now = int(time.time())
    claims = {"iss": issuer, "aud": "gse", "sub": "ada", "iat": now, "exp": now + 60}
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key, algorithms=["RS256"])


async def test_a_new_key_is_known_a_minute_later_and_a_withdrawn_one_is_forgotten_after_an_hour(provider: Any) -> None:
    seconds = Seconds()
    its = Provider(provider.issuer, "gse", seconds=seconds)
    provider.keys = [FIRST.as_dict(private=False)]
    assert (await its.person(token(provider.issuer, FIRST), time.time())).subject == "ada"

    provider.keys = [SECOND.as_dict(private=False)]
    with pytest.raises(Unauthenticated):
        await its.person(token(provider.issuer, SECOND), time.time())
    assert (await its.person(token(provider.issuer, FIRST), time.time())).subject == "ada"
    seconds.now += 3601
    with pytest.raises(Unauthenticated):
        await its.person(token(provider.issuer, FIRST), time.time())
    assert (await its.person(token(provider.issuer, SECOND), time.time())).subject == "ada"


async def test_while_the_provider_is_away_nobody_is_called_a_forger() -> None:
    its = Provider("http://127.0.0.1:9", "gse")

    with pytest.raises(ProviderAway):
        await its.person(token("http://127.0.0.1:9", FIRST), time.time())
    with pytest.raises(ProviderAway):
        await its.address(state="s", nonce="n", verifier="v", back_to="http://localhost/sign-in/callback")
    with pytest.raises(ProviderAway):
        await its.person_by_code("c", nonce="n", verifier="v", back_to="http://localhost/", now=time.time())


async def test_a_client_without_a_secret_says_its_name_and_proves_nothing(provider: Any) -> None:
    its = Provider(provider.issuer, "gse")

    with pytest.raises(Unauthenticated):
        await its.person_by_code("none", nonce="n", verifier="v", back_to="http://localhost/", now=time.time())

    proof, said = provider.exchanges[-1]
    assert (proof, said["client_id"], said["code_verifier"]) == (None, "gse", "v")


async def test_a_provider_that_gives_itself_another_name_is_not_believed(provider: Any) -> None:
    its = Provider(provider.issuer, "gse")
    provider.name = "https://login.example"

    with pytest.raises(ProviderAway):
        await its.person(token(provider.issuer, FIRST), time.time())
