"""The pages of groups, as a browser without JavaScript gets them."""

import html
import re
from typing import Any
from uuid import uuid4

from httpx2 import AsyncClient, Response

from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in

API = "/api/members/v1"
HERE = "/members/groups"


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).replace("&#39;", "'").split())


async def member(client: AsyncClient, name: str = "Ada Planted") -> str:
    form = {"name": name, "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    return str((await client.post(f"{API}/members", json=form)).raise_for_status().json()["member_id"])


async def group(client: AsyncClient, title: str = "") -> str:
    form = {"title": title or f"Group {uuid4().hex}", "purpose": "Share what works.", "ask": "The DIAG mailbox"}
    answer = (await client.post(f"{API}/groups", json=form, headers=signed_in("team"))).raise_for_status()
    return str(answer.json()["group_id"])


async def see(client: AsyncClient, address: str, *roles: str, member_id: str | None = None) -> str:
    answer = await client.get(HERE + address, headers=in_browser(*roles, member_id=member_id))
    assert answer.status_code == 200
    return words(answer.text)


async def send(
    client: AsyncClient, address: str, answers: dict[str, Any], *roles: str, member_id: str | None = None
) -> Response:
    headers = in_browser(*roles, member_id=member_id)
    return await client.post(HERE + address, data={**answers, **CSRF_OF_FORMS}, headers=headers)


async def test_a_member_sees_what_a_group_is_for_and_where_to_ask_and_nobody_in_it(client: AsyncClient) -> None:
    title = f"DIAG & {uuid4().hex}"
    group_id, bea = await group(client, title), await member(client, "Bea Planted")
    await send(client, f"/{group_id}/join", {"hours_per_month": "4"}, "member", member_id=bea)

    ada = str(uuid4())
    every = await see(client, "", "member", member_id=ada)
    its = await see(client, f"/{group_id}", "member", member_id=ada)

    assert f"{title.replace('&', '&amp;')} Share what works." in every
    assert "Share what works. Where to ask The DIAG mailbox" in its
    assert "Join this group" in its
    assert "Bea Planted" not in its
    assert "Volunteers" not in its


async def test_a_member_joins_changes_and_leaves_with_forms(client: AsyncClient) -> None:
    group_id, ada = await group(client), await member(client)
    at = f"/{group_id}"

    mistakes = await send(
        client, f"{at}/join", {"hours_per_month": "many", "skills": ["writing"]}, "member", member_id=ada
    )
    joined = await send(
        client, f"{at}/join", {"hours_per_month": "4", "skills": ["events", "writing"]}, "member", member_id=ada
    )
    inside = await see(client, f"{at}?done=joined", "member", member_id=ada)
    form = await client.get(f"{HERE}{at}/join", headers=in_browser("member", member_id=ada))
    changed = await send(client, f"{at}/join", {"hours_per_month": "1"}, "member", member_id=ada)
    every = await see(client, "", "member", member_id=ada)
    left = [await send(client, f"{at}/leave", {}, "member", member_id=ada) for _ in range(2)]
    outside = await see(client, f"{at}?done=left", "member", member_id=ada)

    assert mistakes.status_code == 422
    assert "Enter your hours a month as a whole number from 1 to 40" in words(mistakes.text)
    assert 'value="many"' in mistakes.text
    assert re.search('value="writing" checked', mistakes.text)
    assert (joined.status_code, joined.headers["location"]) == (303, f"{HERE}{at}?done=joined")
    assert "Hours a month 4 Change hours a month Skills Organising events, Writing Change skills" in inside
    assert 'value="4"' in form.text
    assert changed.headers["location"] == f"{HERE}{at}?done=changed"
    assert "1 hour a month" in every
    assert [(each.status_code, each.headers["location"]) for each in left] == [(303, f"{HERE}{at}?done=left")] * 2
    assert "You are not in this group any more. " in outside
    assert "Join this group" in outside


async def test_the_team_establishes_a_group_sees_who_is_in_it_and_takes_somebody_out(client: AsyncClient) -> None:
    title, bea = f"DIAG {uuid4().hex}", await member(client, "Bea Planted")

    mistakes = await send(client, "/new", {"title": "x" * 121, "ask": "The chair"}, "team")
    made = await send(client, "/new", {"title": title, "purpose": "Share.\n\nAll.", "ask": "The chair"}, "team")
    again = await send(client, "/new", {"title": title, "purpose": "Share.", "ask": "The chair"}, "team")
    at = made.headers["location"].removeprefix(HERE).removesuffix("?done=established")
    await send(client, f"{at}/join", {"hours_per_month": "4", "skills": ["policy"]}, "member", member_id=bea)
    before = await see(client, at, "team")
    taken_out = await send(client, f"{at}/leave", {"member_id": bea}, "team")
    after = await see(client, f"{at}?done=taken-out", "team")

    assert "The name must be 120 characters or fewer" in words(mistakes.text)
    assert "Enter what the group is for" in words(mistakes.text)
    assert 'value="The chair"' in mistakes.text
    assert (made.status_code, again.status_code) == (303, 422)
    assert "There is or was a group with this name" in words(again.text)
    assert "Bea Planted UK Health Security Agency (UKHSA) since" in before
    assert "4 hours a month Policy" in before
    assert taken_out.status_code == 303
    assert "They are not in this group any more." in after
    assert "Bea Planted" not in after


async def test_nobody_else_does_what_the_team_does(client: AsyncClient) -> None:
    group_id, ada = await group(client), await member(client)
    form = {"title": "Ours", "purpose": "None.", "ask": "Nobody"}

    assert (await send(client, "/new", form, "member", member_id=ada)).status_code == 403
    assert (
        await send(client, f"/{group_id}/leave", {"member_id": ada}, "member", member_id=str(uuid4()))
    ).status_code == 404
    assert (await send(client, f"/{group_id}/leave", {"member_id": "Ada"}, "team")).status_code == 404
    assert (await client.get(f"{HERE}/new", headers=in_browser("member", member_id=ada))).status_code == 403
    assert (await client.get(HERE, headers=in_browser("operator"))).status_code == 403
    assert (await client.get(HERE, headers={"Accept": "text/html"})).status_code == 303, "to sign in"
    assert (await client.get(f"{HERE}/{uuid4()}", headers=in_browser("team"))).status_code == 404


async def test_who_has_just_left_the_profession_is_told_why_they_cannot_join(client: AsyncClient) -> None:
    group_id, ada = await group(client), await member(client)
    await client.post(f"{API}/members/{ada}/departures", headers=signed_in("member", member_id=ada))

    refused = await send(client, f"/{group_id}/join", {"hours_per_month": "4"}, "member", member_id=ada)

    assert refused.status_code == 409
    assert "Only members take part in groups. Join the profession first." in words(refused.text)
    assert 'value="4"' in refused.text


async def test_lists_of_groups_and_volunteers_are_paged(client: AsyncClient) -> None:
    for number in range(26):
        await group(client, f"AAA {number:02} {uuid4().hex}")

    first = await client.get(HERE, headers=in_browser("team"))
    following = re.search(r'href="(/members/groups\?show=present&amp;after=[^"]+)"', first.text)
    assert following
    second = await client.get(html.unescape(following[1]), headers=in_browser("team"))

    assert "AAA 24" in first.text
    assert "AAA 25" not in first.text
    assert "AAA 25" in second.text
    assert "First groups" in second.text


async def test_a_few_of_ones_own_groups_are_shown_first_and_all_of_them_page_by_page(client: AsyncClient) -> None:
    ada, word = await member(client), uuid4().hex
    for number in range(26):
        group_id = await group(client, f"{number:02} {word}")
        await send(client, f"/{group_id}/join", {"hours_per_month": "4"}, "member", member_id=ada)
    herself = in_browser("member", member_id=ada)

    every = await client.get(HERE, headers=herself)
    own = await client.get(f"{HERE}?show=own", headers=herself)
    following = re.search(r'href="(/members/groups\?show=own&amp;after=[^"]+)"', own.text)
    assert following
    rest = await client.get(html.unescape(following[1]), headers=herself)

    few = every.text.partition("Your groups")[2].partition("All groups")[0]
    assert [f"{number:02} {word}" in few for number in (4, 5)] == [True, False]
    assert 'href="/members/groups?show=own"' in few
    assert [f"{number:02} {word}" in own.text for number in (0, 24, 25)] == [True, True, False]
    assert f"25 {word}" in rest.text
    assert "4 hours a month" in words(rest.text)


async def test_who_is_no_member_has_no_groups_to_see(client: AsyncClient) -> None:
    answer = await client.get(f"{HERE}?show=own", headers=in_browser("team"))

    assert answer.status_code == 403
