"""Everything around a service's routes, in one call."""

from urllib.parse import urlsplit

from fastapi import FastAPI
from jinja2 import Environment

from chassis import problems
from chassis.browsing import Cookies
from chassis.limits import BodyLimit, Limits, RateLimit, SameOriginPosts, SecureAnswers
from chassis.web.assets import serve_asset
from chassis.web.pages import error_page


def install(app: FastAPI, *, front_door: str, pages: Environment | None = None, limits: Limits | None = None) -> None:
    """Problems, limits and security headers; with `pages` also the assets and error pages for people.

    Needs `app.state.token_keys` by the first request. Call it once, before the application starts.
    """
    limits = limits or Limits()
    app.state.pages = pages
    app.state.cookies = Cookies.of(front_door)
    problems.install(app, page=error_page if pages else None)
    if pages:
        app.add_route("/assets/{name:path}", serve_asset, include_in_schema=False)
    # The last one added is the outermost.
    app.add_middleware(SameOriginPosts, front_door=front_door)
    app.add_middleware(BodyLimit, limits=limits)
    app.add_middleware(RateLimit, limits=limits)
    app.add_middleware(problems.UnexpectedErrors)
    app.add_middleware(SecureAnswers, https=urlsplit(front_door).scheme == "https")
