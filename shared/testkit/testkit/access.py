"""Who may do what on Kafka, as declared: deploy/kafka/access.toml and the contracts' streams. No cluster is asked.

The platform owns the principals of its services and those whose names begin with `dept-`, and on a cluster that it
shares with others nobody else. What is not declared for a principal of its own is taken from it; what others may do is
told when it touches our streams or groups, and left alone.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.base import Visibility
from contracts.streams import SERVICES, STREAMS
from testkit.unavailable import Unavailable

ACCESS: Final = Path(__file__).parents[3] / "deploy" / "kafka" / "access.toml"
DEPARTMENT: Final = "dept-"


@dataclass(frozen=True, order=True)
class Right:
    """One principal may do one thing with one resource, or with all whose names begin so."""

    principal: str  # such as User:members
    operation: str
    kind: str
    name: str
    pattern: str = "LITERAL"
    permission: str = "ALLOW"
    host: str = "*"

    def __str__(self) -> str:
        who = self.principal.removeprefix("User:")
        what = f"{self.operation.lower()} {self.kind.lower()} {self.name}"
        more = "…" if self.pattern == "PREFIXED" else ""
        at = "" if self.host == "*" else f" from {self.host}"
        return f"{who} {'to' if self.permission == 'ALLOW' else 'never to'} {what}{more}{at}"


@dataclass(frozen=True)
class Access:
    """The table as it is written: which service reads which streams of others, which department which public ones."""

    reads: Mapping[str, tuple[str, ...]]
    departments: Mapping[str, tuple[str, ...]]

    @property
    def principals(self) -> tuple[str, ...]:
        return (*SERVICES, *(DEPARTMENT + code for code in self.departments))


def read_access(file: Path) -> Access:
    """Raises Unavailable for a table that names what does not exist, or opens to a department what is not public."""
    if not file.exists():
        raise Unavailable(f"{file} is missing: access rights are applied from a checkout of the platform.")
    table = tomllib.loads(file.read_text())
    reads = {service: tuple(names) for service, names in table["reads"].items()}
    departments = {code: tuple(names) for code, names in table.get("departments", {}).items()}
    known = {stream.name: stream for stream in STREAMS}
    named = {name for names in (*reads.values(), *departments.values()) for name in names}
    strangers = sorted(reads.keys() - set(SERVICES)) + sorted(named - known.keys())
    if strangers:
        raise Unavailable(f"{file} names what the contracts do not have: {', '.join(strangers)}.")
    closed = {
        name for names in departments.values() for name in names if known[name].visibility is not Visibility.PUBLIC
    }
    if closed:
        raise Unavailable(f"{file} opens to a department what is not public: {', '.join(sorted(closed))}.")
    return Access(reads, departments)


def rights(prefix: str, access: Access) -> set[Right]:
    """A service: its own streams, those of its reactions, its groups. A department: its streams and its groups.

    Reading or writing a topic includes describing it; writing one includes what an idempotent producer asks.
    """
    granted: set[Right] = set()
    for service in SERVICES:
        own = [stream.name for stream in STREAMS if stream.service == service]
        granted |= {Right(f"User:{service}", "WRITE", "TOPIC", prefix + name) for name in own}
        granted |= _reader(prefix, service, f"{service}.", (*own, *access.reads.get(service, ())))
    for code, names in access.departments.items():
        granted |= _reader(prefix, DEPARTMENT + code, f"dept.{code}.", names)
    return granted


def _reader(prefix: str, user: str, groups: str, names: tuple[str, ...]) -> set[Right]:
    topics = {Right(f"User:{user}", "READ", "TOPIC", prefix + name) for name in names}
    return topics | {Right(f"User:{user}", "READ", "GROUP", prefix + groups, "PREFIXED")}


def owns(user: str) -> bool:
    """Whether this user of a cluster is the platform's, by name: a service, or one that is or was a department."""
    return user in SERVICES or user.startswith(DEPARTMENT)


def is_ours(right: Right) -> bool:
    return right.principal.startswith("User:") and owns(right.principal.removeprefix("User:"))


def touches(right: Right, declared: set[Right]) -> bool:
    """Whether a stranger's right reaches a stream or a group of the declared ones."""
    return right.permission == "ALLOW" and any(right.kind == ours.kind and _overlap(right, ours) for ours in declared)


def _overlap(one: Right, other: Right) -> bool:
    """Whether some name falls under both."""
    if "*" in (one.name, other.name) or one.name == other.name:
        return True
    return (one.pattern == "PREFIXED" and other.name.startswith(one.name)) or (
        other.pattern == "PREFIXED" and one.name.startswith(other.name)
    )
