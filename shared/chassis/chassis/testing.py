"""For tests of a service: its database, who asks it, and the events that it hears.

    async with connected(await database("mentoring", migrating("mentoring", app.__file__))) as mentoring: ...
    async with client_of(service) as client: await client.get("/api/…", headers=signed_in("team"))
    await client.post("/…", data={"name": "Ada", **CSRF_OF_FORMS}, headers=in_browser("member", member_id=ADA))
    await deliver(database, "mentoring", app.MEMBERS, said(joined, 1))
    await deliver(database, "mentoring", app.MEMBERS, said(joined, 1), said(left, 2))    # the first is a repeat

What a broker does is proved on a real one elsewhere; here it is a double that hands over records and is sought.
"""

import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from joserfc.jwk import OKPKey

from chassis import migrations, offsets
from chassis.browsing import CSRF_FIELD, Cookies
from chassis.clock import wall_clock
from chassis.consumer import Consumer
from chassis.copies import NOT_COPIED, Holding
from chassis.database import Database, connect
from chassis.envelope import headers_of
from chassis.identity import AUDIENCE, ISSUER, LIFETIME, sign
from chassis.outbox import Tombstone
from chassis.subscription import Subscription
from chassis.telemetry import Metrics
from contracts.base import DomainEvent

PARTITION = 0
KEY: Final = OKPKey.generate_key("Ed25519", {"kid": "of-these-tests"})
"""The private key behind `signed_in`."""
CSRF: Final = "only-these-tests-forms-carry-this"
CSRF_OF_FORMS: Final = {CSRF_FIELD: CSRF}
"""What a form sent with `in_browser` carries beside its answers."""
PUBLIC_KEYS: Final[dict[str, list[Any]]] = {"keys": [KEY.as_dict(private=False)]}
"""The key set by which a service knows whom `signed_in` signs in."""


def migrating(service: str, package: str) -> Callable[[str], Awaitable[None]]:
    """What makes a service's tables in the empty database at an address. `package` is the `__file__` of its app.py."""

    async def migrate(url: str) -> None:
        await migrations.migrate(url, migrations.wanted(service, migrations.migrations_of(package)))

    return migrate


@asynccontextmanager
async def connected(url: str, *, size: int = 4, clock: Callable[[], datetime] = wall_clock) -> AsyncIterator[Database]:
    """A service's database alone, for as long as the block runs."""
    database = await connect(url, size=size, name="test", clock=clock)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def two_replicas(url: str, clock: Callable[[], datetime]) -> AsyncIterator[tuple[Database, Database]]:
    """The same database as two replicas of its service have it, on one business clock."""
    async with connected(url, size=2, clock=clock) as first, connected(url, size=2, clock=clock) as second:
        yield first, second


def token_keys(folder: Path) -> Path:
    """A file with the public keys, as a service's settings name one."""
    path = folder / "keys.json"
    path.write_text(json.dumps(PUBLIC_KEYS))
    return path


def signed_in(*roles: str, member_id: UUID | str | None = None, organisation: str | None = None) -> dict[str, str]:
    """The header of a caller, each with a new account: `signed_in("team")`, `signed_in("member", member_id=ADA)`."""
    return {"authorization": f"Bearer {sign(_claims(roles, member_id, organisation), KEY)}"}


def account_of(headers: Mapping[str, str]) -> UUID:
    """The account of a caller with the header that `signed_in` gave."""
    payload = headers["authorization"].split(".")[1]
    return UUID(json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"])


def in_browser(
    *roles: str, member_id: UUID | str | None = None, organisation: str | None = None, expired: bool = False
) -> dict[str, str]:
    """The headers of somebody who signed in at a browser: `in_browser("team")`. Their forms carry `CSRF_OF_FORMS`.

    With `expired` the token's ten minutes are over, and the session may go on.
    """
    claims = _claims(roles, member_id, organisation, ago=2 * LIFETIME if expired else 0) | {"csrf": CSRF}
    cookies = Cookies.of("http://localhost")
    both = f"{cookies.session}={uuid4().hex}; {cookies.access}={sign(claims, KEY)}"
    return {"cookie": both, "accept": "text/html"}


def _claims(
    roles: Sequence[str], member_id: UUID | str | None, organisation: str | None, *, ago: int = 0
) -> dict[str, object]:
    issued = int(time.time()) - ago
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(uuid4()),
        "member_id": str(member_id) if member_id else None,
        "organisation": organisation,
        "roles": list(roles),
        "iat": issued,
        "exp": issued + LIFETIME,
    }


def client_of(app: FastAPI) -> AsyncClient:
    """A client that asks the application without a socket. Opening it does not start the application."""
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://gse.test", timeout=60)


@dataclass(frozen=True)
class Delivery:
    """A record on its way: its place in the partition is given to it by `deliver`."""

    key: bytes | None
    headers: list[tuple[str, bytes | None]]
    value: bytes | None


