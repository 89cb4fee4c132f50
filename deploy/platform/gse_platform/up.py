"""`./gse up`: the whole platform in the foreground, from nothing to Ready, and down again without a trace."""

import asyncio
import os
import signal
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

import httpx2

from contracts.streams import SERVICES
from gse_platform import home as homes
from gse_platform.given import given
from gse_platform.home import CannotGoOn, Home
from gse_platform.platform import (
    PYTHON,
    STORES,
    Platform,
    Start,
    alone,
    front_door_part,
    identity_provider_part,
    kafka_users,
    mail_sink_part,
    plan,
    service_environment,
    service_part,
)
from gse_platform.progress import Progress
from gse_platform.supervisor import LOOK_EVERY, Part, Running, Supervisor, ended, program
from testkit.addresses import KafkaAddress
from testkit.kafka_process import KafkaProcess, start_kafka
from testkit.postgres_process import PostgresProcess, start_postgres
from testkit.provision import provision

MIGRATION_SECONDS = 120
READY_SECONDS = 120
REFUSALS = (1, 2)  # exit codes of a service: the state is wrong, or the call is

Story = Callable[[Platform, Progress], Awaitable[None]]


def up(home: Home, start: Start | None, story: Story | None = None) -> int:
    """Run the platform in a home that is held, until somebody stops it. Returns the exit code.

    `start` is how its modules become processes, if another way than a deployment's; `story` is told once everything is
    ready.
    """
    try:
        return asyncio.run(_run(plan(home, given(), homes.front_door_port()), start or alone, story))
    finally:
        home.state.unlink(missing_ok=True)


async def _run(platform: Platform, start: Start, story: Story | None) -> int:
    progress = Progress()
    supervisor = Supervisor(say=progress.say)
    _stop_on_signals(supervisor, progress)
    ready = False
    try:
        await _bring_up(platform, supervisor, start, progress)
        if story is not None:
            await story(platform, progress)
        ready = True
        print(f"Ready: {platform.front_door}", flush=True)
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        progress.say("Stopping (a second Ctrl-C ends everything at once) …")
    finally:
        await supervisor.stop()
    progress.say("Stopped.")
    return 0 if ready else 130


def _stop_on_signals(supervisor: Supervisor, progress: Progress) -> None:
    loop = asyncio.get_running_loop()
    running = asyncio.current_task()
    assert running is not None  # noqa: S101 (we are in it)
    asked: list[int] = []

    def pressed(number: int) -> None:
        asked.append(number)
        if len(asked) == 1:
            running.cancel()
            return
        progress.say("Ending everything now.")
        supervisor.kill()
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, pressed, number)
    # A closed terminal is a Ctrl-C, unless somebody said (nohup) that it should not matter.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, pressed, signal.SIGHUP)


async def _bring_up(platform: Platform, supervisor: Supervisor, start: Start, progress: Progress) -> None:
    around = [] if platform.given.issuer else [identity_provider_part(platform, start)]
    around += [] if platform.given.smtp else [mail_sink_part(platform, start)]
    async with asyncio.TaskGroup() as stores:
        starting_kafka = stores.create_task(_kafka(platform, supervisor, progress))
        starting_databases = stores.create_task(_databases(platform, supervisor, progress))
        for part in around:
            stores.create_task(supervisor.start(part))
    kafka, databases = starting_kafka.result(), starting_databases.result()
    environments = {
        service: service_environment(platform, service, databases[service], kafka[service]) for service in SERVICES
    }
    # From here on others can see the platform, and see which process is which after a restart.
    state = _state(platform, databases, kafka["operator"], environments)
    supervisor.changed = lambda: homes.write_state(platform.home, _with_pids(state, supervisor.running))
    with progress.step("Services") as tell:
        parts = [service_part(platform, service, environments[service], start) for service in SERVICES]
        for part in (*parts, front_door_part(platform, start)):
            await supervisor.start(part)
        async with asyncio.TaskGroup() as waiting:
            refusing = waiting.create_task(_refusal(supervisor, parts))
            await all_ready(platform, tell)
            refusing.cancel()


async def _kafka(platform: Platform, supervisor: Supervisor, progress: Progress) -> dict[str, KafkaAddress]:
    """How each service and the operator reach Kafka; its streams are there when this returns."""
    if platform.given.kafka is not None:
        everybody = platform.given.kafka
        with progress.step("Kafka (given)"):
            await asyncio.to_thread(provision, everybody, prefix=platform.given.topic_prefix, principals=False)
        return dict.fromkeys((*SERVICES, "operator"), everybody)
    users, folder, port = kafka_users(platform), platform.home.path / "kafka", 0
    with progress.step("Kafka") as tell:

        def start() -> KafkaProcess:
            return start_kafka(folder, users=users, port=port, progress=tell)

        broker = await supervisor.start(Part("kafka", STORES, start))
        assert isinstance(broker, KafkaProcess)  # noqa: S101 (that is what `start` gives)
        port = int(broker.bootstrap.rpartition(":")[2])
        operator = broker.address_for("operator")
        prefix = platform.given.topic_prefix
        await asyncio.to_thread(provision, operator, prefix=prefix, principals=True, passwords=users)
    return {user: broker.address_for(user) for user in users}


