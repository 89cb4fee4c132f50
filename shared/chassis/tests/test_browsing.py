"""Somebody signed in at a browser: what their cookie opens, how it is renewed, and which of their forms are ours."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Form, Request, Response, UploadFile
from pydantic import SecretStr

from chassis import service, web
from chassis.browsing import Cookies, local_path
from chassis.identity import MaybeSignedIn, SignedIn, TokenKeys
from chassis.retrying import RetryingRoute
from chassis.settings import ServiceSettings
from chassis.testing import CSRF_OF_FORMS, PUBLIC_KEYS, client_of, in_browser, signed_in, token_keys

MEMBER = "22222222-2222-4222-8222-222222222222"
PAGE = {"accept": "text/html"}
FORM = """
{% extends "layout.html" %}
{% import "forms.html" as form with context %}
{% block page %}<form method="post">{{ form.csrf() }}</form>{% endblock %}
"""
router = APIRouter(route_class=RetryingRoute)


@router.get("/notes/mine")
@router.get("/notes/mine/{name}")
@router.get("/api/notes/v1/mine")
async def mine(caller: SignedIn) -> list[str]:
    return sorted(caller.roles)


@router.get("/notes/open")
@router.get("/api/notes/v1/open")
@router.get("/sign-in")
@router.get("/sign-in/renew")
async def for_anyone(caller: MaybeSignedIn) -> bool:
    return caller is not None


@router.get("/notes/form")
async def form(request: Request) -> Response:
    return web.render(request, "form.html")


@router.post("/notes/open")
@router.post("/sign-in/renew")
async def answer_for_anyone(request: Request) -> dict[str, str | list[str]]:
    return await web.read_form(request)


@router.post("/notes/mine")
@router.post("/api/notes/v1/mine")
async def answer(request: Request, caller: SignedIn) -> dict[str, str | list[str]]:
    return {"roles": sorted(caller.roles), **await web.read_form(request)}


@router.post("/notes/files")
async def take(title: Annotated[str, Form()], file: UploadFile, _: SignedIn) -> str:
    return f"{title}: {len(await file.read())}"


@router.delete("/notes/mine")
async def throw_away(_: SignedIn) -> None:
    return


def app_at(folder: Path, front_door: str) -> FastAPI:
    templates = folder / "templates"
    templates.mkdir()
    (templates / "form.html").write_text(FORM)
    settings = ServiceSettings(
        database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none"),
        kafka_bootstrap="127.0.0.1:1",
        http_port=0,
        token_keys=token_keys(folder),
        front_door=front_door,
    )
    pages = web.create_pages("notes", templates)
    app = service.create(settings, name="notes", package=str(folder / "app.py"), routers=[router], pages=pages)
    app.state.token_keys = TokenKeys.of(PUBLIC_KEYS)
    return app


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx2.AsyncClient]:
    """Asks a service that has not been started, at a front door without TLS."""
    async with client_of(app_at(tmp_path_factory.mktemp("notes"), "http://localhost:8000")) as asking:
        yield asking


def access_only(headers: dict[str, str]) -> dict[str, str]:
    """The same browser after its session's cookie is gone."""
    return headers | {"cookie": headers["cookie"].partition("; ")[2]}


def session_only(headers: dict[str, str]) -> dict[str, str]:
    """The same browser after ten minutes: it no longer sends the token."""
    return headers | {"cookie": headers["cookie"].partition("; ")[0]}


def bent(headers: dict[str, str]) -> dict[str, str]:
    """The same browser with a token whose signature is wrong."""
    return headers | {"cookie": headers["cookie"][:-8] + "AAAAAAAA"}


async def test_a_cookie_opens_a_page_and_says_who_asks(client: httpx2.AsyncClient) -> None:
    headers = in_browser("member", "volunteer", member_id=MEMBER)

    assert (await client.get("/notes/mine", headers=headers)).json() == ["member", "volunteer"]
    assert (await client.get("/notes/mine", headers=access_only(headers))).json() == ["member", "volunteer"]
    assert (await client.get("/notes/open", headers=headers)).json() is True


async def test_the_api_takes_no_cookie(client: httpx2.AsyncClient) -> None:
    for headers in (in_browser("team"), in_browser("team") | CSRF_OF_FORMS):
        refused = await client.get("/api/notes/v1/mine", headers=headers)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer realm="gse"')
        sent = await client.post("/api/notes/v1/mine", data=CSRF_OF_FORMS, headers=headers)
        assert sent.status_code == 401
        assert (await client.get("/api/notes/v1/open", headers=headers)).json() is False


