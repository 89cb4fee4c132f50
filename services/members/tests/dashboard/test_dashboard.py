"""The dashboard on the real database, over HTTP and on its page. One service for all tests."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.days import day_in_london
from chassis.testing import signed_in
from contracts.members import Grade
from members.dashboard import overview
from members.membership import store as members
from members.membership.domain import Member
from members.rights import restriction_store
from members.strategy import store as strategy_store
from members.strategy.commitments import Commitment

API = "/api/members/v1/dashboard"
HERE = "/members/organisation"
PAGE = {"Accept": "text/html"}
TODAY = day_in_london(datetime.now(UTC))
LAST_MONTH = overview.months(TODAY)[-2]
LONG_AGO = TODAY - timedelta(days=800)


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def settled(running: FastAPI, organisation: str, count: int, grade: Grade = Grade.HEO) -> list[UUID]:
    people = [
        Member(uuid4(), "Ada Planted", f"{uuid4().hex}@gse.example", organisation, grade, (), (), LONG_AGO)
        for _ in range(count)
    ]
    async with running.state.running.database.transaction() as tx:
        await members.add(tx, people)
    return [its.member_id for its in people]


async def volunteering(running: FastAPI, member_ids: list[UUID], joined_at: datetime) -> None:
    async with running.state.running.database.transaction() as tx:
        group_id: UUID = await tx.fetchval(
            """
            INSERT INTO profession_group (group_id, kind, title, purpose, ask, established_at, established_by)
            VALUES ($1, 'standing', $2, 'To see', 'The team', now(), $1) RETURNING group_id""",
            uuid4(),
            uuid4().hex,
        )
        await tx.execute(
            """
            INSERT INTO volunteering
                (volunteering_id, group_id, member_id, hours_per_month, skills, joined_at, joined_by)
            SELECT gen_random_uuid(), $1, its, 2, '{}', $3, $1 FROM unnest($2::uuid[]) AS its""",
            group_id,
            member_ids,
            joined_at,
        )


async def seen(client: AsyncClient, headers: dict[str, str], organisation: str = "") -> Any:
    answer = await client.get(API, params={"organisation": organisation}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def head(organisation: str) -> dict[str, str]:
    return signed_in("hosep", organisation=organisation)


async def test_a_head_sees_their_own_organisation_rounded_without_others_and_who_is_restricted(
    client: AsyncClient, running: FastAPI
) -> None:
    people = await settled(running, "UKHSA", 18)
    await settled(running, "UKHSA", 8, Grade.G7)
    await settled(running, "DEFRA", 40)
    async with running.state.running.database.transaction() as tx:
        await restriction_store.restrict(tx, people[0], by=uuid4())

    its = await seen(client, head("UKHSA"))

    assert (its["organisation"], its["members"]["all"]) == ("UKHSA", 25)
    assert its["members"]["shown"] == {"HEO-SEO": 15}
    assert its["members"]["together"] == 10
    assert "Ada" not in str(its)


async def test_who_came_and_went_is_counted_by_month(client: AsyncClient, running: FastAPI) -> None:
    people = await settled(running, "DSTL", 24)
    async with running.state.running.database.transaction() as tx:
        await tx.execute("UPDATE member SET joined_on = $2 WHERE member_id = ANY($1)", people[:16], LAST_MONTH)
        await tx.execute(
            """
            UPDATE member SET left_on = $2, name = NULL, email = NULL WHERE member_id = ANY($1)""",
            people[16:23],
            TODAY,
        )

    its = await seen(client, head("DSTL"))

    assert (its["joined"]["all"], its["left"]["all"]) == (15, 5)
    assert (its["joined"]["shown"], its["left"]["shown"]) == ({}, {})  # the one month would be told by the others
    assert (its["joined"]["together"], its["left"]["together"]) == (15, 5)


async def test_who_takes_part_is_counted_as_the_month_began(client: AsyncClient, running: FastAPI) -> None:
    people = await settled(running, "HMRC", 30)
    began = overview.month_began(TODAY)
    await volunteering(running, people[:9], began - timedelta(seconds=1))
    await volunteering(running, people[:20], began)

    its = await seen(client, head("HMRC"))

    assert its["taking_part"] == {"groups": 10, "champions": None, "places": None}


@pytest.mark.parametrize("kind", ["champion", "focus-group"])
async def test_places_that_a_lot_gave_are_not_counted(client: AsyncClient, running: FastAPI, kind: str) -> None:
    code = {"champion": "MOD", "focus-group": "NPL"}[kind]
    people = await settled(running, code, 20)
    began = overview.month_began(TODAY) - timedelta(days=1)
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            """
            WITH its AS (
                INSERT INTO opportunity (opportunity_id, kind, title, summary, closes_at, capacity, rule,
                    policy_version, opened_at, opened_by, closed_at, selected_at)
                VALUES ($1, $2, 'A seat', 'To see', $3, 9, 'everybody', 1, $3, $1, $3, $3))
            INSERT INTO interest (interest_id, opportunity_id, member_id, registered_at, state, changed_at)
            SELECT gen_random_uuid(), $1, each, $3, 'chosen', $3 FROM unnest($4::uuid[]) AS each""",
            uuid4(),
            kind,
            began,
            people[:8],
        )

    its = await seen(client, head(code))

    assert its["taking_part"]["places"] == {"champion": 10, "focus-group": None}[kind]


async def test_promises_and_vacant_themes_are_the_professions(client: AsyncClient, running: FastAPI) -> None:
    team = signed_in("team")
    form = {"title": "Carers", "purpose": "To care", "ask": "the central team"}
    theme = (await client.post("/api/members/v1/champion-themes", json=form, headers=team)).raise_for_status().json()
    async with running.state.running.database.transaction() as tx:
        await tx.execute("INSERT INTO strategy VALUES (1, $1, 'S', 'S', 'https://x', 'M', '[]', $1, now())", uuid4())
        days = {"Late": -1, "Soon": 90, "Far": 91}
        promises = [
            Commitment(uuid4(), title, None, "The team", "A measure", TODAY + timedelta(days=number), 1)
            for title, number in days.items()
        ]
        await strategy_store.save(tx, *promises)

    its = await seen(client, head("UKHSA"))
    page = await client.get(HERE, headers=PAGE | head("UKHSA"))

    assert [(each["title"], each["owner"]) for each in its["overdue"]["commitments"]] == [("Late", "The team")]
    assert [each["title"] for each in its["due_soon"]["commitments"]] == ["Soon"]
    assert (its["overdue"]["total"], its["due_soon"]["total"], its["more_vacancies"]) == (1, 1, False)
    assert its["vacancies"] == [{"theme_id": theme["theme_id"], "title": "Carers"}]
    assert f'href="/members/groups/champions/{theme["theme_id"]}"' in page.text
    assert f'href="/members/strategy/commitments/{promises[0].commitment_id}"' in page.text


async def test_only_its_head_and_the_team_see_an_organisation(client: AsyncClient) -> None:
    for address in (API, HERE):

        async def status(
            headers: dict[str, str], organisation: str = "UKHSA", *, address: str = address
        ) -> tuple[int, bool]:
            answer = await client.get(address, params={"organisation": organisation}, headers=PAGE | headers)
            return answer.status_code, "Members now" in answer.text

        assert (await status(head("DEFRA")))[0] == 404
        assert (await status(head("DEFRA"), "Narnia"))[0] == 404
        assert (await status(head("UKHSA")))[0] == 200
        assert (await status(signed_in("team")))[0] == 200
        assert (await status(signed_in("team"), "Narnia")) == (422, False)
        assert (await status(signed_in("member", organisation="UKHSA")))[0] == 404
        assert (await status(signed_in("hosep"), ""))[0] == 403
        assert (await status({}))[0] in (303, 401)


async def test_the_team_chooses_on_the_page_and_is_told_what_is_not_known(client: AsyncClient) -> None:
    every = await client.get(HERE, headers=PAGE | signed_in("team"))
    one = await client.get(HERE, params={"organisation": "ukhsa"}, headers=PAGE | signed_in("team"))
    wrong = await client.get(HERE, params={"organisation": "Narnia"}, headers=PAGE | signed_in("team"))
    own = await client.get(HERE, headers=PAGE | head("UKHSA"))

    assert "All organisations: how we stand" in words(every.text)
    assert "UK Health Security Agency (UKHSA): how we stand" in words(one.text)
    assert "This organisation is not in the register. Choose one that is, or none to see all." in words(wrong.text)
    assert wrong.text.count("There is a problem") == 1
    assert ('<select class="govuk-select" id="organisation"' in one.text, "<select" in own.text) == (True, False)
    assert "Not shown" in own.text


async def test_the_way_there_is_shown_to_heads_and_the_team_alone(client: AsyncClient, running: FastAPI) -> None:
    ada = (await settled(running, "FSA", 1))[0]

    async def leads(*roles: str) -> list[bool]:
        headers = PAGE | signed_in(*roles, member_id=ada, organisation="FSA")
        pages = [await client.get(address, headers=headers) for address in ("/", "/members/profile")]
        return ['href="/members/organisation"' in page.text for page in pages]

    assert await leads("member", "hosep") == [True, True]
    assert await leads("member", "team") == [True, True]
    assert await leads("member") == [False, False]


async def test_the_newest_release_shows_the_row_of_the_organisation(client: AsyncClient, running: FastAPI) -> None:
    before = await client.get(HERE, headers=PAGE | head("UKHSA"))
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO statistics_release VALUES ($1, '2026-Q3', '2026-10-02', 1, $2, '{}', now(), $1)""",
            uuid4(),
            """{"sex": {"total": {"period": "2026-Q3", "people": 90, "figures": {}, "hidden": {}},
                "by": {"organisation": {
                "rows": [{"codes": ["UKHSA"], "period": "2026-Q2", "figures": {"women": 35, "men": 30}}],
                "rest": {"codes": ["DEFRA", "MOD", "NPL"], "period": "2026-Q3", "figures": {"women": 20}}}}}}""",
        )

    own, other = await seen(client, head("UKHSA")), await seen(client, head("MOD"))
    page = await client.get(HERE, headers=PAGE | head("UKHSA"))
    together = await client.get(HERE, headers=PAGE | head("MOD"))
    absent = await client.get(HERE, headers=PAGE | head("HSE"))

    assert "No figures are published yet." in words(before.text)
    assert own["published"]["rows"]["sex"] == {
        "codes": ["UKHSA"], "period": "2026-Q2", "figures": {"women": 35, "men": 30}
    }  # fmt: skip
    assert other["published"]["rows"]["sex"]["figures"] == {"women": 20}
    assert "Women 35, Men 30 Still of April to June 2026" in words(page.text)
    assert 'href="/members/figures/2026-Q3/sex"' in page.text
    assert "Women 20 Shown together with 2 other organisations" in words(together.text)
    assert "Too little was answered to show anything by organisation." in words(absent.text)


async def test_the_page_draws_what_is_shown_and_names_the_rest(client: AsyncClient, running: FastAPI) -> None:
    people = await settled(running, "IPO", 109)
    await settled(running, "IPO", 4, Grade.SCS1)
    await settled(running, "IPO", 12, Grade.G7)
    async with running.state.running.database.transaction() as tx:
        for number, month in enumerate(overview.months(TODAY)[1:]):  # nobody in the first one
            ids = people[number * 9 : number * 9 + 9]
            await tx.execute("UPDATE member SET joined_on = $2 WHERE member_id = ANY($1)", ids, month)

    page = await client.get(HERE, headers=PAGE | head("IPO"))
    text = words(page.text)

    assert ('id="by-grade"' in page.text, 'id="joined"' in page.text, 'id="left"' in page.text) == (True, True, False)
    assert "Members now: 125" in text
    assert "Of 125 members: HEO to SEO 110, Others together 15." in text
    assert "Others are AA to AO, EO, G7 to G6, SCS." in text
    assert f"{LAST_MONTH:%b %Y} 10 Not shown" in text
    assert f"{overview.months(TODAY)[0]:%b %Y} Not shown Not shown" in text
