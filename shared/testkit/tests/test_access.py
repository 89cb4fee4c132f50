"""Every principal asks for everything on everything: what is granted is what these tables say, no more and no less.

The tables are written by hand, since a table made from deploy/kafka/access.toml would agree with any mistake in it.
Requests are Kafka's own, so that an answer is the authorizer's and not a client's opinion.
"""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol import admin
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.commit import OffsetCommitRequest, OffsetFetchRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import JoinGroupRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import InitProducerIdRequest
from aiokafka.protocol.types import Array, CompactArray, CompactString, Int8, Int16, Int32, Schema, TaggedFields
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts.streams import STREAMS
from testkit.addresses import KafkaAddress
from testkit.cluster import make_topics
from testkit.eventually import eventually
from testkit.kafka_process import KafkaProcess, start_kafka
from testkit.provision import provision
from testkit.resources import in_memory

USERS = {
    name: secrets.token_urlsafe(8)
    for name in ("operator", "members", "mentoring", "events", "notifications", "dept-example", "stranger")
}
REFUSED = {29, 30, 31, 53}  # for a topic, a group, the cluster, a transactional id

# R: read, list its offsets, describe, commit in a group of one's own. W: write, describe.
TOPICS = """
                          members  mentoring  events  notifications  dept-example  stranger
gse.members               RW       R          R       R              -             -
gse.members.public        RW       -          -       -              R             -
gse.members.contacts      RW       -          -       R              -             -
gse.mentoring             R        RW         -       R              -             -
gse.mentoring.public      -        RW         -       -              R             -
gse.events                R        -          RW      R              -             -
gse.events.public         -        -          RW      -              R             -
gse.notifications         R        -          -       RW             -             -
gse.notifications.public  -        -          -       RW             R             -
gse.members.more          -        -          -       -              -             -
others.orders             -        -          -       -              -             -
"""
# G: join, commit, ask for what was committed, describe, see it listed.
GROUPS = """
                           members  mentoring  events  notifications  dept-example  stranger
members.gse.events         G        -          -       -              -             -
mentoring.gse.members      -        G          -       -              -             -
events.gse.members         -        -          G       -              -             -
notifications.gse.members  -        -          -       G              -             -
dept.example.audit         -        -          -       -              G             -
dept.other.audit           -        -          -       -              -             -
members                    -        -          -       -              -             -
eventsourcing              -        -          -       -              -             -
others.audit               -        -          -       -              -             -
"""
# I: a producer id, which whoever may write somewhere is given.
CLUSTER = """
              members  mentoring  events  notifications  dept-example  stranger
cluster       I        I          I       I              -             -
"""
TRANSACTIONS = """
                members  mentoring  events  notifications  dept-example  stranger
members-relay   -        -          -       -              -             -
others-relay    -        -          -       -              -             -
"""
MEANS = {
    "-": set(),
    "R": {"read", "list offsets", "describe", "commit"},
    "W": {"write", "describe"},
    "G": {"join", "commit", "fetch offsets", "describe", "list"},
    "I": {"producer id"},
}
OWN_GROUP = {"dept-example": "dept.example.audit"}
Triple = tuple[str, str, str]


class UsersAnswer(Response):
    """The beginning of it, which holds the error."""

    API_KEY, API_VERSION = 50, 0
    SCHEMA = Schema(("throttle_time_ms", Int32), ("error_code", Int16))


class UsersRequest(RequestStruct):
    API_KEY, API_VERSION, FLEXIBLE_VERSION, RESPONSE_TYPE = 50, 0, True, UsersAnswer
    SCHEMA = Schema(("users", CompactArray(("name", CompactString()), ("tags", TaggedFields))), ("tags", TaggedFields))


class DescribeUsers(Request[UsersRequest]):
    """Who may sign in. aiokafka has no such request; confluent-kafka's client ends the process when it is refused."""

    API_KEY = 50

    def build(self, request_struct_class: type[UsersRequest]) -> UsersRequest:
        return request_struct_class([], {})


class RemovedAnswer(Response):
    """The beginning of it, up to the error of the first user."""

    API_KEY, API_VERSION = 51, 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32), ("results", CompactArray(("user", CompactString()), ("error_code", Int16)))
    )


class RemoveRequest(RequestStruct):
    API_KEY, API_VERSION, FLEXIBLE_VERSION, RESPONSE_TYPE = 51, 0, True, RemovedAnswer
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", CompactString()), ("mechanism", Int8), ("tags", TaggedFields))),
        ("upsertions", CompactArray(("name", CompactString()), ("tags", TaggedFields))),
        ("tags", TaggedFields),
    )


