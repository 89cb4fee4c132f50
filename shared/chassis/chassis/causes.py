"""Why something happens now: the request or the event behind it, so that what is said next can name it."""

import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID, uuid4


@dataclass(frozen=True)
class Cause:
    """What led here. `event_id` is None when a request or a timer did."""

    correlation_id: UUID
    traceparent: str
    event_id: UUID | None = None


def new_cause(traceparent: str | None = None) -> Cause:
    """The beginning of a chain; keeps a caller's W3C trace when it has one."""
    return Cause(uuid4(), traceparent or f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")


present_cause: ContextVar[Cause | None] = ContextVar("present_cause", default=None)
