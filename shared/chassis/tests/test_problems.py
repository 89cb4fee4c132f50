"""Whatever goes wrong is told in the same form, and nothing that was sent is told back."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI, Header, HTTPException, Query
from pydantic import BaseModel, ConfigDict, EmailStr, Field, PositiveInt, field_validator
from structlog.testing import capture_logs

from chassis import problems
from chassis.database import Conflict, Outage
from chassis.idempotency import IdempotencyKeyReused
from chassis.identity import Forbidden
from chassis.telemetry import places_of_errors
from contracts.refusal import FieldError, Invalid, NotFound, NotYetKnown, Refused

SECRET = "Wilhelmina.Quartermaine"


class AlreadyAMember(Refused): ...


class NoSCSPlaces(AlreadyAMember): ...


class NoSuchGroup(NotFound): ...


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=10)
    email: EmailStr
    grade: Literal["EO", "HEO"]
    member: UUID
    places: PositiveInt = 1
    interests: list[Literal["bees", "tides"]] = []
    answers: dict[str, int] = {}
    organisation: str = "DEFRA"

    @field_validator("organisation")
    @classmethod
    def must_be_known(cls, code: str) -> str:
        if code == "quoting":
            raise ValueError("There is no organisation 'quoting'")
        if code.isdecimal():
            return str(UUID(code))
        if code != "DEFRA":
            raise ValueError("Choose an organisation from the list")
        return code


FORM = {
    "name": "Ada",
    "email": "ada@example.com",
    "grade": "HEO",
    "member": "22222222-2222-4222-8222-222222222222",
}
REFUSALS = {
    "already": AlreadyAMember("You are already a member."),
    "scs": NoSCSPlaces("Every place is taken."),
    "group": NoSuchGroup("There is no such group."),
    "early": NotYetKnown("We are still taking in your details. Try again in a moment."),
    "fields": Invalid(FieldError("email", "Use your work address"), FieldError("grade", "Choose your grade")),
    "key": IdempotencyKeyReused(),
    "forbidden": Forbidden(),
    "teapot": HTTPException(418, "Short and stout.", headers={"X-Spout": "left"}),
    "plain": HTTPException(404),
    "conflict": Conflict("another transaction was in the way"),
    "outage": Outage("the connection was lost"),
    "bug": RuntimeError(f"Key (email)=({SECRET}) already exists"),
}


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(problems.UnexpectedErrors)

    @app.get("/api/refusals/{kind}")
    async def refuse(kind: str) -> None:
        raise REFUSALS[kind]

    @app.post("/api/forms")
    async def take(
        form: Form, page: Annotated[int, Query()] = 1, x_part: Annotated[int, Header()] = 0
    ) -> dict[str, str]:
        return {"name": form.name, "page": f"{page}/{x_part}"}

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gse") as client:
        yield client


async def refused(client: httpx2.AsyncClient, kind: str) -> httpx2.Response:
    answer = await client.get(f"/api/refusals/{kind}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer


async def test_a_refusal_is_a_conflict_with_its_name_and_sentence(client: httpx2.AsyncClient) -> None:
    assert (await refused(client, "already")).json() == {
        "type": "/problems/already-a-member",
        "title": "Already a member",
        "status": 409,
        "detail": "You are already a member.",
    }
    assert (await refused(client, "scs")).json()["type"] == "/problems/no-scs-places"


async def test_what_is_not_there_is_404_under_its_own_name(client: httpx2.AsyncClient) -> None:
    assert (await refused(client, "group")).json() == {
        "type": "/problems/no-such-group",
        "title": "No such group",
        "status": 404,
        "detail": "There is no such group.",
    }
    assert (await refused(client, "plain")).json() == {"type": "about:blank", "title": "Not Found", "status": 404}
    assert (await client.get("/api/elsewhere")).json() == {"type": "about:blank", "title": "Not Found", "status": 404}


async def test_what_is_not_yet_known_says_when_to_ask_again(client: httpx2.AsyncClient) -> None:
    answer = await refused(client, "early")
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    assert answer.json()["type"] == "/problems/not-yet-known"


async def test_wrong_fields_are_named_each_with_its_sentence(client: httpx2.AsyncClient) -> None:
    assert (await refused(client, "fields")).json() == {
        "type": "/problems/invalid",
        "title": "Invalid",
        "status": 422,
        "detail": "Check the answers that are marked.",
        "errors": [
            {"field": "email", "detail": "Use your work address"},
            {"field": "grade", "detail": "Choose your grade"},
        ],
    }


async def test_other_kinds_keep_their_status_and_headers(client: httpx2.AsyncClient) -> None:
    assert (await refused(client, "key")).status_code == 422
    assert (await refused(client, "forbidden")).status_code == 403
    teapot = await refused(client, "teapot")
    assert (teapot.status_code, teapot.headers["x-spout"], teapot.json()["detail"]) == (418, "left", "Short and stout.")
    wrong_method = await client.put("/api/forms")
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("kind", ["conflict", "outage"])
async def test_a_store_that_cannot_answer_now_is_503_with_a_time_to_ask_again(
    client: httpx2.AsyncClient, kind: str
) -> None:
    answer = await refused(client, kind)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_bug_is_answered_with_a_reference_and_logged_by_place_and_class_only(
    client: httpx2.AsyncClient,
) -> None:
    with capture_logs(processors=[places_of_errors]) as lines:
        answer = await refused(client, "bug")
    assert answer.status_code == 500
    assert sorted(answer.json()) == ["detail", "reference", "status", "title", "type"]
    assert [line["event"] for line in lines] == ["unexpected_error"]
    assert lines[0]["reference"] == answer.json()["reference"]
    assert lines[0]["error"] == "RuntimeError"
    assert lines[0]["places"][-1].startswith("tests/test_problems.py:")
    assert SECRET not in str(lines)
    assert SECRET not in answer.text


async def wrong(client: httpx2.AsyncClient, **changed: object) -> dict[str, str]:
    answer = await client.post("/api/forms", json=FORM | changed)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    return {error["field"]: error["detail"] for error in answer.json()["errors"]}


async def test_input_is_explained_in_words_for_people(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/forms", json=FORM)).json() == {"name": "Ada", "page": "1/0"}
    assert await wrong(client, name="", email="ada", grade="G7", member="x", places=0) == {
        "name": "Enter a value",
        "email": "Enter an email address in the correct format, like name@example.com",
        "grade": "Choose one of EO or HEO",
        "member": "Enter a UUID",
        "places": "Enter a number greater than 0",
    }
    assert await wrong(client, name="Bartholomew", interests=["bees", "wasps"], answers=[]) == {
        "name": "Enter 10 characters or fewer",
        "interests.1": "Choose one of bees or tides",
        "answers": "Give an object",
    }
    assert await wrong(client, organisation="MOD") == {"organisation": "Choose an organisation from the list"}


async def test_the_query_and_the_headers_are_checked_alike(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/forms?page=two", json=FORM, headers={"X-Part": "three"})
    assert answer.json()["errors"] == [
        {"field": "page", "detail": "Enter a whole number"},
        {"field": "x-part", "detail": "Enter a whole number"},
    ]


async def test_a_body_that_is_no_json_is_said_to_be_none(client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        "/api/forms", content=f'{{"name": {SECRET}', headers={"Content-Type": "application/json"}
    )
    assert answer.json()["errors"] == [{"field": "9", "detail": "The body is not valid JSON"}]
    assert SECRET not in answer.text


async def test_no_answer_repeats_what_was_sent(client: httpx2.AsyncClient) -> None:
    for changed in (
        dict.fromkeys(FORM, SECRET),
        {name: {SECRET: SECRET} for name in FORM},
        {"email": f"{SECRET}\x00@example.com", "interests": [SECRET], "answers": {SECRET: SECRET}, SECRET: SECRET},
        {"organisation": SECRET},
    ):
        answer = await client.post("/api/forms", json=FORM | changed)
        assert answer.status_code == 422
        assert SECRET not in answer.text
    assert await wrong(client, organisation="quoting") == {"organisation": "Enter a valid value"}
    assert "12345" not in str(await wrong(client, organisation="12345"))


async def test_the_openapi_document_tells_the_form_of_errors() -> None:
    app = FastAPI(responses=problems.RESPONSES)

    @app.post("/api/forms")
    async def take(form: Form) -> None: ...

    responses = app.openapi()["paths"]["/api/forms"]["post"]["responses"]
    assert sorted(responses) == ["200", "default"]
    assert list(responses["default"]["content"]) == ["application/problem+json"]