@dataclass(frozen=True)
class Outcome:
    """What became of one call of `deliver`."""

    applied: int
    repeats: int
    parked: int


@dataclass
class KafkaDouble:
    """A double of aiokafka's consumer: it stands after what it has delivered and remembers where it was sought."""

    partition: TopicPartition
    stands_at: int
    sought: list[int] = field(default_factory=list)

    def assignment(self) -> Collection[TopicPartition]:
        return {self.partition}

    async def position(self, _partition: TopicPartition) -> int:
        return self.stands_at

    def seek(self, _partition: TopicPartition, offset: int) -> None:
        self.sought.append(offset)


def said(event: DomainEvent | Tombstone, sequence: int, *, event_id: UUID | None = None) -> Delivery:
    """The record of an event. The same event under the same number has the same id, unless another is given."""
    kind = event.of if isinstance(event, Tombstone) else type(event)
    headers = headers_of(
        event_id=event_id or uuid5(NAMESPACE_OID, f"{kind.type_name()} {event.subject} {sequence}"),
        type=kind.type_name(),
        service=kind.service,
        subject=event.subject,
        sequence=sequence,
        occurred_at=datetime(2026, 2, 11, 14, 0, tzinfo=UTC),
        dataschema=f"urn:test:{kind.schema_name()}",
        dataclassification=kind.visibility,
        correlation_id=uuid4(),
    )
    body = None if isinstance(event, Tombstone) else event.body().encode()
    return Delivery(str(event.subject).encode(), list(headers), body)


async def deliver(database: Database, service: str, subscription: Subscription, *deliveries: Delivery) -> Outcome:
    """Deliver records in this order, after all that was delivered before, until every one is committed."""
    partition = TopicPartition(subscription.stream, PARTITION)
    metrics = Metrics()
    consumer = Consumer(service, subscription, database, metrics)
    async with database.transaction() as tx:
        stored = await offsets.begin(tx, consumer.name, [(subscription.stream, PARTITION)])
    first = stored[subscription.stream, PARTITION]
    records = [_record(subscription.stream, first + place, delivery) for place, delivery in enumerate(deliveries)]
    consumer.expected[partition] = first
    kafka = KafkaDouble(partition, first + len(records))
    await consumer.handle(cast("AIOKafkaConsumer", kafka), records)
    if consumer.expected[partition] != first + len(records):
        raise AssertionError(f"handled up to {consumer.expected[partition]} of {first + len(records)}; see the log")
    return Outcome(
        applied=_value(metrics, "events_applied_total", consumer=consumer.name),
        repeats=_value(metrics, "duplicates_dropped_total", consumer=consumer.name),
        parked=sum(
            _value(metrics, "events_parked_total", consumer=consumer.name, kind=kind)
            for kind in ("waiting", "stuck", "fork", "alone")
        ),
    )


async def what_was_said(database: Database, *subjects: UUID | str) -> list[tuple[str, Any]]:
    """The events about these subjects in the order in which they were said, by name and body, sent already or not."""
    async with database.transaction() as tx:
        rows = await tx.fetch(
            """
            SELECT id, type, body FROM outbox WHERE subject = ANY($1::uuid[])
            UNION SELECT id, type, body FROM event_log WHERE subject = ANY($1::uuid[]) ORDER BY id""",
            [str(subject) for subject in subjects],
        )
    return [(row["type"].split(".")[-2], json.loads(row["body"])) for row in rows]


async def left_out(database: Database, holdings: Iterable[Holding], without: Mapping[str, str]) -> list[str]:
    """The tables with a column about people that no holding tells of, and for which `without` gives no reason.

    So a new table comes into the copy, or somebody says why not. What is told of and is not there is named too.
    """
    async with database.transaction() as tx:
        rows = await tx.fetch(
            r"""
            SELECT table_name, bool_or(column_name ~ '(member|account|email|subject|_by$)') AS of_people
            FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
            WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'
                AND table_name NOT LIKE 'event\_log\_%'
            GROUP BY table_name ORDER BY table_name
            """
        )
    told = {table for its in holdings for table in its.tables} | without.keys()
    there = [row["table_name"] for row in rows]
    of_people = [row["table_name"] for row in rows if row["of_people"] and row["table_name"] not in NOT_COPIED]
    return [table for table in of_people if table not in told] + [
        f"{table}, which is not there" for table in sorted(told.difference(there))
    ]


def _record(topic: str, offset: int, delivery: Delivery) -> ConsumerRecord[Any, Any]:
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    key, value = delivery.key, delivery.value
    headers = cast("list[tuple[str, bytes]]", delivery.headers)  # a null one does arrive, whatever the type says
    return ConsumerRecord(
        topic, PARTITION, offset, now_ms, 0, key, value, None, len(key or b""), len(value or b""), headers
    )


def _value(metrics: Metrics, name: str, **labels: str) -> int:
    return int(metrics.registry.get_sample_value(name, labels) or 0)
