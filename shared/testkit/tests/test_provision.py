"""What is declared for Kafka, compared with what a cluster has, and applied to it."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts.streams import STREAMS
from testkit.access import ACCESS, Access, Right, read_access, rights, touches
from testkit.addresses import KafkaAddress
from testkit.cluster import Found, allow, granted, make_topics, mend_settings, revoke
from testkit.kafka_process import start_kafka
from testkit.kafka_users import change_users, credentials
from testkit.provision import Plan, Wanted, apply, compare, plan, provision, topic_settings
from testkit.records import read_all
from testkit.resources import in_memory
from testkit.unavailable import Unavailable

TABLE = Access(reads={"events": ("gse.members",)}, departments={"dft": ("gse.events.public",)})
PASSWORDS = {name: f"{name}-password" for name in ("members", "mentoring", "events", "notifications", "dept-example")}


def found(*more: Right, **others: object) -> Found:
    """A cluster that has all that TABLE declares."""
    its: dict[str, object] = {
        "partitions": {stream.name: stream.partitions for stream in STREAMS} | {"__consumer_offsets": 3, "orders": 1},
        "settings": {stream.name: topic_settings(stream) for stream in STREAMS},
        "rights": frozenset(rights("", TABLE) | set(more)),
        "users": {user: {"SCRAM_SHA_512": 4096} for user in (*TABLE.principals, "operator")},
    }
    return Found(**its | others)  # type: ignore[arg-type]


def wanted(access: Access = TABLE, *, renew: bool = False) -> Wanted:
    return Wanted("", access, dict.fromkeys(access.principals, "secret"), renew)


def test_nothing_is_to_be_done_where_all_is_as_declared() -> None:
    assert compare(wanted(), found()) == Plan()


def test_a_service_and_a_department_have_these_rights_and_no_others() -> None:
    granted_ones = {str(right) for right in rights("p.", TABLE)}

    assert {its for its in granted_ones if its.startswith(("events", "dept"))} == {
        "events to write topic p.gse.events",
        "events to write topic p.gse.events.public",
        "events to read topic p.gse.events",
        "events to read topic p.gse.events.public",
        "events to read topic p.gse.members",
        "events to read group p.events.…",
        "dept-dft to read topic p.gse.events.public",
        "dept-dft to read group p.dept.dft.…",
    }


def test_a_right_that_vanished_from_the_table_is_revoked_and_a_new_one_allowed() -> None:
    changed = Access(reads={"events": ("gse.mentoring",)}, departments={})

    assert compare(wanted(changed), found()).steps == [
        ("allow", "events to read topic gse.mentoring"),
        ("revoke", "dept-dft to read group dept.dft.…"),
        ("revoke", "dept-dft to read topic gse.events.public"),
        ("revoke", "events to read topic gse.members"),
        ("remove", "user dept-dft (SCRAM_SHA_512)"),
    ]


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (Right("User:events", "READ", "TOPIC", "*"), "events to read topic *"),
        (Right("User:events", "ALL", "TOPIC", "gse.", "PREFIXED"), "events to all topic gse.…"),
        (Right("User:events", "ALTER", "BROKER", "kafka-cluster"), "events to alter broker kafka-cluster"),
        (Right("User:members", "READ", "TOPIC", "t", permission="DENY"), "members never to read topic t"),
        (Right("User:dept-gone", "READ", "TOPIC", "t", host="10.0.0.1"), "dept-gone to read topic t from 10.0.0.1"),
    ],
)
def test_whatever_else_a_principal_of_ours_was_given_is_revoked(extra: Right, sentence: str) -> None:
    assert compare(wanted(), found(extra)).steps == [("revoke", sentence)]


@pytest.mark.parametrize("name", ["gse.members.contacts", "gse.", "*"])
def test_somebody_else_s_right_is_left_alone_and_told_where_it_touches_our_streams(name: str) -> None:
    pattern = "PREFIXED" if name.endswith(".") else "LITERAL"
    theirs = Right("User:backup", "READ", "TOPIC", name, pattern)

    its = compare(wanted(), found(theirs, Right("User:orders", "READ", "TOPIC", "orders")))

    assert (its.steps, its.notes) == ([], (f"Somebody else's right touches our streams: {theirs}. It stays.",))


def test_a_group_of_ours_is_touched_by_its_beginning_and_by_its_name() -> None:
    declared = rights("", TABLE)
    for name, pattern in (("events.gse.members", "LITERAL"), ("ev", "PREFIXED"), ("events.gse", "PREFIXED")):
        assert touches(Right("User:x", "READ", "GROUP", name, pattern), declared)
    for name, pattern in (("eventsourcing", "LITERAL"), ("eventsourcing", "PREFIXED"), ("others", "LITERAL")):
        assert not touches(Right("User:x", "READ", "GROUP", name, pattern), declared)


def test_a_topic_that_is_no_stream_is_told_and_stays() -> None:
    its = compare(wanted(), found(partitions={**found().partitions, "gse.feeds.old": 1}))

    assert (its.steps, its.notes) == ([], ("Topic gse.feeds.old is none of the contracts' streams. It stays.",))


def test_users_are_made_renewed_and_removed_by_name_and_iterations() -> None:
    there = found().users or {}
    weak = {
        **{user: its for user, its in there.items() if user != "members"},
        "events": {"SCRAM_SHA_512": 1000},
        "mentoring": {"SCRAM_SHA_256": 8192},
        "dept-gone": {"SCRAM_SHA_256": 4096, "SCRAM_SHA_512": 4096},
    }

    assert compare(wanted(), found(users=weak)).steps == [
        ("set", "the password of user members"),
        ("set", "the password of user mentoring"),
        ("set", "the password of user events"),
        ("remove", "user dept-gone (SCRAM_SHA_256)"),
        ("remove", "user dept-gone (SCRAM_SHA_512)"),
    ]


def test_a_plan_cannot_see_a_changed_password_so_it_is_renewed_when_asked() -> None:
    assert compare(wanted(renew=True), found()).set_users == TABLE.principals


def test_a_user_without_a_password_is_told() -> None:
    its = compare(Wanted("", TABLE), found(users={}))

    assert its.set_users == ()
    assert its.notes[0] == "There is no user members, and no password to make it with."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('members = ["gse.nowhere"]\nstranger = []', r"names what the contracts do not have: stranger, gse.nowhere\."),
        ('[departments]\ndft = ["gse.members"]', r"opens to a department what is not public: gse.members\."),
        (
            '[departments]\ndft = ["gse.members.contacts"]',
            r"opens to a department what is not public: gse.members.contacts\.",
        ),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    table = tmp_path / "access.toml"
    table.write_text(f"[reads]\n{text}\n")
    with pytest.raises(Unavailable, match=sentence):
        read_access(table)


def signed_in(operator: KafkaAddress, user: str, password: str) -> KafkaAddress:
    return replace(operator, username=user, password=password)


@pytest.fixture(scope="module")
def operator() -> Iterator[KafkaAddress]:
    """A broker with no user but its operator, and nothing on it."""
    with tempfile.TemporaryDirectory(prefix="gse-test-kafka-", dir=in_memory()) as home:
        kafka = start_kafka(Path(home), users={"operator": "operator-password"})
        yield kafka.address_for("operator")
        kafka.stop()


def test_applying_makes_everything_once_and_a_plan_changes_nothing(operator: KafkaAddress) -> None:
    declared = Wanted("", read_access(ACCESS), PASSWORDS)
    planned = plan(operator, declared)
    assert plan(operator, declared) == planned

    done = provision(operator, principals=True, passwords=PASSWORDS)

    assert done[0] == "made topic gse.members"
    assert "set the password of user dept-example" in done
    assert "allowed notifications to read topic gse.members.contacts" in done
    assert len(done) == len(planned.steps)
    assert provision(operator, principals=True, passwords=PASSWORDS) == []
    assert plan(operator, declared) == Plan()


async def test_what_drifted_is_put_right_and_nobody_else_s_is_touched(operator: KafkaAddress) -> None:
    provision(operator, principals=True, passwords=PASSWORDS)
    client = AdminClient(operator.confluent())
    contacts = Right("User:events", "READ", "TOPIC", "gse.members.contacts")
    missing = Right("User:mentoring", "READ", "TOPIC", "gse.members")
    theirs = Right("User:orders", "ALL", "TOPIC", "orders")
    make_topics(client, [NewTopic("orders", 1)])
    allow(client, [contacts, theirs])
    revoke(client, [missing])
    mend_settings(client, {"gse.members": {"retention.ms": "1000"}})
    change_users(client, {"dept-gone": "x", "orders": "orders-password"}, [("events", "SCRAM_SHA_512")])

    its = apply(operator, Wanted("", read_access(ACCESS), PASSWORDS))

    assert its.steps == [
        ("mend", "the settings of topic gse.members: retention.ms=-1"),
        ("set", "the password of user events"),
        ("allow", "mentoring to read topic gse.members"),
        ("revoke", "events to read topic gse.members.contacts"),
        ("remove", "user dept-gone (SCRAM_SHA_512)"),
    ]
    assert plan(operator, Wanted("", read_access(ACCESS), PASSWORDS)) == Plan()
    assert theirs in granted(client)
    assert {"orders", "operator"} < credentials(client).keys()
    assert await read_all(signed_in(operator, "events", "events-password"), "gse.members") == []


async def test_a_renewed_password_holds_and_the_old_one_does_not(operator: KafkaAddress) -> None:
    provision(operator, principals=True, passwords=PASSWORDS)

    apply(operator, Wanted("", read_access(ACCESS), PASSWORDS | {"members": "fresh"}, renew=True))

    assert await read_all(signed_in(operator, "members", "fresh"), "gse.members") == []
    with pytest.raises(KafkaConnectionError):
        await read_all(signed_in(operator, "members", "members-password"), "gse.members")


def test_only_the_operator_makes_topics_and_rights(operator: KafkaAddress) -> None:
    provision(operator, principals=True, passwords=PASSWORDS)
    events = signed_in(operator, "events", "events-password")
    for principals in (True, False):
        with pytest.raises(Unavailable, match="topics and rights are made by the operator"):
            provision(events, prefix="q.", principals=principals)


def test_an_open_cluster_has_topics_and_no_rights_to_give(kafka: KafkaAddress, topic_prefix: str) -> None:
    assert provision(kafka, prefix=topic_prefix, principals=False) == []
    with pytest.raises(Unavailable, match="asks nobody for rights: give its brokers an authorizer first"):
        provision(kafka, prefix=topic_prefix, principals=True)
