"""Who is asking, and whether they may: the only place where tokens are read and roles and objects are checked.

A platform token is a JWT that members signs with Ed25519 and that lives ten minutes. Deployment gives every service
the public keys, so nobody is asked at run time. Wall time decides expiry, never the business clock.

A program brings it as a bearer token. A person's browser brings it in a cookie, to pages only: the API never takes a
cookie, which a browser also adds to what another site makes it send.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Request, Security
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from chassis.browsing import Cookies
from contracts.refusal import NotFound

ISSUER: Final = "gse-members"
AUDIENCE: Final = "gse"
ALGORITHM: Final = "Ed25519"  # RFC 9864's name for EdDSA on that curve; the only one that is accepted
LIFETIME: Final = 600  # seconds; a token that claims more is refused
SKEW: Final = 30  # seconds by which the signer's clock may be ahead of ours
LONGEST: Final = 4096  # characters of a token
MOST_KNOWN: Final = 5_000  # tokens, at a kilobyte each; who is pushed out by newer ones is only read again
ROLES: Final = frozenset(
    {"member", "volunteer", "scheme-lead", "hosep", "recruiting-manager", "team", "operator"},
)
OF_ONE_ORGANISATION: Final = frozenset({"hosep", "recruiting-manager"})
"""Roles that hold for the organisation of the token only."""


class Unauthenticated(Exception):  # noqa: N818 - named for what happened
    """Nobody known is asking. `presented` says whether a token was there and is not valid."""

    def __init__(self, *, presented: bool = True) -> None:
        super().__init__("no valid access token")
        self.presented = presented


class StrangeForm(Exception):  # noqa: N818 - named for what happened
    """A form came with somebody's cookie and without the value that the forms of their session carry."""


class Forbidden(Exception):  # noqa: N818 - named for what happened
    """The caller is known and none of their roles allows this."""


@dataclass(frozen=True)
class Caller:
    """Who is asking: an account, the member behind it if there is one, and what they may be."""

    account_id: UUID
    member_id: UUID | None
    organisation: str | None
    roles: frozenset[str]
    csrf: str | None = field(default=None, repr=False)
    """What every form of this person's carries; None for a program, whose token no browser adds by itself."""


@dataclass(frozen=True)
class _Signed:
    """What a token says that is truly signed, and when it holds."""

    caller: Caller
    begins: int
    ends: int


@dataclass(frozen=True)
class TokenKeys:
    """The public keys that sign platform tokens, by kid; and what they have signed, by the SHA-256 of the token."""

    by_kid: Mapping[str, OKPKey]
    room: int = MOST_KNOWN
    _known: dict[bytes, _Signed] = field(default_factory=dict, init=False, repr=False, compare=False)

    def read(self, token: str) -> _Signed:
        """A signature is looked at once, since it stays right: a look takes longer than the rest of a small request."""
        digest = hashlib.sha256(token.encode()).digest()
        signed = self._known.get(digest)
        if signed is None:
            signed = _signed(_claims(token, self.by_kid))
            if len(self._known) >= self.room:
                del self._known[next(iter(self._known))]
            self._known[digest] = signed
        return signed

    @classmethod
    def load(cls, path: Path) -> "TokenKeys":
        """From a JWKS file. Raises ValueError with a sentence when it holds anything but named public Ed25519 keys."""
        return cls.of(json.loads(path.read_text()))

    @classmethod
    def of(cls, jwks: Mapping[str, Any]) -> "TokenKeys":
        by_kid: dict[str, OKPKey] = {}
        for jwk in jwks["keys"]:
            kid = jwk.get("kid")
            if jwk.get("kty") != "OKP" or jwk.get("crv") != ALGORITHM:
                raise ValueError("the token keys hold a key that is not Ed25519")
            if "d" in jwk:
                raise ValueError("the token keys hold a private key; give the services public keys only")
            if not kid or kid in by_kid:
                raise ValueError("each of the token keys needs a kid of its own")
            by_kid[kid] = OKPKey.import_key({"kty": "OKP", "crv": ALGORITHM, "x": jwk["x"]})
        if not by_kid:
            raise ValueError("the token keys hold no key")
        return cls(by_kid)


