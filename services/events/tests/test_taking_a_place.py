"""A member takes a place on an event's page, as a browser without JavaScript does."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import deliver, said, what_was_said
from events import hosted_event_store
from events.app import MEMBERS
from events.hosting import HostedEvent
from testkit.examples import joined, left

SignIn = Callable[..., dict[str, str]]
PAGE = {"Accept": "text/html"}


async def event(running: FastAPI, *, capacity: int = 2, days_ahead: int = 9) -> HostedEvent:
    """A new published event."""
    starts_at = datetime.now(UTC) + timedelta(days=days_ahead)
    its = HostedEvent(
        hosted_event_id=uuid4(),
        title="Meet the scientists",
        summary="Talks and questions.",
        link="https://gse.example/science",
        place="Online",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=90),
        capacity=capacity,
        key_date_id=None,
        proposed_by=uuid4(),
        signed_off_at=starts_at,
        published_at=starts_at,
    )
    async with running.state.running.database.transaction() as tx:
        await hosted_event_store.add(tx, its)
    return its


async def join(running: FastAPI) -> UUID:
    member_id = uuid4()
    await deliver(running.state.running.database, "events", MEMBERS, said(joined(member_id), 1))
    return member_id


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def test_a_member_takes_a_place_and_sees_that_they_have_it(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    its, member_id = await event(running), await join(running)
    member = PAGE | signed_in("member", member_id=member_id)

    before = await client.get(f"/events/{its.hosted_event_id}", headers=member)
    sent = await client.post(f"/events/{its.hosted_event_id}/registrations", headers=member)
    after = words((await client.get(sent.headers["location"], headers=member)).text)

    assert f'action="/events/{its.hosted_event_id}/registrations"' in before.text
    assert (sent.status_code, sent.headers["location"]) == (303, f"/events/{its.hosted_event_id}?taken=yes")
    assert "You have a place at this event." in after
    assert "1 place is free" in after
    assert "Take a place" not in after
    async with running.state.running.database.transaction() as tx:
        assert await hosted_event_store.has_place(tx, its.hosted_event_id, member_id)


async def test_a_second_click_shows_the_place_and_says_nothing_more(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    its, member_id = await event(running), await join(running)
    member = PAGE | signed_in("member", member_id=member_id)

    answers = [await client.post(f"/events/{its.hosted_event_id}/registrations", headers=member) for _ in range(2)]

    assert [answer.headers["location"] for answer in answers] == [f"/events/{its.hosted_event_id}?taken=yes"] * 2
    async with running.state.running.database.transaction() as tx:
        assert await hosted_event_store.places_taken(tx, [its.hosted_event_id]) == {its.hosted_event_id: 1}
        [row] = await tx.fetch("SELECT registration_id FROM registration WHERE member_id = $1", member_id)
    assert len(await what_was_said(running.state.running.database, row["registration_id"])) == 1


async def test_the_last_place_is_gone_and_the_page_says_so(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    its = await event(running, capacity=1)
    first, second = [PAGE | signed_in("member", member_id=await join(running)) for _ in range(2)]
    await client.post(f"/events/{its.hosted_event_id}/registrations", headers=first)

    answer = await client.post(f"/events/{its.hosted_event_id}/registrations", headers=second)

    assert answer.status_code == 409
    assert "Every place at this event is taken. A place is free again when somebody leaves." in words(answer.text)
    assert "Take a place" not in words(answer.text)


async def test_nobody_takes_a_place_at_what_is_over(running: FastAPI, client: AsyncClient, signed_in: SignIn) -> None:
    its = await event(running, days_ahead=-3)
    member = PAGE | signed_in("member", member_id=await join(running))

    answer = await client.post(f"/events/{its.hosted_event_id}/registrations", headers=member)

    assert answer.status_code == 409
    assert "This event is over." in words(answer.text)


async def test_who_has_left_and_who_is_not_known_yet_are_told_so(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    its, leaver = await event(running), await join(running)
    await deliver(running.state.running.database, "events", MEMBERS, said(left(leaver), 2))
    address = f"/events/{its.hosted_event_id}/registrations"

    answers = [
        await client.post(address, headers=PAGE | signed_in("member", member_id=member_id))
        for member_id in (leaver, uuid4())
    ]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert "You have left the profession. Join again to come to its events." in words(answers[0].text)
    assert "Your membership has not reached the calendar yet. Try again in a moment." in words(answers[1].text)
    assert "Take a place" in words(answers[1].text)


async def test_a_stranger_is_led_to_sign_in_and_back_and_who_is_no_member_to_joining(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    its = await event(running)
    address = f"/events/{its.hosted_event_id}"

    stranger = await client.get(address, headers=PAGE)
    no_member = words((await client.get(address, headers=PAGE | signed_in("team"))).text)

    assert f'href="/sign-in?return=%2Fevents%2F{its.hosted_event_id}"' in stranger.text
    assert "Places are for members. Join the profession to take one." in no_member
