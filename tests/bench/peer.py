"""The peer of `joining`: FastAPI as its tutorial has it, one table, one insert.

`python -m bench.peer DATABASE PORT`
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

TABLE = """
    CREATE TABLE IF NOT EXISTS bench_person (
        person_id uuid PRIMARY KEY, name text, email text UNIQUE, organisation text, grade text, interests text[],
        skills text[]
    )"""


class Person(BaseModel):
    name: str
    email: str
    organisation: str
    grade: str
    interests: list[str] = []
    skills: list[str] = []


class Made(BaseModel):
    person_id: UUID


def create(database: str) -> FastAPI:
    pools: list[Any] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(database, min_size=1, max_size=10) as pool:
            await pool.execute(TABLE)
            pools.append(pool)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/people", status_code=201)
    async def add(person: Person) -> Made:
        person_id = uuid4()
        await pools[0].execute(
            "INSERT INTO bench_person VALUES ($1, $2, $3, $4, $5, $6, $7)",
            person_id,
            person.name,
            person.email,
            person.organisation,
            person.grade,
            person.interests,
            person.skills,
        )
        return Made(person_id=person_id)

    return app


if __name__ == "__main__":
    uvicorn.run(create(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