class RemoveUser(Request[RemoveRequest]):
    """Changes who may sign in: one right rules making, changing and removing."""

    API_KEY = 51

    def build(self, request_struct_class: type[RemoveRequest]) -> RemoveRequest:
        return request_struct_class([("nobody", 2, {})], [], {})


class Asking:
    """One principal's connection."""

    def __init__(self, user: str, client: AIOKafkaClient) -> None:
        self.user = user
        self._client = client

    async def answered(self, request: Any) -> Any:
        return await self._client.send(1, request)

    async def codes(self, request: Any) -> set[int]:
        answer = await self.answered(request)
        return _codes(answer.SCHEMA, (answer.get_item(name) for name in answer.SCHEMA.names))

    async def may(self, request: Any) -> bool:
        """Whether the answer holds no refusal of rights; another error comes after the rights were looked at."""
        return REFUSED.isdisjoint(await self.codes(request))

    async def sees(self, group: str) -> bool:
        found = await self.answered(admin.ListGroupsRequest())
        return group in {name for name, *_ in found.groups}


def _codes(schema: Schema, values: Iterable[Any]) -> set[int]:
    """Every error code in an answer, however deep."""
    found: set[int] = set()
    for name, kind, value in zip(schema.names, schema.fields, values, strict=True):
        if name == "error_code":
            found.add(value)
        elif isinstance(kind, Array) and isinstance(kind.array_of, Schema):
            found = found.union(*(_codes(kind.array_of, each) for each in value or ()))
    return found


def _record() -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1000,
    )
    builder.append(0, timestamp=0, key=b"a key", value=b"a value", headers=[])
    return bytes(builder.build())


def _commit(group: str, topic: str) -> OffsetCommitRequest:
    return OffsetCommitRequest(group, -1, "", -1, [(topic, [(0, 0, "")])])


nothing: Any = None  # which Kafka takes in these places, and aiokafka's annotations don't


def on_topic(user: str, topic: str) -> dict[str, Any]:
    """What can be asked about a topic; what would change it is only to be validated, where Kafka can do that."""
    new: Any = (topic, 1, 1, [], [])
    return {
        "read": FetchRequest(0, 0, 1000, 0, [(topic, [(0, 0, 1000)])]),
        "list offsets": OffsetRequest(-1, 0, [(topic, [(0, -1)])]),
        "describe": MetadataRequest([topic], allow_auto_topic_creation=False),
        "commit": _commit(OWN_GROUP.get(user, f"{user}.its"), topic),
        "write": ProduceRequest(None, -1, 5000, [(topic, [(0, _record())])]),
        "describe configs": admin.DescribeConfigsRequest([(2, topic, None)]),
        "alter configs": admin.AlterConfigsRequest([(2, topic, [("retention.ms", "1")])], validate_only=True),
        "alter": admin.CreatePartitionsRequest([(topic, (99, nothing))], 5000, validate_only=True),
        "create": admin.CreateTopicsRequest([new], 5000, validate_only=True),
        "delete records": admin.DeleteRecordsRequest([(topic, [(0, 0)])], 5000),
        "delete": admin.DeleteTopicsRequest([topic], 5000),
    }


def on_group(user: str, group: str) -> dict[str, Any]:
    readable = "gse.members.public" if user == "dept-example" else "gse.members"
    return {
        "join": JoinGroupRequest(group, 6000, 6000, "", nothing, "consumer", [("range", b"")]),
        "commit": _commit(group, readable),
        "fetch offsets": OffsetFetchRequest(group, None),
        "describe": admin.DescribeGroupsRequest([group]),
        "delete": admin.DeleteGroupsRequest([group]),
    }


def on_cluster() -> dict[str, Any]:
    right = (2, "others.orders", 3, "User:stranger", "*", 3, 3)
    return {
        "producer id": InitProducerIdRequest(nothing, 5000),
        "describe rights": admin.DescribeAclsRequest(1, nothing, 1, nothing, nothing, 1, 1),
        "allow": admin.CreateAclsRequest(*right),
        "revoke": admin.DeleteAclsRequest(*right),
        "describe users": DescribeUsers(),
        "remove users": RemoveUser(),
        "describe its configs": admin.DescribeConfigsRequest([(4, "1", None)]),
        "alter its configs": admin.AlterConfigsRequest([(4, "1", [("log.retention.ms", "1")])], validate_only=True),
    }


def on_transaction(name: str) -> dict[str, Any]:
    return {"find": FindCoordinatorRequest(name, 1), "begin": InitProducerIdRequest(name, 5000)}


