"""The pages of opportunities, as a browser without JavaScript gets them."""

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in
from contracts.members import Grade
from members.opportunities import closing, drawing
from members.opportunities.drawing import Applicant
from members.opportunities.testing import API, applies, at, call, its_draw, opened, states, there_are
from testkit.eventually import eventually

HERE = "/members/opportunities"
PAGE = {"Accept": "text/html"}
OPENS = datetime(2027, 6, 1, 9, 0, tzinfo=UTC)
CLOSES = datetime(2027, 6, 11, 16, 0, tzinfo=UTC)
EO = (Grade.EO, "UKHSA")


@pytest.fixture
def database(running: FastAPI) -> Database:
    found: Database = running.state.running.database
    return found


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).replace("&#39;", "'").split())


async def send(client: AsyncClient, address: str, answers: dict[str, Any], *roles: str, **who: Any) -> Any:
    return await client.post(address, data={**answers, **CSRF_OF_FORMS}, headers=in_browser(*roles, **who))


async def closed(client: AsyncClient, database: Database, here: str) -> None:
    async def no_longer_open() -> bool:
        await closing.close_due(database)
        async with database.transaction() as tx:
            return bool(
                await tx.fetchval("SELECT closed_at IS NOT NULL FROM opportunity WHERE opportunity_id = $1", here)
            )

    await eventually(no_longer_open)


async def test_before_anything_was_opened_the_page_says_what_will_be_there(client: AsyncClient) -> None:
    """The first test of this module: it needs an empty house."""
    page = await client.get(HERE, headers=PAGE)

    assert page.status_code == 200
    assert "Nothing is open at the moment. Focus groups and places that members can apply for" in words(page.text)
    assert "Open an opportunity" not in page.text


async def test_a_member_applies_sees_what_happens_next_and_withdraws(client: AsyncClient, database: Database) -> None:
    [ada] = await there_are(database, EO)
    ada_is = in_browser("member", member_id=ada)
    with at(database, OPENS):
        here = (await opened(client, call(CLOSES, meets_on="2027-06-30")))["opportunity_id"]
        address = f"{HERE}/{here}"
        stranger = words((await client.get(address, headers=PAGE)).text)
        before = words((await client.get(address, headers=ada_is)).text)
        first, second = [await send(client, address, {}, "member", member_id=ada) for _ in range(2)]
        after = words((await client.get(f"{address}?done=applied", headers=ada_is)).text)
        listed = words((await client.get(HERE, headers=ada_is)).text)
        asking = words((await client.get(f"{address}/withdrawal", headers=ada_is)).text)
        gone = await send(client, f"{address}/withdrawal", {}, "member", member_id=ada)
        left = await states(database, here)

    assert "Sign in to apply" in stranger
    assert "Closes Friday 11 June, 5pm Places 12 Who may apply All grades below the senior civil service" in before
    assert "(rule below-scs, version 1) Takes place 30 June 2027" in before
    assert "You can apply until Friday 11 June, 5pm; at that moment it is too late. A lot then gives the 12" in before
    assert [its.status_code for its in (first, second, gone)] == [303, 303, 303]
    assert "You have applied. We write to you when it is decided." in after
    assert "Your number in the draw" in after
    assert "You have applied. Closes on Friday 11 June, 5pm." in listed
    assert "We delete that you applied." in asking
    assert left == {}


async def test_who_is_outside_the_rule_or_too_late_reads_why(client: AsyncClient, database: Database) -> None:
    [scs, eo] = await there_are(database, (Grade.SCS2, "UKHSA"), EO)
    with at(database, OPENS) as move:
        address = f"{HERE}/{(await opened(client, call(CLOSES)))['opportunity_id']}"
        shown = words((await client.get(address, headers=in_browser("member", member_id=scs))).text)
        outside = await send(client, address, {}, "member", member_id=scs)
        move(CLOSES)
        late = await send(client, address, {}, "member", member_id=eo)

    assert "This is for all grades below the senior civil service (SCS), and your grade here is SCS2." in shown
    assert outside.status_code == late.status_code == 409
    assert "That is rule below-scs, version 1." in words(outside.text)
    assert "This closed on Friday 11 June, 5pm." in words(late.text)


