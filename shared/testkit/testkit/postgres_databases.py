"""Databases whose owners cannot read each other's: one role a database, nobody else may connect.

Beside the owner stands a role for what is restricted, `<owner>_restricted`: the owner may take it on, and has none of
its rights before.
"""

import asyncpg

ADMIN = "postgres"


async def make_database(admin_url: str, name: str, owner: str, password: str) -> None:
    """Makes roles and database when they are missing, and sets the password to this one."""
    connection = await asyncpg.connect(admin_url)
    try:
        known = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", owner)
        verb = "ALTER" if known else "CREATE"
        await _run(connection, f"{verb} ROLE %I LOGIN PASSWORD %L", owner, password)
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", restricted(owner)):
            await _run(connection, "CREATE ROLE %I NOLOGIN", restricted(owner))
        await _run(connection, "GRANT %I TO %I WITH INHERIT FALSE, SET TRUE", restricted(owner), owner)
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await _run(connection, "CREATE DATABASE %I OWNER %I", name, owner)
        await _run(connection, "REVOKE ALL ON DATABASE %I FROM PUBLIC", name)
    finally:
        await connection.close()


def restricted(owner: str) -> str:
    """The role beside an owner's."""
    return f"{owner}_restricted"


async def close_to_strangers(admin_url: str) -> None:
    """The databases that come with a cluster are the administrator's alone."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
    finally:
        await connection.close()


async def _run(connection: "asyncpg.Connection[asyncpg.Record]", statement: str, *names: str) -> None:
    """A statement about roles or databases takes no parameters: the server quotes the names into it."""
    quoted = await connection.fetchval(
        f"SELECT format($1, {', '.join(f'${n}::text' for n in range(2, len(names) + 2))})", statement, *names
    )
    await connection.execute(quoted)
