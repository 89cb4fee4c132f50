"""What a service listens to: one stream, and what it does when something on it happens."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from chassis import envelope
from chassis.database import Transaction
from chassis.outbox import LARGEST_BODY
from contracts.base import DomainEvent
from contracts.streams import STREAMS

Reaction = Callable[[Any, Transaction], Awaitable[None]]
"""`(event, tx)`: it decides, stores, and says what follows with `outbox.put(tx, …)`."""
SetReaction = Callable[[list[Any], Transaction], Awaitable[None]]
"""`(events, tx)`: the same for several events of one type, each of another subject, in statements that take them all.

It does what the events would do one after the other, and says nothing. `tx.event_ids` has the id of each, by subject.
"""


class CannotRead(Exception):  # noqa: N818 - named for what is the matter
    """A record that can't be understood; the text shows none of its content."""


@dataclass(frozen=True)
class Subscription:
    """One stream and its reactions. A projection has progress of its own: give it a name of its own.

    The tables of a projection are written by its reactions alone, which say nothing and write nowhere else: then
    `projections` can throw them away and fill them again. What refers to another of them comes before it.

    The consumer owns the transaction, drops repeats and keeps the order of each subject. Types that stand in neither
    table are passed over.
    """

    stream: str
    reactions: Mapping[type[DomainEvent], Reaction]
    projection: str | None = None
    in_sets: Mapping[type[DomainEvent], SetReaction] = field(default_factory=dict)
    tables: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if both := self.reactions.keys() & self.in_sets.keys():
            raise TypeError(f"{both.pop().event_name} has one reaction, alone or in sets")

    @cached_property
    def compacted(self) -> bool:
        return next(stream.compacted for stream in STREAMS if stream.name == self.stream)

    @cached_property
    def _kinds(self) -> dict[str, type[DomainEvent]]:
        return {kind.type_name(): kind for kind in (*self.reactions, *self.in_sets)}

    def consumer(self, service: str) -> str:
        """The name of its progress, and, behind a test's prefix, of its consumer group."""
        return ".".join(filter(None, (service, self.stream, self.projection)))

    def read(self, type_name: str, value: bytes | None) -> DomainEvent | None:
        """The event of a record, of a type in one of the tables; None when this service passes the type over.

        A record without a body takes one back: it has no reaction of its own, on a compacted stream.
        Raises `CannotRead`.
        """
        kind = self._kinds.get(type_name)
        if kind is None:
            self._check_other(type_name)
            return None
        if value is None and self.compacted:
            return None
        if value is None:
            raise CannotRead(f"{kind.event_name} without a body")
        if len(value) > LARGEST_BODY:
            raise CannotRead(f"a body above {LARGEST_BODY} bytes")
        try:
            return kind.read(value)
        except (ValidationError, UnicodeDecodeError) as error:
            raise CannotRead(f"the body is no {kind.event_name}: {_where(error)}") from None

    def _check_other(self, type_name: str) -> None:
        """A type without a reaction may be passed over, if it is one of this stream. Raises `CannotRead`."""
        parts = re.fullmatch(envelope.TYPE, type_name)
        if parts is None or parts["service"] != self.stream.split(".")[1]:
            raise CannotRead("ce_type is no type of this stream")
        if any(known.event_name == parts["name"] for known in self._kinds.values()):
            raise CannotRead(f"a version of {parts['name']} that this service does not know")


def _where(error: ValidationError | UnicodeDecodeError) -> str:
    """Which fields are wrong and how, without what they hold."""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(str(part) for part in its['loc']) or 'body'}: {its['type']}" for its in found[:5])
