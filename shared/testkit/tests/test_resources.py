"""Which broker and store a test session takes."""

import pytest

from testkit.progress import silent
from testkit.resources import kafka_for_tests, postgres_for_tests
from testkit.unavailable import Unavailable


@pytest.fixture
def no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")


def test_a_given_address_comes_first_and_is_named() -> None:
    said: list[str] = []
    with kafka_for_tests(said.append, silent, env={"GSE_TEST_KAFKA": "kafka.example:9092"}) as kafka:
        assert kafka.bootstrap == "kafka.example:9092"
    with postgres_for_tests(
        said.append, silent, env={"GSE_TEST_POSTGRES": "postgresql://a:secret@db.example/x"}
    ) as url:
        assert url == "postgresql://a:secret@db.example/x"
    assert said == [
        "Kafka: the given server at kafka.example:9092",
        "PostgreSQL: the given server at db.example/x",
    ]


def test_what_is_forced_is_taken_or_refused_and_never_replaced(no_docker: None) -> None:
    refused = {
        "given": "GSE_TESTKIT=given but GSE_TEST_KAFKA is not set: no Kafka for the tests.",
        "docker": "GSE_TESTKIT=docker but there is no Docker engine with apache/kafka:4.1.1: no Kafka for the tests.",
        "memory": "GSE_TESTKIT is 'memory': it forces one of given, docker, local, or is left out.",
    }
    for forced, sentence in refused.items():
        with pytest.raises(Unavailable) as error, kafka_for_tests(silent, silent, env={"GSE_TESTKIT": forced}):
            pass
        assert str(error.value) == sentence


def test_without_docker_a_local_process_is_started_and_named(no_docker: None) -> None:
    said: list[str] = []
    with postgres_for_tests(said.append, silent, env={}) as url:
        assert said == [f"PostgreSQL: a local process at {url.rpartition('@')[2]}"]
