"""A member chooses what they hear and when: by the page, as a browser without JavaScript has it, and by the API."""

import asyncio
import re
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis import testing
from chassis.database import Database
from chassis.testing import deliver, said, signed_in, what_was_said
from contracts.members import MemberContactChanged, Role, RoleGranted
from contracts.notifications import NoticeCategory
from notifications import choosing, digests, reactions
from notifications.app import CONTACTS, EVENTS, MEMBERS
from notifications.deciding import UNCHOSEN, Choice, Frequency, Hours
from notifications.preferences import Preferences
from notifications.testing import (
    MailServerDouble,
    joined,
    joins,
    leaves,
    mail_to,
    published,
    rows,
    sending,
)
from testkit.eventually import eventually
from testkit.examples import erasure_requested, left

ADA = UUID("00000000-0000-4000-8000-00000000000a")
BEN = UUID("00000000-0000-4000-8000-00000000000b")
PAGE = "/notifications/preferences"
API = f"/api/notifications/v1/members/{ADA}/preferences"
CHANGED = "MemberPreferencesChanged"
A_FORM = {
    "membership": "immediate",
    "mentoring": "weekly",
    "events": "never",
    "opportunities": "weekly",
    "inbox": ["membership", "events"],
    "when": "quiet",
    "quiet_from": "20:00",
    "quiet_to": "07:00",
    "time_zone": "Asia/Tokyo",
}
ANOTHER: dict[str, Any] = {
    "membership": {"email": "immediate", "inbox": True},
    "mentoring": {"email": "weekly", "inbox": False},
    "events": {"email": "never", "inbox": True},
    "opportunities": {"email": "weekly", "inbox": False},
    "work": {"email": "immediate", "inbox": True},
    "when": "quiet",
    "quiet_from": "20:00",
    "quiet_to": "07:00",
    "time_zone": "Asia/Tokyo",
}


@pytest.fixture
def known(running: FastAPI) -> Database:
    """The database of the service, in which nobody is known yet."""
    its: Database = running.state.running.database
    return its


@pytest.fixture
async def ada(known: Database) -> Database:
    await joins(known, ADA, "Ada King", "ada@example.org")
    return known


def words(answer: Response) -> str:
    return " ".join(re.sub("<[^>]+>", " ", answer.text.partition("<main")[2]).split())


def as_ada() -> dict[str, str]:
    return {"accept": "text/html"} | signed_in("member", member_id=ADA)


async def changes(database: Database) -> list[dict[str, Any]]:
    return [body for kind, body in await what_was_said(database, ADA) if kind == CHANGED]


async def chosen(database: Database) -> Preferences:
    async with database.transaction() as tx:
        return await choosing.preferences_of(tx, ADA)


@pytest.mark.usefixtures("ada")
async def test_the_page_asks_for_every_kind_and_says_what_cannot_be_turned_off(client: AsyncClient) -> None:
    answer = await client.get(PAGE, headers=as_ada())

    page = words(answer)
    assert answer.status_code == 200
    assert "Events Invitations, your places and reminders of them, and thanks. As it happens" in page
    assert "You have a new role in the profession" in page
    assert "What waits for a digest is looked at anew" in page
    assert "volunteer" not in page
    assert len(re.findall(r'type="radio"[^>]* checked', answer.text)) == 5
    assert len(re.findall(r'name="inbox"[^>]* checked', answer.text)) == 4
    assert 'value="20:00" selected' in answer.text
    assert 'value="Europe/London" selected' in answer.text


async def test_who_holds_a_role_also_chooses_about_its_work(client: AsyncClient, ada: Database) -> None:
    await deliver(ada, "notifications", MEMBERS, said(RoleGranted(member_id=ADA, role=Role.VOLUNTEER), 2))

    page = words(await client.get(PAGE, headers=as_ada()))

    assert "What waits for you as a volunteer or in the team Events that wait for a sign-off" in page
    assert "An erasure is late" in page


async def test_what_a_form_chooses_is_kept_and_said_once(client: AsyncClient, ada: Database) -> None:
    for _ in range(2):
        answer = await client.post(PAGE, data=A_FORM, headers=as_ada())
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?changed=yes")

    assert await changes(ada) == [{"member_id": str(ADA)}]
    page = await client.get(answer.headers["location"], headers=as_ada())
    assert "Your choices are saved" in words(page)
    assert len(re.findall(r'name="inbox"[^>]* checked', page.text)) == 2
    assert (await client.get(API, headers=signed_in("member", member_id=ADA))).json() == ANOTHER


