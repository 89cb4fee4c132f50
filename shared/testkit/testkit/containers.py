"""Kafka and PostgreSQL in Docker, when an engine answers and has the images already: nothing is ever pulled."""

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Final

import docker  # type: ignore[import-untyped] # it ships no types, and testcontainers' wrapper hides the image list
from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped] # as above
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from testkit.addresses import KafkaAddress
from testkit.kafka_config import TUNING
from testkit.ports import free_port
from testkit.postgres_databases import ADMIN

KAFKA_IMAGE: Final = "apache/kafka:4.1.1"
POSTGRES_IMAGES: Final = ("postgres:18", "postgres:17", "postgres:16", "postgres:15")
CLIENT_PORT: Final = 9092


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
    """One KRaft node of Apache Kafka's own image, open to this machine, set up like the local process."""

    def __init__(self, image: str) -> None:
        super().__init__(image)
        port = free_port()  # known before the start, because the broker tells its clients where it is
        self.bootstrap = f"{self.get_container_host_ip()}:{port}"
        self.with_bind_ports(CLIENT_PORT, port)
        settings = {
            **TUNING,
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": "1@localhost:9093",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "CLIENT",
            "listeners": f"CLIENT://:{CLIENT_PORT},CONTROLLER://:9093",
            "advertised.listeners": f"CLIENT://{self.bootstrap}",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        }
        for name, value in settings.items():
            self.with_env("KAFKA_" + name.replace(".", "_").upper(), value)
        self.waiting_for(LogMessageWaitStrategy("Kafka Server started"))


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
