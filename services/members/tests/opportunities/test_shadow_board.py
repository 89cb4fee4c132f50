"""The Shadow Board: appointments, terms that end on their day, advice and its answer, over HTTP and in pages."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database, connect
from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in, what_was_said
from contracts.members import Grade
from members.opportunities import closing, rotating
from members.opportunities.testing import API, applies, at, call, opened, there_are
from testkit.eventually import eventually

BOARD = f"{API}/shadow-board"
HERE = "/members/opportunities/shadow-board"
PAGE = {"Accept": "text/html"}
OPENS = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
CLOSES = datetime(2027, 2, 1, 17, 0, tzinfo=UTC)
CHOSEN_AT = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
LAST_DAY = date(2028, 6, 30)
LAST_MOMENT = datetime(2028, 6, 30, 22, 59, 59, tzinfo=UTC)  # 11.59pm in London
EO = (Grade.EO, "UKHSA")


@pytest.fixture
def database(running: FastAPI) -> Database:
    found: Database = running.state.running.database
    return found


@pytest.fixture
async def replica(database: Database, database_url: str) -> AsyncIterator[Database]:
    other = await connect(database_url, size=4, name="other", clock=lambda: database.clock())  # noqa: PLW0108 - as it is then
    yield other
    await other.close()


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).replace("&#39;", "'").split())


async def post(client: AsyncClient, path: str, form: Any = None, headers: dict[str, str] | None = None) -> Any:
    return await client.post(f"{BOARD}{path}", json=form, headers=headers or signed_in("team"))


async def send(client: AsyncClient, address: str, answers: dict[str, Any], *roles: str, **who: Any) -> Any:
    return await client.post(f"{HERE}{address}", data={**answers, **CSRF_OF_FORMS}, headers=in_browser(*roles, **who))


async def seat(client: AsyncClient, title: str = "Early career") -> str:
    answer = await post(client, "/seats", {"title": title})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["seat_id"]
    return found


async def chosen(client: AsyncClient, database: Database, move: Any, *members: UUID) -> list[str]:
    """The numbers of these, who applied to the Shadow Board and were chosen."""
    move(OPENS)
    here = (await opened(client, call(CLOSES, kind="shadow-board", capacity=len(members))))["opportunity_id"]
    numbers = [(await applies(client, here, its)).json()["mine"]["number"] for its in members]
    move(CHOSEN_AT)

    async def is_closed() -> bool:
        await closing.close_due(database)
        return len(await what_was_said(database, here)) == 2

    await eventually(is_closed)
    selection = {"numbers": numbers}
    (
        await client.post(f"{API}/opportunities/{here}/selections", json=selection, headers=signed_in("team"))
    ).raise_for_status()
    return numbers


async def test_a_term_ends_when_its_last_day_ends_in_london_once_and_the_seat_is_free_again(
    client: AsyncClient, database: Database, replica: Database
) -> None:
    [ada] = await there_are(database, EO)
    with at(database, OPENS) as move:
        its = await seat(client)
        [number] = await chosen(client, database, move, ada)
        appointment = {"number": number, "ends_on": str(LAST_DAY)}
        taken = await post(client, f"/seats/{its}/appointments", appointment)
        move(LAST_MOMENT)
        before = [await rotating.end_terms(each) for each in (database, replica)]
        still = len(await what_was_said(database, its))
        move(datetime(2028, 6, 30, 23, 0, tzinfo=UTC))
        await asyncio.gather(*(rotating.end_terms(each) for each in (database, replica) * 3))

        async def is_free() -> Any:
            found = (await client.get(f"{BOARD}/seats", headers=signed_in("team"))).json()["seats"]
            return [each for each in found if each["seat_id"] == its and each["ends_on"] is None]

        [free] = await eventually(is_free)
        said = await what_was_said(database, its)

    assert taken.json()["ends_on"] == "2028-06-30"
    assert (before, still) == ([0, 0], 2)
    assert said == [
        ("ShadowBoardSeatOpened", {"seat_id": its, "title": "Early career", "opened_on": "2027-01-04"}),
        (
            "ShadowBoardMemberAppointed",
            {"seat_id": its, "member_id": str(ada), "starts_on": "2027-03-01", "ends_on": "2028-06-30"},
        ),
        ("ShadowBoardTermEnded", {"seat_id": its, "ended_on": "2028-06-30"}),
        ("ShadowBoardSeatOpened", {"seat_id": its, "title": "Early career", "opened_on": "2028-07-01"}),
    ]
    assert (free["opened_on"], free["member_id"]) == ("2028-07-01", None)


async def test_whose_last_day_has_ended_advises_no_more_though_the_seat_is_not_free_yet(
    client: AsyncClient, database: Database
) -> None:
    [ada] = await there_are(database, EO)
    words_of_advice, holder = {"title": "Late", "advice": "Too late."}, signed_in("member", member_id=ada)
    with at(database, OPENS) as move:
        its = await seat(client)
        [number] = await chosen(client, database, move, ada)
        (
            await post(client, f"/seats/{its}/appointments", {"number": number, "ends_on": str(LAST_DAY)})
        ).raise_for_status()
        move(datetime(2028, 6, 30, 23, 0, tzinfo=UTC))
        late = await post(client, "/advice", words_of_advice, holder)

    assert (late.status_code, late.json()["type"]) == (409, "/problems/not-on-the-board")


async def test_a_repeated_appointment_is_answered_as_before_also_when_its_holder_has_left(
    client: AsyncClient, database: Database
) -> None:
    [ada] = await there_are(database, EO)
    with at(database, OPENS) as move:
        its = await seat(client)
        [number] = await chosen(client, database, move, ada)
        form, headers = {"number": number, "ends_on": str(LAST_DAY)}, signed_in("team") | {"Idempotency-Key": "one"}
        first = await post(client, f"/seats/{its}/appointments", form, headers)
        await client.post(f"{API}/members/{ada}/departures", headers=signed_in("member", member_id=ada))
        again = await post(client, f"/seats/{its}/appointments", form, headers)

    assert (first.status_code, first.json()["member_id"]) == (201, str(ada))
    assert (again.status_code, again.json()["seat_id"], again.json()["member_id"]) == (201, its, None)


async def test_nobody_is_given_two_seats_at_once(client: AsyncClient, database: Database) -> None:
    [ada] = await there_are(database, EO)
    with at(database, OPENS) as move:
        both = [await seat(client) for _ in range(2)]
        [number] = await chosen(client, database, move, ada)
        form = {"number": number, "ends_on": str(LAST_DAY)}
        answers = await asyncio.gather(*(post(client, f"/seats/{its}/appointments", form) for its in both * 3))

    assert sorted(its.status_code for its in answers) == [201, 409, 409, 409, 409, 409]


async def test_who_leaves_the_profession_leaves_the_seat_and_nothing_leads_to_them(
    client: AsyncClient, database: Database
) -> None:
    [ada] = await there_are(database, EO)
    with at(database, OPENS) as move:
        its = await seat(client)
        [number] = await chosen(client, database, move, ada)
        await post(client, f"/seats/{its}/appointments", {"number": number, "ends_on": str(LAST_DAY)})
        await client.post(f"{API}/members/{ada}/departures", headers=signed_in("member", member_id=ada))
        async with database.transaction() as tx:
            rows = await tx.fetch(
                "SELECT member_id, ended_on, ended_by FROM shadow_board_term WHERE seat_id = $1", UUID(its)
            )

    assert [tuple(row) for row in rows] == [(None, date(2027, 3, 1), None)]


async def test_a_seat_is_given_up_or_ended_by_the_team_and_somebody_else_serves_the_rest(
    client: AsyncClient, database: Database
) -> None:
    ada, ben, cat = await there_are(database, EO, EO, EO)
    with at(database, OPENS) as move:
        its = await seat(client)
        of_ada, of_ben, of_cat = await chosen(client, database, move, ada, ben, cat)
        lasts = {"ends_on": str(LAST_DAY)}
        first = (await post(client, f"/seats/{its}/appointments", {"number": of_ada, **lasts})).json()
        ending = f"/terms/{first['term_id']}/ending"
        not_theirs = await post(client, ending, headers=signed_in("member", member_id=ben))
        move(datetime(2027, 9, 1, 9, 0, tzinfo=UTC))
        given_up = await post(client, ending, headers=signed_in("member", member_id=ada))
        again = await post(client, ending)
        used = await post(client, f"/seats/{its}/appointments", {"number": of_ada})
        longer = await post(client, f"/seats/{its}/appointments", {"number": of_ben, "ends_on": "2029-06-30"})
        rest = (await post(client, f"/seats/{its}/appointments", {"number": of_ben})).json()
        taken = await post(client, f"/seats/{its}/appointments", {"number": of_cat})
        by_the_team = await post(client, f"/terms/{rest['term_id']}/ending")
        said = await what_was_said(database, its)

    assert (not_theirs.status_code, given_up.status_code, by_the_team.status_code) == (404, 200, 200)
    assert (given_up.json()["ended_on"], given_up.json()["ends_on"]) == ("2027-09-01", "2028-06-30")
    assert given_up.json()["ended_by"] is not None
    assert [each.json()["type"].removeprefix("/problems/") for each in (again, used, taken)] == [
        "term-is-over",
        "appointed-already",
        "seat-is-taken",
    ]
    assert [each["field"] for each in longer.json()["errors"]] == ["ends_on"]
    assert (rest["starts_on"], rest["ends_on"]) == ("2027-03-01", "2028-06-30")
    assert [(name, body.get("member_id")) for name, body in said] == [
        ("ShadowBoardSeatOpened", None),
        ("ShadowBoardMemberAppointed", str(ada)),
        ("ShadowBoardMemberStoodDown", str(ada)),
        ("ShadowBoardMemberAppointed", str(ben)),
        ("ShadowBoardMemberStoodDown", str(ben)),
    ]


async def test_a_seat_is_for_one_who_was_chosen_and_has_none(client: AsyncClient, database: Database) -> None:
    ada, ben = await there_are(database, EO, EO)
    with at(database, OPENS) as move:
        first, second = await seat(client), await seat(client, "Any grade")
        ada_has, ben_has = await chosen(client, database, move, ada, ben)
        lasts = {"ends_on": str(LAST_DAY)}
        short = await post(client, f"/seats/{first}/appointments", {"number": ada_has, "ends_on": "2027-03-01"})
        done = await post(client, f"/seats/{first}/appointments", {"number": ada_has, **lasts})
        refused = [
            await post(client, f"/seats/{first}/appointments", {"number": ben_has, **lasts}),
            await post(client, f"/seats/{second}/appointments", {"number": ada_has, **lasts}),
            await post(client, f"/seats/{second}/appointments", {"number": str(uuid4()), **lasts}),
            await post(client, f"/seats/{uuid4()}/appointments", {"number": ben_has, **lasts}),
        ]
        member = signed_in("member", member_id=ada)
        forbidden = await post(client, f"/seats/{second}/appointments", {"number": ben_has, **lasts}, member)
        shown = (await client.get(f"{BOARD}/seats")).json()["seats"]

    assert short.json()["errors"] == [{"field": "ends_on", "detail": "Enter a day after today, within three years"}]
    assert (done.status_code, forbidden.status_code) == (201, 403)
    assert [its.json()["type"].removeprefix("/problems/") for its in refused] == [
        "seat-is-taken",
        "has-a-seat",
        "not-among-the-chosen",
        "no-such-seat",
    ]
    assert {its["member_id"] for its in shown} == {None}  # for the team alone


async def test_nobody_is_appointed_who_has_moved_out_of_the_rule_since_they_were_chosen(
    client: AsyncClient, database: Database
) -> None:
    [ada] = await there_are(database, EO)
    with at(database, OPENS) as move:
        its = await seat(client)
        [number] = await chosen(client, database, move, ada)
        promotion = {"grade": "SCS2"}
        await client.post(f"{API}/members/{ada}/grade-changes", json=promotion, headers=signed_in("team"))
        refused = await post(client, f"/seats/{its}/appointments", {"number": number, "ends_on": str(LAST_DAY)})
        said = await what_was_said(database, its)

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/outside-the-rule")
    assert "rule below-scs, version 1" in refused.json()["detail"]
    assert [name for name, _ in said] == ["ShadowBoardSeatOpened"]


async def test_whoever_has_a_seat_advises_and_the_answer_is_given_once(client: AsyncClient, database: Database) -> None:
    ada, ben = await there_are(database, EO, EO)
    advice = {"title": "Say what the job is", "advice": "Nobody finds us.\nSay what the job is."}
    with at(database, OPENS) as move:
        its = await seat(client)
        [number] = await chosen(client, database, move, ada)
        await post(client, f"/seats/{its}/appointments", {"number": number, "ends_on": str(LAST_DAY)})
        stranger = await post(client, "/advice", advice, signed_in("member", member_id=ben))
        given = await post(client, "/advice", advice, signed_in("member", member_id=ada))
        here = given.json()["advice_id"]
        answered, again = [await post(client, f"/advice/{here}/answers", {"answer": "We shall."}) for _ in range(2)]
        shown = (await client.get(f"{BOARD}/advice?limit=1")).json()["advice"][0]
        said = await what_was_said(database, here)

    assert stranger.json()["type"] == "/problems/not-on-the-board"
    assert (given.status_code, answered.status_code) == (201, 201)
    assert again.json()["type"] == "/problems/already-answered"
    assert (shown["advice"], shown["answer"], shown["given_by"]) == (advice["advice"], "We shall.", None)
    link = f"http://localhost:8000/members/opportunities/shadow-board/advice/{here}"
    body = {"advice_id": here, "title": "Say what the job is", "link": link}
    assert said == [("ShadowBoardAdviceGiven", body), ("ShadowBoardAdviceAnswered", body)]


async def test_in_a_browser_the_team_opens_and_fills_a_seat_a_holder_advises_and_the_team_answers(
    client: AsyncClient, database: Database
) -> None:
    ada, ben = await there_are(database, EO, EO)
    with at(database, OPENS) as move:
        nothing = await send(client, "/seats/new", {}, "team")
        opening = await send(client, "/seats/new", {"title": "A seat for <all>"}, "team")
        found = (await client.get(f"{BOARD}/seats", headers=signed_in("team"))).json()["seats"]
        [its] = [each["seat_id"] for each in found if each["title"] == "A seat for <all>"]
        [number] = await chosen(client, database, move, ada)
        free = await client.get(f"{HERE}/seats/{its}/appointment", headers=in_browser("team"))
        ends_on = {"ends_on-day": "30", "ends_on-month": "6", "ends_on-year": "2028"}
        wrong = await send(client, f"/seats/{its}/appointment", {"number": number, "ends_on-day": "x"}, "team")
        appointing = await send(client, f"/seats/{its}/appointment", {"number": number, **ends_on}, "team")
        twice = await send(client, f"/seats/{its}/appointment", {"number": number, **ends_on}, "team")
        board = (await client.get(HERE, headers=in_browser("member", member_id=ada))).text
        [own] = re.findall(f'href="{HERE}(/terms/[^"]+)"', board)
        not_theirs = await send(client, "/advice/new", {"title": "T", "advice": "A"}, "member", member_id=ben)
        empty = await send(client, "/advice/new", {"title": "Typed"}, "member", member_id=ada)
        by_ada = in_browser("member", member_id=ada)
        form = (await client.get(f"{HERE}/advice/new", headers=by_ada)).text.rpartition('name="form_key" value="')[2]
        advice = {"title": "Be <seen>", "advice": "Say it.", "form_key": form.partition('"')[0], **CSRF_OF_FORMS}
        advising, second = [await client.post(f"{HERE}/advice/new", data=advice, headers=by_ada) for _ in range(2)]
        address = advising.headers["location"].removeprefix(HERE).partition("?")[0]
        waiting = await client.get(HERE + address, headers=in_browser("team"))
        answering = await send(client, address, {"answer": "We shall."}, "team")
        answered = (await client.get(HERE + address, headers=PAGE)).text
        warned = words((await client.get(HERE + own, headers=in_browser("member", member_id=ada))).text)
        theirs = await client.get(HERE + own, headers=in_browser("member", member_id=ben))
        endings = [await send(client, own, {}, "member", member_id=ada) for _ in range(2)]
        seen = [words((await client.get(HERE, headers=whose)).text) for whose in (PAGE, in_browser("team"))]
        rest = (await client.get(f"{HERE}/seats/{its}/appointment", headers=in_browser("team"))).text
        forbidden = await client.get(f"{HERE}/seats/new", headers=in_browser("member"))

    assert [each.status_code for each in (nothing, opening, wrong, appointing, twice)] == [422, 303, 422, 303, 409]
    assert number in free.text
    assert "A seat for &lt;all&gt;" in board
    assert "Taken until 30 June 2028" in words(board)
    assert "A Member" not in board
    assert "Give advice" in board
    assert (not_theirs.status_code, empty.status_code, advising.status_code) == (409, 422, 303)
    assert advising.headers["location"] == second.headers["location"]
    assert 'value="Typed"' in empty.text
    assert "Waits for the board’s answer" in words(waiting.text)
    assert answering.status_code == 303
    assert "We shall." in answered
    assert "Be &lt;seen&gt;" in answered
    assert "Your term ends today instead of on 30 June 2028" in warned
    assert [theirs.status_code, *(each.status_code for each in endings)] == [404, 303, 303]
    assert "A seat for &lt;all&gt; Taken until 30 June 2028." in seen[0]
    assert "Nobody has it any more. Everybody else sees it as taken until 30 June 2028." in seen[1]
    assert "ends_on-day" not in rest
    assert forbidden.status_code == 403


async def test_whoever_waits_for_a_seat_is_found_page_by_page_and_a_mistake_stays_on_the_page(
    client: AsyncClient, database: Database
) -> None:
    many = await there_are(database, *[EO] * 51)
    with at(database, OPENS) as move:
        its = await seat(client)
        numbers = await chosen(client, database, move, *many)
        here = f"{HERE}/seats/{its}/appointment"
        first = await client.get(here, headers=in_browser("team"))
        following = re.search(r'href="([^"]+\?after=[^"]+)"', first.text)
        assert following
        second = await client.get(following[1], headers=in_browser("team"))
        behind = [number for number in numbers if f'value="{number}"' not in first.text]
        last = behind[0]
        there = following[1].removeprefix(HERE)
        wrong = await send(client, there, {"number": last, "ends_on-day": "x"}, "team")
        ends_on = {"ends_on-day": "30", "ends_on-month": "6", "ends_on-year": "2028"}
        appointing = await send(client, there, {"number": last, **ends_on}, "team")

    assert [number for number in behind if f'value="{number}"' not in second.text] == []
    assert f'value="{last}" selected' in wrong.text
    assert f'action="{following[1]}"' in second.text
    assert (wrong.status_code, appointing.status_code) == (422, 303)
