"""Every subscriber of every service's broker has the settings that were measured to lose and double nothing."""

import ast
import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber
from pydantic import SecretStr

from chassis.consumer import Consumer
from chassis.database import Database
from chassis.hearing import broker_of, subscribe
from chassis.settings import ServiceSettings
from chassis.subscription import Subscription
from chassis.telemetry import Metrics
from contracts.heard import HEARD
from contracts.streams import SERVICES, STREAMS

HOUSE = Path(__file__).parents[2]
SETTINGS = ServiceSettings(
    database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none"),
    kafka_bootstrap="127.0.0.1:1",
    topic_prefix="t.",
    http_port=0,
    replica="7",
    token_keys=Path("keys.json"),
)


def subscriptions(service: str) -> list[Subscription]:
    """Those that stand in the service's app.py under a name of their own."""
    app = importlib.import_module(f"{service}.app")
    return [its for its in vars(app).values() if isinstance(its, Subscription)]


def heard(service: str) -> KafkaBroker:
    """The service's broker, with all it would subscribe to. Nothing is started, so nothing is reached."""
    metrics = Metrics()
    broker = broker_of(SETTINGS, service)
    for subscription in subscriptions(service):
        subscribe(broker, SETTINGS, Consumer(service, subscription, Database(pool=None), metrics), metrics)
    return broker


def in_order(broker: KafkaBroker) -> list[Any]:
    """The subscribers by their groups: the broker gives them in whatever order."""
    return sorted(broker.subscribers, key=lambda its: its.group_id or "")


ALL: list[tuple[str, Any]] = [(service, its) for service in SERVICES for its in in_order(heard(service))]
every_subscriber = pytest.mark.parametrize(
    ("service", "subscriber"), ALL, ids=[f"{service}: {subscriber.group_id}" for service, subscriber in ALL]
)


@pytest.mark.parametrize("service", SERVICES)
def test_the_picture_of_the_house_shows_who_hears_what(service: str) -> None:
    assert sorted({its.stream for its in subscriptions(service)}) == list(HEARD[service])


def test_the_house_hears_what_it_is_said_to_hear() -> None:
    assert sorted(subscriber.group_id or "" for _, subscriber in ALL) == [
        "t.events.gse.members",
        "t.members.gse.events",
        "t.members.gse.events.coming-up",
        "t.members.gse.mentoring",
        "t.members.gse.notifications",
        "t.mentoring.gse.members",
        "t.notifications.gse.events",
        "t.notifications.gse.members",
        "t.notifications.gse.members.contacts",
        "t.notifications.gse.members.open-doors",
        "t.notifications.gse.mentoring",
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_every_subscription_of_a_service_has_a_name_in_its_app(service: str) -> None:
    """So that the tests here see all of them, and reaction tests can deliver to them."""
    app = HOUSE / "services" / service / service / "app.py"
    calls = [
        node
        for node in ast.walk(ast.parse(app.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Subscription")
    ]

    assert len(subscriptions(service)) == len(calls)


@every_subscriber
def test_a_subscriber_takes_one_stream_in_batches_under_a_group_and_a_stable_name(
    service: str, subscriber: Any
) -> None:
    [topic] = subscriber.topics

    assert type(subscriber) is BatchSubscriber  # any other is one with max_workers, or without batches
    assert topic.name.removeprefix("t.") in {stream.name for stream in STREAMS}
    own = {f"t.{its.consumer(service)}" for its in subscriptions(service) if f"t.{its.stream}" == topic.name}
    assert subscriber.group_id in own
    assert (subscriber.max_records, subscriber.batch_timeout_ms) == (500, 200)
    assert subscriber._connection_args["group_instance_id"] == f"{subscriber.group_id.removeprefix('t.')}-7"


@every_subscriber
def test_a_subscriber_begins_at_the_beginning_and_leaves_acknowledging_to_us(service: str, subscriber: Any) -> None:
    options = subscriber._connection_args

    assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR
    assert options["auto_offset_reset"] == "earliest"
    assert options["enable_auto_commit"] is False
    assert (options["rebalance_timeout_ms"], options["session_timeout_ms"]) == (30_000, 10_000)
    assert subscriber._listener is not None
    assert subscriber._no_reply is True


@pytest.mark.parametrize("service", SERVICES)
def test_a_broker_waits_for_the_longest_batch_and_makes_no_topics(service: str) -> None:
    broker = heard(service)

    assert broker.config.broker_config.graceful_timeout == 20.0
    assert broker.config.broker_config.allow_auto_create_topics is False


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_read_what_it_hears(service: str) -> None:
    access = tomllib.loads((HOUSE / "deploy" / "kafka" / "access.toml").read_text())["reads"][service]

    assert {its.stream for its in subscriptions(service)} <= {*access, f"gse.{service}"}
