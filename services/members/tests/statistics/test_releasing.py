"""A release on the real database, over HTTP and on its pages. One service for all tests; they go on from each other."""

import csv
import io
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in, what_was_said
from contracts.members import Grade
from members.membership import store as members
from members.membership.domain import Member
from members.monitoring import store as monitoring
from members.monitoring.questions import VERSIONS
from members.rights import restriction_store
from members.statistics import periods, store

API = "/api/members/v1"
HERE = "/members/figures"
PAGE = {"Accept": "text/html"}
ORGANISATIONS = ("UKHSA", "DEFRA", "MOD", "DSTL", "HMRC")
LAST = periods.last_ended(datetime.now(UTC).date())


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def settled(
    running: FastAPI, count: int, *, joined_on: date, organisations: tuple[str, ...] = ORGANISATIONS
) -> None:
    """So many members who have joined before, of whom six in seven have answered."""
    vault, grades = running.state.vault, list(Grade)[:7]
    options = {its.code: [option.code for option in its.options] for its in VERSIONS[0].characteristics}
    people = [
        Member(
            uuid4(), "Ada King", f"{uuid4().hex}@gse.example", organisations[number % len(organisations)],
            grades[number // len(organisations) % len(grades)], (), (), joined_on,
        )
        for number in range(count)
    ]  # fmt: skip
    answers = {
        vault.name(its.member_id): vault.seal(
            vault.name(its.member_id),
            {
                "version": 1,
                "given_on": "2026-11-26",
                "codes": {code: every[number * 7 // 3 % len(every)] for code, every in options.items()},
            },
        )
        for number, its in enumerate(people)
        if number % 7
    }
    async with running.state.running.database.transaction() as tx:
        await members.add(tx, people)
        async with monitoring.opened(tx):
            await tx.execute(
                "INSERT INTO monitoring.answer (name, sealed) SELECT * FROM unnest($1::bytea[], $2::bytea[])",
                list(answers),
                list(answers.values()),
            )


@pytest.fixture
def business_time(running: FastAPI) -> Any:
    """Moves the service's business clock by days."""
    database: Database = running.state.running.database
    before = database.clock

    def move(days: int) -> None:
        database.clock = lambda: before() + timedelta(days=days)

    yield move
    database.clock = before


async def released(client: AsyncClient, period: str, *roles: str) -> Any:
    return await client.post(f"{API}/statistics-releases", json={"period": period}, headers=signed_in(*roles))


async def test_before_the_first_release_the_page_says_what_will_be_there(client: AsyncClient) -> None:
    """The first test of this module: it needs an empty house."""
    page = (await client.get(HERE, headers=PAGE)).text

    assert "No figures are published yet. After each quarter there will be charts here" in words(page)
    assert "Publish the figures" not in page
    assert (await client.get(f"{API}/statistics-releases")).json() == {"releases": [], "next": None}


async def test_the_team_alone_publishes_and_only_the_last_quarter_that_is_over(client: AsyncClient) -> None:
    for roles in ((), ("member",), ("hosep",), ("operator",)):
        assert (await released(client, LAST.code, *roles)).status_code == 403

    refused = await released(client, "2024-Q1", "team")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        f"Figures can be published for the last quarter that is over, {LAST.code}, and for no other.",
    )
    assert (await released(client, "2026-13", "team")).status_code == 422


async def test_a_release_of_ten_thousand_members_is_published_once_said_once_and_stays(
    running: FastAPI, client: AsyncClient
) -> None:
    await settled(running, 10_000, joined_on=LAST.first_day)
    began = time.perf_counter()

    first = await released(client, LAST.code, "team")

    print(f"{time.perf_counter() - began:.2f} s for a release of 10,000 members")  # noqa: T201 - a figure for the README
    assert first.status_code == 201, first.text
    its = first.json()
    again = await released(client, LAST.code, "team")
    assert (again.status_code, again.json()["release_id"]) == (200, its["release_id"])
    link = f"http://localhost:8000/members/figures/{LAST.code}"
    assert await what_was_said(running.state.running.database, its["release_id"]) == [
        ("DiversityStatisticsPublished", {"release_id": its["release_id"], "period": LAST.code, "link": link}),
        (
            "ParticipationReportPublished",
            {"release_id": its["release_id"], "period": LAST.code, "link": f"{link}#participation"},
        ),
    ]
    shown = (await client.get(f"{API}/statistics-releases/{LAST.code}")).json()
    assert shown["released_by"] is None
    sex = shown["diversity"]["sex"]
    assert sex["total"] == {
        "period": LAST.code,
        "people": 10_000,
        "figures": {"female": 4285, "male": 4285},
        "hidden": {"not-said": [["prefer-not-to-say", "no-answer"], 1430]},
    }
    assert [row["codes"] for row in sex["by"]["organisation"]["rows"]] == [[code] for code in sorted(ORGANISATIONS)]
    assert sex["by"]["organisation"]["rows"][0] == {
        "codes": ["DEFRA"],
        "period": LAST.code,
        "figures": {"women": 855, "men": 855, "not-said": 285},
    }
    assert sex["by"]["organisation"]["rest"] is None
    assert shown["participation"]["members"]["organisation"]["shown"] == dict.fromkeys(sorted(ORGANISATIONS), 2000)
    assert shown["participation"]["joined"]["band"]["all"] == 10_000
    assert shown["participation"]["left"]["band"]["all"] == 0


async def test_anyone_sees_the_figures_as_charts_tables_and_lines(client: AsyncClient) -> None:
    page = (await client.get(HERE, headers=PAGE)).text
    assert f"{LAST.words}: who the members of the profession are" in words(page)
    assert page.count('<figure class="gse-chart">') == 8
    assert "A figure of fewer than 5 people is not shown" in words(page)
    table = (await client.get(f"{HERE}/{LAST.code}/ethnicity", headers=PAGE)).text
    assert "Ethnic group by organisation and grade" in words(table)
    assert "HEO to SEO" in table
    for address in (f"{HERE}/{LAST.code}/height", f"{HERE}/1999-Q9", f"{HERE}/2021-Q1"):
        assert (await client.get(address, headers=PAGE)).status_code == 404

    sheet = await client.get(f"{API}/statistics-releases/{LAST.code}.csv")
    assert sheet.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    lines = list(csv.DictReader(io.StringIO(sheet.text)))
    assert {its["by"] for its in lines} == {"all", "organisation", "band"}
    assert {int(its["figure"]) % 5 for its in lines} == {0}
    about = json.loads((await client.get(f"{API}/statistics-releases/{LAST.code}.csv-metadata.json")).text)
    assert [its["name"] for its in about["tableSchema"]["columns"]] == list(lines[0])


async def test_a_characteristic_without_a_table_says_why(running: FastAPI, client: AsyncClient) -> None:
    """Few have answered, so that neither an organisation nor a grade could be shown."""
    change = "UPDATE statistics_release SET diversity = jsonb_set(diversity, '{sex,by}', $2::jsonb) WHERE period = $1"
    kept = "SELECT diversity -> 'sex' -> 'by' FROM statistics_release WHERE period = $1"
    async with running.state.running.database.transaction() as tx:
        before = await tx.fetchval(kept, LAST.code)
        await tx.execute(change, LAST.code, "{}")
    page = words((await client.get(f"{HERE}/{LAST.code}/sex", headers=PAGE)).text)
    async with running.state.running.database.transaction() as tx:
        await tx.execute(change, LAST.code, before)

    assert "Too few have answered to show this by organisation or by grade." in page


async def test_a_release_stands_with_the_limits_by_which_it_was_made_whatever_these_are_today(
    running: FastAPI, client: AsyncClient
) -> None:
    today = running.state.settings
    others = {"statistics_threshold": 7, "statistics_special_threshold": 20, "statistics_population": 50}
    running.state.settings = today.model_copy(update=others)

    its = (await client.get(f"{API}/statistics-releases/{LAST.code}")).json()
    page = words((await client.get(f"{HERE}/{LAST.code}", headers=PAGE)).text)
    about = json.loads((await client.get(f"{API}/statistics-releases/{LAST.code}.csv-metadata.json")).text)
    running.state.settings = today

    assert its["method"] == {"version": 1, "threshold": 5, "special_threshold": 10, "population": 30}
    special = "ethnic group, disability, sexual orientation and religion"
    assert f"A figure of fewer than 5 people is not shown, and of {special} none of fewer than 10." in page
    assert "A row of fewer than 30 people is never shown alone." in page
    assert (
        "Figures under 5, and of ethnic group, disability, sexual orientation and religion those under 10,"
        in (about["dc:description"])
    )


async def test_a_release_whose_limits_were_not_kept_names_none(running: FastAPI, client: AsyncClient) -> None:
    """Those that were made before they were."""
    async with running.state.running.database.transaction() as tx:
        kept = await tx.fetchrow("DELETE FROM statistics_method WHERE period = $1 RETURNING *", LAST.code)
    its = (await client.get(f"{API}/statistics-releases/{LAST.code}")).json()
    page = words((await client.get(f"{HERE}/{LAST.code}", headers=PAGE)).text)
    about = json.loads((await client.get(f"{API}/statistics-releases/{LAST.code}.csv-metadata.json")).text)
    async with running.state.running.database.transaction() as tx:
        await tx.execute("INSERT INTO statistics_method VALUES ($1, $2, $3, $4, $5)", *kept.values())

    assert its["method"] is None
    assert (
        "A figure of few people is not shown, and of ethnic group, disability, sexual orientation and religion" in page
    )
    assert "A row of few people is never shown alone." in page
    assert "Figures of few people are shown together with others or not at all." in about["dc:description"]


async def test_the_next_quarter_repeats_what_would_tell_of_one_who_came(
    running: FastAPI, client: AsyncClient, business_time: Callable[[int], None]
) -> None:
    await settled(running, 1, joined_on=date(2026, 1, 1), organisations=("DEFRA",))
    before = (await client.get(f"{API}/statistics-releases/{LAST.code}")).json()
    business_time(92)

    page = await client.post(f"{HERE}/release", data=CSRF_OF_FORMS, headers=in_browser("team"))

    following = page.headers["location"].partition("?")[0].rpartition("/")[2]
    assert (page.status_code, following > LAST.code) == (303, True)
    after = (await client.get(f"{API}/statistics-releases/{following}")).json()
    assert after["diversity"] == before["diversity"]
    shown = words((await client.get(page.headers["location"], headers=in_browser("team"))).text)
    assert "These figures are published. They stay as they are." in shown
    assert f"These figures are still of {LAST.words}: too little has changed to show new ones." in shown
    both = (await client.get(f"{API}/statistics-releases?limit=1")).json()
    assert ([its["period"] for its in both["releases"]], both["next"]) == ([following], following)


async def test_what_was_counted_is_kept_for_as_long_as_figures_look_back_to_it(running: FastAPI) -> None:
    async with running.state.running.database.transaction() as tx, monitoring.opened(tx):
        kept = await tx.fetch("SELECT length(sealed) AS bytes, count(*) AS people FROM monitoring.ledger GROUP BY 1")
        exact = await tx.fetch("SELECT period, length(sealed) AS bytes FROM monitoring.book")

    assert [tuple(row) for row in kept] == [(12 + 2 + 8 + 16, 10_000)]  # a place and eight answers of one release
    assert [tuple(row) for row in exact] == [(LAST.code, 12 + (1 << 20) + 16)]


async def test_who_is_restricted_is_in_no_figure(running: FastAPI) -> None:
    day = date(2019, 2, 11)
    one, other = [
        Member(uuid4(), "Ada King", f"{uuid4().hex}@gse.example", "UKHSA", Grade.EO, (), (), day) for _ in range(2)
    ]
    async with running.state.running.database.transaction() as tx:
        await members.add(tx, [one, other])
        await restriction_store.restrict(tx, other.member_id, by=uuid4())
        places = await store.counted(tx)
        joined = await store.joined_between(tx, day, day)

    assert (one.member_id in places, other.member_id in places) == (True, False)
    assert joined == [("UKHSA", "EO")]


async def test_earlier_quarters_are_found_page_by_page(client: AsyncClient, running: FastAPI) -> None:
    earlier = [f"20{year}-Q{quarter}" for year in (11, 12, 13) for quarter in (1, 2, 3, 4)]
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO statistics_release
            SELECT gen_random_uuid(), its, '2014-01-01', 1, '{}', '{"members": {}, "joined": {}, "left": {}}', now(), $2
            FROM unnest($1::text[]) AS its""",
            earlier,
            uuid4(),
        )

    first = (await client.get(HERE, headers=PAGE)).text
    following = re.search(r'href="([^"]+)\?before=([^"#]+)#quarters"', first)
    assert following
    second = (await client.get(following[1], params={"before": following[2]}, headers=PAGE)).text

    links = [set(re.findall(r'href="/members/figures/(20\d\d-Q\d)"', page)) for page in (first, second)]
    assert links[0] | links[1] >= set(earlier)
    assert "2011-Q1" not in links[0]
    assert ("See earlier quarters" in second, "See the latest quarters" in second) == (False, True)
    assert (await client.get(HERE, params={"before": "soon"}, headers=PAGE)).status_code == 422
