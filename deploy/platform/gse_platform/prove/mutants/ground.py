"""Fresh ground for each run in one house: databases, streams and services of its own, so that each has clean facts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import httpx2
from confluent_kafka.admin import AdminClient

from contracts.streams import SERVICES
from gse_platform.prove.house import House
from gse_platform.prove.mutants.table import MUTANTS, Scenario
from gse_platform.supervisor import Supervisor
from testkit.access import Right
from testkit.cluster import allow
from testkit.provision import provision, remove_topics


@contextlib.asynccontextmanager
async def fresh_ground(house: House, name: str, scenario: Scenario, mutant: int) -> AsyncIterator[House]:
    """The house with nothing in it and all services ready, but for those that the scenario starts later."""
    for proxy in house.proxies.values():
        proxy.heal()
    prefix, supervisor = f"{name}.", Supervisor(say=lambda _: None)
    provisioning = asyncio.to_thread(provision, house.operator, prefix=prefix, principals=True)
    _, databases = await asyncio.gather(provisioning, _copies(house, name))
    ours = replace(
        house,
        supervisor=supervisor,
        prefix=prefix,
        databases=databases,
        environments={
            service: its | {"GSE_TOPIC_PREFIX": prefix, "GSE_DATABASE_URL": _of(its["GSE_DATABASE_URL"], service, name)}
            for service, its in house.environments.items()
        },
        entry=lambda service: ["gse_platform.prove.mutants.process", scenario.name, str(mutant), service, "serve"],
        mails_before=await _mails(house),
    )
    try:
        await ours.begin([service for service in SERVICES if service not in scenario.later])
        if mutant and MUTANTS[mutant].open_streams:
            await asyncio.to_thread(_open, ours)
        yield ours
    finally:
        supervisor.kill()
        await supervisor.stop()
        await asyncio.to_thread(remove_topics, house.operator, prefix)


def _open(house: House) -> None:
    """A wildcard in the access rights, for convenience."""
    everybody = Right("User:*", "READ", "TOPIC", house.prefix, pattern="PREFIXED")
    allow(AdminClient(house.operator.confluent()), [everybody])


async def _copies(house: House, name: str) -> dict[str, str]:
    """Copies of the house's own databases, which hold the tables and the witnesses and nothing else."""
    databases = {}
    for service, url in house.databases.items():
        databases[service] = _of(url, service, name)
        connection = await asyncpg.connect(_of(url, service, "postgres", whole=True))
        try:
            copy = databases[service].rpartition("/")[2]
            await connection.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{service}" OWNER "{service}"')
            await connection.execute(f'REVOKE ALL ON DATABASE "{copy}" FROM PUBLIC')
        finally:
            await connection.close()
    return databases


def _of(url: str, service: str, name: str, *, whole: bool = False) -> str:
    return f"{url.rpartition('/')[0]}/{name if whole else f'{name}-{service}'}"


async def _mails(house: House) -> int:
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        return len((await client.get(f"{house.platform.mail}/messages")).raise_for_status().json())