async def test_the_draw_can_be_read_and_done_again_from_what_the_site_gives(
    client: AsyncClient, database: Database
) -> None:
    members = await there_are(database, *[EO] * 3, *[(Grade.G7, "HMRC")] * 3)
    with at(database, OPENS) as move:
        here = (await opened(client, call(CLOSES, capacity=2)))["opportunity_id"]
        for member in members:
            await applies(client, here, member)
        early = await client.get(f"{HERE}/{here}/draw", headers=PAGE)
        move(CLOSES)
        await closed(client, database, here)
        page = await client.get(f"{HERE}/{here}/draw", headers=PAGE)
        file = await client.get(f"{HERE}/{here}/draw.csv")
        program = await client.get(f"{HERE}/drawing.py")
        said, _ = await its_draw(client, here)
        became = await states(database, here)
        winner = next(its for its in members if became[its] == "chosen")
        own = words((await client.get(f"{HERE}/{here}", headers=in_browser("member", member_id=winner))).text)
        giving_up = words(
            (await client.get(f"{HERE}/{here}/withdrawal", headers=in_browser("member", member_id=winner))).text
        )

    rows = list(csv.DictReader(io.StringIO(file.text)))
    again = drawing.draw([Applicant(its["number"], its["band"], its["organisation"]) for its in rows], said["seed"], 2)
    assert early.status_code == 409
    assert "EO 3 1 G7-G6 3 1" in words(page.text)
    assert said["seed"] in page.text
    assert {its["number"] for its in rows if its["chosen"] == "yes"} == set(again)
    assert {its["organisation"] for its in rows} == {"1", "2"}
    assert all(str(member) not in page.text + file.text for member in members)
    assert "UKHSA" not in page.text + file.text
    assert "def draw(" in program.text
    assert "You have a place" in own
    assert "The next in the draw has your place at once" in giving_up


async def test_of_a_draw_with_fewer_than_places_the_pages_say_how_many_and_of_one_with_nobody_so(
    client: AsyncClient, database: Database
) -> None:
    [ada] = await there_are(database, EO)
    with at(database, OPENS) as move:
        few, none = [(await opened(client, call(CLOSES, capacity=3)))["opportunity_id"] for _ in range(2)]
        await send(client, f"{HERE}/{few}", {}, "member", member_id=ada)
        move(CLOSES)
        for its in (few, none):
            await closed(client, database, its)
        pages = [
            words((await client.get(f"{HERE}/{its}{part}", headers=PAGE)).text)
            for its in (few, none)
            for part in ("", "/draw")
        ]

    assert "The places are given, and everybody who applied has heard of it." in pages[0]
    assert "A lot gave 1 of the 3 places on 11 June 2027, balanced by grade band" in pages[1]
    assert "Nobody was in the draw, so no place was given. Look at what is open now" in pages[2]
    assert "everybody who applied has heard" not in pages[2]
    assert "Nobody was in the draw when this closed, so no place was given." in pages[3]


async def test_the_team_opens_one_with_a_form_that_keeps_what_was_typed(
    client: AsyncClient, database: Database
) -> None:
    answers = {
        "kind": "focus-group",
        "title": "How we <recruit>",
        "summary": "Two hours.",
        "eligibility": "below-scs",
        "capacity": "12",
        "closes_at-day": "11",
        "closes_at-month": "6",
        "closes_at-year": "2027",
        "closes_time": "17:00",
    }
    with at(database, OPENS):
        empty = await client.get(f"{HERE}/new", headers=in_browser("team"))
        wrong = await send(client, f"{HERE}/new", answers | {"capacity": "many", "closes_at-day": "31"}, "team")
        past = await send(client, f"{HERE}/new", answers | {"closes_at-year": "2026"}, "team")
        no_time = await send(client, f"{HERE}/new", answers | {"closes_time": "03:00", "capacity": "many"}, "team")
        done = await send(client, f"{HERE}/new", answers, "team")
        page = (await client.get(done.headers["location"], headers=in_browser("team"))).text
        refused = await client.get(f"{HERE}/new", headers=in_browser("member"))

    assert empty.status_code == 200
    assert (wrong.status_code, past.status_code, done.status_code, refused.status_code) == (422, 422, 303, 403)
    assert "Enter the number of places, from 1 to 200 Enter a real date, such as 1 4 2027" in words(wrong.text)
    assert 'value="How we &lt;recruit&gt;"' in wrong.text
    assert 'value="31"' in wrong.text
    assert "Enter a time that is still to come, within a year" in past.text
    assert no_time.status_code == 422
    assert "Enter the number of places, from 1 to 200 Choose at what time it closes" in words(no_time.text)
    assert "It is open. Members can apply from now on." in page
    assert "Closes Friday 11 June, 5pm" in words(page)
    assert "How we &lt;recruit&gt;" in page


