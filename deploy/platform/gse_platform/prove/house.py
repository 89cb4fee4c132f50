"""The platform of a run: what `./gse up` starts, with a proxy before each store and a witness in each database."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from contracts.streams import SERVICES
from gse_platform import home as homes
from gse_platform.given import Given
from gse_platform.home import Home
from gse_platform.platform import (
    PYTHON,
    SERVING,
    STORES,
    Platform,
    front_door_part,
    identity_provider_part,
    kafka_users,
    mail_sink_part,
    plan,
    service_environment,
)
from gse_platform.prove import witness
from gse_platform.prove.proxy import HOST, Proxy
from gse_platform.supervisor import Part, Running, Supervisor, program
from gse_platform.up import all_ready, migrate
from testkit.addresses import KafkaAddress
from testkit.kafka_process import KafkaProcess, start_kafka
from testkit.ports import free_port
from testkit.postgres_process import PostgresProcess, start_postgres
from testkit.provision import provision

Say = Callable[[str], None]
Entry = Callable[[str], list[str]]


def as_shipped(service: str) -> list[str]:
    """What a service is started with: a module and its arguments."""
    return [f"{service}.app", "serve"]


@dataclass
class House:
    """A running platform. `operator` and `admin_url` reach the stores past the proxies' faults or through them."""

    platform: Platform
    supervisor: Supervisor
    operator: KafkaAddress
    databases: dict[str, str]  # the superuser's way into each database, past the proxy
    proxies: dict[str, Proxy]  # by what stands behind: kafka, or the database of a service
    environments: dict[str, dict[str, str]]
    entry: Entry = as_shipped
    prefix: str = ""  # of every topic
    mails_before: int = 0  # in the sink, of runs before this one

    def part(self, name: str) -> Running:
        return self.supervisor.running[name]

    def start_second(self, service: str, port: int | None = None) -> Running:
        """Another replica, which nobody restarts."""
        environment = self.environments[service] | {"GSE_REPLICA": "1", "GSE_HTTP_PORT": str(port or free_port())}
        return self._program(f"{service}-1", service, environment).start()

    async def begin(self, services: Collection[str]) -> None:
        """Start these services and wait until they are ready; from then on they are kept running."""
        for service in services:
            await self.supervisor.start(self._program(service, service, self.environments[service]))
        await all_ready(self.platform, lambda _: None, services)

    def _program(self, name: str, service: str, environment: dict[str, str]) -> Part:
        command = [*PYTHON, *self.entry(service)]
        return _keeping_logs(program(name, SERVING, command, env=environment, logs=self.platform.home.logs))

    def heal(self) -> None:
        for proxy in self.proxies.values():
            proxy.heal()


@contextlib.asynccontextmanager
async def built(home: Home, say: Say) -> AsyncIterator[House]:
    """Everything started and ready, with its witnesses; everything stopped at the end."""
    async with furnished(home, say) as house:
        await house.begin(SERVICES)
        yield house


@contextlib.asynccontextmanager
async def furnished(home: Home, say: Say, *, witnessed: bool = True) -> AsyncIterator[House]:
    """All but the services, whose databases are there, migrated and with their witnesses."""
    homes.make(home)
    platform = plan(home, Given(kafka=None, databases={}, smtp=None, issuer=None, topic_prefix=""), 0)
    supervisor = Supervisor(say=say)
    proxies = {name: Proxy() for name in ("kafka", *SERVICES)}
    try:
        for proxy in proxies.values():
            await proxy.start()
        await supervisor.start(identity_provider_part(platform))
        await supervisor.start(mail_sink_part(platform))
        async with asyncio.TaskGroup() as stores:
            kafka = stores.create_task(_kafka(platform, supervisor, proxies["kafka"]))
            cluster = stores.create_task(_databases(platform, supervisor, proxies))
        addresses, (databases, urls) = kafka.result(), cluster.result()
        environments = {
            service: service_environment(platform, service, urls[service], addresses[service]) for service in SERVICES
        }
        async with asyncio.TaskGroup() as migrations:
            for service in SERVICES:
                migrations.create_task(migrate(platform, service, environments[service]))
        for service in SERVICES if witnessed else ():
            await witness.install(databases[service], service)
        await supervisor.start(front_door_part(platform))
        yield House(platform, supervisor, addresses["operator"], databases, proxies, environments)
    finally:
        for proxy in proxies.values():
            proxy.heal()
        await supervisor.stop()
        for proxy in proxies.values():
            await proxy.stop()


def _keeping_logs(part: Part) -> Part:
    """The same part; the log of each of its lives is kept, since all of them are searched at the end."""

    def start() -> Running:
        if part.log is not None and part.log.exists():
            part.log.rename(part.log.with_name(f"{part.name}.{time.time_ns()}.log"))
        return part.start()

    return replace(part, start=start)


async def _kafka(platform: Platform, supervisor: Supervisor, proxy: Proxy) -> dict[str, KafkaAddress]:
    """How everybody reaches Kafka: through the proxy, to which the broker sends its clients."""
    users, proxy.target = kafka_users(platform), free_port()
    start: Callable[[], Running] = partial(
        start_kafka, platform.home.path / "kafka", users=users, port=proxy.target, advertised_port=proxy.port
    )
    broker = await supervisor.start(Part("kafka", STORES, start))
    assert isinstance(broker, KafkaProcess)  # noqa: S101 (that is what `start` gives)
    bootstrap = f"{HOST}:{proxy.port}"
    addresses = {user: replace(broker.address_for(user), bootstrap=bootstrap) for user in users}
    await asyncio.to_thread(provision, addresses["operator"], principals=True)
    return addresses


async def _databases(
    platform: Platform, supervisor: Supervisor, proxies: dict[str, Proxy]
) -> tuple[dict[str, str], dict[str, str]]:
    """The superuser's way into each database, and each service's own through its proxy."""
    port = free_port()
    start: Callable[[], Running] = partial(start_postgres, platform.home.path / "postgres", port=port)
    cluster = await supervisor.start(Part("postgres", STORES, start))
    assert isinstance(cluster, PostgresProcess)  # noqa: S101 (that is what `start` gives)
    admins, urls = {}, {}
    for service in SERVICES:
        password = platform.secrets[f"database-{service}"]
        url = await asyncio.to_thread(cluster.create_database, service, service, password)
        proxies[service].target = port
        urls[service] = url.replace(f"@{HOST}:{port}/", f"@{HOST}:{proxies[service].port}/")
        admins[service] = cluster.admin_url.rpartition("/")[0] + f"/{service}"
    return admins, urls