async def test_where_a_bearer_token_stands_the_cookie_says_nothing(client: httpx2.AsyncClient) -> None:
    both = in_browser("team") | signed_in("member")
    wrong = in_browser("team") | {"authorization": "Bearer token"}

    assert (await client.get("/notes/mine", headers=both)).json() == ["member"]
    assert (await client.post("/notes/mine", headers=both)).json() == {"roles": ["member"]}
    for path in ("/notes/mine", "/notes/open"):
        assert (await client.get(path, headers=wrong)).status_code == 401


@pytest.mark.parametrize("kind", ["expired", "bent", "gone", "a word", "a program's"])
async def test_a_cookie_that_is_not_valid_is_renewed_and_leads_back(client: httpx2.AsyncClient, kind: str) -> None:
    headers = {
        "expired": in_browser("team", expired=True),
        "bent": bent(in_browser("team")),
        "gone": session_only(in_browser("team")),
        "a word": {**PAGE, "cookie": "gse-session=x; gse-access=word"},
        "a program's": {**PAGE, "cookie": f"gse-session=x; gse-access={signed_in('team')['authorization'][7:]}"},
    }[kind]

    for path in ("/notes/mine?page=2&q=a%20b", "/notes/open?page=2"):
        answer = await client.get(path, headers=headers)
        assert answer.status_code == 303
        address = urlsplit(answer.headers["location"])
        assert (address.netloc, address.path, parse_qs(address.query)) == ("", "/sign-in/renew", {"return": [path]})
        assert answer.headers["cache-control"] == "no-store"


async def test_a_form_to_a_page_for_somebody_signed_in_is_sent_again_after_the_renewal(
    client: httpx2.AsyncClient,
) -> None:
    for headers in (in_browser("member", expired=True), PAGE):
        answer = await client.post("/notes/mine?step=2", data={"story": "Once"}, headers=headers)
        assert answer.status_code == 307
        assert answer.headers["location"] == "/sign-in/renew?return=%2Fnotes%2Fmine%3Fstep%3D2"


