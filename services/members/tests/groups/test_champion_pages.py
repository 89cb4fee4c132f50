"""The pages of champions, as a browser without JavaScript gets them."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from httpx2 import AsyncClient, Response

from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in

API = "/api/members/v1"
HERE = "/members/groups/champions"
LAST = datetime.now(ZoneInfo("Europe/London")).date() + timedelta(days=200)
DAY = {"ends_on-day": str(LAST.day), "ends_on-month": str(LAST.month), "ends_on-year": str(LAST.year)}


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).replace("&#39;", "'").split())


async def member(client: AsyncClient, name: str, email: str = "") -> str:
    form = {"name": name, "email": email or f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    return str((await client.post(f"{API}/members", json=form)).raise_for_status().json()["member_id"])


async def theme(client: AsyncClient) -> str:
    form = {"title": f"Theme {uuid4().hex}", "purpose": "Fair careers.", "ask": "the DIAG mailbox"}
    answer = (await client.post(f"{API}/champion-themes", json=form, headers=signed_in("team"))).raise_for_status()
    return f"/{answer.json()['theme_id']}"


async def see(client: AsyncClient, address: str, *roles: str, member_id: str | None = None) -> str:
    answer = await client.get(HERE + address, headers=in_browser(*roles, member_id=member_id))
    assert answer.status_code == 200
    return answer.text


async def send(
    client: AsyncClient, address: str, answers: dict[str, Any], *roles: str, member_id: str | None = None
) -> Response:
    headers = in_browser(*roles, member_id=member_id)
    return await client.post(HERE + address, data={**answers, **CSRF_OF_FORMS}, headers=headers)


async def test_the_team_names_a_theme_and_members_see_that_it_looks_for_a_champion(client: AsyncClient) -> None:
    title = f"Social mobility {uuid4().hex}"

    mistakes = await send(client, "/new", {"title": title}, "team")
    made = await send(client, "/new", {"title": title, "purpose": "Careers.", "ask": "the mailbox"}, "team")
    again = await send(client, "/new", {"title": title, "purpose": "Careers.", "ask": "the mailbox"}, "team")
    at = made.headers["location"].removeprefix(HERE)
    shown = words(await see(client, at, "team"))
    every = words(await see(client, "", "member", member_id=str(uuid4())))

    assert mistakes.status_code == 422
    assert "Enter what its champions speak for" in words(mistakes.text)
    assert f'value="{title}"' in mistakes.text
    assert "There is a theme with this name already" in words(again.text)
    assert "It has no champion yet." in shown
    assert "Looks for a champion" in shown
    assert f"{title} Vacant Looks for a champion since" in every


async def test_the_team_appoints_by_address_or_id_and_members_see_the_name(client: AsyncClient) -> None:
    at, email = await theme(client), f"{uuid4().hex}@ukhsa.example"
    await member(client, "Ada Planted", email)
    bea = await member(client, "Bea Planted")

    by_address = await send(client, at, {"member_id": email.upper(), **DAY}, "team")
    by_id = await send(client, at, {"member_id": bea, **DAY}, "team")
    shown = await see(client, f"{at}?done=appointed", "member", member_id=str(uuid4()))

    assert (by_address.status_code, by_id.status_code) == (303, 303)
    assert words(shown).index("Ada Planted") < words(shown).index("Bea Planted")
    assert f"until {LAST.day} {LAST:%B %Y}" in words(shown)
    assert "Looks for a champion" not in words(shown)
    assert "Appoint" not in words(shown)
    assert bea not in shown
    assert email not in shown


async def test_what_cannot_be_meant_is_told_at_its_field_and_nothing_typed_is_lost(client: AsyncClient) -> None:
    at, ada = await theme(client), await member(client, "Ada Planted")

    nobody = await send(client, at, {"member_id": "nobody@ukhsa.example", "ends_on-day": "42"}, "team")
    past = await send(client, at, {"member_id": ada, **DAY, "ends_on-year": "2020"}, "team")
    await send(client, at, {"member_id": ada, **DAY}, "team")
    twice = await send(client, at, {"member_id": ada, **DAY}, "team")

    assert [its.status_code for its in (nobody, past, twice)] == [422, 422, 422]
    for sentence in (
        "Enter the work email address or the whole id of a member",
        "Enter a real date, such as 31 3 2027",
    ):
        assert sentence in words(nobody.text)
    assert 'value="nobody@ukhsa.example"' in nobody.text
    assert 'value="42"' in nobody.text
    assert "Enter a day after today and within three years" in words(past.text)
    assert "This member is a champion of this theme already." in words(twice.text)


async def test_a_champion_gives_the_task_back_with_one_click_and_a_second_does_no_harm(client: AsyncClient) -> None:
    at, ada = await theme(client), await member(client, "Ada Planted")
    await send(client, at, {"member_id": ada, **DAY}, "team")
    own = await see(client, at, "member", member_id=ada)
    action = re.search(rf'action="{HERE}(/[^"]+/end)"', own)
    assert action

    other = await send(client, action[1], {}, "member", member_id=str(uuid4()))
    clicks = [await send(client, action[1], {}, "member", member_id=ada) for _ in range(2)]
    after = words(await see(client, f"{at}?done=ended", "member", member_id=str(uuid4())))

    assert "Give the task back of Ada Planted" in words(own)
    assert other.status_code == 404
    assert clicks[0].status_code == 303
    assert "The term has ended." in after
    assert "Looks for a champion" in after
    assert "Ada Planted" not in after


async def test_nobody_else_sees_or_does_what_is_not_theirs(client: AsyncClient) -> None:
    at, ada = await theme(client), str(uuid4())

    assert (await send(client, "/new", {}, "member", member_id=ada)).status_code == 403
    assert (await send(client, at, {}, "member", member_id=ada)).status_code == 403
    assert (await client.get(HERE, headers={"Accept": "text/html"})).status_code == 303, "to sign in"
    assert (await client.get(HERE, headers=in_browser("operator"))).status_code == 403
    assert (await client.get(f"{HERE}/{uuid4()}", headers=in_browser("team"))).status_code == 404


async def test_other_members_see_no_champion_who_is_restricted(client: AsyncClient) -> None:
    name = f"Ada {uuid4().hex}"
    at, ada = await theme(client), await member(client, name)
    appointment = {"member_id": ada, **DAY}
    assert (await send(client, at, appointment, "team")).status_code == 303
    themself = signed_in("member", member_id=ada)

    before = [await see(client, page, "member", member_id=str(uuid4())) for page in ("", at)]
    restricted = await client.post(f"{API}/members/{ada}/restrictions", headers=themself)
    after = [await see(client, page, "member", member_id=str(uuid4())) for page in ("", at)]
    asked = await client.get(f"{API}/champion-themes{at}", headers=signed_in("member", member_id=uuid4()))
    to_the_team, to_themself = await see(client, at, "team"), await see(client, at, "member", member_id=ada)

    assert restricted.status_code == 200
    assert [name in page for page in before] == [True, True]
    assert [name in page for page in after] == [False, False]
    assert "This theme has a champion. To reach them, ask the DIAG mailbox." in words(after[1])
    assert (asked.json()["champions"], asked.json()["vacant_since"]) == ([], None)
    assert name in to_the_team
    assert "Give the task back" in to_themself
