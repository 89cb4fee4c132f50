"""Pages: one layout, mistakes named at their field, errors in plain words, times as people say them."""

import gzip
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from jinja2 import Environment
from pydantic import BaseModel, EmailStr, Field, ValidationError, model_validator

from chassis import web
from chassis.database import Outage
from chassis.identity import Forbidden, TokenKeys
from chassis.retrying import RetryingRoute
from chassis.web.assets import ASSETS
from contracts.refusal import FieldError, Invalid, NotFound, Refused

SENTENCES = {
    "name.missing": "Enter your name",
    "email.missing": "Enter your email address",
    "email": "Enter an email address in the correct format, like name@example.com",
    "grade": "Choose your grade",
}
TEMPLATE = """
{% extends "layout.html" %}
{% import "forms.html" as form with context %}
{% block title %}Join{% endblock %}
{% block page %}
<h1 class="govuk-heading-l">Join</h1>
<form method="post" novalidate>
  {{ form.text("name", "Full name", autocomplete="name") }}
  {{ form.text("email", "Email address", hint="We write to you here.", type="email", autocomplete="email") }}
  {{ form.choose_one("grade", "Grade", [{"value": "EO", "text": "EO"}, {"value": "HEO", "text": "HEO"}]) }}
  {{ form.choose_some("interests", "Interests", [{"value": "bees", "text": "Bees"},
                                                 {"value": "tides", "text": "Tides"}]) }}
  {{ form.choose_from("place", "Place", [{"value": "bath", "text": "Bath"}]) }}
  {{ form.long_text("story", "Story") }}
  {{ form.upload("file", "File") }}
  {{ form.button("Continue") }}
</form>
{% endblock %}
"""


class Joining(BaseModel):
    name: str = Field(min_length=1)
    email: EmailStr
    grade: Literal["EO", "HEO"]
    interests: list[Literal["bees", "tides"]] = Field(default=[], max_length=1)
    story: str = ""

    @model_validator(mode="after")
    def must_say_something(self) -> "Joining":
        if self.story == "-":
            raise ValueError("Say a little more")
        return self


def refuse_a_second_time(name: str) -> None:
    if name == "Bea":
        raise Refused("You are already a member.")


router = APIRouter(route_class=RetryingRoute)


@router.get("/join")
async def ask(request: Request) -> Response:
    return web.render(request, "join.html")


@router.post("/join")
async def join(request: Request) -> Response:
    values = await web.read_form(request, lists=["interests"])
    try:
        form = Joining.model_validate(values)
        refuse_a_second_time(form.name)
    except (ValidationError, Refused) as error:
        filled = web.filled(values, error, order=Joining.model_fields, sentences=SENTENCES)
        return web.render(request, "join.html", **filled)
    return Response(f"{form.name} {form.interests}")


@router.get("/pages/{kind}")
async def go_wrong(kind: str, page: int = 1) -> None:
    raise {
        "refused": Refused("You are already a member."),
        "forbidden": Forbidden(),
        "hidden": NotFound("There is nothing here."),
        "bug": RuntimeError("Key (email)=(ada@example.com) already exists"),
        "outage": Outage("the connection was lost"),
    }[kind]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    templates = tmp_path_factory.mktemp("templates")
    (templates / "join.html").write_text(TEMPLATE)
    (templates / "layout.html").write_text("a layout of the service's own")
    app = FastAPI()
    app.state.token_keys = TokenKeys({})
    web.install(app, front_door="http://localhost:8000", pages=web.create_pages("members", templates))
    app.include_router(router)
    return app


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"Accept": "text/html,application/xhtml+xml"}
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000", headers=headers) as client:
        yield client


def heading(answer: httpx2.Response) -> str:
    return "".join(re.findall(r"<h1[^>]*>(.*?)</h1>", answer.text))


def title(answer: httpx2.Response) -> str:
    return "".join(re.findall(r"<title>(.*?)</title>", answer.text))