def sign(claims: Mapping[str, Any], key: OKPKey) -> str:
    """A token with these claims, signed by a private Ed25519 key that has a kid."""
    if not key.kid:
        raise ValueError("the signing key has no kid")
    return jws.serialize_compact({"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}, json.dumps(claims), key, [ALGORITHM])


def verify(token: str, keys: TokenKeys, now: datetime) -> Caller:
    """Who the token speaks for. Raises `Unauthenticated` for whatever is not exactly a platform token of today."""
    try:
        signed = keys.read(token)
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        # One answer for every reason: a forger learns nothing from it.
        raise Unauthenticated from None
    if not signed.begins <= now.timestamp() < signed.ends:
        raise Unauthenticated
    return signed.caller


def permit(caller: Caller, *roles: str, owner: UUID | None = None, organisation: str | None = None) -> None:
    """Passes when the caller is `owner`, or holds one of `roles`; else raises.

    A role of one organisation counts only where `organisation`, the object's, is the caller's. Where an object was
    named the refusal is `NotFound`, so that nobody learns what exists elsewhere; otherwise it is `Forbidden`.
    """
    unknown = set(roles) - ROLES
    if unknown:
        raise ValueError(f"no such role: {', '.join(sorted(unknown))}")
    if owner is not None and caller.member_id == owner:
        return
    same_organisation = organisation is not None and caller.organisation == organisation
    if any(role not in OF_ONE_ORGANISATION or same_organisation for role in caller.roles.intersection(roles)):
        return
    if owner is not None or organisation is not None:
        raise NotFound
    raise Forbidden


def caller_of(request: Request) -> Caller | None:
    """Who asks, None without a token. Read once a request; raises `Unauthenticated` for a token that is not valid.

    A cookie that is not valid says nothing: it may only be older than ten minutes, and `chassis.web` has it renewed.
    """
    known = request.scope.setdefault("state", {})
    if "caller" not in known:
        known["caller"] = _read(request)
    caller: Caller | None = known["caller"]
    return caller


def whoever(request: Request) -> Caller | None:
    """Who asks, where it does not matter that a token is not valid."""
    try:
        return caller_of(request)
    except Unauthenticated:
        return None


def signed_in(request: Request) -> Caller:
    caller = caller_of(request)
    if caller is None:
        raise Unauthenticated(presented=False)
    return caller


class _Bearer(SecurityBase):
    """In the document of the API a bearer token; to a handler, what `who` finds by it."""

    def __init__(self, who: Callable[[Request], Caller | None]) -> None:
        self.model = HTTPBearerModel(bearerFormat="JWT", description="A platform token")
        self.scheme_name = "HTTPBearer"
        self.who = who

    async def __call__(self, request: Request) -> Caller | None:
        return self.who(request)


SignedIn = Annotated[Caller, Security(_Bearer(signed_in))]
MaybeSignedIn = Annotated[Caller | None, Security(_Bearer(caller_of))]


def _read(request: Request) -> Caller | None:
    headers = request.headers.getlist("authorization")
    if not headers:
        return _by_cookie(request)
    scheme, _, token = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer":
        raise Unauthenticated
    return replace(verify(token.strip(), request.app.state.token_keys, datetime.now(UTC)), csrf=None)


def _by_cookie(request: Request) -> Caller | None:
    """Who a page's visitor is by their cookie. A token without the value for forms is a program's and says nothing."""
    cookies: Cookies | None = getattr(request.app.state, "cookies", None)  # none where there are no pages
    token = request.cookies.get(cookies.access) if cookies else None
    if token is None or request.scope["path"].startswith("/api/"):
        return None
    try:
        caller = verify(token, request.app.state.token_keys, datetime.now(UTC))
    except Unauthenticated:
        return None
    return caller if caller.csrf else None


def _claims(token: str, keys: Mapping[str, OKPKey]) -> dict[str, Any]:
    if len(token) > LONGEST:
        raise ValueError("too long")
    signed = jws.extract_compact(token.encode("ascii"))
    header = _parse(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    # Nothing beside these three: no address of other keys (jku, x5u), no key brought along (jwk), no extension (crit).
    if set(header) - {"alg", "typ", "kid"} or header.get("typ", "JWT") != "JWT":
        raise ValueError("unknown header")
    if not jws.validate_compact(signed, keys[header["kid"]], [ALGORITHM]):
        raise ValueError("wrong signature")
    return _parse(signed.payload)


def _signed(claims: Mapping[str, Any]) -> _Signed:
    issued, expires = _instant(claims["iat"]), _instant(claims["exp"])
    if claims["iss"] != ISSUER or claims["aud"] != AUDIENCE:
        raise ValueError("not a platform token")
    if expires > issued + LIFETIME:
        raise ValueError("lives too long")
    roles, organisation, member_id = claims["roles"], claims["organisation"], claims["member_id"]
    if not isinstance(roles, list) or not ROLES.issuperset(roles):
        raise ValueError("unknown roles")
    if not (organisation is None or (isinstance(organisation, str) and organisation)):
        raise ValueError("no organisation")
    csrf = claims.get("csrf")
    if not (csrf is None or (isinstance(csrf, str) and csrf)):
        raise ValueError("no value for forms")
    member = None if member_id is None else _uuid(member_id)
    caller = Caller(_uuid(claims["sub"]), member, organisation, frozenset(roles), csrf)
    return _Signed(caller, max(issued, _instant(claims.get("nbf", issued))) - SKEW, expires)


def _instant(value: object) -> int:
    if type(value) is not int:  # neither True, nor 1e9, nor NaN
        raise TypeError("an instant is whole seconds")
    return value


def _uuid(value: object) -> UUID:
    """UUID text as members writes it; `UUID()` itself would also take braces, urns and no hyphens."""
    found = UUID(value) if isinstance(value, str) else None
    if found is None or str(found) != value:
        raise ValueError("not a UUID")
    return found


def _parse(text: bytes) -> dict[str, Any]:
    """A JSON object in which no name comes twice: two readers must not see two tokens."""
    parsed = json.loads(text, object_pairs_hook=_once)
    if not isinstance(parsed, dict):
        raise TypeError("not an object")
    return parsed


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name comes twice")
    return names
