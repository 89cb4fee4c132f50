"""Puts something in the place of a piece of shipped code, in this process alone: so weather and mutants are made."""

from importlib import import_module
from typing import Any


def shipped(place: str) -> Any:
    """What stands at `<module>:<name>`, where the name may be a class's and its function's."""
    holder, name = _found(place)
    return getattr(holder, name)


def put(place: str, other: Any) -> None:
    """What stands there is this from now on. Raises `AttributeError` where nothing stands: the code has moved on."""
    holder, name = _found(place)
    getattr(holder, name)
    setattr(holder, name, other)


def _found(place: str) -> tuple[Any, str]:
    module, _, path = place.partition(":")
    *holders, name = path.split(".")
    holder: Any = import_module(module)
    for each in holders:
        holder = getattr(holder, each)
    return holder, name
