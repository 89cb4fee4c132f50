"""How the team publishes a version of the strategy in a browser without JavaScript, and who sees which version."""

import html
import re
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient, Response

from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in
from members.strategy import writing

API = "/api/members/v1"
HERE = "/members/strategy/new"
PROMISE = "themes.0.goals.0.commitments"
WORDS = {
    "title": "A plan",
    "summary": "What we do.",
    "link": "https://gse.example/strategy",
    "mission": "We value everybody’s talent.",
    "themes.0.title": "Know who we are",
    "themes.0.goals.0.title": "Count",
}


def promise(number: int, title: str, place: str = PROMISE, **more: str) -> dict[str, str]:
    """As it is typed."""
    its = {"title": title, "owner": "Heads of profession", "measure": "It is published."}
    its |= {"due_on-day": "31", "due_on-month": "3", "due_on-year": "2099"} | more
    return {f"{place}.{number}.{name}": text for name, text in its.items()}


def words(page: str) -> str:
    return html.unescape(" ".join(re.sub("<[^>]+>", " ", page.partition("<main")[2]).split()))


def typed(page: str) -> dict[str, str]:
    """What stands in the fields of a page, as a browser would send it."""
    values = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page))
    values |= {name: text.strip() for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)<', page)}
    return {name: html.unescape(text) for name, text in values.items() if not name.endswith(".drop")}


def mistakes(answer: Response) -> list[tuple[str, str]]:
    return re.findall(r'<a href="#([^"]+)">([^<]+)</a>', answer.text.partition("There is a problem")[2])


async def send(client: AsyncClient, step: str, values: dict[str, str], *roles: str) -> Response:
    form = {**values, "step": step, **CSRF_OF_FORMS}
    return await client.post(HERE, data=form, headers=in_browser(*(roles or ("team",))))


async def look(client: AsyncClient, address: str = HERE, *roles: str) -> Response:
    return await client.get(address, headers=in_browser(*(roles or ("team",))))


async def in_force(client: AsyncClient) -> Any:
    return (await client.get(f"{API}/strategy")).json()


async def test_the_team_writes_checks_and_publishes_the_first_version_and_one_that_follows_it(
    client: AsyncClient,
) -> None:
    """The first test of this module: it needs an empty house."""
    empty = await look(client)
    assert typed(empty.text)["follows"] == "0"
    first = {"follows": "0", **WORDS, **promise(0, "Ask everybody"), **promise(1, "Say what we heard")}

    checked = await send(client, "check", first)
    published = await send(client, "publish", typed(checked.text))
    again = await send(client, "publish", typed(checked.text))
    page = words((await look(client, published.headers["location"])).text)

    listed = "Promised for the first time, or again Ask everybody Say what we heard"
    assert (checked.status_code, listed in words(checked.text)) == (200, True)
    assert (published.status_code, again.status_code) == (303, 303)
    assert "The version is published. Everybody can see it." in page
    its = await in_force(client)
    [ask, say] = its["themes"][0]["goals"][0]["commitments"]
    assert (its["version"], ask["title"], ask["due_on"]) == (1, "Ask everybody", "2099-03-31")

    second = typed((await look(client)).text)
    assert second[f"{PROMISE}.0.title"] == "Ask everybody"
    second |= {f"{PROMISE}.0.title": "Ask every member", f"{PROMISE}.1.drop": "yes"}
    second |= promise(2, "Ask again", summary="In two years.\r\nWith the same questions.")
    second |= {"themes.1.title": "Be heard", "themes.1.goals.0.title": "Listen"}
    second |= promise(0, "Answer", "themes.1.goals.0.commitments")
    checked = await send(client, "check", second)
    back = await send(client, "write", typed(checked.text) | {f"{PROMISE}.2.drop": "yes"})
    published = await send(client, "publish", typed(checked.text) | {f"{PROMISE}.2.drop": "yes"})

    assert (
        "Promised for the first time, or again Ask again Answer "
        "Promised in other words, or by another day Ask every member Promised no longer Say what we heard"
    ) in words(checked.text)
    assert "Say what we heard, dropped" in words(back.text)
    assert published.headers["location"] == "/members/strategy?done=published"
    its = await in_force(client)
    kept = [each for theme in its["themes"] for goal in theme["goals"] for each in goal["commitments"]]
    assert (its["version"], [each["title"] for each in kept]) == (2, ["Ask every member", "Ask again", "Answer"])
    assert kept[0]["commitment_id"] == ask["commitment_id"]
    assert kept[1]["summary"] == "In two years. With the same questions."
    dropped = (await client.get(f"{API}/commitments/{say['commitment_id']}")).json()
    assert dropped["standing"] == "dropped"


async def test_a_promise_is_moved_to_another_goal_and_keeps_its_reports(client: AsyncClient) -> None:
    empty = {"follows": str((await in_force(client))["version"])}
    elsewhere = "themes.1.goals.0.commitments"
    form = empty | WORDS | promise(0, "Ask") | promise(1, "Tell") | promise(0, "Answer", elsewhere)
    form |= {"themes.1.title": "Be heard", "themes.1.goals.0.title": "Listen"}
    await send(client, "publish", form)
    before = await in_force(client)
    tell = before["themes"][0]["goals"][0]["commitments"][1]["commitment_id"]
    page = (await look(client)).text
    assert re.search(r'<option value="1.0">Be heard: Listen</option>', page)

    form = typed(page)
    wrong = await send(client, "check", form | {f"{PROMISE}.1.goal": "7.7"})
    checked = await send(client, "check", form | {f"{PROMISE}.1.goal": "1.0", f"{PROMISE}.0.goal": "0.0"})
    published = await send(client, "publish", typed(checked.text))

    assert mistakes(wrong) == [(f"{PROMISE}.1.goal", "Choose a goal that is on this page, or leave it here")]
    assert "With another goal, or with one that is in other words Tell !" in words(checked.text)
    assert published.status_code == 303
    after = await in_force(client)
    goals = [goal for theme in after["themes"] for goal in theme["goals"]]
    assert [[each["title"] for each in goal["commitments"]] for goal in goals] == [["Ask"], ["Answer", "Tell"]]
    assert goals[1]["commitments"][1]["commitment_id"] == tell
    assert (await client.get(f"{API}/commitments/{tell}")).json()["made_in"] == before["version"]


