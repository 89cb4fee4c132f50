"""No text that mentoring takes may hold what its database cannot keep."""

from uuid import uuid4

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import signed_in
from chassis.testing_inputs import not_told, texts

ANYBODY = ("team", "member", "volunteer", "scheme-lead", "operator")


async def test_a_nul_is_told_at_the_field_of_every_text(client: AsyncClient, running: FastAPI) -> None:
    whoever = signed_in(*ANYBODY, member_id=uuid4(), organisation="DEFRA")

    assert len(list(texts(running.openapi()))) > 5
    assert await not_told(client, running.openapi(), whoever) == []
