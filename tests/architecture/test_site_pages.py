"""Every page of every service is among those that are looked at: in pictures, and by the tests of accessibility."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from contracts.streams import SERVICES
from gse_platform.site_pages import SITE_PAGES

NO_PAGES = {
    "/sign-in",
    "/sign-in/callback",
    "/sign-in/renew",
    "/join/check",  # where a form leads
    "/join/confirm",
    "/members/opportunities/drawing.py",
    "/members/opportunities/{opportunity_id:uuid}/draw.csv",
    "/members/imports/{import_id}/report.csv",
    "/members/groups/{group_id:uuid}/meetings/{meeting_id:uuid}.ics",
}
LOOKED_AT = [
    re.sub("{.*?}", str(uuid4()), its.address.partition("?")[0].replace("{pair}", "{first}/{second}"))
    for its in SITE_PAGES
]


def pages(service: str) -> Iterator[APIRoute]:
    """What the service's own routers answer in a browser."""
    package = importlib.import_module(service)
    for module in pkgutil.walk_packages(package.__path__, f"{service}."):
        for its in vars(importlib.import_module(module.name)).values():
            if isinstance(its, APIRouter) and not its.include_in_schema:
                for route in its.routes:
                    if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                        yield route


@pytest.mark.parametrize("service", SERVICES)
def test_every_page_is_looked_at(service: str) -> None:
    found = {route.path: route.path_regex for route in pages(service) if route.path not in NO_PAGES}

    assert found
    assert [path for path, regex in found.items() if not any(map(regex.match, LOOKED_AT))] == []
