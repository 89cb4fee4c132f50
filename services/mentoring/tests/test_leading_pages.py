"""The pages for who leads schemes, as a browser without JavaScript gets them."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import CSRF_OF_FORMS, deliver, in_browser, said, what_was_said
from mentoring import pair_store
from mentoring.app import MEMBERS
from testkit.examples import joined

SignIn = Callable[..., dict[str, str]]
PAGE = {"Accept": "text/html"}
SCHEME = {
    "title": "GSE Connect",
    "summary": "Peers help each other forward.",
    "link": "https://gse.example/connect",
    "across_organisations": "yes",
}


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def newest(running: FastAPI, title: str) -> UUID:
    async with running.state.running.database.transaction() as tx:
        found: UUID = await tx.fetchval("SELECT scheme_id FROM scheme WHERE title = $1", title)
    return found


async def opened(running: FastAPI, client: AsyncClient, lead: dict[str, str]) -> UUID:
    """A new open scheme of a title of its own."""
    title = f"Connect {uuid4().hex}"
    await client.post("/mentoring/schemes/new", data=SCHEME | {"title": title}, headers=lead)
    return await newest(running, title)


async def enrolled(
    running: FastAPI, client: AsyncClient, scheme: UUID, signed_in: SignIn, organisation: str, **wishes: str
) -> None:
    member_id = uuid4()
    joining = joined(member_id).model_copy(update={"organisation": organisation})
    await deliver(running.state.running.database, "mentoring", MEMBERS, said(joining, 1))
    member = PAGE | signed_in("member", member_id=member_id)
    await client.post(f"/mentoring/schemes/{scheme}/enrol", data={"attestation": "yes"} | wishes, headers=member)


async def test_a_lead_opens_a_scheme_and_finds_it_with_who_waits(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    lead, title = PAGE | signed_in("scheme-lead"), f"Connect {uuid4().hex}"

    form = words((await client.get("/mentoring/schemes/new", headers=lead)).text)
    sent = await client.post("/mentoring/schemes/new", data=SCHEME | {"title": title}, headers=lead)
    page = words((await client.get(sent.headers["location"], headers=lead)).text)

    assert "The title, the summary and the address are published to everybody" in form
    assert (sent.status_code, sent.headers["location"]) == (303, "/mentoring?done=opened")
    assert f"{title} Nobody waits for a pair" in page
    scheme = await newest(running, title)
    assert [name for name, _ in await what_was_said(running.state.running.database, scheme)] == [
        "MentoringSchemeOpened"
    ]


async def test_a_form_sent_twice_opens_one_scheme_and_one_with_other_words_another(
    running: FastAPI, client: AsyncClient
) -> None:
    lead, title = in_browser("scheme-lead"), f"Connect {uuid4().hex}"
    page = (await client.get("/mentoring/schemes/new", headers=lead)).text
    key = page.rpartition('name="form_key" value="')[2].partition('"')[0]
    form = SCHEME | {"title": title, "form_key": key} | CSRF_OF_FORMS

    sent = [await client.post("/mentoring/schemes/new", data=form, headers=lead) for _ in range(2)]
    other = await client.post("/mentoring/schemes/new", data=form | {"summary": "Others."}, headers=lead)

    assert [its.headers["location"] for its in (*sent, other)] == ["/mentoring?done=opened"] * 3
    async with running.state.running.database.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM scheme WHERE title = $1", title) == 2


async def test_a_scheme_may_open_on_a_day_to_come(running: FastAPI, client: AsyncClient, signed_in: SignIn) -> None:
    lead, title = PAGE | signed_in("scheme-lead"), f"Connect {uuid4().hex}"
    day = {"opens_on-day": "11", "opens_on-month": "2", "opens_on-year": "2099"}

    sent = await client.post("/mentoring/schemes/new", data=SCHEME | day | {"title": title}, headers=lead)
    page = words((await client.get(sent.headers["location"], headers=lead)).text)

    assert f"{title} Opens on 11 February 2099" in page
    matching = words(
        (await client.get(f"/mentoring/schemes/{await newest(running, title)}/matching", headers=lead)).text
    )
    assert "It opens on 11 February 2099. You can match then." in matching
    assert await what_was_said(running.state.running.database, await newest(running, title)) == []


async def test_what_is_wrong_with_a_scheme_is_named_at_its_field_and_nothing_typed_is_lost(
    client: AsyncClient, signed_in: SignIn
) -> None:
    wrong = {"title": "", "link": "gse.example", "opens_on-day": "31", "opens_on-month": "2", "opens_on-year": "2099"}

    answer = await client.post("/mentoring/schemes/new", data=SCHEME | wrong, headers=PAGE | signed_in("scheme-lead"))

    assert answer.status_code == 422
    assert re.findall(r'<a href="#(\w+)">([^<]+)</a>', answer.text) == [
        ("title", "Enter a title"),
        ("link", "Enter a web address that begins with https://"),
        ("opens_on", "Enter a real date, such as 11 2 2027, or leave it empty to open the scheme now"),
    ]
    assert 'id="opens_on" name="opens_on-day" type="text" value="31"' in answer.text
    assert 'value="gse.example"' in answer.text


async def test_a_lead_looks_at_the_proposed_pairs_with_their_reasons_and_publishes_them(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    lead = PAGE | signed_in("scheme-lead")
    scheme = await opened(running, client, lead)
    await enrolled(running, client, scheme, signed_in, "UKHSA", offers="Python", seeks="Writing")
    await enrolled(running, client, scheme, signed_in, "MET-OFFICE", offers="writing")
    await enrolled(running, client, scheme, signed_in, "UKHSA")
    address = f"/mentoring/schemes/{scheme}/matching"

    before = words((await client.get(address, headers=lead)).text)
    sent = await client.post(address, headers=lead)
    proposed = (await client.get(sent.headers["location"], headers=lead)).text
    async with running.state.running.database.transaction() as tx:
        nobody = await pair_store.pairs_of(tx, (await run_of(running, scheme)))
    publishing = re.findall(r'action="([^"]+/publish)"', proposed)
    published = [await client.post(publishing[0], headers=lead) for _ in range(2)]
    after = words((await client.get(published[0].headers["location"], headers=lead)).text)

    assert "3 members wait for a pair." in before
    assert (sent.status_code, len(nobody)) == (303, 1)
    assert "1 pair, and 1 member for whom there was nobody." in words(proposed)
    assert "Met Office, HEO" in proposed
    assert "of the skills that the" in words(proposed)
    assert "They work for different organisations." in words(proposed)
    assert not re.search("python|writing", proposed, re.IGNORECASE)
    assert "The pairs are published. We write to both of each pair" in after
    assert "1 member waits for a pair." in after
    assert "Publish this pair" in words(proposed)
    assert "Publish this pair" not in after


async def run_of(running: FastAPI, scheme: UUID) -> UUID:
    async with running.state.running.database.transaction() as tx:
        run = await pair_store.latest_run(tx, scheme)
    assert run is not None
    return run.run_id


async def test_a_scheme_that_is_not_open_yet_is_not_matched_and_the_page_says_why(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    lead, title = PAGE | signed_in("scheme-lead"), f"Connect {uuid4().hex}"
    day = {"opens_on-day": "11", "opens_on-month": "2", "opens_on-year": "2099"}
    await client.post("/mentoring/schemes/new", data=SCHEME | day | {"title": title}, headers=lead)

    answer = await client.post(f"/mentoring/schemes/{await newest(running, title)}/matching", headers=lead)

    assert (answer.status_code, "This scheme is not open yet." in words(answer.text)) == (409, True)


@pytest.mark.parametrize("method", ["get", "post"])
async def test_only_who_leads_schemes_opens_and_matches_them(
    running: FastAPI, client: AsyncClient, signed_in: SignIn, method: str
) -> None:
    scheme = await opened(running, client, PAGE | signed_in("scheme-lead"))
    member = PAGE | signed_in("member", member_id=uuid4())

    answers = [
        await client.request(method, f"/mentoring/schemes/{page}", headers=member)
        for page in ("new", f"{scheme}/matching")
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert "For scheme leads" not in (await client.get("/mentoring", headers=member)).text
