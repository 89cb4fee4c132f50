"""An event's page before its publication: who sees it, what it says, and what its buttons do."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.identity import Caller
from chassis.testing import CSRF_OF_FORMS, in_browser
from events import hosted_event_store, planned_pages
from events.hosting import HostedEvent

SignIn = Callable[..., dict[str, str]]
PAGE = {"Accept": "text/html"}
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ORGANISER, SOMEBODY = UUID(int=1), UUID(int=2)


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page.partition("<main")[2]).split())


def proposed(starts_at: datetime | None = None, *, by: UUID = ORGANISER) -> HostedEvent:
    starts_at = starts_at or datetime.now(UTC) + timedelta(days=9)
    return HostedEvent(
        hosted_event_id=uuid4(),
        title="Soils & cities",
        summary="What grows where nobody planted it.",
        link="https://gse.example/soils",
        place="Online",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=90),
        capacity=1200,
        key_date_id=None,
        proposed_by=by,
    )


async def keep(running: FastAPI, its: HostedEvent) -> str:
    """Gives its address."""
    async with running.state.running.database.transaction() as tx:
        await hosted_event_store.add(tx, its)
    return f"/events/{its.hosted_event_id}"


async def proposed_by(client: AsyncClient, organiser: dict[str, str]) -> str:
    """The address of an event that this caller proposed."""
    its = proposed()
    form = {
        "title": its.title,
        "summary": its.summary,
        "link": its.link,
        "place": its.place,
        "starts_at": its.starts_at.isoformat(),
        "ends_at": its.ends_at.isoformat(),
        "capacity": its.capacity,
    }
    answer = await client.post("/api/events/v1/events", json=form, headers=organiser)
    return f"/events/{answer.json()['hosted_event_id']}"


@pytest.mark.parametrize(
    ("state", "roles", "account", "expected"),
    [
        ("proposed", {"team"}, SOMEBODY, "sign-off"),
        ("proposed", {"team"}, ORGANISER, "sign-off-by-others"),
        ("proposed", {"volunteer"}, ORGANISER, "sign-off-by-others"),
        ("signed-off", {"team"}, SOMEBODY, "publish"),
        ("signed-off", {"volunteer"}, ORGANISER, "publish"),
        ("over", {"team"}, SOMEBODY, "nothing"),
    ],
)
def test_what_comes_next_depends_on_how_far_it_is_and_who_looks(
    state: str, roles: set[str], account: UUID, expected: str
) -> None:
    its = proposed(NOW - timedelta(days=1) if state == "over" else NOW + timedelta(days=9))
    if state == "signed-off":
        its = replace(its, signed_off_at=NOW)

    assert planned_pages.what_next(its, Caller(account, None, None, frozenset(roles)), NOW) == expected


async def test_the_team_reads_a_proposal_and_what_to_do_with_it(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    address = await keep(running, proposed())

    answer = await client.get(address, headers=PAGE | signed_in("team"))

    page = words(answer.text)
    assert answer.status_code == 200
    assert '<h1 class="govuk-heading-xl govuk-!-text-break-word">Soils &amp; cities</h1>' in answer.text
    assert "State Proposed When" in page
    assert "Where Online Who speaks Nobody is announced yet Places 1,200" in page
    assert 'href="https://gse.example/soils"' in answer.text
    assert "This event is not published. Nobody but its organiser and the central team can see it." in page
    assert "Read it with its words, since they go to every member as they are, and sign it off." in page
    assert f'action="{address}/sign-off"' in answer.text
    assert "/registrations" not in answer.text


async def test_its_organiser_sees_who_has_to_do_something_and_others_a_page_not_found(
    client: AsyncClient, signed_in: SignIn
) -> None:
    organiser = signed_in("volunteer")
    address = await proposed_by(client, organiser)

    its = await client.get(address, headers=PAGE | organiser)

    assert its.status_code == 200
    assert "You proposed it, so somebody else in the central team reads it" in words(its.text)
    assert "<form" not in its.text.partition("<main")[2]
    for stranger in ({}, signed_in("volunteer"), signed_in("member", member_id=uuid4())):
        answer = await client.get(address, headers=PAGE | stranger)
        assert answer.status_code == 404
        # Who follows the link of a mail may only not have signed in yet.
        assert ("You have not signed in." in words(answer.text)) == (not stranger)


async def test_it_is_signed_off_and_published_by_its_buttons(client: AsyncClient, signed_in: SignIn) -> None:
    organiser, team = signed_in("volunteer"), signed_in("team")
    address = await proposed_by(client, organiser)

    signed_off = await client.post(f"{address}/sign-off", headers=PAGE | team)
    after = await client.get(signed_off.headers["location"], headers=PAGE | team)
    published = await client.post(f"{address}/publish", headers=PAGE | organiser)
    for_all = await client.get(published.headers["location"], headers=PAGE)
    for_them = await client.get(published.headers["location"], headers=PAGE | organiser)

    assert (signed_off.status_code, signed_off.headers["location"]) == (303, f"{address}?done=signed-off")
    assert "This event is signed off." in words(after.text)
    assert "Publishing invites every member, with the words above." in words(after.text)
    assert (published.status_code, published.headers["location"]) == (303, f"{address}?done=published")
    assert "1,200 of 1,200 places are free" in words(for_all.text)
    assert "This event is published, and every member is invited." not in words(for_all.text)
    assert "This event is published, and every member is invited." in words(for_them.text)


@pytest.mark.parametrize("step", ["sign-off", "publish"])
async def test_a_second_click_changes_nothing(client: AsyncClient, signed_in: SignIn, step: str) -> None:
    team = PAGE | signed_in("team")
    address = await proposed_by(client, signed_in("volunteer"))
    await client.post(f"{address}/sign-off", headers=team)

    answers = [await client.post(f"{address}/{step}", headers=team) for _ in range(2)]

    done = {"sign-off": "signed-off", "publish": "published"}[step]
    assert [answer.headers["location"] for answer in answers] == [f"{address}?done={done}"] * 2


async def test_a_rule_that_says_no_stands_above_the_event(client: AsyncClient, signed_in: SignIn) -> None:
    team = PAGE | signed_in("team")
    address = await proposed_by(client, team)

    own = await client.post(f"{address}/sign-off", headers=team)
    early = await client.post(f"{address}/publish", headers=team)

    assert (own.status_code, early.status_code) == (409, 409)
    assert "You proposed this event. Ask somebody else in the team to sign it off." in words(own.text)
    assert "This event is not signed off yet. Ask the team to sign it off." in words(early.text)
    assert "State Proposed" in words(early.text)


async def test_what_is_over_cannot_be_announced_and_says_so(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    address = await keep(running, proposed(datetime(2026, 2, 11, 14, tzinfo=UTC)))

    answer = await client.get(address, headers=PAGE | signed_in("team"))

    assert "Nothing: its end has passed before it was published" in words(answer.text)
    assert "<form" not in answer.text.partition("<main")[2]


async def test_nobody_else_can_use_its_buttons_and_no_form_from_elsewhere(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    address = await keep(running, proposed())
    browser = in_browser("team")

    assert (await client.post(f"{address}/sign-off", headers=PAGE | signed_in("volunteer"))).status_code == 403
    assert (await client.post(f"{address}/publish", headers=PAGE | signed_in("volunteer"))).status_code == 404
    assert (await client.post(f"/events/{uuid4()}/sign-off", headers=PAGE | signed_in("team"))).status_code == 404
    assert (await client.post(f"{address}/sign-off", headers=browser)).status_code == 403
    assert (await client.post(f"{address}/sign-off", headers=browser, data=CSRF_OF_FORMS)).status_code == 303