async def test_the_team_chooses_by_hand_says_that_a_group_was_held_and_publishes_what_it_found(
    client: AsyncClient, database: Database
) -> None:
    [ada, ben] = await there_are(database, EO, EO)
    with at(database, OPENS) as move:
        champion = (await opened(client, call(CLOSES, kind="champion", capacity=1)))["opportunity_id"]
        group = (await opened(client, call(CLOSES)))["opportunity_id"]
        sent = await send(client, f"{HERE}/{champion}", {"statement": "I ran <one>."}, "member", member_id=ada)
        number = (await applies(client, champion, ben)).json()["mine"]["number"]
        move(datetime(2027, 7, 1, 9, 0, tzinfo=UTC))
        for its in (champion, group):
            await closed(client, database, its)
        at_champion, at_group = f"{HERE}/{champion}/applicants", f"{HERE}/{group}"
        who = await client.get(at_champion, headers=in_browser("team"))
        nobody = await send(client, at_champion, {}, "team")
        junk = await send(client, at_champion, {"numbers": ["x"]}, "team")
        chosen = await send(client, at_champion, {"numbers": [number]}, "team")
        became = await states(database, champion)
        day = {"held_on-day": "30", "held_on-month": "6", "held_on-year": "2027"}
        not_held = await send(client, f"{at_group}/holding", {"held_on-day": "x"}, "team")
        held = await send(client, f"{at_group}/holding", day, "team")
        twice = await send(client, f"{at_group}/holding", day, "team")
        findings = {"title": "What we heard", "summary": "Say it.", "link": "https://gse.example/f"}
        no_link = await send(client, f"{at_group}/findings", findings | {"link": "gse"}, "team")
        published = await send(client, f"{at_group}/findings", findings, "team")
        shown = (await client.get(at_group, headers=PAGE)).text
        closed_ones = words((await client.get(HERE, headers=PAGE)).text)

    assert sent.status_code == 303
    assert "I ran &lt;one&gt;." in who.text
    assert [its.status_code for its in (nobody, junk, chosen)] == [422, 422, 303]
    assert became == {ada: "not-chosen", ben: "chosen"}
    assert [its.status_code for its in (not_held, held, twice)] == [422, 303, 409]
    assert (no_link.status_code, published.status_code) == (422, 303)
    assert "Enter an address that starts with https://" in no_link.text
    assert '<a class="govuk-link" href="https://gse.example/f">What we heard</a>' in shown
    assert "Its findings are published." in closed_ones


async def test_that_one_has_applied_is_shown_however_often_one_applied_since(
    client: AsyncClient, database: Database
) -> None:
    [ada] = await there_are(database, EO)
    with at(database, OPENS):
        here = (await opened(client, call(CLOSES)))["opportunity_id"]
        await applies(client, here, ada)
        async with database.transaction() as tx:  # a hundred that close earlier, applied for later
            await tx.execute(
                """
                WITH more AS (
                    INSERT INTO opportunity (opportunity_id, kind, title, summary, closes_at, capacity, rule,
                        policy_version, opened_at, opened_by)
                    SELECT gen_random_uuid(), 'champion', title, summary, closes_at - interval '1 day', capacity, rule,
                        policy_version, opened_at, opened_by
                    FROM opportunity, generate_series(1, 100) WHERE opportunity_id = $1 RETURNING opportunity_id)
                INSERT INTO interest (interest_id, opportunity_id, member_id, registered_at, state)
                SELECT gen_random_uuid(), opportunity_id, $2, $3, 'registered' FROM more""",
                UUID(here),
                ada,
                CLOSES,
            )
        answer = await client.get(f"{API}/opportunities", headers=signed_in("member", member_id=ada))
        listed = answer.json()["opportunities"]
        page = await client.get(HERE, headers=in_browser("member", member_id=ada))

    assert [its["mine"]["state"] for its in listed if its["opportunity_id"] == here] == ["registered"]
    assert "You have applied." in page.text.partition(here)[2].partition("<h3")[0]
