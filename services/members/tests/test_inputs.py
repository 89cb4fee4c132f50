"""No text that members takes may hold what its database cannot keep."""

from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in
from chassis.testing_inputs import IDS, not_told, texts

ANYBODY = ("team", "hosep", "member", "volunteer", "operator")


PAGES = [
    ("/members/people", "text"),
    ("/members/groups/new", "purpose"),
    ("/members/groups/task/new", "charter"),
    ("/members/groups/champions/new", "purpose"),
    ("/members/opportunities/shadow-board/advice/new", "advice"),
]


async def test_a_nul_is_told_at_the_field_of_every_text(client: AsyncClient, running: FastAPI) -> None:
    whoever = signed_in(*ANYBODY, member_id=uuid4(), organisation="DEFRA")

    assert len(list(texts(running.openapi()))) > 60
    assert await not_told(client, running.openapi(), whoever) == [
        "post /api/members/v1/tokens id_token: 401",  # nobody's
        f"post /api/members/v1/feedback-rounds/{IDS}/answers token: 404",  # a round that isn't there
    ]


@pytest.mark.parametrize(("page", "field"), PAGES)
async def test_a_nul_in_a_form_is_told_at_its_field(client: AsyncClient, page: str, field: str) -> None:
    answer = await client.post(page, data={field: "a\x00b", **CSRF_OF_FORMS}, headers=in_browser(*ANYBODY))

    assert answer.status_code == 422
    assert f'<a href="#{field}">Write this in words, without control characters</a>' in answer.text


@pytest.mark.parametrize("field", ["text", "organisation"])
async def test_what_is_too_long_to_be_looked_for_is_told_at_its_field(client: AsyncClient, field: str) -> None:
    answer = await client.post("/members/people", data={field: "a" * 1001, **CSRF_OF_FORMS}, headers=in_browser("team"))

    assert answer.status_code == 422
    assert f'<a href="#{field}">Enter 1000 characters or fewer</a>' in answer.text
