"""Kafka and PostgreSQL in Docker, when an engine answers and has the images already: nothing is ever pulled."""

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Final, Self

import docker  # type: ignore[import-untyped] # it ships no types, and testcontainers' wrapper hides the image list
from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped] # as above
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from testkit.addresses import KafkaAddress
from testkit.kafka_config import TUNING
from testkit.postgres_databases import ADMIN
from testkit.unavailable import Unavailable

KAFKA_IMAGE: Final = "apache/kafka:4.1.1"
POSTGRES_IMAGES: Final = ("postgres:18", "postgres:17", "postgres:16", "postgres:15")
CLIENT_PORT: Final = 9092
DATA: Final = "/memory"
SCRIPT: Final = "/tmp/start"  # noqa: S108 - in the container, which nobody else enters


def present(*images: str) -> str | None:
    """The first of the images that this machine's engine has; None without an engine or without any of them."""
    if not _engine_listens():
        return None
    with contextlib.suppress(DockerException), contextlib.closing(docker.from_env(timeout=5)) as engine:
        for image in images:
            with contextlib.suppress(ImageNotFound):
                engine.images.get(image)
                return image
    return None


def _engine_listens() -> bool:
    """Asked first, since Docker's client leaves a socket open when nobody answers."""
    address = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if not address.startswith("unix://"):
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(address.removeprefix("unix://")) == 0


class KafkaContainer(DockerContainer):
    """One KRaft node of Apache Kafka's own image, open to this machine, set up like the local process.

    The broker tells its clients where it is, and that is known only when the container runs: so the container first
    waits for a script that says it.
    """

    def __init__(self, image: str) -> None:
        super().__init__(image)
        self.with_exposed_ports(CLIENT_PORT)
        self.with_tmpfs_mount(DATA)  # in memory, like a local process's: each new partition costs a disk a sync
        self.with_command(["sh", "-c", f"until [ -f {SCRIPT} ]; do sleep 0.05; done; . {SCRIPT}"])
        settings = {
            **TUNING,
            "log.dirs": DATA,
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": "1@localhost:9093",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "CLIENT",
            "listeners": f"CLIENT://:{CLIENT_PORT},CONTROLLER://:9093",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        }
        for name, value in settings.items():
            self.with_env("KAFKA_" + name.replace(".", "_").upper(), value)

    @property
    def bootstrap(self) -> str:
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(CLIENT_PORT)}"

    def start(self) -> Self:
        super().start()
        script = f"export KAFKA_ADVERTISED_LISTENERS=CLIENT://{self.bootstrap}\nexec /etc/kafka/docker/run\n"
        self.copy_into_container(script.encode(), SCRIPT)
        try:
            LogMessageWaitStrategy("Kafka Server started").wait_until_ready(self)
        except RuntimeError as error:
            said = b"".join(self.get_logs()).decode(errors="replace").strip().splitlines()
            last = said[-1] if said else "nothing"
            raise Unavailable(f"Kafka's Docker container ended at its start; its last words: {last}") from error
        return self


@contextlib.contextmanager
def kafka_container() -> Iterator[KafkaAddress | None]:
    """A broker for as long as the block runs; None when Docker cannot give one."""
    image = present(KAFKA_IMAGE)
    if image is None:
        yield None
        return
    _reaper_only_if_present()
    with KafkaContainer(image) as kafka:
        yield KafkaAddress(kafka.bootstrap)


@contextlib.contextmanager
def postgres_container() -> Iterator[str | None]:
    """The superuser's address of a server for as long as the block runs; None when Docker cannot give one."""
    image = present(*POSTGRES_IMAGES)
    if image is None:
        yield None
        return
    _reaper_only_if_present()
    with PostgresContainer(image, username=ADMIN, password=ADMIN, dbname="postgres", driver=None) as postgres:
        yield postgres.get_connection_url()


def _reaper_only_if_present() -> None:
    """The helper that removes containers of a killed session is an image too."""
    if present(testcontainers_config.ryuk_image) is None:
        testcontainers_config.ryuk_disabled = True