async def test_each_mistake_is_told_at_its_field_nothing_typed_is_lost_and_nothing_is_published(
    client: AsyncClient,
) -> None:
    await send(client, "publish", typed((await look(client)).text) | WORDS | promise(0, "Ask"))
    before = await in_force(client)
    form = typed((await look(client)).text) | {"link": "", "themes.8.summary": "About nothing yet."}
    form |= promise(7, "Too soon", **{"due_on-day": "42"}) | {f"{PROMISE}.9.title": "Halfway"}

    answer = await send(client, "publish", form)
    said = dict(mistakes(answer))
    number = len(before["themes"][0]["goals"][0]["commitments"])

    assert answer.status_code == 422
    assert said["link"] == "Enter the address of the page with the whole text"
    assert said[f"{PROMISE}.{number}.due_on"] == "Enter a real date, such as 31 3 2027"
    assert said[f"{PROMISE}.{number + 1}.owner"] == "Enter who keeps the promise"
    assert said[f"{PROMISE}.{number + 1}.due_on"] == "Enter the day by which it is due"
    [theme] = [place for place, text in said.items() if text == "Enter the title of the theme"]
    assert said[f"{theme.removesuffix('title')}goals.0.title"] == "Enter a goal of this theme"
    assert 'value="42"' in answer.text
    assert all(f'id="{place}"' in answer.text for place in said)
    assert re.search(
        rf'<details class="govuk-details" open>(?:(?!</details>).)*name="{PROMISE}.{number}.title"',
        answer.text,
        re.DOTALL,
    )
    assert (await client.get(f"{API}/strategy")).json() == before


async def test_who_writes_while_another_publishes_is_told_and_keeps_their_words(client: AsyncClient) -> None:
    form = typed((await look(client)).text) | WORDS | promise(0, f"One {uuid4().hex}")
    late = form | {"mission": "Another mission."}
    await send(client, "publish", form)

    for step in ("check", "publish"):
        answer = await send(client, step, late)
        assert answer.status_code == 409
        assert "Another version is in force than the one that this follows." in words(answer.text)
        assert "Another mission." in answer.text


@pytest.mark.parametrize("role", ["member", "hosep", "scheme-lead"])
async def test_publishing_is_the_teams_alone(client: AsyncClient, role: str) -> None:
    assert (await look(client, HERE, role)).status_code == 403
    assert (await send(client, "publish", {"follows": "0", **WORDS}, role)).status_code == 403
    assert HERE not in (await look(client, "/members/strategy", role)).text
    assert HERE in (await look(client, "/members/strategy")).text


async def test_anyone_sees_every_version_page_by_page_and_each_as_it_was_published(client: AsyncClient) -> None:
    for title in ("Plan A", "Plan B"):
        form = typed((await look(client)).text) | WORDS | {"title": title}
        await send(client, "publish", form | promise(0, f"Promise of {title}"))
    newest = (await in_force(client))["version"]

    some = (await client.get(f"{API}/strategies?limit=1")).json()
    older = (await client.get(f"{API}/strategies?limit=1&before={some['next']}", headers=signed_in("team"))).json()
    page = words((await client.get("/members/strategy/versions", headers={"Accept": "text/html"})).text)
    before = await client.get(f"/members/strategy/versions/{newest - 1}", headers={"Accept": "text/html"})
    none = await client.get("/members/strategy/versions/4000", headers={"Accept": "text/html"})

    assert [(its["version"], its["title"], its["published_by"]) for its in some["strategies"]] == [
        (newest, "Plan B", None)
    ]
    assert (some["next"], [its["title"] for its in older["strategies"]]) == (newest, ["Plan A"])
    assert older["strategies"][0]["published_by"] is not None
    assert f"Version {newest}: Plan B" in page
    assert f"Version {newest - 1}: Plan A" in page
    assert "Promise of Plan A, by 31 March 2099: Heads of profession" in words(before.text).replace(" ,", ",")
    assert none.status_code == 404


def test_what_is_left_empty_is_not_there_and_what_comes_behind_it_moves_up() -> None:
    form = {"title": " A  plan ", "themes.3.title": "T", "themes.3.goals.2.title": "G", "follows": "4"}
    places = "themes.3.goals.2.commitments"
    form |= {f"{places}.5.commitment_id": "an id of a promise whose fields were emptied"}
    form |= {f"{places}.6.title": "Old", f"{places}.6.drop": "yes", f"{places}.7.title": "New"}

    its = writing.of_form(form)

    assert writing.values_of(its) == {
        "title": "A plan",
        "follows": "4",
        "themes.0.title": "T",
        "themes.0.goals.0.title": "G",
        f"{PROMISE}.0.title": "New",
        f"{PROMISE}.1.title": "Old",
        f"{PROMISE}.1.drop": "yes",
    }
    assert writing.asked(its) == {
        "title": "A plan",
        "follows": "4",
        "themes": [{"title": "T", "goals": [{"title": "G", "commitments": [{"title": "New"}]}]}],
    }
