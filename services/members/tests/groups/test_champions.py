"""Champions over HTTP and the timer of their terms, on the real database and broker."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis.database import Database
from chassis.testing import signed_in, two_replicas, what_was_said
from members.groups import champion_store, ending_terms
from members.groups.champions import Term, Theme

API = "/api/members/v1"
TODAY = datetime.now(ZoneInfo("Europe/London")).date()
FAR = str(TODAY + timedelta(days=365))


async def member(client: AsyncClient, name: str = "Ada Planted") -> str:
    form = {"name": name, "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    return str((await client.post(f"{API}/members", json=form)).raise_for_status().json()["member_id"])


async def theme(client: AsyncClient, title: str = "") -> str:
    form = {"title": title or f"Theme {uuid4().hex}", "purpose": "Fair careers.", "ask": "The DIAG mailbox"}
    answer = (await client.post(f"{API}/champion-themes", json=form, headers=signed_in("team"))).raise_for_status()
    return str(answer.json()["theme_id"])


async def appoint(client: AsyncClient, theme_id: str, member_id: str, ends_on: str = FAR) -> Response:
    form = {"member_id": member_id, "ends_on": ends_on}
    return await client.post(f"{API}/champion-themes/{theme_id}/champions", json=form, headers=signed_in("team"))


async def appointed(client: AsyncClient, theme_id: str, member_id: str) -> str:
    """The id of the term."""
    champions = (await appoint(client, theme_id, member_id)).raise_for_status().json()["champions"]
    return next(str(its["term_id"]) for its in champions if its["member_id"] == member_id)


async def seen(client: AsyncClient, theme_id: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer = await client.get(f"{API}/champion-themes/{theme_id}", headers=headers or signed_in("team"))
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


async def vacancies(database: Database, theme_id: str | UUID) -> list[bool]:
    """Each that the theme ever had: whether it is open."""
    async with database.transaction() as tx:
        rows = await tx.fetch(
            "SELECT closed_at FROM champion_vacancy WHERE theme_id = $1 ORDER BY opened_at", UUID(str(theme_id))
        )
    return [row["closed_at"] is None for row in rows]


async def test_a_new_theme_is_vacant_until_a_champion_is_appointed_whom_members_see(
    client: AsyncClient, running: FastAPI
) -> None:
    theme_id, ada = await theme(client), await member(client)
    before = await seen(client, theme_id)

    made = await appoint(client, theme_id, ada)
    after = await seen(client, theme_id, signed_in("member", member_id=uuid4()))

    assert before["vacant_since"] is not None
    assert made.status_code == 201
    [champion] = after["champions"]
    assert after["vacant_since"] is None
    assert champion == {
        "term_id": made.json()["champions"][0]["term_id"],
        "member_id": None,
        "name": "Ada Planted",
        "organisation": "UKHSA",
        "starts_on": str(TODAY),
        "ends_on": FAR,
        "appointed_at": None,
        "appointed_by": None,
    }
    assert await what_was_said(running.state.running.database, champion["term_id"]) == [
        (
            "ChampionAppointed",
            {"term_id": champion["term_id"], "theme_id": theme_id, "member_id": ada, "ends_on": FAR},
        )
    ]
    assert await vacancies(running.state.running.database, theme_id) == [False]


async def test_only_the_last_champion_who_resigns_leaves_a_vacancy_which_the_next_appointment_closes(
    client: AsyncClient, running: FastAPI
) -> None:
    theme_id, people = await theme(client), [await member(client) for _ in range(2)]
    terms = [await appointed(client, theme_id, its) for its in people]

    answers = [
        await client.post(f"{API}/champion-terms/{term}/ending", headers=signed_in("member", member_id=who))
        for term, who in zip(terms, people, strict=True)
    ]
    again = await client.post(f"{API}/champion-terms/{terms[0]}/ending", headers=signed_in("team"))

    assert [(its.status_code, its.json()["vacant_since"] is None) for its in answers] == [(200, True), (200, False)]
    assert (again.status_code, again.json()["type"]) == (409, "/problems/term-is-over")
    database = running.state.running.database
    assert [(name, body.get("ended"), body.get("vacancy")) for name, body in await what_was_said(database, *terms)] == [
        ("ChampionAppointed", None, None),
        ("ChampionAppointed", None, None),
        ("ChampionTermEnded", "resigned", False),
        ("ChampionTermEnded", "resigned", True),
    ]
    assert await vacancies(database, theme_id) == [False, True]
    await appointed(client, theme_id, people[0])
    assert await vacancies(database, theme_id) == [False, False]


async def test_two_who_resign_at_once_leave_one_vacancy(client: AsyncClient, running: FastAPI) -> None:
    theme_id, people = await theme(client), [await member(client) for _ in range(4)]
    terms = [await appointed(client, theme_id, its) for its in people]

    answers = await asyncio.gather(
        *(client.post(f"{API}/champion-terms/{its}/ending", headers=signed_in("team")) for its in terms)
    )

    assert {its.status_code for its in answers} == {200}
    database = running.state.running.database
    said = [body for name, body in await what_was_said(database, *terms) if name == "ChampionTermEnded"]
    assert sorted(its["vacancy"] for its in said) == [False, False, False, True]
    assert {its["ended"] for its in said} == {"by-the-team"}
    assert await vacancies(database, theme_id) == [False, True]


@pytest.mark.parametrize("way", ["departures", "erasure"])
async def test_the_last_champion_who_leaves_the_profession_or_is_erased_leaves_a_vacancy_in_each_theme(
    client: AsyncClient, running: FastAPI, way: str
) -> None:
    ada, themes = await member(client), [await theme(client) for _ in range(2)]
    terms = [await appointed(client, its, ada) for its in themes]

    gone = await client.post(f"{API}/members/{ada}/{way}", headers=signed_in("member", member_id=ada))

    assert gone.is_success
    database = running.state.running.database
    for theme_id, term in zip(themes, terms, strict=True):
        assert (await seen(client, theme_id))["champions"] == []
        assert await vacancies(database, theme_id) == [False, True]
        [_, (name, body)] = await what_was_said(database, term)
        assert (name, body["ended"], body["vacancy"]) == ("ChampionTermEnded", "gone", True)
        async with database.transaction() as tx:
            its = await champion_store.term(tx, UUID(term))
        assert its is not None
        assert (its.member_id, its.ended_by) == (None, None)


async def test_all_who_leave_at_once_with_others_appointed_meanwhile_leave_the_theme_as_its_champions_say(
    client: AsyncClient, running: FastAPI
) -> None:
    theme_id, leavers, others = (
        await theme(client),
        [await member(client) for _ in range(5)],
        [await member(client) for _ in range(3)],
    )
    for its in leavers:
        await appointed(client, theme_id, its)

    answers = await asyncio.gather(
        *(client.post(f"{API}/members/{its}/departures", headers=signed_in("team")) for its in leavers),
        *(appoint(client, theme_id, its) for its in [*others, leavers[0]]),
    )

    assert {its.status_code for its in answers} <= {200, 201, 409}
    now = await seen(client, theme_id)
    assert sorted(each["member_id"] for each in now["champions"]) == sorted(others)
    assert now["vacant_since"] is None
    assert True not in await vacancies(running.state.running.database, theme_id)


async def test_who_cannot_be_appointed_and_for_which_day_is_said(client: AsyncClient) -> None:
    theme_id, ada, bea = await theme(client), await member(client), await member(client)
    await appointed(client, theme_id, ada)
    await client.post(f"{API}/members/{bea}/departures", headers=signed_in("team"))

    again, gone, unknown = [await appoint(client, theme_id, its) for its in (ada, bea, str(uuid4()))]
    days = [
        await appoint(client, theme_id, str(uuid4()), str(TODAY + timedelta(days=days)))
        for days in (0, -1, 3 * 366 + 1)
    ]

    assert [its.json()["type"] for its in (again, gone, unknown)] == [
        "/problems/already-a-champion",
        "/problems/no-present-member",
        "/problems/no-present-member",
    ]
    for its in days:
        assert (its.status_code, [each["field"] for each in its.json()["errors"]]) == (422, ["ends_on"])


async def test_only_the_team_appoints_and_nobody_ends_another_members_term(client: AsyncClient) -> None:
    theme_id, ada = await theme(client), await member(client)
    term, bea = await appointed(client, theme_id, ada), signed_in("member", member_id=uuid4())
    form = {"title": "Ours", "purpose": "None.", "ask": "Nobody", "member_id": ada, "ends_on": FAR}

    assert (await client.post(f"{API}/champion-themes", json=form, headers=bea)).status_code == 403
    assert (await client.post(f"{API}/champion-themes/{theme_id}/champions", json=form, headers=bea)).status_code == 403
    assert (await client.post(f"{API}/champion-terms/{term}/ending", headers=bea)).status_code == 404
    assert (await client.post(f"{API}/champion-terms/{uuid4()}/ending", headers=signed_in("team"))).status_code == 404
    assert (await client.get(f"{API}/champion-themes", headers=signed_in("operator"))).status_code == 403
    assert (await client.get(f"{API}/champion-themes/{uuid4()}", headers=bea)).status_code == 404


async def test_themes_are_paged_by_name_and_chosen_by_vacancy(client: AsyncClient) -> None:
    word = uuid4().hex
    made = [await theme(client, f"{letter} {word}") for letter in "cab"]
    await appointed(client, made[1], await member(client))

    async def pages(query: str) -> list[str]:
        found, after = list[str](), ""
        while True:
            answer = await client.get(f"{API}/champion-themes?limit=2{query}{after}", headers=signed_in("team"))
            page = answer.raise_for_status().json()
            found += [its["theme_id"] for its in page["themes"] if word in its["title"]]
            if page["next"] is None:
                return found
            after = f"&after={page['next']}"

    assert await pages("") == [made[1], made[2], made[0]]
    assert await pages("&vacant=true") == [made[2], made[0]]
    assert await pages("&vacant=false") == [made[1]]
    taken = await client.post(
        f"{API}/champion-themes",
        json={"title": f"A {word}", "purpose": "Twice.", "ask": "Nobody"},
        headers=signed_in("team"),
    )
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/theme-exists")


async def keep(database: Database, *days: date) -> tuple[Theme, list[Term]]:
    """A theme with champions whose last days these are."""
    async with database.transaction() as tx:
        its = Theme(uuid4(), uuid4().hex, "Fair careers.", "The mailbox", tx.now, uuid4(), tx.now)
        terms = [Term(uuid4(), its.theme_id, uuid4(), date(2026, 1, 1), day, tx.now, uuid4()) for day in days]
        await champion_store.add(tx, its)
        await champion_store.close_vacancy(tx, its.theme_id)
        await champion_store.save(tx, *terms)
    return its, terms


@pytest.mark.parametrize(
    ("day", "ends_at"),
    [
        (date(2027, 1, 31), datetime(2027, 2, 1, tzinfo=UTC)),
        (date(2027, 3, 28), datetime(2027, 3, 28, 23, tzinfo=UTC)),  # clocks go forward
        (date(2027, 10, 31), datetime(2027, 11, 1, tzinfo=UTC)),  # clocks go back
    ],
)
async def test_a_term_ends_when_its_day_ends_in_london_and_that_is_said_once(
    alone: str, day: date, ends_at: datetime
) -> None:
    now = ends_at - timedelta(microseconds=1)
    async with two_replicas(alone, lambda: now) as both:
        its, [term] = await keep(both[0], day)
        before = [await ending_terms.end_those_whose_day_has_ended(replica) for replica in both]
        now = ends_at
        at_once = await asyncio.gather(*map(ending_terms.end_those_whose_day_has_ended, both * 3))
        said = await what_was_said(both[0], term.term_id)
        vacant = await vacancies(both[0], its.theme_id)

    assert (before, sum(at_once), vacant) == ([0, 0], 1, [False, True])
    ids = {"term_id": str(term.term_id), "theme_id": str(its.theme_id), "member_id": str(term.member_id)}
    assert said == [("ChampionTermEnded", {**ids, "ended": "over", "vacancy": True})]


async def test_terms_of_one_theme_that_end_on_one_day_leave_one_vacancy_and_one_that_goes_on_leaves_none(
    alone: str,
) -> None:
    now = datetime(2027, 2, 1, tzinfo=UTC)
    async with two_replicas(alone, lambda: now) as both:
        all_over, terms = await keep(both[0], *[date(2027, 1, 31)] * 3)
        goes_on, others = await keep(both[0], date(2027, 1, 31), date(2027, 2, 1))
        many = [await keep(both[0], date(2027, 1, 30)) for _ in range(45)]

        async def until_nothing_is_left(replica: Database) -> int:
            total = 0
            while taken := await ending_terms.end_those_whose_day_has_ended(replica):
                total += taken
            return total

        ended = await asyncio.gather(*map(until_nothing_is_left, both))
        said = await what_was_said(both[0], *(its.term_id for its in (*terms, *others)))
        vacant = [await vacancies(both[0], its.theme_id) for its in (all_over, goes_on, *(its for its, _ in many))]

    assert sum(ended) == 4 + 45
    assert sorted((body["theme_id"], body["vacancy"]) for _, body in said) == sorted(
        [(str(all_over.theme_id), vacancy) for vacancy in (False, False, True)] + [(str(goes_on.theme_id), False)]
    )
    assert vacant == [[False, True], [False], *[[False, True]] * 45]
