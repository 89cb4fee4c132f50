import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from house import House, built

from testkit.addresses import KafkaAddress
from testkit.databases import Databases
from testkit.provision import provision, remove_topics


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(
    kafka: KafkaAddress, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """One running house for all journeys of a session. Each journey has people of its own."""
    prefix = f"h{secrets.token_hex(4)}."
    provision(kafka, prefix=prefix, principals=False)
    async with built(tmp_path_factory.mktemp("house"), kafka, prefix, databases) as house:
        yield house
    remove_topics(kafka, prefix)