async def test_a_page_stands_in_the_one_layout(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/join")
    assert answer.status_code == 200
    assert title(answer) == "Join - Government Science and Engineering profession"
    assert '<html lang="en"' in answer.text
    assert '<a href="#main-content" class="govuk-skip-link"' in answer.text
    assert 'href="/join" aria-current="page"' in answer.text
    for address in ("/privacy", "/cookies", "/accessibility", "mailto:gse@go-science.gov.uk"):
        assert f'href="{address}"' in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_no_script_runs_without_the_nonce_and_no_style_is_inline(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/join")
    nonce = re.findall(r"'nonce-([\w-]+)'", answer.headers["content-security-policy"])[0]
    scripts = re.findall(r"<script[^>]*>", answer.text)
    assert len(scripts) == 2
    assert all(f'nonce="{nonce}"' in script for script in scripts)
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", answer.text)


async def test_what_is_wrong_is_named_in_the_summary_and_at_the_field_in_the_order_of_the_page(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post("/join", data={"email": "ada@", "interests": ["bees", "tides"], "story": "<b>Once"})
    assert answer.status_code == 422
    assert title(answer) == "Error: Join - Government Science and Engineering profession"
    summary = answer.text.partition('govuk-error-summary__list">')[2].partition("</ul>")[0]
    assert re.findall(r'<a href="(#\w+)">(.*?)</a>', summary) == [
        ("#name", "Enter your name"),
        ("#email", "Enter an email address in the correct format, like name@example.com"),
        ("#grade", "Choose your grade"),
        ("#interests", "Give 1 at most"),
    ]
    for field in ("name", "email", "grade", "interests"):
        assert f'id="{field}-error"' in answer.text
        assert f'id="{field}"' in answer.text


async def test_nothing_that_was_typed_is_lost_and_none_of_it_is_markup(client: httpx2.AsyncClient) -> None:
    typed = {"name": ' "Ada" ', "grade": "HEO", "interests": "tides", "place": "bath", "story": "</textarea><script>"}
    answer = await client.post("/join", data=typed)
    assert answer.status_code == 422
    assert 'value="&#34;Ada&#34;"' in answer.text
    assert re.search(r'value="HEO" checked', answer.text)
    assert re.search(r'value="tides" checked', answer.text)
    assert re.search(r'value="bath" selected', answer.text)
    assert "&lt;/textarea&gt;&lt;script&gt;" in answer.text
    assert "</textarea><script>" not in answer.text


async def test_a_form_that_is_right_goes_through_without_its_blanks(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/join", data={"name": " Ada ", "email": "ada@example.com", "grade": "HEO", "story": ""})
    assert (answer.status_code, answer.text) == (200, "Ada []")


def test_a_rule_of_ours_speaks_for_itself_and_leads_to_the_first_field() -> None:
    with pytest.raises(ValidationError) as caught:
        Joining.model_validate({"name": "Ada", "email": "ada@example.com", "grade": "EO", "story": "-"})
    assert web.errors_from(caught.value, order=Joining.model_fields, sentences=SENTENCES) == [
        {"field": "", "text": "Say a little more", "href": "#name"}
    ]


def test_a_refusal_of_the_domain_becomes_errors_of_the_form() -> None:
    refusal = Invalid(FieldError("email", "Use your work address"), FieldError("name", "Enter your whole name"))
    assert web.errors_from(refusal, order=["name", "email"], sentences=SENTENCES) == [
        {"field": "name", "text": "Enter your whole name", "href": "#name"},
        {"field": "email", "text": "Use your work address", "href": "#email"},
    ]


async def test_a_form_that_is_right_and_refused_is_shown_again_with_all_that_was_typed(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post("/join", data={"name": "Bea", "email": "bea@example.com", "grade": "EO"})

    assert answer.status_code == 409
    assert 'value="bea@example.com"' in answer.text
    assert "There is a problem" not in answer.text


def test_a_form_is_filled_with_its_mistakes_or_the_sentence_of_a_refusal_and_never_about_nothing() -> None:
    typed = {"name": "Ada"}
    wrong, refused = Invalid(FieldError("name", "Enter your whole name")), Refused("You are already a member.")

    mistake = {"field": "name", "text": "Enter your whole name", "href": "#name"}
    assert dict(web.filled(typed)) == {"values": typed, "errors": [], "refusal": ""}
    assert dict(web.filled(typed, wrong, order=["name"])) == {"values": typed, "errors": [mistake], "refusal": ""}
    assert dict(web.filled(typed, refused)) == {"values": typed, "errors": [], "refusal": "You are already a member."}
    with pytest.raises(NotFound):
        web.filled(typed, NotFound("There is nothing here."))


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "Page not found"),
        ("/pages/hidden", 404, "Page not found"),
        ("/pages/forbidden", 403, "You cannot open this page"),
        ("/pages/refused", 409, "We cannot do that"),
        ("/pages/refused?page=two", 422, "That web address is not right"),
        ("/pages/bug", 500, "Sorry, there is a problem with the service"),
        ("/pages/outage", 503, "Sorry, the service is not available for the moment"),
        ("/assets/none.css", 404, "Page not found"),
    ],
)
async def test_an_error_is_a_page_in_plain_words(
    client: httpx2.AsyncClient, path: str, status: int, words: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert heading(answer) == words
    assert title(answer) == f"{words} - Government Science and Engineering profession"
    assert "content-security-policy" in answer.headers
    assert "ada@example.com" not in answer.text


async def test_an_error_page_says_which_rule_and_keeps_the_headers(client: httpx2.AsyncClient) -> None:
    assert "You are already a member." in (await client.get("/pages/refused")).text
    assert (await client.get("/pages/outage")).headers["retry-after"] == "1"
    assert re.search(r"<code>[0-9a-f-]{36}</code>", (await client.get("/pages/bug")).text)


async def test_what_is_hidden_from_a_stranger_leads_to_signing_in_and_what_is_nowhere_does_not(
    client: httpx2.AsyncClient,
) -> None:
    assert 'href="/sign-in?return=%2Fpages%2Fhidden">sign in</a>' in (await client.get("/pages/hidden")).text
    assert ">sign in</a>" not in (await client.get("/nowhere")).text


async def test_a_program_gets_problem_details_where_a_person_gets_a_page(client: httpx2.AsyncClient) -> None:
    by_path = await client.get("/api/members/v1/nowhere")
    by_accept = await client.get("/nowhere", headers={"Accept": "*/*"})
    for answer in (by_path, by_accept):
        assert answer.headers["content-type"] == "application/problem+json"


async def test_assets_are_kept_for_a_year_under_the_hash_they_are_linked_by(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/join")).text
    address = re.findall(r'href="(/assets/govuk/govuk-frontend\.min\.css\?v=[0-9a-f]{12})"', page)[0]
    answer = await client.get(address, headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    async with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as zipped:
        raw = b"".join([chunk async for chunk in zipped.aiter_raw()])
    assert gzip.decompress(raw) == answer.content
    assert len(raw) < 20_000


async def test_an_asset_under_another_hash_is_served_and_not_kept(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/assets/icon.svg?v=another")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    again = await client.get("/assets/icon.svg", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get("/assets/../pages.py")).status_code == 404
    assert (await client.get("/assets/%2e%2e/pages.py")).status_code == 404


def test_nothing_that_only_govuk_may_use_is_shipped() -> None:
    style = ASSETS["govuk/govuk-frontend.min.css"].plain.decode()
    assert "@font-face" not in style
    assert "GDS Transport" not in style
    assert "url(" not in style
    assert "6.3.0" in style
    assert sorted(ASSETS) == [
        "copies.js",
        "govuk/govuk-frontend.min.css",
        "govuk/govuk-frontend.min.js",
        "icon.svg",
        "operations.js",
        "site.css",
    ]


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (datetime(2027, 2, 11, 14, 0, tzinfo=UTC), "Thursday 11 February, 2pm"),
        (datetime(2027, 7, 1, 14, 0, tzinfo=UTC), "Thursday 1 July, 3pm"),
        (datetime(2027, 7, 1, 23, 5, tzinfo=UTC), "Friday 2 July, 12:05am"),
        (datetime(2027, 2, 11, 12, 0, tzinfo=UTC), "Thursday 11 February, midday"),
        (datetime(2027, 2, 11, 0, 0, tzinfo=UTC), "Thursday 11 February, midnight"),
        (datetime(2027, 2, 11, 9, 30, tzinfo=UTC), "Thursday 11 February, 9:30am"),
    ],
)
def test_a_time_is_said_as_people_in_london_say_it(pages: Environment, when: datetime, words: str) -> None:
    assert pages.from_string("{{ when | moment }}").render(when=when) == words


def test_a_date_is_said_with_its_year_and_a_day_without(pages: Environment) -> None:
    template = pages.from_string("{{ when | day }} / {{ when | date }}")
    assert template.render(when=date(2027, 2, 11)) == "Thursday 11 February / 11 February 2027"
    assert template.render(when=datetime(2027, 6, 30, 23, 30, tzinfo=UTC)) == "Thursday 1 July / 1 July 2027"


def test_days_are_said_as_short_as_they_can_be() -> None:
    assert web.days(date(2027, 2, 11), date(2027, 2, 11)) == "Thursday 11 February"
    assert web.days(date(2027, 11, 13), date(2027, 11, 19)) == "13 to 19 November"
    assert web.days(date(2027, 3, 30), date(2027, 4, 2)) == "Tuesday 30 March to Friday 2 April"


def test_a_span_of_time_names_the_second_day_only_where_it_is_another() -> None:
    two = datetime(2027, 2, 11, 14, 0, tzinfo=UTC)

    assert web.span(two, datetime(2027, 2, 11, 15, 30, tzinfo=UTC)) == "Thursday 11 February, 2pm to 3:30pm"
    assert (
        web.span(two, datetime(2027, 2, 12, 9, 0, tzinfo=UTC)) == "Thursday 11 February, 2pm to Friday 12 February, 9am"
    )


def test_a_time_without_a_zone_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        web.moment(datetime(2027, 2, 11, 14, 0))  # noqa: DTZ001 - what must be refused


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return web.create_pages("members", Path(tmp_path_factory.mktemp("none")))
