"""The pages of mentoring for everybody, as a browser without JavaScript gets them."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import deliver, said
from mentoring import scheme_store
from mentoring.app import MEMBERS
from mentoring.pages import called
from testkit.examples import joined, left

SignIn = Callable[..., dict[str, str]]
PAGE = {"Accept": "text/html"}
API = "/api/mentoring/v1"
FORM = {"summary": "Peers help each other forward.", "link": "https://gse.example/connect"}


async def join(running: FastAPI, organisation: str = "UKHSA") -> UUID:
    member_id = uuid4()
    joining = joined(member_id).model_copy(update={"organisation": organisation})
    await deliver(running.state.running.database, "mentoring", MEMBERS, said(joining, 1))
    return member_id


async def opened(client: AsyncClient, signed_in: SignIn, title: str = "GSE Connect") -> str:
    """The id of a new open scheme."""
    made = await client.post(f"{API}/schemes", json=FORM | {"title": title}, headers=signed_in("scheme-lead"))
    return str(made.json()["scheme_id"])


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def test_a_stranger_reads_what_mentoring_is_and_is_led_to_sign_in(client: AsyncClient, signed_in: SignIn) -> None:
    scheme = await opened(client, signed_in, "Connect <pilot>")

    answer = await client.get("/mentoring", headers=PAGE)

    page = words(answer.text)
    assert answer.status_code == 200
    assert "Connect &lt;pilot&gt; Peers help each other forward." in page
    assert "Sign in to take part in Connect &lt;pilot&gt;" in page
    assert f'href="/mentoring/schemes/{scheme}/enrol"' in answer.text
    assert "Your pairs" not in page
    assert "For scheme leads" not in page
    assert len(re.findall("<h1", answer.text)) == 1


async def test_a_member_enrols_and_sees_what_they_wrote(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    scheme, member_id = await opened(client, signed_in), await join(running)
    member = PAGE | signed_in("member", member_id=member_id)
    typed = {
        "goals": "Lead a team\r\n\r\nSpeak in public",
        "offers": "Python",
        "seeks": "Writing\nMaps",
        "attestation": "yes",
    }

    form = await client.get(f"/mentoring/schemes/{scheme}/enrol", headers=member)
    sent = await client.post(f"/mentoring/schemes/{scheme}/enrol", data=typed, headers=member)
    page = words((await client.get(sent.headers["location"], headers=member)).text)

    assert "I confirm that I meet the condition of this scheme" in words(form.text)
    assert (sent.status_code, sent.headers["location"]) == (303, "/mentoring?done=enrolled")
    assert "You have enrolled. We write to you when you are paired with somebody." in page
    assert "You are in no pair yet." in page
    assert "Your goals Lead a team; Speak in public You offer python You seek writing, maps" in page
    again = await client.get(f"/mentoring/schemes/{scheme}/enrol", headers=member)
    assert (again.status_code, again.headers["location"]) == (303, "/mentoring")


async def test_what_is_wrong_is_named_at_its_field_and_nothing_typed_is_lost(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    scheme, member_id = await opened(client, signed_in), await join(running)
    member = PAGE | signed_in("member", member_id=member_id)
    address = f"/mentoring/schemes/{scheme}/enrol"

    unconfirmed = await client.post(address, data={"goals": "Lead a team"}, headers=member)
    too_long = await client.post(address, data={"offers": "x" * 81, "attestation": "yes"}, headers=member)

    found = [re.findall(r'<a href="#(\w+)">([^<]+)</a>', answer.text) for answer in (unconfirmed, too_long)]
    assert [unconfirmed.status_code, too_long.status_code] == [422, 422]
    assert found == [
        [("attestation", "Confirm that you meet the scheme&#39;s condition")],
        [("offers", "Each skill that you offer must be 80 characters or fewer")],
    ]
    assert "Lead a team</textarea>" in unconfirmed.text
    assert "checked" in too_long.text


async def test_refusals_are_said_above_the_form_and_nothing_typed_is_lost(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    scheme, enrolled, leaver, unknown = (
        await opened(client, signed_in),
        await join(running),
        await join(running),
        uuid4(),
    )
    await deliver(running.state.running.database, "mentoring", MEMBERS, said(left(leaver), 2))
    address, typed = f"/mentoring/schemes/{scheme}/enrol", {"goals": "Lead a team", "attestation": "yes"}
    await client.post(address, data=typed, headers=PAGE | signed_in("member", member_id=enrolled))

    answers = [
        await client.post(address, data=typed, headers=PAGE | signed_in("member", member_id=its))
        for its in (enrolled, leaver, unknown)
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert "You have enrolled in this scheme already." in words(answers[0].text)
    assert "This member has left the profession. To take part, join again." in words(answers[1].text)
    assert "Your membership has not reached mentoring yet. Try again in a moment." in words(answers[2].text)
    assert all("Lead a team</textarea>" in answer.text for answer in answers)


async def test_a_member_withdraws_after_a_page_that_says_what_it_means_and_a_second_click_says_the_same(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    scheme, member_id = await opened(client, signed_in), await join(running)
    member = PAGE | signed_in("member", member_id=member_id)
    await client.post(f"/mentoring/schemes/{scheme}/enrol", data={"attestation": "yes"}, headers=member)

    warned = words((await client.get(f"/mentoring/schemes/{scheme}/withdraw", headers=member)).text)
    answers = [await client.post(f"/mentoring/schemes/{scheme}/withdraw", headers=member) for _ in range(2)]

    assert "if you are in a pair of this scheme, it ends" in warned
    assert [answer.headers["location"] for answer in answers] == ["/mentoring?done=withdrawn"] * 2
    async with running.state.running.database.transaction() as tx:
        assert await scheme_store.enrolment(tx, member_id, UUID(scheme)) is None
    gone = await client.get(f"/mentoring/schemes/{scheme}/withdraw", headers=member)
    assert gone.status_code == 404


async def test_a_pair_is_shown_to_both_without_names_and_ends_when_one_withdraws(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    scheme = await opened(client, signed_in)
    members = [await join(running, organisation) for organisation in ("MET-OFFICE", "UKHSA")]
    headers = [PAGE | signed_in("member", member_id=member_id) for member_id in members]
    for each in headers:
        await client.post(f"/mentoring/schemes/{scheme}/enrol", data={"attestation": "yes"}, headers=each)
    run = await client.post(f"{API}/schemes/{scheme}/match-runs", headers=signed_in("scheme-lead"))
    await client.post(f"{API}/match-runs/{run.json()['run_id']}/publish", headers=signed_in("scheme-lead"))

    pages = [words((await client.get("/mentoring", headers=each)).text) for each in headers]
    await client.post(f"/mentoring/schemes/{scheme}/withdraw", headers=headers[1])
    after = words((await client.get("/mentoring", headers=headers[0])).text)

    assert "You are paired with a member at UKHSA, HEO Since" in pages[0]
    assert "You are paired with a member at Met Office, HEO Since" in pages[1]
    assert all("Their name and address are in the message that we sent you." in page for page in pages)
    assert "You are in no pair yet." in after


async def test_who_is_signed_in_and_no_member_is_told_how_to_become_one(client: AsyncClient, signed_in: SignIn) -> None:
    scheme = await opened(client, signed_in)
    caller = PAGE | signed_in("team")

    form = words((await client.get(f"/mentoring/schemes/{scheme}/enrol", headers=caller)).text)
    sent = words((await client.post(f"/mentoring/schemes/{scheme}/enrol", headers=caller)).text)

    assert "You are not a member yet" in form
    assert "You are not a member yet" in sent


async def test_a_scheme_that_is_not_there_is_a_page_not_found(client: AsyncClient, signed_in: SignIn) -> None:
    member = PAGE | signed_in("member", member_id=uuid4())

    answers = [
        await client.get(f"/mentoring/schemes/{uuid4()}/{page}", headers=member) for page in ("enrol", "withdraw")
    ]

    assert [(answer.status_code, "There is no such scheme." in answer.text) for answer in answers] == [(404, True)] * 2


@pytest.mark.parametrize(
    ("code", "name"), [("UKHSA", "UKHSA"), ("MET-OFFICE", "Met Office"), ("UK-SPACE-AGENCY", "UK Space Agency")]
)
def test_an_organisations_code_is_said_as_people_read_it(code: str, name: str) -> None:
    assert called(code) == name