async def test_a_form_to_a_page_for_anyone_comes_as_from_a_stranger_once_the_token_is_over(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post("/notes/open", data={"story": "Once"}, headers=in_browser("member", expired=True))

    assert (answer.status_code, answer.json()) == (200, {"story": "Once"})


async def test_a_stranger_is_led_to_sign_in_where_a_page_needs_it_and_nowhere_else(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/notes/mine", headers=PAGE)

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/renew?return=%2Fnotes%2Fmine")
    assert (await client.get("/notes/open", headers=PAGE)).json() is False


async def test_a_program_is_told_to_sign_in_as_before(client: httpx2.AsyncClient) -> None:
    for answer in (
        await client.get("/notes/mine"),
        await client.get("/notes/mine", headers={"accept": "application/json"}),
        await client.get("/api/notes/v1/mine", headers=PAGE),
        await client.delete("/notes/mine", headers=PAGE),
    ):
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="gse"')
    # A picture or a stream that a page fetches is not a place to be led away from.
    stale = in_browser("member", expired=True) | {"accept": "text/event-stream"}
    assert (await client.get("/notes/mine", headers=stale)).status_code == 401
    assert (await client.get("/notes/open", headers=stale)).json() is False


async def test_nobody_is_sent_to_renew_from_where_one_signs_in(client: httpx2.AsyncClient) -> None:
    for path in ("/sign-in", "/sign-in/renew"):
        assert (await client.get(path, headers=in_browser("team", expired=True))).json() is False


async def test_a_form_on_its_way_through_the_renewal_is_not_asked_for_its_mark(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/sign-in/renew", headers=in_browser("team"))).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"csrf_token": ""},
        {"csrf_token": "the-value-of-another-session"},
        {"csrf_token": "only-these-tests-forms-carry-thi"},
        {"csrf_token": "é"},
        {"csrf-token": "only-these-tests-forms-carry-this"},
    ],
)
async def test_a_form_without_the_value_of_its_session_changes_nothing(
    client: httpx2.AsyncClient, sent: dict[str, str]
) -> None:
    for path in ("/notes/mine", "/notes/open"):
        answer = await client.post(path, data={"story": "Once", **sent}, headers=in_browser("member"))
        assert answer.status_code == 403
        assert "We could not take your form" in answer.text
        assert "Once" not in answer.text
    in_the_address = await client.post("/notes/mine", params=CSRF_OF_FORMS, headers=in_browser("member"))
    assert in_the_address.status_code == 403
    assert (await client.post("/notes/mine", json=CSRF_OF_FORMS, headers=in_browser("member"))).status_code == 403
    assert (await client.delete("/notes/mine", headers=in_browser("member"))).status_code == 403


async def test_a_form_of_ours_arrives_with_what_was_typed_and_without_its_mark(client: httpx2.AsyncClient) -> None:
    typed = {"story": "Once", **CSRF_OF_FORMS}

    answer = await client.post("/notes/mine", data=typed, headers=in_browser("member"))
    file = await client.post(
        "/notes/files",
        data={"title": "May", **CSRF_OF_FORMS},
        files={"file": b"x" * 3000},
        headers=in_browser("member"),
    )
    without = await client.post(
        "/notes/files", data={"title": "May"}, files={"file": b"x"}, headers=in_browser("member")
    )

    assert answer.json() == {"roles": ["member"], "story": "Once"}
    assert file.json() == "May: 3000"
    assert without.status_code == 403


async def test_a_form_from_another_site_is_refused_even_with_the_value(client: httpx2.AsyncClient) -> None:
    headers = in_browser("member") | {"origin": "https://evil.example"}

    assert (await client.post("/notes/mine", data=CSRF_OF_FORMS, headers=headers)).status_code == 403


async def test_a_page_puts_the_value_into_its_form_for_somebody_signed_in_only(client: httpx2.AsyncClient) -> None:
    mark = '<input type="hidden" name="csrf_token" value="only-these-tests-forms-carry-this">'

    assert (await client.get("/notes/form", headers=in_browser("member"))).text.count(mark) == 2  # and to sign out
    for headers in (PAGE, PAGE | signed_in("member")):
        assert "csrf_token" not in (await client.get("/notes/form", headers=headers)).text


async def test_the_header_says_how_to_sign_in_or_out(client: httpx2.AsyncClient) -> None:
    stranger = (await client.get("/notes/form?step=2", headers=PAGE)).text
    member = (await client.get("/notes/form?step=2", headers=in_browser("member"))).text
    lost = (await client.get("/notes/nowhere", headers=in_browser("member"))).text

    assert 'href="/sign-in?return=%2Fnotes%2Fform%3Fstep%3D2"' in stranger
    assert "Sign out" not in stranger
    for page in (member, lost):
        assert 'action="/sign-out"' in page
        assert 'href="/my"' in page
        assert "Sign in" not in page


async def test_the_menu_offers_to_join_to_everybody_but_a_member(client: httpx2.AsyncClient) -> None:
    join = 'href="/join"'
    member = (await client.get("/notes/form", headers=in_browser("member", member_id=MEMBER))).text

    assert join not in member
    assert 'href="/mentoring"' in member
    for nobody_yet in (PAGE, in_browser("operator")):
        assert (await client.get("/notes/form", headers=nobody_yet)).text.count(join) == 1


async def test_behind_https_only_a_cookie_that_no_other_host_can_set_counts(tmp_path: Path) -> None:
    plain = in_browser("team")
    hosts = plain | {"cookie": plain["cookie"].replace("gse-", "__Host-gse-")}

    async with client_of(app_at(tmp_path, "https://gse.example")) as client:
        assert (await client.get("/notes/mine", headers=hosts)).json() == ["team"]
        assert (await client.get("/notes/mine", headers=plain)).status_code == 303


def test_the_cookies_are_kept_from_scripts_and_from_other_sites() -> None:
    for front_door, start in (("http://localhost:8000", "gse-access"), ("https://gse.example", "__Host-gse-access")):
        cookies, answer = Cookies.of(front_door), Response()
        cookies.put(answer, cookies.access, "token", seconds=600)
        cookies.take_away(answer, cookies.session)
        secure = "; Secure" if front_door.startswith("https") else ""
        put, taken = answer.headers.getlist("set-cookie")
        assert put == f"{start}=token; HttpOnly; Max-Age=600; Path=/; SameSite=lax{secure}"
        assert "Max-Age=0; Path=/" in taken


@pytest.mark.parametrize(
    "path", ["/", "/my", "/events/calendar?month=2027-02", "/a%2F%2Fb", "/?next=https://gse.example", "/a//b", "/@me"]
)
def test_a_path_of_this_site_is_led_back_to(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "my",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/my\\..",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        " /my",
        "/ /evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        "/my\r\nSet-Cookie: a=b",
        "/my\x00",
        "/my\x7f",
        "/m\u00fd",
        "/\uff0fevil.example",
        "/sign-in",
        "/sign-in?return=/my",
        "/sign-in/renew?return=/my",
        "/" + "a" * 2000,
    ],
)
def test_everything_else_leads_home(text: str | None) -> None:
    assert local_path(text) == "/"
