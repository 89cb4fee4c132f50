"""Opportunities over HTTP and their timers, on the real database and broker."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database, connect
from chassis.testing import signed_in, what_was_said
from contracts.members import Grade
from members.opportunities import closing, drawing
from members.opportunities.drawing import Applicant
from members.opportunities.testing import API, applies, at, call, its_draw, opened, states, there_are, withdraws
from testkit.eventually import eventually

OPENS = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
CLOSES = datetime(2027, 2, 11, 17, 0, tzinfo=UTC)
LAST = CLOSES - timedelta(microseconds=1)
EO = (Grade.EO, "UKHSA")


@pytest.fixture
def database(running: FastAPI) -> Database:
    found: Database = running.state.running.database
    return found


@pytest.fixture
async def replica(database: Database, database_url: str) -> AsyncIterator[Database]:
    """Another replica with the same clock."""
    other = await connect(database_url, size=4, name="other", clock=lambda: database.clock())  # noqa: PLW0108 - as it is then
    yield other
    await other.close()


async def is_closed(client: AsyncClient, opportunity_id: str) -> Any:
    answer = (await client.get(f"{API}/opportunities/{opportunity_id}")).json()
    return answer if answer["state"] == "selected" else None


async def test_of_two_hundred_the_hundred_before_the_instant_are_in_and_anybody_finds_the_same_twelve(
    client: AsyncClient, database: Database, replica: Database
) -> None:
    grades = [Grade.AO] * 8 + [Grade.EO] * 22 + [Grade.SEO] * 46 + [Grade.G7] * 24
    organisations = ("UKHSA", "HMRC", "DEFRA", "MOD", "DFT", "FCDO", "HO", "MOJ", "MET-OFFICE", "HSE")
    places = [(grade, organisations[number % 10]) for number, grade in enumerate(grades)]
    in_time, too_late = await there_are(database, *places), await there_are(database, *places)
    with at(database, OPENS) as move:
        its = await opened(client, call(CLOSES))
        here = its["opportunity_id"]
        move(LAST)
        first = await asyncio.gather(*(applies(client, here, member) for member in in_time))
        move(CLOSES)
        second = await asyncio.gather(*(applies(client, here, member) for member in too_late))
        await asyncio.gather(*(closing.close_due(each) for each in (database, replica) * 3))
        shown = await eventually(lambda: is_closed(client, here))
        page, everyone = await its_draw(client, here)
        said = await what_was_said(database, here)
        became = await states(database, here)

    assert Counter(its.status_code for its in first) == {201: 100}
    assert Counter((its.status_code, its.json()["type"]) for its in second) == {
        (409, "/problems/opportunity-is-closed"): 100
    }
    assert "This closed on Thursday 11 February, 5pm." in second[0].json()["detail"]
    assert set(became) == set(in_time)
    assert {answer.json()["mine"]["number"] for answer in first} == {each["number"] for each in everyone}

    chosen = {each["number"] for each in everyone if each["chosen"]}
    bands = Counter(each["band"] for each in everyone if each["number"] in chosen)
    assert bands == {"AA-AO": 1, "EO": 3, "HEO-SEO": 5, "G7-G6": 3}  # of 0.96 2.64 5.52 2.88
    spread = Counter(each["organisation"] for each in everyone if each["number"] in chosen)
    assert len(spread) == 10
    assert max(spread.values()) == 2
    again = [Applicant(each["number"], each["band"], each["organisation"]) for each in everyone]
    assert set(drawing.draw(again, page["seed"], page["capacity"])) == chosen
    assert sha256(page["seed"].encode()).hexdigest() == its["seed_digest"] == shown["seed_digest"]

    names = [name for name, _ in said]
    assert names == ["OpportunityOpened", "OpportunityClosed", "ParticipantsSelected", "ApplicantsNotSelected"]
    assert "".join(said[0][1]["seed_digest"]).lower() == its["seed_digest"]
    assert said[1][1] == {"opportunity_id": here, "closed_at": "2027-02-11T17:00:00Z"}
    assert set(map(UUID, said[2][1]["member_ids"])) == {its for its, state in became.items() if state == "chosen"}
    assert len(said[2][1]["member_ids"]) == 12
    assert len(said[3][1]["member_ids"]) == 88


async def test_the_seed_is_shown_when_the_lot_has_decided_and_not_before(
    client: AsyncClient, database: Database
) -> None:
    with at(database, OPENS) as move:
        its = await opened(client, call(CLOSES))
        before = await client.get(f"{API}/opportunities/{its['opportunity_id']}/draw", headers=signed_in("team"))
        move(CLOSES)
        await closing.close_due(database)
        after = await eventually(lambda: is_closed(client, its["opportunity_id"]))

    assert its["seed"] is None
    assert before.json()["type"] == "/problems/not-selected-yet"
    assert sha256(after["seed"].encode()).hexdigest() == its["seed_digest"]


async def test_whoever_is_above_the_rule_is_told_which_rule_and_which_version(
    client: AsyncClient, database: Database
) -> None:
    [scs, eo] = await there_are(database, (Grade.SCS1, "UKHSA"), EO)
    with at(database, OPENS):
        here = (await opened(client, call(CLOSES)))["opportunity_id"]
        refused, accepted = await applies(client, here, scs), await applies(client, here, eo)

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-eligible")
    assert "all grades below the senior civil service (SCS), and your grade here is SCS1" in refused.json()["detail"]
    assert "rule below-scs, version 1" in refused.json()["detail"]
    assert accepted.status_code == 201


async def test_interest_is_once_can_be_withdrawn_and_leaves_nothing_then(
    client: AsyncClient, database: Database
) -> None:
    [ada] = await there_are(database, EO)
    with at(database, OPENS):
        here = (await opened(client, call(CLOSES)))["opportunity_id"]
        both = await asyncio.gather(*(applies(client, here, ada) for _ in range(2)))
        gone, again = [await withdraws(client, here, ada) for _ in range(2)]
        left = await states(database, here)
        back = await applies(client, here, ada)

    assert sorted(its.status_code for its in both) == [201, 409]
    assert [its.json()["type"] for its in both if its.status_code == 409] == ["/problems/already-interested"]
    assert (gone.status_code, gone.json()["mine"], left) == (200, None, {})
    assert again.json()["type"] == "/problems/not-interested"
    assert back.json()["mine"]["number"] not in {its.json()["mine"]["number"] for its in both if its.is_success}


async def test_a_place_that_is_given_up_or_left_goes_to_the_next_until_nobody_waits(
    client: AsyncClient, database: Database, replica: Database
) -> None:
    members = await there_are(database, *[EO] * 5)
    with at(database, OPENS) as move:
        here = (await opened(client, call(CLOSES, capacity=2)))["opportunity_id"]
        for member in members:
            await applies(client, here, member)
        move(CLOSES)
        await closing.close_due(database)
        await eventually(lambda: is_closed(client, here))
        first = await states(database, here)
        up, leaver = [its for its in members if first[its] == "chosen"]
        await withdraws(client, here, up)
        await client.post(f"{API}/members/{leaver}/departures", headers=signed_in("member", member_id=leaver))
        await asyncio.gather(*(closing.give_free_places(each) for each in (database, replica) * 2))

        async def two_have_places() -> Any:
            found = await states(database, here)
            return found if list(found.values()).count("chosen") == 2 else None

        second = await eventually(two_have_places)
        _, everyone = await its_draw(client, here)
        said = await what_was_said(database, here)

    assert Counter(second.values()) == {"chosen": 2, "given-up": 1, "gone": 1, "not-chosen": 1}
    assert second[up] == "given-up"
    assert second[None] == "gone"  # the number stays in the draw, and leads to nobody
    assert len(everyone) == 5
    assert [body["member_id"] for name, body in said if name == "PlaceGivenUp"] == [str(up)]
    given = [its for name, body in said if name == "ParticipantsSelected" for its in body["member_ids"]]
    assert len(given) == len(set(given)) == 4


async def test_somebody_who_is_erased_before_the_choice_is_not_in_it(client: AsyncClient, database: Database) -> None:
    [ada] = await there_are(database, EO)
    with at(database, OPENS):
        here = (await opened(client, call(CLOSES, kind="champion")))["opportunity_id"]
        await applies(client, here, ada, statement="I ran a network.")
        erased = await client.post(f"{API}/members/{ada}/erasure", headers=signed_in("team"))

        assert erased.status_code == 202
        assert await states(database, here) == {}


async def test_whoever_was_promoted_out_of_the_rule_by_the_closing_is_set_aside_and_hears_of_it(
    client: AsyncClient, database: Database
) -> None:
    [ada, ben] = await there_are(database, EO, (Grade.G6, "UKHSA"))
    with at(database, OPENS) as move:
        here = (await opened(client, call(CLOSES)))["opportunity_id"]
        for member in (ada, ben):
            await applies(client, here, member)
        promoted = await client.post(
            f"{API}/members/{ben}/grade-changes", json={"grade": "SCS1"}, headers=signed_in("team")
        )
        move(CLOSES)
        await closing.close_due(database)
        await eventually(lambda: is_closed(client, here))
        became, said = await states(database, here), await what_was_said(database, here)

    assert promoted.status_code == 200
    assert became == {ada: "chosen", ben: "not-eligible"}
    assert said[-1] == ("ApplicantsNotSelected", {"opportunity_id": here, "member_ids": [str(ben)]})


async def test_where_the_team_chooses_nobody_gets_a_place_who_has_moved_out_of_the_rule(
    client: AsyncClient, database: Database
) -> None:
    [ada, ben, cat] = await there_are(database, EO, (Grade.HEO, "UKHSA"), (Grade.G6, "HMRC"))
    team = signed_in("team")
    with at(database, OPENS) as move:
        here = (await opened(client, call(CLOSES, kind="shadow-board", capacity=2)))["opportunity_id"]
        numbers = {
            each: (await applies(client, here, each, statement="I see much.")).json()["mine"]["number"]
            for each in (ada, ben, cat)
        }

        async def promoted(member_id: UUID, grade: str) -> None:
            path = f"{API}/members/{member_id}/grade-changes"
            (await client.post(path, json={"grade": grade}, headers=team)).raise_for_status()

        await promoted(cat, "SCS1")
        move(CLOSES)

        async def closed() -> bool:
            await closing.close_due(database)
            return len(await what_was_said(database, here)) == 3

        await eventually(closed)
        at_its_closing, said = await states(database, here), await what_was_said(database, here)
        await promoted(ben, "SCS2")
        selections = f"{API}/opportunities/{here}/selections"
        refused = [
            await client.post(selections, json={"numbers": [numbers[ada], numbers[each]]}, headers=team)
            for each in (ben, cat)
        ]
        chosen = await client.post(selections, json={"numbers": [numbers[ada]]}, headers=team)
        after = await states(database, here)
        heard = (await what_was_said(database, here))[3:]

    assert at_its_closing == {ada: "registered", ben: "registered", cat: "not-eligible"}
    assert said[2] == ("ApplicantsNotSelected", {"opportunity_id": here, "member_ids": [str(cat)]})
    assert [(its.status_code, its.json()["type"]) for its in refused] == [(409, "/problems/outside-the-rule")] * 2
    assert "rule below-scs, version 1" in refused[0].json()["detail"]
    assert chosen.status_code == 201
    assert after == {ada: "chosen", ben: "not-chosen", cat: "not-eligible"}
    assert [(name, body["member_ids"]) for name, body in heard] == [
        ("ParticipantsSelected", [str(ada)]),
        ("ApplicantsNotSelected", [str(ben)]),
    ]


async def test_where_no_lot_decides_the_team_chooses_once_it_has_closed_and_what_was_written_goes(
    client: AsyncClient, database: Database
) -> None:
    [ada, ben, cat] = await there_are(database, EO, EO, EO)
    team = signed_in("team")
    with at(database, OPENS) as move:
        here = (await opened(client, call(CLOSES, kind="programme", capacity=2)))["opportunity_id"]
        numbers = {
            each: (await applies(client, here, each, statement="I would learn.")).json()["mine"]["number"]
            for each in (ada, ben, cat)
        }
        at_address = f"{API}/opportunities/{here}"
        early = await client.post(f"{at_address}/selections", json={"numbers": [numbers[ada]]}, headers=team)
        move(CLOSES)

        async def closed() -> bool:
            await closing.close_due(database)
            return len(await what_was_said(database, here)) == 2

        await eventually(closed)
        seen = (await client.get(f"{at_address}/interests?limit=2", headers=team)).json()
        wrong = [
            await client.post(f"{at_address}/selections", json={"numbers": chosen}, headers=team)
            for chosen in ([], [str(uuid4())], list(numbers.values()))
        ]
        chosen = await client.post(f"{at_address}/selections", json={"numbers": [numbers[ada]]}, headers=team)
        later = await client.post(f"{at_address}/selections", json={"numbers": [numbers[cat]]}, headers=team)
        after = (await client.get(f"{at_address}/interests", headers=team)).json()
        said = await what_was_said(database, here)
        await client.post(f"{API}/members/{ben}/departures", headers=signed_in("member", member_id=ben))
        async with database.transaction() as tx:
            left = await tx.fetch("SELECT state, changed_by FROM interest WHERE interest_id = $1", UUID(numbers[ben]))

    assert [tuple(its) for its in left] == [("gone", None)]  # not put down to who did not choose them
    assert early.json()["type"] == "/problems/not-closed-yet"
    assert [its["statement"] for its in seen["applicants"]] == ["I would learn.", "I would learn."]
    assert seen["next"] == seen["applicants"][1]["number"]
    assert [its.status_code for its in wrong] == [422, 422, 422]
    assert wrong[2].json()["errors"] == [{"field": "numbers", "detail": "Choose from 1 to 2"}]
    assert (chosen.status_code, later.status_code) == (201, 201)
    assert {its["statement"] for its in after["applicants"]} == {None}
    assert [(name, body["member_ids"]) for name, body in said[2:]] == [
        ("ParticipantsSelected", [str(ada)]),
        ("ApplicantsNotSelected", sorted([str(ben), str(cat)])),
        ("ParticipantsSelected", [str(cat)]),
    ]


async def test_a_focus_group_is_held_and_its_findings_published_once_each(
    client: AsyncClient, database: Database
) -> None:
    team, findings = (
        signed_in("team"),
        {"title": "What we heard", "summary": "Say it.", "link": "https://gse.example/f"},
    )
    with at(database, OPENS) as move:
        here = (await opened(client, call(CLOSES, meets_on="2027-03-01")))["opportunity_id"]
        at_address = f"{API}/opportunities/{here}"
        too_early = await client.post(f"{at_address}/holdings", json={"held_on": "2027-03-01"}, headers=team)
        move(datetime(2027, 3, 2, 9, 0, tzinfo=UTC))
        await closing.close_due(database)
        await eventually(lambda: is_closed(client, here))
        no_findings = await client.post(f"{at_address}/findings", json=findings, headers=team)
        future = await client.post(f"{at_address}/holdings", json={"held_on": "2027-03-03"}, headers=team)
        held, twice = [
            await client.post(f"{at_address}/holdings", json={"held_on": "2027-03-01"}, headers=team) for _ in range(2)
        ]
        published, again = [await client.post(f"{at_address}/findings", json=findings, headers=team) for _ in range(2)]
        said = await what_was_said(database, here)

    assert [its.json()["type"] for its in (too_early, no_findings, twice, again)] == [
        "/problems/not-selected-yet",
        "/problems/not-held-yet",
        "/problems/already-held",
        "/problems/already-published",
    ]
    assert future.json()["errors"][0]["field"] == "held_on"
    assert (held.json()["state"], published.json()["state"]) == ("held", "published")
    assert said[-2:] == [
        ("FocusGroupHeld", {"opportunity_id": here, "held_on": "2027-03-01"}),
        ("FocusGroupFindingsPublished", {"opportunity_id": here, **findings}),
    ]


async def test_who_may_do_what_and_what_is_wrong_with_a_form(client: AsyncClient, database: Database) -> None:
    [ada] = await there_are(database, EO)
    member, team, stranger = signed_in("member", member_id=ada), signed_in("team"), signed_in()
    with at(database, OPENS):
        here = f"{API}/opportunities/{(await opened(client, call(CLOSES)))['opportunity_id']}"
        answers = [
            await client.post(f"{API}/opportunities", json=call(CLOSES), headers=member),
            await client.get(f"{here}/interests", headers=member),
            await client.post(f"{here}/interests", json={}),
            await client.post(f"{here}/interests", json={}, headers=stranger),
            await client.post(f"{here}/selections", json={"numbers": []}, headers=team),
        ]
        mistakes = [
            (await client.post(f"{API}/opportunities", json=form, headers=team)).json()["errors"][0]["field"]
            for form in (
                call(OPENS),
                call(CLOSES, eligibility="nobody"),
                call(CLOSES, meets_on="2027-02-11"),
                call(CLOSES, capacity=0),
                call(CLOSES, title=" "),
            )
        ]
        shown = [(await client.get(here, headers=whose)).json()["opened_by"] for whose in (member, team)]

    assert [its.status_code for its in answers] == [403, 403, 401, 409, 409]
    assert [its.json()["type"] for its in answers[3:]] == ["/problems/members-only", "/problems/the-lot-decides"]
    assert mistakes == ["closes_at", "eligibility", "meets_on", "capacity", "title"]
    assert shown[0] is None
    assert shown[1] is not None


async def test_the_list_is_paged_with_what_the_caller_has_applied_for(client: AsyncClient, database: Database) -> None:
    [ada] = await there_are(database, EO)
    ada_is = signed_in("member", member_id=ada)
    with at(database, OPENS):
        ours = [
            (await opened(client, call(CLOSES + timedelta(days=300 + days))))["opportunity_id"] for days in range(3)
        ]
        await applies(client, ours[1], ada)
        one = (await client.get(f"{API}/opportunities?limit=2", headers=ada_is)).json()
        two = (await client.get(f"{API}/opportunities?limit=1&after={one['next']}", headers=ada_is)).json()

    assert [(its["opportunity_id"], its["mine"] is not None) for its in one["opportunities"]] == [
        (ours[2], False),
        (ours[1], True),
    ]
    assert [its["opportunity_id"] for its in two["opportunities"]] == [ours[0]]
