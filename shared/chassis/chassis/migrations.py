"""Numbered SQL files, each applied once in its own transaction, in the order of their names.

Files are never edited once they have been applied anywhere: a changed file is refused by its checksum. Expand first
and contract a release later, so that old code runs on the new schema.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from chassis.database import Database, is_transient
from chassis.telemetry import logger

log = logger(__name__)
CHASSIS = Path(__file__).parent / "migrations"
LOCK = 7_236_001  # any number, the same for all who migrate one database
_HISTORY = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        component  text NOT NULL,
        name       text NOT NULL,
        checksum   text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (component, name)
    )"""


class WrongSchema(Exception):  # noqa: N818 - named for what is the matter
    """The database is not at the schema of this code; the text says what to do."""


@dataclass(frozen=True)
class Migration:
    component: str
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations_of(package_file: str) -> Path:
    """Where a service's SQL files stand: inside the installed package, or beside it in the repository."""
    package = Path(package_file).parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def read(component: str, folder: Path) -> list[Migration]:
    return [Migration(component, path.name, path.read_text()) for path in sorted(folder.glob("*.sql"))]


def wanted(service: str, folder: Path) -> list[Migration]:
    """The chassis's own files first, then the service's."""
    return [*read("chassis", CHASSIS), *read(service, folder)]


async def migrate(url: str, migrations: list[Migration], *, patiently: bool = False) -> list[str]:
    """Apply what is missing; gives the names of what was applied. Safe to run by several at once.

    `patiently` waits for a store that is away, as a service does; else that is an error.
    """
    connection = await _connection(url, patiently=patiently)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        await connection.execute(_HISTORY)
        missing = _missing(migrations, await connection.fetch("SELECT component, name, checksum FROM schema_migration"))
        for migration in missing:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO schema_migration (component, name, checksum) VALUES ($1, $2, $3)",
                    migration.component,
                    migration.name,
                    migration.checksum,
                )
        return [f"{migration.component}/{migration.name}" for migration in missing]
    finally:
        await connection.close()


async def _connection(url: str, *, patiently: bool) -> "asyncpg.Connection[asyncpg.Record]":
    while True:
        try:
            return await asyncpg.connect(url, server_settings={"lock_timeout": "30s", "timezone": "UTC"})
        except Exception as error:
            if not (patiently and (isinstance(error, OSError) or is_transient(error))):
                raise
            log.warning("waiting for the database")
            await asyncio.sleep(1)


async def missing(database: Database, migrations: list[Migration]) -> list[str]:
    """The names of what has not been applied. Raises `WrongSchema` when an applied file has changed."""
    async with database.transaction() as tx:
        if await tx.fetchval("SELECT to_regclass('schema_migration')") is None:
            return [f"{migration.component}/{migration.name}" for migration in migrations]
        applied = await tx.fetch("SELECT component, name, checksum FROM schema_migration")
    return [f"{migration.component}/{migration.name}" for migration in _missing(migrations, applied)]


def _missing(migrations: list[Migration], applied: list[asyncpg.Record]) -> list[Migration]:
    checksums = {(row["component"], row["name"]): row["checksum"] for row in applied}
    for migration in migrations:
        seen = checksums.get((migration.component, migration.name))
        if seen is not None and seen != migration.checksum:
            raise WrongSchema(
                f"{migration.component}/{migration.name} was applied with other contents: "
                "restore the file and put the change into a new one"
            )
    return [migration for migration in migrations if (migration.component, migration.name) not in checksums]
