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


LISTS = {
    "/api/members/v1/champion-themes": "after",
    "/api/members/v1/commitments": "after",
    "/api/members/v1/duplicates/decisions": "before",
    "/api/members/v1/erasures": "before",
    "/api/members/v1/feedback-rounds": "after",
    "/api/members/v1/groups": "after",
    "/api/members/v1/imports": "after",
    "/api/members/v1/opportunities": "after",
    "/api/members/v1/shadow-board/advice": "after",
}
IN_THE_ORDER_OF_IDS = {"/api/members/v1/shadow-board/seats"}  # where any id is a place
PAGES_OF_LISTS = {
    "/members/erasures": "before",
    "/members/feedback": "after",
    "/members/groups": "after",
    "/members/groups/champions": "after",
    "/members/opportunities": "after",
    "/members/opportunities/shadow-board": "after",
}


def test_every_list_that_begins_behind_an_id_is_named_here(running: FastAPI) -> None:
    found = {
        path
        for path, operations in running.openapi()["paths"].items()
        for its in operations.get("get", {}).get("parameters", [])
        if "{" not in path and its["name"] in {"after", "before"} and "uuid" in str(its["schema"])
    }

    assert found == LISTS.keys() | IN_THE_ORDER_OF_IDS


@pytest.mark.parametrize(("path", "field"), [*LISTS.items(), *PAGES_OF_LISTS.items()])
async def test_a_place_that_is_in_no_list_is_told_at_its_field(client: AsyncClient, path: str, field: str) -> None:
    answer = await client.get(path, params={field: IDS}, headers=signed_in("team", member_id=uuid4()))

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"] == [
        {
            "field": field,
            "detail": "There is no such place in the list, or no longer. Leave it out to begin with the first page",
        }
    ]
