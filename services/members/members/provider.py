"""The department's OpenID Connect provider: whose word on who somebody is counts here.

An ID token counts when the provider's published key signed it, for this client, and it has not expired. Wall time
decides, never the business clock.
"""

import asyncio
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from chassis.identity import Unauthenticated

ALGORITHMS: Final = ("RS256", "ES256", "Ed25519", "EdDSA")  # the last is the older name of the third
LONGEST_SUBJECT: Final = 255
SKEW: Final = 30  # seconds by which the provider's clock may differ from ours
ASK_AGAIN: Final = 60  # seconds; whoever invents kids does not make us ask more often
KEYS_HOLD: Final = 3600  # seconds, after which a key that the provider withdrew is forgotten
TIMEOUT: Final = 5  # seconds


class ProviderAway(Exception):  # noqa: N818 - named for what happened
    """The provider does not give its keys; nobody can sign in for the moment."""


@dataclass(frozen=True)
class Person:
    """Whom the provider vouches for. `email` only when it says that the address is verified."""

    issuer: str
    subject: str
    email: str | None


class Provider:
    """One provider and the keys it was last seen to sign with."""

    def __init__(self, issuer: str, client_id: str, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._seconds = seconds
        self._keys: dict[str | None, Key] = {}
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def person(self, id_token: str, now: float) -> Person:
        """Who this ID token speaks for. Raises `Unauthenticated` for anything less, and `ProviderAway`."""
        try:
            kid = jws.extract_compact(id_token.encode("ascii")).headers().get("kid")
            key = await self._key(kid)
            return self._person(_claims(id_token, key), now)
        except (JoseError, ValueError, KeyError, TypeError, RecursionError):
            # One answer for every reason: a forger learns nothing from it.
            raise Unauthenticated from None

    async def _key(self, kid: str | None) -> Key:
        """The provider's key of this name; a token without a name only where the provider has a single key."""
        async with self._asking:
            since = self._seconds() - self._asked_at
            if since > KEYS_HOLD or (self._find(kid) is None and since > ASK_AGAIN):
                self._keys = await self._fetch()
                self._asked_at = self._seconds()
        key = self._find(kid)
        if key is None:
            raise ValueError("unknown key")
        return key

    def _find(self, kid: str | None) -> Key | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _fetch(self) -> dict[str | None, Key]:
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT) as client:
                about = (await client.get(f"{self.issuer}/.well-known/openid-configuration")).raise_for_status().json()
                if about["issuer"] != self.issuer:
                    raise ProviderAway("the provider gives itself another name")
                published = (await client.get(about["jwks_uri"])).raise_for_status().json()
            keys = KeySet.import_key_set({"keys": [its for its in published["keys"] if its.get("use", "sig") == "sig"]})
            return {key.kid: key for key in keys}
        except (httpx2.HTTPError, httpx2.InvalidURL, JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderAway(f"the provider's keys could not be read: {type(error).__name__}") from None

    def _person(self, claims: Mapping[str, Any], now: float) -> Person:
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims["iss"] != self.issuer or self.client_id not in audience:
            raise ValueError("for somebody else")
        if claims.get("azp", self.client_id) != self.client_id or (len(audience) > 1 and "azp" not in claims):
            raise ValueError("given to somebody else")
        if not claims["iat"] - SKEW <= now < claims["exp"] + SKEW or claims.get("nbf", now) - SKEW > now:
            raise ValueError("not now")
        subject, email = claims["sub"], claims.get("email")
        if not (isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT and "\0" not in subject):
            raise ValueError("no subject")
        verified = claims.get("email_verified") is True and isinstance(email, str)
        return Person(self.issuer, subject, email if verified else None)


def _claims(id_token: str, key: Key) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that EdDSA has a newer name is the provider's business
        return jwt.decode(id_token, key, algorithms=ALGORITHMS).claims