async def test_a_form_with_mistakes_comes_back_as_it_was_typed(client: AsyncClient, ada: Database) -> None:
    typed = A_FORM | {"events": "", "quiet_from": "09:00", "quiet_to": "17:00"}

    answer = await client.post(PAGE, data=typed, headers=as_ada())

    assert answer.status_code == 422
    assert "There is a problem Choose how often we write to you about events Choose a later time" in words(answer)
    assert 'href="#events"' in answer.text
    assert 'id="events"' in answer.text
    assert 'href="#quiet_from"' in answer.text
    assert 'value="weekly" checked' in answer.text
    assert 'value="09:00" selected' in answer.text
    assert 'value="17:00" selected' in answer.text
    assert 'value="Asia/Tokyo" selected' in answer.text
    assert len(re.findall(r'name="inbox"[^>]* checked', answer.text)) == 2
    assert await changes(ada) == []
    assert await chosen(ada) == Preferences(UNCHOSEN, Hours())


async def test_a_time_that_a_program_chose_can_be_seen_on_the_page(client: AsyncClient, ada: Database) -> None:
    form = ANOTHER | {"quiet_from": "20:30", "quiet_to": "06:00"}
    assert (await client.put(API, json=form, headers=signed_in("member", member_id=ADA))).status_code == 200

    answer = await client.get(PAGE, headers=as_ada())
    assert '<option value="20:30" selected>8:30pm</option>' in answer.text
    assert len(await changes(ada)) == 1


async def test_a_form_of_another_site_changes_nothing(client: AsyncClient, ada: Database) -> None:
    cookie = testing.in_browser("member", member_id=ADA)["cookie"].replace("gse-", "__Host-gse-")

    answer = await client.post(PAGE, data=A_FORM, headers={"cookie": cookie, "accept": "text/html"})

    assert answer.status_code == 403
    assert await changes(ada) == []


async def test_by_the_api_a_member_reads_and_chooses_and_does_not_overwrite_what_is_newer(
    client: AsyncClient, ada: Database
) -> None:
    headers = signed_in("member", member_id=ADA)
    first = await client.get(API, headers=headers)
    assert first.json()["events"] == {"email": "immediate", "inbox": True}
    assert (first.json()["when"], first.json()["quiet_from"], first.json()["time_zone"]) == (
        "any",
        None,
        "Europe/London",
    )

    saved = await client.put(API, json=ANOTHER, headers=headers | {"If-Match": first.headers["etag"]})
    assert (saved.status_code, saved.json()) == (200, ANOTHER)
    assert (await client.get(API, headers=headers)).headers["etag"] == saved.headers["etag"] != first.headers["etag"]
    late = await client.put(API, json=first.json(), headers=headers | {"If-Match": first.headers["etag"]})
    assert (late.status_code, late.headers["content-type"]) == (412, "application/problem+json")
    assert (await client.get(API, headers=headers)).json() == ANOTHER

    again = await client.put(API, json=ANOTHER, headers=headers | {"If-Match": f'"x", {saved.headers["etag"]}'})
    assert again.status_code == 200
    assert await changes(ada) == [{"member_id": str(ADA)}]


@pytest.mark.usefixtures("ada")
async def test_a_program_that_knows_nothing_of_opportunities_leaves_them_as_they_are(client: AsyncClient) -> None:
    headers, older = (
        signed_in("member", member_id=ADA),
        {its: ANOTHER[its] for its in ANOTHER if its != "opportunities"},
    )

    saved = await client.put(API, json=older, headers=headers)
    assert saved.json() == ANOTHER | {"opportunities": {"email": "weekly", "inbox": True}}


@pytest.mark.usefixtures("ada")
async def test_the_team_reads_what_a_member_chose_and_nobody_else_does(client: AsyncClient) -> None:
    team, ben = signed_in("team"), signed_in("member", member_id=BEN)

    assert (await client.get(API, headers=team)).status_code == 200
    assert (await client.put(API, json=ANOTHER, headers=team)).status_code == 404
    assert (await client.get(API, headers=ben)).status_code == 404
    assert (await client.put(API, json=ANOTHER, headers=ben)).status_code == 404
    assert (await client.get(API)).status_code == 401


