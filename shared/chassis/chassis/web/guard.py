"""Before every page of every service, so that no handler can forget it: a token that is over is renewed, and a form
that comes with somebody's cookie must be one that we gave to them.

The value that their forms carry is the `csrf` claim of the token in the cookie: another site can neither read it nor
put it into a form. `SameOriginPosts` is the second lock.
"""

import hmac

from fastapi import Request

from chassis.browsing import CSRF_FIELD, is_signing_in
from chassis.identity import StrangeForm, Unauthenticated, whoever
from chassis.problems import wants_page

READING = frozenset({"GET", "HEAD", "OPTIONS"})


async def guard(request: Request) -> None:
    """A dependency. Raises `Unauthenticated` where a renewal is due, and `StrangeForm`."""
    path = request.scope["path"]
    if path.startswith("/api/") or is_signing_in(path):  # there a form only passes by, unread, and is looked at after
        return
    caller = whoever(request)
    if caller is not None and caller.csrf is not None and request.method not in READING:
        sent = (await request.form()).get(CSRF_FIELD)
        if not (isinstance(sent, str) and hmac.compare_digest(sent.encode(), caller.csrf.encode())):
            raise StrangeForm
    # Somebody signed in whose ten minutes are over. Their form is renewed only where the page wants somebody signed in:
    # to a page for anyone it may come as from a stranger, rather than be lost when the session is over too.
    if caller is None and request.method == "GET" and _has_session(request):
        raise Unauthenticated(presented=False)


def _has_session(request: Request) -> bool:
    return request.app.state.cookies.session in request.cookies and wants_page(request)
