"""The pages of the register, as a browser without JavaScript gets them."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis.days import day_in_london
from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in

API = "/api/members/v1"
HERE = "/members/organisations"
PAGE = {"Accept": "text/html"}
TODAY = day_in_london(datetime.now(UTC))


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).replace("&#39;", "'").split())


def on(name: str, day: date) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


async def send(client: AsyncClient, address: str, answers: dict[str, Any], *roles: str) -> Response:
    return await client.post(HERE + address, data={**answers, **CSRF_OF_FORMS}, headers=in_browser(*roles))


async def registered(client: AsyncClient, opened_on: date = TODAY) -> str:
    code = f"X{uuid4().hex[:10].upper()}"
    form = {"code": code, "name": f"Office {code}", "opened_on": str(opened_on)}
    (await client.post(f"{API}/organisations", json=form, headers=signed_in("team"))).raise_for_status()
    return code


async def test_of_many_organisations_the_page_shows_a_hundred_and_leads_to_the_rest(
    client: AsyncClient, running: FastAPI
) -> None:
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO organisation (organisation_id, code, name, short)
            SELECT gen_random_uuid(), 'ZZ-' || number, 'Zz ' || number, '' FROM generate_series(1001, 1100) AS number
            """
        )

    first = (await client.get(HERE, headers=PAGE)).text
    following = re.search('href="([^"]*after=ZZ-[0-9]+)"', first)
    assert following is not None
    second = (await client.get(following[1], headers=PAGE)).text
    async with running.state.running.database.transaction() as tx:
        await tx.execute("DELETE FROM organisation WHERE code LIKE 'ZZ-%'")

    assert ("Zz 1001" in first, "Zz 1100" in first) == (True, False)
    assert ("Zz 1001" in second, "Zz 1100" in second) == (False, True)
    assert ("First organisations" in second, "More organisations" in second) == (True, False)


async def test_anyone_sees_which_take_part_since_when_and_what_became_of_closed_ones(client: AsyncClient) -> None:
    page = (await client.get(HERE, headers=PAGE)).text

    said = words(page)
    assert "UK Health Security Agency (UKHSA) The beginning" in said
    assert "Department for Science, Innovation and Technology (DSIT) 7 February 2023" in said
    assert (
        "Department for Business, Energy and Industrial Strategy (BEIS) closed on 7 February 2023 and became"
        " Department for Energy Security and Net Zero (DESNZ) and"
        " Department for Science, Innovation and Technology (DSIT)."
    ) in said
    assert "Register an organisation" not in said
    assert "Merge or split" not in said


async def test_the_team_calls_a_merger_off_until_its_day(client: AsyncClient) -> None:
    code = await registered(client)
    merger = {"into": ["UKHSA"], **on("on", TODAY + timedelta(days=2))}
    assert (await send(client, f"/{code}/merger", merger, "team")).status_code == 303
    page = await client.get(f"{HERE}/{code}/merger", headers=in_browser("team"))

    off = await send(client, f"/{code}/merger/calling-off", {}, "team")
    again = await send(client, f"/{code}/merger/calling-off", {}, "team")
    to_stranger = await send(client, f"/{code}/merger/calling-off", {}, "hosep")
    after = await client.get(off.headers["location"], headers=in_browser("team"))

    assert f'action="{HERE}/{code}/merger/calling-off"' in page.text
    assert (off.status_code, again.status_code, to_stranger.status_code) == (303, 303, 403)
    assert "The merger is called off. The organisation stays open, and nobody moves." in words(after.text)
    assert "Closes on" not in words(after.text).partition(f"Office {code}")[2].partition("Merge or split")[0]
    its = next(
        each
        for each in (await client.get(f"{API}/organisations", headers=signed_in("team"))).json()["organisations"]
        if each["code"] == code
    )
    assert (its["closed_on"], its["successors"], its["open"], its["merged_by"] is not None) == (None, [], True, True)
    twice = await client.post(f"{API}/organisations/{code}/mergers/calling-off", headers=signed_in("team"))
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/no-merger")


async def test_a_name_that_nobody_could_write_is_told_at_its_field(client: AsyncClient) -> None:
    answers = {"name": "Office", "short": "!!!", "code": "SIGNS", **on("opened_on", TODAY)}

    answer = await send(client, "/new", answers, "team")

    assert answer.status_code == 422
    assert (
        '<a href="#short">Write the name with letters from A to Z or digits, by which people find it</a>' in answer.text
    )