@pytest.mark.usefixtures("ada")
async def test_what_is_wrong_is_named_field_by_field(client: AsyncClient) -> None:
    headers = signed_in("member", member_id=ADA)
    by_a_rule = ANOTHER | {"quiet_from": "09:00", "quiet_to": "17:00", "time_zone": "Mars/Olympus"}
    by_its_type = ANOTHER | {"events": {"email": "hourly", "inbox": True}}

    answers = [await client.put(API, json=its, headers=headers) for its in (by_a_rule, by_its_type)]

    assert [its.status_code for its in answers] == [422, 422]
    assert [[error["field"] for error in its.json()["errors"]] for its in answers] == [
        ["quiet_from", "time_zone"],
        ["events.email"],
    ]
    assert answers[0].json()["type"] == "/problems/invalid"


async def test_who_is_no_member_yet_or_no_more_chooses_nothing(client: AsyncClient, known: Database) -> None:
    headers, team = signed_in("member", member_id=ADA), signed_in("team")

    async def answered() -> list[int]:
        asked = [await client.get(API, headers=its) for its in (headers, team)]
        return [its.status_code for its in (*asked, await client.put(API, json=ANOTHER, headers=headers))]

    assert await answered() == [409, 404, 409]
    contact = MemberContactChanged(member_id=ADA, name="Ada King", email="ada@example.org")
    await deliver(known, "notifications", CONTACTS, said(contact, 1))
    assert await answered() == [409, 404, 409]
    await deliver(known, "notifications", MEMBERS, said(joined(ADA), 1))
    assert await answered() == [200, 200, 200]
    await leaves(known, ADA)
    assert await answered() == [404, 404, 404]
    assert "You have left the profession" in words(await client.get(PAGE, headers=as_ada()))
    await deliver(known, "notifications", MEMBERS, said(erasure_requested(ADA), 3))
    assert await answered() == [404, 404, 404]
    assert await rows(known, "SELECT 1 FROM preference UNION ALL SELECT 1 FROM recipient") == []


async def choose(database: Database, email: Frequency, *, inbox: bool = True) -> None:
    async with database.transaction() as tx:
        choices = dict.fromkeys(NoticeCategory, Choice(email, inbox))
        await choosing.choose(tx, ADA, Preferences(choices, Hours()))


async def test_what_waits_for_a_digest_is_looked_at_anew(notifications: Database, server: MailServerDouble) -> None:
    async def stands(*expected: tuple[str, str | None, bool]) -> bool:
        found = "SELECT state, channel, in_inbox FROM notice WHERE template = 'invitation'"
        return await rows(notifications, found) == list(expected)

    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await choose(notifications, Frequency.DAILY, inbox=False)
    await deliver(notifications, "notifications", EVENTS, said(published(), 1))
    async with sending(notifications, mail_to(server)):
        await eventually(lambda: stands(("gathered", None, False)))
        await choose(notifications, Frequency.NEVER)
        await eventually(lambda: stands(("sent", "inbox", True)))

    assert server.handed == []


async def test_what_is_in_a_digest_that_has_not_gone_out_is_looked_at_anew(
    notifications: Database, server: MailServerDouble
) -> None:
    async def stands(*expected: tuple[str, str]) -> bool:
        return await rows(notifications, "SELECT template, state FROM notice ORDER BY number") == list(expected)

    await joins(notifications, ADA, "Ada King", "ada@example.org")
    await rows(notifications, "DELETE FROM notice RETURNING 1")
    await choose(notifications, Frequency.DAILY)
    await deliver(notifications, "notifications", EVENTS, said(published(), 1))
    async with sending(notifications, mail_to(server)):
        await eventually(lambda: stands(("invitation", "gathered")))
    await rows(notifications, "UPDATE notice SET due_at = now() RETURNING 1")
    assert await digests.make(notifications) == 1
    await choose(notifications, Frequency.NEVER)
    async with sending(notifications, mail_to(server)):
        await eventually(lambda: stands(("invitation", "sent"), ("digest", "cancelled")))

    assert server.handed == []


async def test_choosing_waits_for_a_leaving_that_is_under_way(notifications: Database) -> None:
    async def waits() -> bool:
        return len(await rows(notifications, "SELECT 1 FROM pg_locks WHERE NOT granted")) == 1

    await joins(notifications, ADA, "Ada King", "ada@example.org")
    async with notifications.transaction() as tx:
        await reactions.let_go(left(ADA), tx)
        choosing_meanwhile = asyncio.create_task(choose(notifications, Frequency.NEVER))
        await eventually(waits)
    with pytest.raises(choosing.NoPreferences):
        await choosing_meanwhile

    assert await rows(notifications, "SELECT 1 FROM preference") == []
