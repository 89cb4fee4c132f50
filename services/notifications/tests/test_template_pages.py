"""The team reads every message with invented data: pages, its HTML by itself, and the API of the same."""

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient

from chassis.testing import in_browser, signed_in
from notifications.letters import Letter
from notifications.previews import preview
from notifications.told import RETIRED, TEMPLATES, TOLD

ADA = UUID(int=0xA)
PAGES, API = "/notifications/templates", "/api/notifications/v1/templates"
FRONT_DOOR = "https://gse.test"


@pytest.fixture
def team() -> dict[str, str]:
    """In a browser; the service stands behind https, where cookies have other names."""
    headers = in_browser("team")
    return headers | {"cookie": headers["cookie"].replace("gse-", "__Host-gse-")}


async def get(client: AsyncClient, path: str = "", **query: Any) -> Any:
    answer = await client.get(API + path, params=query, headers=signed_in("team"))
    assert answer.status_code == 200, answer.text
    return answer.json()


def words(page: str) -> str:
    return " ".join(
        unescape(re.sub("<[^>]+>", "", page.partition("<main")[2].partition(">")[2].replace("<br>", " "))).split()
    )


def letter(name: str, version: int) -> Letter:
    return preview(TEMPLATES[name, version], FRONT_DOOR)


@pytest.mark.parametrize("path", ["", "/welcome", "/welcome/html", "/nonsense"])
async def test_it_is_for_the_team_alone(client: AsyncClient, path: str) -> None:
    for role in ("member", "operator", "volunteer", "scheme-lead", "hosep"):
        headers = signed_in(role, member_id=ADA)
        assert (await client.get(PAGES + path, headers=headers | {"accept": "text/html"})).status_code == 403
        if not path.endswith("html"):
            assert (await client.get(API + path, headers=headers)).status_code == 403
    assert (await client.get(PAGES + path, headers={"accept": "text/html"})).status_code == 303  # to where one signs in


async def test_every_line_of_the_table_is_there_and_leads_to_its_words(
    client: AsyncClient, team: dict[str, str]
) -> None:
    page = (await client.get(PAGES, headers=team)).text

    rows = [words("<main>" + row) for row in re.findall("<tr.*?</tr>", page.partition("<tbody")[2], re.DOTALL)]
    assert len(rows) == len(TOLD) + 1
    assert rows[0] == (
        "Member joined The member, at once Welcome to the Government Science and Engineering profession "
        "Your membership. Version 3, version 2 of welcome before, version 1 of welcome before"
    )
    assert (
        "Event proposed The central team, after five working days, unless “event signed off” comes first "
        "An event still waits for your sign-off What waits for volunteers and the team. Version 1"
    ) in rows
    assert rows[-1].startswith("Several messages together, daily, weekly or after an outage Who chose so What is new")
    assert "Your membership, whatever they prefer. Version 1" in words(page)
    assert set(re.findall(rf'href="{PAGES}/([^"]+)"', page)) == {
        name if its not in RETIRED else f"{name}?version={version}" for (name, version), its in TEMPLATES.items()
    }


async def test_every_message_is_shown_in_plain_text_as_it_goes_out(client: AsyncClient, team: dict[str, str]) -> None:
    for name, version in TEMPLATES:
        page = (await client.get(f"{PAGES}/{name}", params={"version": version}, headers=team)).text

        [shown] = re.findall('<pre class="gse-plain-text">(.*?)</pre>', page, re.DOTALL)
        assert unescape(shown) == letter(name, version).text
        assert re.findall("<h1[^>]*>(.*?)</h1>", page) == [TEMPLATES[name, version].subject]
        assert "<iframe" not in page


async def test_a_page_says_who_hears_of_it_and_leads_to_its_html(client: AsyncClient, team: dict[str, str]) -> None:
    page = (await client.get(f"{PAGES}/role-granted", headers=team)).text

    assert "Event and who hears Role granted: the member, at once" in words(page)
    assert "Kind Your membership, and goes out whatever the member prefers" in words(page)
    assert f'href="{PAGES}/role-granted/html"' in page
    assert "Other versions" not in page


async def test_older_words_say_that_they_are_and_lead_to_those_in_use(
    client: AsyncClient, team: dict[str, str]
) -> None:
    newest = await client.get(f"{PAGES}/welcome", headers=team)
    older = await client.get(f"{PAGES}/welcome", params={"version": 1}, headers=team)

    assert "These words are not said any more." not in newest.text
    assert f'href="{PAGES}/welcome?version=1">Version 1</a>, not said any more' in newest.text
    assert "These words are not said any more." in older.text
    assert f'href="{PAGES}/welcome">Version 3</a>, which is said now' in older.text
    assert f'href="{PAGES}/welcome/html?version=1"' in older.text


async def test_the_html_is_a_page_of_its_own_that_may_load_run_and_send_nothing(
    client: AsyncClient, team: dict[str, str]
) -> None:
    for name, version in TEMPLATES:
        answer = await client.get(f"{PAGES}/{name}/html", params={"version": version}, headers=team)

        assert answer.text == letter(name, version).page
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        assert answer.headers["cache-control"] == "no-store"


async def test_the_table_and_every_message_over_http(client: AsyncClient) -> None:
    its = await get(client)

    assert its["lines"][0] == {
        "event": "MemberJoined",
        "who": "the member",
        "category": "membership",
        "template": "welcome",
        "version": 3,
        "critical": False,
        "subject": "Welcome to the Government Science and Engineering profession",
        "when": "at once",
        "unless": None,
    }
    assert [(line["when"], line["unless"]) for line in its["lines"] if line["template"] == "proposal-nudge"] == [
        ("after five working days", "EventSignedOff")
    ]
    assert len(its["lines"]) == len(TOLD)
    assert {(each["name"], version) for each in its["templates"] for version in each["versions"]} == set(TEMPLATES)


async def test_every_message_over_http(client: AsyncClient) -> None:
    for name, version in TEMPLATES:
        its = await get(client, f"/{name}", version=version)

        made = letter(name, version)
        assert (its["text"], its["html"], its["subject"]) == (made.text, made.page, made.template.subject)
        assert its["in_use"] == (made.template not in RETIRED)


async def test_without_a_version_it_is_the_newest(client: AsyncClient) -> None:
    its = await get(client, "/welcome")

    assert (its["version"], its["versions"], its["in_use"], its["critical"]) == (3, [3, 2, 1], True, False)


async def test_what_is_no_message_is_not_found(client: AsyncClient, team: dict[str, str]) -> None:
    for path in ("/nonsense", "/welcome?version=9", "/frame", "/nonsense/html", "/welcome/html?version=9"):
        page = await client.get(PAGES + path, headers=team)
        assert page.status_code == 404
        assert "There is no such message." in page.text
    for path in ("/nonsense", "/welcome?version=9"):
        answer = await client.get(API + path, headers=signed_in("team"))
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-template")


async def test_what_went_out_leads_there(client: AsyncClient, team: dict[str, str]) -> None:
    assert f'href="{PAGES}"' in (await client.get("/notifications/sent", headers=team)).text
