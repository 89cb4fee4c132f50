"""Fresh databases for tests: each a copy of a template that is built once a session, owned by a role with no powers."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from testkit.postgres_databases import make_database, restricted

Build = Callable[[str], Awaitable[object]]
"""Given the address of an empty database, makes the schema: a service's migrations, usually."""
MakeDatabase = Callable[[str, Build], Awaitable[str]]
"""Given a name and what builds it, lends a database for the length of a test and says its address."""


class Databases:
    """Lends databases of one server. Names are random, so that sessions can share a server."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url
        self._session = secrets.token_hex(4)
        self._password = secrets.token_urlsafe(18)
        self._templates: dict[str, asyncio.Task[str]] = {}

    @contextlib.asynccontextmanager
    async def lend(self, name: str, build: Build) -> AsyncIterator[str]:
        """The address of a fresh database for as long as the block runs.

        `name` (a service's, usually) stands for `build`: the first caller's makes the template, later ones' do not run.
        """
        if name not in self._templates:
            self._templates[name] = asyncio.ensure_future(self._built(name, build))
        template = await self._templates[name]
        copy = f"{template}_{secrets.token_hex(4)}"
        await self._administer(f'CREATE DATABASE "{copy}" TEMPLATE "{template}" OWNER "{template}"')
        await self._administer(f'REVOKE ALL ON DATABASE "{copy}" FROM PUBLIC')
        try:
            yield self._url(copy, template)
        finally:
            await self._administer(f'DROP DATABASE "{copy}" WITH (FORCE)')

    async def forget(self) -> None:
        """Removes templates and roles, for the next session on the same server."""
        for built in self._templates.values():
            if built.done() and not built.exception():
                await self._administer(f'DROP DATABASE "{built.result()}" WITH (FORCE)')
                await self._administer(f'DROP ROLE "{built.result()}", "{restricted(built.result())}"')
        self._templates.clear()

    async def _built(self, name: str, build: Build) -> str:
        template = f"test_{self._session}_{name}"
        await make_database(self._admin_url, template, template, self._password)
        await build(self._url(template, template))
        # A template is copied only while nobody is connected; from here on nobody can be.
        await self._administer(f'ALTER DATABASE "{template}" ALLOW_CONNECTIONS false')
        await self._administer(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'"  # noqa: S608 - our own name
        )
        return template

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self._admin_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _url(self, database: str, user: str) -> str:
        parts = urlsplit(self._admin_url)
        place = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{user}:{self._password}@{place}", path=f"/{database}"))
