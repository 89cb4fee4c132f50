"""The pytest plugin: real Kafka and PostgreSQL for a session, fresh topics and databases for each test."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from testkit.addresses import KafkaAddress
from testkit.databases import Build, Databases, MakeDatabase
from testkit.progress import Progress
from testkit.unavailable import Unavailable

TAKEN = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TAKEN] = []


def pytest_report_header() -> str:
    return "testkit: Kafka and PostgreSQL by given address, else Docker, else local processes (GSE_TESTKIT forces one)"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for sentence in config.stash[TAKEN]:
        terminalreporter.write_line(f"testkit: {sentence}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist tells the session that started it what it took."""
    if isinstance(told := getattr(session.config, "workeroutput", None), dict):
        told["testkit"] = session.config.stash[TAKEN]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[TAKEN] += getattr(node, "workeroutput", {}).get("testkit", [])


@pytest.fixture(scope="session")
def kafka(pytestconfig: pytest.Config) -> Iterator[KafkaAddress]:
    """One broker for the session, without users."""
    from testkit.resources import kafka_for_tests  # noqa: PLC0415 - half a second that only those pay who use it

    with _or_fail(), kafka_for_tests(pytestconfig.stash[TAKEN].append, _progress(pytestconfig)) as address:
        yield address


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[str]:
    """The superuser's address of one PostgreSQL for the session."""
    from testkit.resources import postgres_for_tests  # noqa: PLC0415 - as above

    with _or_fail(), postgres_for_tests(pytestconfig.stash[TAKEN].append, _progress(pytestconfig)) as admin_url:
        yield admin_url


@pytest.fixture
def topic_prefix(kafka: KafkaAddress) -> Iterator[str]:
    """A prefix of this test's own, with all the platform's topics made behind it."""
    from testkit.provision import provision, remove_topics  # noqa: PLC0415 - as above

    prefix = f"t{secrets.token_hex(4)}."
    provision(kafka, prefix=prefix, principals=False)
    yield prefix
    remove_topics(kafka, prefix)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def databases(postgres: str) -> AsyncIterator[Databases]:
    """For fixtures that want a database longer than one test: `async with databases.lend(name, build) as url`."""
    lender = Databases(postgres)
    yield lender
    await lender.forget()


@pytest_asyncio.fixture(loop_scope="session")
async def database(databases: Databases) -> AsyncIterator[MakeDatabase]:
    """Makes databases that live as long as the test, as in `url = await make("members", migrate)`."""
    async with contextlib.AsyncExitStack() as lent:

        async def make(name: str, build: Build) -> str:
            return await lent.enter_async_context(databases.lend(name, build))

        yield make


@contextlib.contextmanager
def _or_fail() -> Iterator[None]:
    """The sentence is for a person; the place in this code is not."""
    try:
        yield
    except Unavailable as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _progress(config: pytest.Config) -> Progress:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")

    def tell(sentence: str) -> None:
        if reporter is not None and "Fetching" in sentence:  # only a machine's first session waits this long
            with capture.global_and_fixture_disabled() if capture is not None else contextlib.nullcontext():
                reporter.ensure_newline()
                reporter.write_line(f"testkit: {sentence}")

    return tell
