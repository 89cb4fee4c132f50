"""Looking for members, by the API and on the page."""

import html
import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

MEMBERS = "/api/members/v1/members"
SEARCHES = "/api/members/v1/member-searches"
PEOPLE = "/members/people"
PAGE = {"Accept": "text/html"}
SignIn = Callable[..., dict[str, str]]


async def joined(client: AsyncClient, name: str, **more: str) -> str:
    form = {"name": name, "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    answer = await client.post(MEMBERS, json=form | more)
    return str(answer.json()["member_id"])


def names(answer: Response) -> list[str | None]:
    assert answer.status_code == 200, answer.text
    return [its["name"] for its in answer.json()["people"]]


@pytest.mark.parametrize(
    "text", ["zoe", "ZOË", "nunez", "o'neill", "O’Neill-Nuñez", "neill zo", "oneill", "ZOE.ONEILL@", "zoe ukhsa"]
)
async def test_every_word_is_part_of_the_name_or_of_the_address_however_it_is_written(
    client: AsyncClient, signed_in: SignIn, text: str
) -> None:
    mark = uuid4().hex
    name = f"Zoë O’Neill-Nuñez {mark}"
    await joined(client, name, email=f"zoe.oneill@{mark}.ukhsa.example")
    await joined(client, f"Yan {mark}", email=f"yan@{mark}.example")

    answer = await client.post(SEARCHES, json={"text": f"{text} {mark}"}, headers=signed_in("team"))

    assert (names(answer), answer.json()["total"]) == ([name], 1)


@pytest.mark.parametrize(
    "text", ["lukasz", "ŁUKASZ", "łukasz", "orsted thora", "Ørsted", "weiss", "Weiß", "aegir", "thora"]
)
async def test_letters_with_a_stroke_are_found_by_those_that_people_write_instead(
    client: AsyncClient, signed_in: SignIn, text: str
) -> None:
    mark = uuid4().hex
    name = f"Łukasz Þóra Ægir Weiß-Ørsted {mark}"
    await joined(client, name)

    answer = await client.post(SEARCHES, json={"text": f"{text} {mark}"}, headers=signed_in("team"))

    assert names(answer) == [name]


async def test_filters_join_and_who_has_left_is_found_by_state_without_a_name(
    client: AsyncClient, signed_in: SignIn, running: FastAPI
) -> None:
    mark, team = uuid4().hex, signed_in("team")
    ada = await joined(client, f"Ada {mark}")
    await joined(client, f"Bea {mark}", grade="G7")
    await joined(client, f"Cat {mark}", organisation="Defra")
    gone = await joined(client, f"Dan {mark}", organisation="Cefas", grade="SCS4")
    await client.post(f"{MEMBERS}/{gone}/departures", headers=team)
    async with running.state.running.database.transaction() as tx:
        await tx.execute("UPDATE member SET address_verified_at = now() WHERE member_id = $1", UUID(ada))

    async def found(**form: str) -> Response:
        return await client.post(SEARCHES, json={"text": mark} | form, headers=team)

    assert names(await found()) == [f"Ada {mark}", f"Bea {mark}", f"Cat {mark}"]
    assert names(await found(organisation="ukhsa")) == [f"Ada {mark}", f"Bea {mark}"]
    assert names(await found(organisation="UKHSA", grade="G7")) == [f"Bea {mark}"]
    assert names(await found(state="address-open")) == [f"Bea {mark}", f"Cat {mark}"]
    assert names(await found(state="left")) == []
    left = (await found(text="", organisation="CEFAS", grade="SCS4", state="left")).json()["people"]
    assert [(its["member_id"], its["name"], its["email"], its["address_verified"]) for its in left] == [
        (gone, None, None, False)
    ]


async def test_people_come_in_the_order_of_their_names_page_by_page(client: AsyncClient, signed_in: SignIn) -> None:
    mark, team = uuid4().hex, signed_in("team")
    for name in ("Émile", "Dora", "emile", "Fay", "dora"):
        await joined(client, f"{name} {mark}")

    first = await client.post(SEARCHES, json={"text": mark, "limit": 2}, headers=team)
    second = await client.post(SEARCHES, json={"text": mark, "limit": 2, "after": first.json()["next"]}, headers=team)
    third = await client.post(SEARCHES, json={"text": mark, "limit": 2, "after": second.json()["next"]}, headers=team)

    found = [*names(first), *names(second), *names(third)]
    assert sorted(map(str, found[:2])) == [f"Dora {mark}", f"dora {mark}"]
    assert sorted(map(str, found[2:4])) == [f"emile {mark}", f"Émile {mark}"]
    assert (found[4:], first.json()["total"], third.json()["next"]) == ([f"Fay {mark}"], 5, None)


async def test_a_head_of_profession_finds_their_own_organisation_alone_and_others_nobody(
    client: AsyncClient, signed_in: SignIn
) -> None:
    mark = uuid4().hex
    await joined(client, f"Ada {mark}")
    await joined(client, f"Bea {mark}", organisation="Defra")
    head = signed_in("hosep", organisation="DEFRA")

    own = await client.post(SEARCHES, json={"text": mark}, headers=head)
    other = await client.post(SEARCHES, json={"text": mark, "organisation": "UKHSA"}, headers=head)
    page = await client.post(PEOPLE, data={"text": mark}, headers=PAGE | head)

    assert names(own) == [f"Bea {mark}"]
    assert other.status_code == 404
    assert (f"Bea {mark}" in page.text, f"Ada {mark}" in page.text) == (True, False)
    assert 'name="organisation"' not in page.text
    for caller, status in (
        (signed_in("member", organisation="DEFRA"), {403, 404}),
        (signed_in("hosep"), {403}),
        ({}, {401}),
    ):
        assert (await client.post(SEARCHES, json={}, headers=caller)).status_code in status


async def test_a_head_of_profession_does_not_find_who_is_restricted_and_the_team_does(
    client: AsyncClient, signed_in: SignIn
) -> None:
    mark, team, head = uuid4().hex, signed_in("team"), signed_in("hosep", organisation="DEFRA")
    ada = await joined(client, f"Ada {mark}", organisation="Defra")
    await joined(client, f"Bea {mark}", organisation="Defra")

    async def found(caller: dict[str, str]) -> tuple[list[str | None], int, int]:
        answer = await client.post(SEARCHES, json={"text": mark}, headers=caller)
        alone = await client.get(f"{MEMBERS}/{ada}", headers=caller)
        return names(answer), answer.json()["total"], alone.status_code

    await client.post(f"{MEMBERS}/{ada}/restrictions", headers=signed_in("member", member_id=UUID(ada)))
    meanwhile = [await found(head), await found(team)]
    await client.post(f"{MEMBERS}/{ada}/restriction-ends", headers=team)

    both = [f"Ada {mark}", f"Bea {mark}"]
    assert meanwhile == [([f"Bea {mark}"], 1, 404), (both, 2, 200)]
    assert await found(head) == (both, 2, 200)


@pytest.mark.parametrize("which", ["elsewhere", "restricted"])
async def test_no_place_in_a_list_tells_how_somebody_is_called_whom_its_reader_may_not_see(
    client: AsyncClient, signed_in: SignIn, which: str
) -> None:
    mark = uuid4().hex
    await joined(client, f"Ada {mark}")
    await joined(client, f"Zoe {mark}")
    hidden = await joined(client, f"Max {mark}", organisation="Defra" if which == "elsewhere" else "UKHSA")
    if which == "restricted":
        await client.post(f"{MEMBERS}/{hidden}/restrictions", headers=signed_in("team"))

    head = signed_in("hosep", organisation="UKHSA")
    answer = await client.post(SEARCHES, json={"text": mark, "after": hidden}, headers=head)

    assert names(answer) == [f"Ada {mark}", f"Zoe {mark}"], "as from the first, not from behind Max"


async def test_what_cannot_be_looked_for_is_told_at_its_field(client: AsyncClient, signed_in: SignIn) -> None:
    wrong = {"organisation": "Narnia", "grade": "Wizard", "state": "asleep"}

    answer = await client.post(SEARCHES, json=wrong, headers=signed_in("team"))
    page = await client.post(PEOPLE, data=wrong | {"text": "kept as typed"}, headers=PAGE | signed_in("team"))

    assert (answer.status_code, [its["field"] for its in answer.json()["errors"]]) == (
        422,
        ["organisation", "grade", "state"],
    )
    assert answer.json()["errors"][0]["detail"].startswith("This organisation is not known here. Enter one of these: ")
    assert (page.status_code, "There is a problem" in page.text, "kept as typed" in page.text) == (422, True, True)


async def test_the_page_leads_on_without_a_name_in_any_address(client: AsyncClient, signed_in: SignIn) -> None:
    mark, team = uuid4().hex, PAGE | signed_in("team")
    for number in range(27):
        await joined(client, f"Ada{number:02} {mark}")

    first = await client.post(PEOPLE, data={"text": mark}, headers=team)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', first.text))
    second = await client.post(PEOPLE, data=fields, headers=team)

    assert ("27 people" in first.text, "Ada24 " in first.text, "Ada25 " in first.text) == (True, True, False)
    assert "Address not confirmed" in first.text
    assert html.unescape(fields["text"]) == mark
    assert [name in second.text for name in ("Ada24 ", "Ada25 ", "Ada26 ", "First page", "Next page")] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert not any(mark in address for address in re.findall(r'(?:href|action)="([^"]*)"', first.text))
    nobody = await client.post(PEOPLE, data={"text": uuid4().hex}, headers=team)
    assert "Nobody is found" in nobody.text
