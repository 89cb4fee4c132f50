"""Every event there is, found by the type on its envelope."""

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from contracts import (
    erasure,
    events,
    feedback,
    groups,
    members,
    mentoring,
    notifications,
    opportunities,
    statistics,
    strategy,
)
from contracts.base import DomainEvent


def _said_in(module: ModuleType) -> list[type[DomainEvent]]:
    return [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, DomainEvent) and thing.__module__ == module.__name__
    ]


EVENTS: Final[tuple[type[DomainEvent], ...]] = tuple(
    event
    for module in (
        members,
        strategy,
        statistics,
        opportunities,
        feedback,
        groups,
        erasure,
        mentoring,
        events,
        notifications,
    )
    for event in _said_in(module)
)
BY_TYPE: Final[Mapping[str, type[DomainEvent]]] = {event.type_name(): event for event in EVENTS}