async def test_the_team_registers_one_by_the_form_and_everybody_sees_it(client: AsyncClient) -> None:
    code = f"X{uuid4().hex[:10].upper()}"
    answers = {"name": f"Office {code}", "code": code, **on("opened_on", TODAY + timedelta(days=2))}

    sent = await send(client, "/new", answers, "team")
    shown = await client.get(sent.headers["location"], headers=in_browser("team"))

    assert (sent.status_code, sent.headers["location"]) == (303, f"{HERE}?done=registered")
    assert "The organisation is in the register." in words(shown.text)
    assert f"Office {code}, from" in words((await client.get(HERE, headers=PAGE)).text)


async def test_what_is_wrong_in_the_form_is_named_at_its_field_and_nothing_typed_is_lost(client: AsyncClient) -> None:
    nothing = await send(client, "/new", {}, "team")
    wrong = await send(
        client, "/new", {"name": "An <Office>", "code": "lower", "opened_on-day": "31", "opened_on-month": "2"}, "team"
    )
    taken = await send(client, "/new", {"name": "Met Office", "code": "NEW-ONE", **on("opened_on", TODAY)}, "team")

    def summary(answer: Response) -> list[tuple[str, str]]:
        return re.findall(r'<a href="#([\w-]+)">([^<]+)</a>', answer.text)

    assert (nothing.status_code, wrong.status_code, taken.status_code) == (422, 422, 422)
    assert summary(nothing) == [
        ("name", "Enter the full name"), ("code", "Enter a code"), ("opened_on", "Enter a real date, such as 1 4 2027"),
    ]  # fmt: skip
    assert [field for field, _ in summary(wrong)] == ["code", "opened_on"]
    assert "An &lt;Office&gt;" in wrong.text
    assert [field for field, _ in summary(taken)] == ["name"]


async def test_a_merger_is_said_by_the_form_and_asks_each_member_on_their_profile(client: AsyncClient) -> None:
    old, first, second = [await registered(client, TODAY - timedelta(days=9)) for _ in range(3)]
    form = {"name": "Ada", "email": f"{uuid4().hex}@old.example", "organisation": old, "grade": "EO"}
    ada = (await client.post(f"{API}/members", json=form)).json()["member_id"]
    before = words((await client.get("/members/profile", headers=in_browser("member", member_id=ada))).text)

    shown = await client.get(f"{HERE}/{old}/merger", headers=in_browser("team"))
    nothing = await send(client, f"/{old}/merger", {}, "team")
    sent = await send(client, f"/{old}/merger", {"into": [first, second], **on("on", TODAY)}, "team")
    again = await client.get(f"{HERE}/{old}/merger", headers=in_browser("team"))
    profile = words((await client.get("/members/profile", headers=in_browser("member", member_id=ada))).text)
    choices = (await client.get("/members/profile/organisation", headers=in_browser("member", member_id=ada))).text

    assert f"Office {first}" in words(shown.text)
    assert nothing.status_code == 422
    assert ("Choose what it becomes" in nothing.text, "Enter a real date" in nothing.text) == (True, True)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{HERE}?done=merged")
    assert "That stays as it is" in words(again.text)
    assert "Tell us where you work now" not in before
    assert f"Tell us where you work now: Office {min(first, second)} or Office {max(first, second)}" in profile
    assert (f'value="{first}"' in choices, f'value="{old}"' in choices) == (True, False)


async def test_a_merger_that_is_to_come_is_shown_and_can_be_changed(client: AsyncClient) -> None:
    old, new, other = [await registered(client, TODAY - timedelta(days=9)) for _ in range(3)]
    day = TODAY + timedelta(days=40)

    await send(client, f"/{old}/merger", {"into": [new], **on("on", day)}, "team")
    shown = await client.get(f"{HERE}/{old}/merger", headers=in_browser("team"))
    changed = await send(client, f"/{old}/merger", {"into": [other], **on("on", day)}, "team")
    itself = await send(client, f"/{other}/merger", {"into": [old], **on("on", TODAY)}, "team")
    page = words((await client.get(HERE, headers=PAGE)).text)

    assert re.search(rf'value="{new}" checked', shown.text)
    assert changed.status_code == 303
    assert f"and becomes Office {other}" in page
    assert (itself.status_code, "do not become this organisation again" in itself.text) == (422, True)


async def test_the_forms_are_the_teams_and_only_for_organisations_that_there_are(client: AsyncClient) -> None:
    for address in ("/new", "/UKHSA/merger"):
        assert (await client.get(HERE + address, headers=in_browser("hosep"))).status_code == 403
        assert (await send(client, address, {}, "hosep")).status_code == 403
    assert (await client.get(f"{HERE}/ATLANTIS/merger", headers=in_browser("team"))).status_code == 404
    answers = {"into": ["UKHSA"], **on("on", TODAY)}
    assert (await send(client, "/ATLANTIS/merger", answers, "team")).status_code == 404
