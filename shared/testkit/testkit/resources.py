"""One broker and one store for a test session, and where they came from: given, Docker, or local processes.

The order is fixed, GSE_TESTKIT forces one, and what was taken is said. There is no broker in memory to fall back to.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, TypeVar

from testkit import children
from testkit.addresses import KafkaAddress
from testkit.containers import KAFKA_IMAGE, POSTGRES_IMAGES, kafka_container, postgres_container
from testkit.homes import sole_use
from testkit.kafka_process import start_kafka
from testkit.postgres_process import start_postgres
from testkit.progress import Progress
from testkit.unavailable import Unavailable

GIVEN, DOCKER, LOCAL = "given", "docker", "local"
WAYS: Final = (GIVEN, DOCKER, LOCAL)
HOMES: Final = "gse-test-"
OLD_SECONDS: Final = 3600
MEMORY_BYTES: Final = 2 * 1024**3
T = TypeVar("T")
Source = AbstractContextManager[T | None]


@contextlib.contextmanager
def kafka_for_tests(said: Progress, progress: Progress, env: Mapping[str, str] = os.environ) -> Iterator[KafkaAddress]:
    """A broker without users; `said` hears which one."""
    address = env.get("GSE_TEST_KAFKA")
    sources: dict[str, Callable[[], Source[KafkaAddress]]] = {
        GIVEN: lambda: contextlib.nullcontext(KafkaAddress(address) if address else None),
        DOCKER: kafka_container,
        LOCAL: lambda: _local_kafka(progress),
    }
    with _first(sources, "Kafka", f"GSE_TEST_KAFKA is not set|there is no Docker engine with {KAFKA_IMAGE}", env) as (
        way,
        kafka,
    ):
        said(f"Kafka: {_words(way)} at {kafka.bootstrap}")
        yield kafka


@contextlib.contextmanager
def postgres_for_tests(said: Progress, progress: Progress, env: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The superuser's address of a server; `said` hears which one."""
    url = env.get("GSE_TEST_POSTGRES")
    sources: dict[str, Callable[[], Source[str]]] = {
        GIVEN: lambda: contextlib.nullcontext(url or None),
        DOCKER: postgres_container,
        LOCAL: lambda: _local_postgres(progress),
    }
    missing = f"GSE_TEST_POSTGRES is not set|there is no Docker engine with one of {', '.join(POSTGRES_IMAGES)}"
    with _first(sources, "PostgreSQL", missing, env) as (way, admin_url):
        said(f"PostgreSQL: {_words(way)} at {admin_url.rpartition('@')[2]}")
        yield admin_url


@contextlib.contextmanager
def _first(
    sources: Mapping[str, Callable[[], Source[T]]], what: str, missing: str, env: Mapping[str, str]
) -> Iterator[tuple[str, T]]:
    forced = env.get("GSE_TESTKIT")
    if forced is not None and forced not in WAYS:
        raise Unavailable(f"GSE_TESTKIT is {forced!r}: it forces one of {', '.join(WAYS)}, or is left out.")
    with contextlib.ExitStack() as stack:
        for way in [forced] if forced else WAYS:
            found = stack.enter_context(sources[way]())
            if found is not None:
                yield way, found
                return
        reasons = dict(zip((GIVEN, DOCKER), missing.split("|"), strict=True))
        raise Unavailable(f"GSE_TESTKIT={forced} but {reasons[str(forced)]}: no {what} for the tests.")


@contextlib.contextmanager
def _local_kafka(progress: Progress) -> Iterator[KafkaAddress]:
    _remove_old_homes(in_memory())
    with tempfile.TemporaryDirectory(prefix=f"{HOMES}kafka-", dir=in_memory()) as home:
        kafka = start_kafka(Path(home), progress=progress)
        try:
            yield kafka.address_for()
        finally:
            kafka.stop()


def in_memory() -> Path | None:
    """Where a test's hundred new partitions cost no hundred syncs, and none of its commits waits for the disk.

    What a killed server had written is there for its next start, as on a disk; only the machine itself may not go.
    """
    memory = Path("/dev/shm")  # noqa: S108 - only to make a folder with a name of its own in it
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MEMORY_BYTES
    return memory if roomy else None


def _remove_old_homes(memory: Path | None) -> None:
    """A killed session cannot tidy up, and what it leaves in memory stays there until somebody does."""
    for home in memory.glob(f"{HOMES}*") if memory else []:
        with contextlib.suppress(OSError, Unavailable):
            if time.time() - home.stat().st_mtime > OLD_SECONDS:
                with sole_use(home, "server"):
                    children.remove(home)


@contextlib.contextmanager
def _local_postgres(progress: Progress) -> Iterator[str]:
    memory = in_memory()
    if memory and os.getuid() == 0 and os.statvfs(memory).f_flag & os.ST_NOEXEC:
        memory = None  # for root the server's programs are copied to its data, and have to start there
    _remove_old_homes(memory)
    with tempfile.TemporaryDirectory(prefix=f"{HOMES}postgres-", dir=memory) as name, contextlib.ExitStack() as stack:
        home = Path(name)
        stack.enter_context(sole_use(home, "PostgreSQL"))
        if memory:
            home.chmod(0o711)  # root's server runs as a user who has to get to its data, which nobody else may enter
        postgres = start_postgres(home, progress=progress)
        try:
            yield postgres.admin_url
        finally:
            postgres.stop()
            children.remove(postgres.folder)


def _words(way: str) -> str:
    return {GIVEN: "the given server", DOCKER: "a Docker container", LOCAL: "a local process"}[way]
