"""Routers that are asked for no address but their own.

FastAPI asks every router for every address, route by route: with sixty of them that is half of a short answer's work.
"""

from collections.abc import Iterator

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class Shelf(APIRouter):
    """The routes of a router, which answer as they do there; but first it is looked how the address begins.

    Prefix, tags, responses and the like are in each route since it was made; what is kept in a router alone, a response
    class or a lifespan of its own, is not taken over.
    """

    def __init__(self, router: APIRouter) -> None:
        super().__init__(routes=router.routes)
        self._beginnings = tuple(sorted(set(beginnings(router))))

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not scope.get("root_path") and not scope["path"].startswith(self._beginnings):
            return Match.NONE, {}
        return super().matches(scope)


def beginnings(router: APIRouter) -> Iterator[str]:
    """How the address of each route begins, up to what differs; nothing, where it does not tell."""
    for route in router.routes:
        yield str(getattr(route, "path", "")).partition("{")[0]