async def everything_asked(its: Asking, topics: list[str], groups: list[str], transactions: list[str]) -> set[Triple]:
    """What one principal may do, as (principal, operation, resource)."""
    answers: dict[Triple, Awaitable[bool]] = {}
    for topic in topics:
        answers |= {(its.user, name, topic): its.may(ask) for name, ask in on_topic(its.user, topic).items()}
    for group in groups:
        answers[its.user, "list", group] = its.sees(group)
        answers |= {(its.user, name, group): its.may(ask) for name, ask in on_group(its.user, group).items()}
    for name in transactions:
        answers |= {(its.user, deed, name): its.may(ask) for deed, ask in on_transaction(name).items()}
    answers |= {(its.user, name, "cluster"): its.may(ask) for name, ask in on_cluster().items()}
    found = dict(zip(answers, await asyncio.gather(*answers.values()), strict=True))
    return {triple for triple, allowed in found.items() if allowed}


def declared(*tables: str) -> set[Triple]:
    found = set()
    for table in tables:
        head, *rows = [line.split() for line in table.strip("\n").splitlines()]
        for resource, *cells in rows:
            for user, cell in zip(head, cells, strict=True):
                found |= {(user, operation, resource) for letter in cell for operation in MEANS[letter]}
    return found


def resources(table: str) -> list[str]:
    return [line.split()[0] for line in table.strip("\n").splitlines()[1:]]


async def found_and_listed(operator: Asking, group: str) -> None:
    """The group is there; its place is made when the first of all is looked for."""

    async def committed() -> bool:
        await operator.answered(FindCoordinatorRequest(group, 0))
        return await operator.codes(_commit(group, "others.orders")) == {0} and await operator.sees(group)

    await eventually(committed)


@asynccontextmanager
async def asking(kafka: KafkaProcess, user: str) -> AsyncIterator[Asking]:
    client = AIOKafkaClient(**kafka.address_for(user).aiokafka(), request_timeout_ms=20_000)
    await client.bootstrap()
    try:
        yield Asking(user, client)
    finally:
        await client.close()


@pytest.fixture(scope="module")
def guarded() -> Iterator[KafkaProcess]:
    """A broker with the platform's rights, on which others have a topic, a group and a user too."""
    with tempfile.TemporaryDirectory(prefix="gse-test-kafka-", dir=in_memory()) as home:
        kafka = start_kafka(Path(home), users=USERS)
        operator = kafka.address_for("operator")
        provision(operator, principals=True)
        make_topics(
            AdminClient(operator.confluent()),
            [NewTopic(name, 1) for name in ("gse.members.more", "others.orders", "others.doomed")],
        )
        yield kafka
        kafka.stop()


def test_the_table_has_every_stream() -> None:
    assert {stream.name for stream in STREAMS} == set(resources(TOPICS)) - {"gse.members.more", "others.orders"}


async def test_every_principal_may_do_what_the_tables_say_and_nothing_else(guarded: KafkaProcess) -> None:
    topics, groups, transactions = resources(TOPICS), resources(GROUPS), resources(TRANSACTIONS)
    async with asking(guarded, "operator") as operator:
        for group in groups:
            await found_and_listed(operator, group)

    async def of(user: str) -> set[Triple]:
        async with asking(guarded, user) as its:
            return await everything_asked(its, topics, groups, transactions)

    found = set().union(*await asyncio.gather(*(of(user) for user in USERS if user != "operator")))
    expected = declared(TOPICS, GROUPS, CLUSTER, TRANSACTIONS)

    assert (sorted(found - expected), sorted(expected - found)) == ([], [])


async def test_each_question_of_the_matrix_can_be_answered_with_yes(guarded: KafkaProcess) -> None:
    """The operator may do all of it, on things that nobody misses."""
    async with asking(guarded, "operator") as its:
        await found_and_listed(its, "others.doomed")
        for questions in (
            on_group("operator", "others.doomed"),
            on_transaction("others-relay"),
            on_cluster(),
            on_topic("operator", "others.doomed"),
        ):
            assert {name for name, ask in questions.items() if not await its.may(ask)} == set()


@pytest.mark.parametrize(
    "stranger",
    [
        {"username": "members", "password": "not its password"},
        {"username": "nobody", "password": "nothing"},
        {"username": "members", "password": ""},
        {"security_protocol": "PLAINTEXT"},
    ],
    ids=["a wrong password", "an unknown user", "no password", "no name"],
)
async def test_who_cannot_sign_in_cannot_ask(guarded: KafkaProcess, stranger: dict[str, str]) -> None:
    address = KafkaAddress(guarded.bootstrap, **{"security_protocol": "SASL_PLAINTEXT"} | stranger)
    client = AIOKafkaClient(**address.aiokafka(), request_timeout_ms=2000)
    with pytest.raises(KafkaConnectionError):
        await client.bootstrap()
    await client.close()
