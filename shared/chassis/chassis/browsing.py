"""People in a browser: the two cookies of somebody who signed in, and their way to sign in and back.

`access` is a platform token of ten minutes, which every service checks by itself as it checks a bearer token. `session`
is a random word that means something only where people sign in: there, at `RENEW`, it is exchanged for a new token.
So a page whose visitor has no valid token sends the browser to `RENEW`, and no service calls another.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

SIGN_IN: Final = "/sign-in"
RENEW: Final = "/sign-in/renew"
SIGN_OUT: Final = "/sign-out"
CSRF_FIELD: Final = "csrf_token"
FORM_KEY_FIELD: Final = "form_key"
LONGEST: Final = 2000  # characters of an address that we lead back to
# One slash and no second one; printable ASCII, so that no browser drops or turns a character; no backslash.
_LOCAL = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")


@dataclass(frozen=True)
class Cookies:
    """The names of the cookies at one front door, and how they are set and taken away.

    Behind https they bear the prefix `__Host-`: a browser then takes them from this very host and over TLS only.
    """

    session: str
    access: str
    secure: bool

    @classmethod
    def of(cls, front_door: str) -> "Cookies":
        secure = urlsplit(front_door).scheme == "https"
        prefix = "__Host-" if secure else ""
        return cls(f"{prefix}gse-session", f"{prefix}gse-access", secure)

    def put(self, response: Response, name: str, value: str, *, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax")

    def take_away(self, response: Response, *names: str) -> None:
        for name in names:
            response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")


def local_path(text: str | None) -> str:
    """The address itself when it is a path of this site, else `/`: whoever follows a link of ours stays here.

    The pages of signing in are not led back to, so that nobody goes in a circle.
    """
    if text is None or len(text) > LONGEST or not _LOCAL.fullmatch(text) or is_signing_in(text.partition("?")[0]):
        return "/"
    return text


def is_signing_in(path: str) -> bool:
    """Whether this is a page that makes or renews a sign-in; nobody is sent to renew from there."""
    return path == SIGN_IN or path.startswith(f"{SIGN_IN}/")


def way_back(request: Request) -> str:
    """The address of this request as a path of this site."""
    raw: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    query: bytes = request.scope["query_string"]
    return local_path((raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1"))


def sign_in_address(back_to: str) -> str:
    return f"{SIGN_IN}?{urlencode({'return': back_to})}"


def renew_address(back_to: str) -> str:
    return f"{RENEW}?{urlencode({'return': back_to})}"


def to_renew(request: Request) -> Response:
    """Sends the browser for a new token and back here. A form is sent along (307), so that nothing typed is lost."""
    return RedirectResponse(renew_address(way_back(request)), 307 if request.method == "POST" else 303)