async def _databases(platform: Platform, supervisor: Supervisor, progress: Progress) -> dict[str, str]:
    """The address of each service's own database, with a role that can read no other's."""
    missing = [service for service in SERVICES if service not in platform.given.databases]
    found = dict(platform.given.databases)
    if not missing:
        return found
    port = 0
    with progress.step("PostgreSQL") as tell:

        def start() -> PostgresProcess:
            return start_postgres(platform.home.path / "postgres", port=port, progress=tell)

        cluster = await supervisor.start(Part("postgres", STORES, start))
        assert isinstance(cluster, PostgresProcess)  # noqa: S101 (that is what `start` gives)
        port = cluster.port
        for service in missing:
            password = platform.secrets[f"database-{service}"]
            found[service] = await asyncio.to_thread(cluster.create_database, service, service, password)
    return found


async def _refusal(supervisor: Supervisor, parts: Sequence[Part]) -> None:
    """Waits for a service that says it cannot start here: with its tables, or with its settings."""
    while True:
        for part in parts:
            if supervisor.running[part.name].poll() in REFUSALS:
                raise CannotGoOn(f"{part.name} does not start: {_log(part)}")
        await asyncio.sleep(LOOK_EVERY)


async def migrate(platform: Platform, service: str, environment: dict[str, str]) -> None:
    """For whoever needs the tables before the service runs; the service itself migrates at its start."""
    name = f"{service}-migrate"
    command = [*PYTHON, f"{service}.app", "migrate"]
    part = program(name, STORES, command, env=environment, logs=platform.home.logs)
    running = await asyncio.to_thread(part.start)
    try:
        async with asyncio.timeout(MIGRATION_SECONDS):
            how = await ended(running)
    except TimeoutError:
        how = f"not done after {MIGRATION_SECONDS} s"
    finally:
        running.kill()
    if how != "exit code 0":
        raise CannotGoOn(f"The database of {service} was not migrated ({how}): {_log(part)}")


async def all_ready(platform: Platform, tell: Callable[[str], None], services: Collection[str] = SERVICES) -> None:
    """Wait until every part answers and every service says that it is ready, all of them at one moment."""
    urls = {service: f"{platform.url(service)}/health/ready" for service in services}
    urls["front door"] = f"http://127.0.0.1:{platform.port}/api/members/v1/"
    urls |= {} if platform.given.issuer else {"identity provider": f"{platform.issuer}/jwks"}
    urls |= {} if platform.given.smtp else {"mail sink": f"{platform.mail}/messages"}
    deadline = time.monotonic() + READY_SECONDS
    asked = list(urls)
    # All of it is HTTP on this machine: without authorities to trust, which take a tenth of a second to load.
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx2.AsyncClient(timeout=5, trust_env=False, verify=nobody) as client:
        while True:
            answers = await asyncio.gather(*(_ready(client, urls[name]) for name in asked))
            waiting = [name for name, answer in zip(asked, answers, strict=True) if not answer]
            if not waiting and len(asked) == len(urls):
                return
            if not waiting:
                asked = list(urls)
                continue
            tell(f"waiting for {', '.join(waiting)}")
            if time.monotonic() > deadline:
                logs = platform.home.logs
                raise CannotGoOn(f"Not ready after {READY_SECONDS} s: {', '.join(waiting)}. Their logs are in {logs}.")
            # Each question takes time from those that are still starting: who is ready is asked once more at the end.
            asked = waiting
            await asyncio.sleep(0.1)


async def _ready(client: httpx2.AsyncClient, url: str) -> bool:
    """A service is ready when it says so; another part when it answers at all."""
    try:
        answer = await client.get(url)
    except httpx2.RequestError:
        return False
    return answer.status_code == httpx2.codes.OK if url.endswith("/health/ready") else answer.status_code < 500  # noqa: PLR2004


def _log(part: Part) -> str:
    words = part.last_words()
    return f"see {part.log}" + (f", which ends with: {words}" if words else "")


def _state(
    platform: Platform, databases: dict[str, str], operator: KafkaAddress, environments: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """What the other commands read; holds passwords, so it is for the owner's eyes only."""
    host, port = platform.smtp
    return {
        "pid": os.getpid(),
        "home": str(platform.home.path),
        "front_door": platform.front_door,
        "kafka": {
            "bootstrap_servers": operator.bootstrap,
            "client": {
                "security_protocol": operator.security_protocol,
                "sasl_mechanism": operator.sasl_mechanism if operator.username else None,
                "sasl_plain_username": operator.username,
                "sasl_plain_password": operator.password,
            },
        },
        "services": {service: {"url": platform.url(service)} for service in SERVICES},
        "environments": {
            service: {name: value for name, value in told.items() if name.startswith(("GSE_", f"{service.upper()}_"))}
            for service, told in environments.items()
        },
        "postgres": {"databases": databases},
        "identity_provider": {
            "issuer": platform.issuer,
            "local": platform.given.issuer is None,
            "client_id": os.environ.get("MEMBERS_OIDC_CLIENT_ID", "gse"),
            "client_secret": os.environ.get("MEMBERS_OIDC_CLIENT_SECRET", platform.secrets["oidc-client"]),
        },
        "mail_sink": None if platform.given.smtp else {"smtp": f"{host}:{port}", "url": platform.mail},
        "clock_file": str(platform.home.clock),
    }


def _with_pids(state: dict[str, Any], running: dict[str, Running]) -> dict[str, Any]:
    return state | {"pids": {name: part.pid for name, part in running.items()}}
