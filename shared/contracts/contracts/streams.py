"""The streams: where events travel. Topics are made from this table; nothing creates one by using it."""

from dataclasses import dataclass
from typing import Final

from contracts.base import DomainEvent, Visibility

SERVICES: Final = ("members", "mentoring", "events", "notifications")
PARTITIONS: Final = 12
CONTACTS: Final = "gse.members.contacts"


@dataclass(frozen=True)
class Stream:
    """One topic: kept for ever, or compacted to the newest record of each subject."""

    name: str
    service: str
    visibility: Visibility
    partitions: int = PARTITIONS
    compacted: bool = False


def internal_stream(service: str) -> str:
    """Full events, for the platform's own services."""
    return f"gse.{service}"


def public_stream(service: str) -> str:
    """The public fields of the public events, for other departments."""
    return f"gse.{service}.public"


def stream_of(event: type[DomainEvent]) -> str:
    """The stream that carries this type in full. Its class decides, and nothing else."""
    return CONTACTS if event.visibility is Visibility.PERSONAL else internal_stream(event.service)


STREAMS: Final[tuple[Stream, ...]] = (
    *(Stream(internal_stream(service), service, Visibility.INTERNAL) for service in SERVICES),
    *(Stream(public_stream(service), service, Visibility.PUBLIC) for service in SERVICES),
    Stream(CONTACTS, "members", Visibility.PERSONAL, compacted=True),
)
