"""What every service has by being composed here."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from pydantic import SecretStr

from chassis import service
from chassis.identity import TokenKeys
from chassis.settings import ServiceSettings
from chassis.testing import PUBLIC_KEYS, client_of, token_keys


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncClient]:
    """Asks a service without routes or pages of its own, which has not been started."""
    settings = ServiceSettings(
        database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none"),
        kafka_bootstrap="127.0.0.1:1",
        http_port=0,
        token_keys=token_keys(tmp_path),
    )
    app = service.create(settings, name="notes", package=str(tmp_path / "notes" / "app.py"), routers=[])
    app.state.token_keys = TokenKeys.of(PUBLIC_KEYS)
    async with client_of(app) as asking:
        yield asking


async def test_a_person_at_an_unknown_address_gets_the_page_not_found_in_the_layout(client: AsyncClient) -> None:
    answer = await client.get("/notes/none", headers={"accept": "text/html"})

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<h1 class="govuk-heading-l">Page not found</h1>' in answer.text
    assert "Government Science and Engineering profession" in answer.text


async def test_a_program_at_an_unknown_address_gets_problem_details(client: AsyncClient) -> None:
    for asked in (
        await client.get("/notes/none", headers={"accept": "application/json"}),
        await client.get("/api/notes/v1/none", headers={"accept": "text/html"}),
    ):
        assert (asked.status_code, asked.headers["content-type"]) == (404, "application/problem+json")


async def test_the_styles_of_an_error_page_are_served_by_the_service_itself(client: AsyncClient) -> None:
    page = await client.get("/notes/none", headers={"accept": "text/html"})
    [address] = [part for part in page.text.split('"') if part.startswith("/assets/govuk/") and ".css" in part]

    assert (await client.get(address)).status_code == 200
