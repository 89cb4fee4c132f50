"""What a service listens to: one stream, and what it does when something on it happens."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from chassis import envelope
from chassis.database import Transaction
from chassis.outbox import LARGEST_BODY
from contracts.base import DomainEvent
from contracts.streams import STREAMS

Reaction = Callable[[Any, Transaction], Awaitable[None]]


class CannotRead(Exception):  # noqa: N818 - named for what is the matter
    """A record that can't be understood; the text shows none of its content."""


@dataclass(frozen=True)
class Subscription:
    """One stream and its reactions. A projection has progress of its own: give it a name of its own.

    A reaction is `(event, tx)`: it decides, stores, and says what follows with `outbox.put(tx, …)`. The consumer owns
    the transaction, drops repeats and keeps the order of each subject. Types not in the table are passed over.
    """

    stream: str
    reactions: Mapping[type[DomainEvent], Reaction]
    projection: str | None = None

    @property
    def compacted(self) -> bool:
        return next(stream.compacted for stream in STREAMS if stream.name == self.stream)

    def consumer(self, service: str) -> str:
        """The name of its progress, and, behind a test's prefix, of its consumer group."""
        return ".".join(filter(None, (service, self.stream, self.projection)))

    def read(self, type_name: str, value: bytes | None) -> tuple[Reaction, DomainEvent] | None:
        """The reaction to a record and its event; None when this service passes the type over.

        A record without a body takes one back: it has no reaction of its own, on a compacted stream.
        Raises `CannotRead`.
        """
        parts = re.fullmatch(envelope.TYPE, type_name)
        if parts is None or parts["service"] != self.stream.split(".")[1]:
            raise CannotRead("ce_type is no type of this stream")
        kind = next((kind for kind in self.reactions if kind.type_name() == type_name), None)
        if kind is None:
            if any(known.event_name == parts["name"] for known in self.reactions):
                raise CannotRead(f"a version of {parts['name']} that this service does not know")
            return None
        if value is None and self.compacted:
            return None
        if value is None:
            raise CannotRead(f"{kind.event_name} without a body")
        if len(value) > LARGEST_BODY:
            raise CannotRead(f"a body above {LARGEST_BODY} bytes")
        try:
            return self.reactions[kind], kind.read(value)
        except (ValidationError, UnicodeDecodeError) as error:
            raise CannotRead(f"the body is no {kind.event_name}: {_where(error)}") from None


def _where(error: ValidationError | UnicodeDecodeError) -> str:
    """Which fields are wrong and how, without what they hold."""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(str(part) for part in its['loc']) or 'body'}: {its['type']}" for its in found[:5])
