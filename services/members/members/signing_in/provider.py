"""The department's OpenID Connect provider: whose word on who somebody is counts here.

An ID token counts when the provider's published key signed it, for this client, and it has not expired. Wall time
decides, never the business clock. A browser brings a code instead (authorization code flow with PKCE), which is
exchanged here for the token, and that must also carry the nonce of the sign-in that asked for it.
"""

import asyncio
import base64
import hashlib
import hmac
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

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
REFUSED: Final = 400


class ProviderAway(Exception):  # noqa: N818 - named for what happened
    """The provider does not answer as it should; nobody can sign in for the moment."""


@dataclass(frozen=True)
class Person:
    """Whom the provider vouches for. `email` only when it says that the address is verified."""

    issuer: str
    subject: str
    email: str | None


class Provider:
    """One provider, where it says its doors are, and the keys it was last seen to sign with."""

    def __init__(
        self, issuer: str, client_id: str, secret: str = "", *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._secret = secret
        self._seconds = seconds
        self._about: dict[str, str] = {}
        self._keys: dict[str | None, Key] = {}
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def address(self, *, state: str, nonce: str, verifier: str, back_to: str) -> str:
        """Where a browser goes to sign in; it comes back to `back_to` with a code. Raises `ProviderAway`."""
        await self._ask_if(lambda: not self._about)
        asked = {
            "client_id": self.client_id,
            "redirect_uri": back_to,
            "response_type": "code",
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
            .rstrip(b"=")
            .decode(),
            "code_challenge_method": "S256",
        }
        door = self._about.get("authorization_endpoint")
        if door is None:
            raise ProviderAway("the provider says no door for browsers")
        return f"{door}{'&' if '?' in door else '?'}{urlencode(asked)}"

    async def person_by_code(self, code: str, *, nonce: str, verifier: str, back_to: str, now: float) -> Person:
        """Whom the provider gave this code for. Raises `Unauthenticated` when it gave none, and `ProviderAway`."""
        await self._ask_if(lambda: not self._about)
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": back_to, "code_verifier": verifier}
        # RFC 6749, section 2.3.1: both are encoded as in a form. A public client only says its name.
        secret = (
            httpx2.BasicAuth(quote(self.client_id, safe=""), quote(self._secret, safe="")) if self._secret else None
        )
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT, auth=secret) as client:
                named = asked if secret else asked | {"client_id": self.client_id}
                given = await client.post(self._about["token_endpoint"], data=named)
            if given.status_code == REFUSED and given.json().get("error") == "invalid_grant":
                raise Unauthenticated
            id_token = given.raise_for_status().json()["id_token"]
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProviderAway(f"the provider gave no token: {type(error).__name__}") from None
        return await self.person(id_token, now, nonce=nonce)

    async def person(self, id_token: str, now: float, *, nonce: str | None = None) -> Person:
        """Who this ID token speaks for. Raises `Unauthenticated` for anything less, and `ProviderAway`."""
        try:
            kid = jws.extract_compact(id_token.encode("ascii")).headers().get("kid")
            key = await self._key(kid)
            return self._person(_claims(id_token, key), now, nonce)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            # One answer for every reason: a forger learns nothing from it.
            raise Unauthenticated from None

    async def _ask_if(self, lacking: Callable[[], bool]) -> None:
        """Asks the provider for its doors and keys: once an hour, and once a minute while something is lacking."""
        async with self._asking:
            since = self._seconds() - self._asked_at
            if since > KEYS_HOLD or (lacking() and since > ASK_AGAIN):
                self._about, self._keys = await self._fetch()
                self._asked_at = self._seconds()

    async def _key(self, kid: str | None) -> Key:
        """The provider's key of this name; a token without a name only where the provider has a single key."""
        await self._ask_if(lambda: self._find(kid) is None)
        key = self._find(kid)
        if key is None:
            raise ValueError("unknown key")
        return key

    def _find(self, kid: str | None) -> Key | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _fetch(self) -> tuple[dict[str, str], dict[str | None, Key]]:
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT) as client:
                about = (await client.get(f"{self.issuer}/.well-known/openid-configuration")).raise_for_status().json()
                if about["issuer"] != self.issuer:
                    raise ProviderAway("the provider gives itself another name")
                published = (await client.get(about["jwks_uri"])).raise_for_status().json()
            keys = KeySet.import_key_set({"keys": [its for its in published["keys"] if its.get("use", "sig") == "sig"]})
            # A provider without doors for browsers still vouches for whom programs bring.
            doors = {name: str(about[name]) for name in ("authorization_endpoint", "token_endpoint") if name in about}
            return doors, {key.kid: key for key in keys}
        except (httpx2.HTTPError, httpx2.InvalidURL, JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderAway(f"the provider's keys could not be read: {type(error).__name__}") from None

    def _person(self, claims: Mapping[str, Any], now: float, nonce: str | None) -> Person:
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims["iss"] != self.issuer or self.client_id not in audience:
            raise ValueError("for somebody else")
        if claims.get("azp", self.client_id) != self.client_id or (len(audience) > 1 and "azp" not in claims):
            raise ValueError("given to somebody else")
        if not claims["iat"] - SKEW <= now < claims["exp"] + SKEW or claims.get("nbf", now) - SKEW > now:
            raise ValueError("not now")
        if nonce is not None and not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise ValueError("for another sign-in")
        subject, email = claims["sub"], claims.get("email")
        if not (isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT and "\0" not in subject):
            raise ValueError("no subject")
        verified = claims.get("email_verified") is True and isinstance(email, str)
        return Person(self.issuer, subject, email if verified else None)


def _claims(id_token: str, key: Key) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that EdDSA has a newer name is the provider's business
        return jwt.decode(id_token, key, algorithms=ALGORITHMS).claims
