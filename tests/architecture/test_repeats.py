"""The same POST twice does one thing: each of the API's takes an Idempotency-Key, or has a reason why it needs none."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import get_args

import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from chassis.idempotency import Key
from chassis.operating import parked_routes

TAKES_A_KEY = get_args(Key)[1].dependency
SERVICES = ("members", "mentoring", "events", "notifications")
REASONS = {
    "/api/members/v1/member-searches": "changes nothing",
    "/api/members/v1/tokens": "asked again it gives another token, and nothing else happens",
    "/api/members/v1/feedback-rounds/{round_id}/tokens": "once a member; what a key kept would be their token",
    "/api/members/v1/feedback-rounds/{round_id}/answers": "once a token; a key has an account, an answer none",
    "/api/notifications/v1/notify-receipts": "Notify sends no key; what comes again finds that its message has ended",
    "/api/notifications/v1/bounces": "a mail server sends no key; what comes again finds that its message has ended",
    "/api/members/v1/parked/{parked_id}/retry": "a record is parked once; a repeat is told that it is not any more",
    "/api/members/v1/parked/{parked_id}/discard": "the same",
}


def routers(service: str) -> Iterator[APIRouter]:
    package = importlib.import_module(service)
    for module in pkgutil.walk_packages(package.__path__, f"{service}."):
        yield from (its for its in vars(importlib.import_module(module.name)).values() if isinstance(its, APIRouter))


def posts() -> dict[str, APIRoute]:
    """Those of the API by their addresses; what the chassis gives to each service stands here for one."""
    found = [*(its for service in SERVICES for its in routers(service)), parked_routes("members")]
    routes = (route for router in found for route in router.routes if isinstance(route, APIRoute))
    return {its.path: its for its in routes if "POST" in (its.methods or ()) and its.path.startswith("/api/")}


def takes_a_key(its: Dependant) -> bool:
    return its.call is TAKES_A_KEY or any(map(takes_a_key, its.dependencies))


def test_posts_of_all_services_are_found() -> None:
    assert {path.split("/")[2] for path in posts()} == set(SERVICES)


@pytest.mark.parametrize("path", sorted(posts()))
def test_a_post_takes_a_key_or_has_a_reason(path: str) -> None:
    assert takes_a_key(posts()[path].dependant) != (path in REASONS)


def test_no_reason_is_left_of_what_is_gone() -> None:
    assert sorted(REASONS.keys() - posts().keys()) == []
