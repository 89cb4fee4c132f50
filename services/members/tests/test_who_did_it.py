"""The central team sees who did what and when, in the API and on the pages; nobody else does."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import account_of, in_browser, signed_in
from members.feedback.policy import POLICY
from members.opportunities import closing

API: Final = "/api/members/v1"
NOON: Final = datetime(2027, 2, 3, 12, 0, tzinfo=UTC)
THEN: Final = "2027-02-03T12:00:00Z"
AT_NOON: Final = "on 3 February 2027, midday"


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split()).replace(" ,", ",")


async def post(client: AsyncClient, address: str, form: dict[str, Any], by: dict[str, str]) -> dict[str, Any]:
    answer = await client.post(API + address, json=form, headers=by)
    assert answer.is_success, answer.text
    its: dict[str, Any] = answer.json() if answer.content else {}
    return its


async def read(client: AsyncClient, address: str, by: dict[str, str]) -> dict[str, Any]:
    answer = await client.get(API + address, headers=by)
    assert answer.status_code == 200, answer.text
    its: dict[str, Any] = answer.json()
    return its


async def page(client: AsyncClient, address: str, **who: Any) -> str:
    answer = await client.get(f"/members{address}", headers=in_browser("team", **who))
    assert answer.status_code == 200, answer.text
    return words(answer.text)


async def joined(client: AsyncClient, name: str = "Ada Moss") -> str:
    form = {"name": name, "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    its = await post(client, "/members", form, {})
    return str(its["member_id"])


@pytest.fixture(autouse=True)
async def at_noon(running: FastAPI) -> AsyncIterator[None]:
    """The business clock stands at `NOON`."""
    database = running.state.running.database
    now, database.clock = database.clock, lambda: NOON
    yield
    database.clock = now


async def themself(running: FastAPI, member_id: str, role: str = "member") -> dict[str, str]:
    """The header of a member, whose account leads to them."""
    header = signed_in(role, member_id=member_id)
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO account (account_id, issuer, subject, member_id, created_at) VALUES ($1, $2, $3, $4, now())",
            account_of(header),
            "a department",
            uuid4().hex,
            UUID(member_id),
        )
    return header


async def one_of_the_team(client: AsyncClient, running: FastAPI) -> tuple[dict[str, str], str, str]:
    """The header of Ivy Hart, who is a member; her account; and how a page says that she did something."""
    header = await themself(running, await joined(client, "Ivy Hart"), "team")
    return header, str(account_of(header)), "by Ivy Hart"


async def test_who_asked_for_an_erasure_and_when(client: AsyncClient, running: FastAPI) -> None:
    ivy, account, by_ivy = await one_of_the_team(client, running)
    asked, own = await joined(client), await joined(client)

    await post(client, f"/members/{asked}/erasure", {}, ivy)
    to_themself = await post(client, f"/members/{own}/erasure", {}, await themself(running, own))

    found = {its["member_id"]: its for its in (await read(client, "/erasures", signed_in("team")))["erasures"]}
    assert (found[asked]["requested_by"], found[asked]["requested_at"]) == (account, THEN)
    assert (found[own]["requested_by"], to_themself["requested_by"]) == (None, None)
    text = await page(client, "/erasures")
    assert f"{asked} Asked for 3 February 2027, midday, {by_ivy} Members" in text
    assert f"{own} Asked for 3 February 2027, midday, by the member Members" in text


async def test_who_merged_two_members_and_who_said_that_they_are_two(client: AsyncClient, running: FastAPI) -> None:
    ivy, account, by_ivy = await one_of_the_team(client, running)
    stays, ends, other = [await joined(client, f"{name} {uuid4().hex}") for name in ("Ada", "Bea", "Cy")]
    await post(client, f"/members/{stays}/mergers", {"ended": ends}, ivy)
    await post(client, "/two-people", {"first": stays, "second": other}, signed_in("team"))

    first = await read(client, "/duplicates/decisions?limit=1", signed_in("team"))
    second = await read(client, f"/duplicates/decisions?limit=1&before={first['next']}", signed_in("team"))

    decisions = first["decisions"] + second["decisions"]
    assert sorted(its["merged"] for its in decisions) == [False, True]
    [merger] = [its for its in decisions if its["merged"]]
    assert (merger["first"], merger["second"], merger["at"], merger["by"]) == (stays, ends, THEN, account)
    [two] = [{its["first"], its["second"]} for its in decisions if not its["merged"]]
    assert two == {stays, other}
    text = await page(client, "/people/duplicates/decided")
    assert f"stayed, and a former member was merged into them 3 February 2027, midday, {by_ivy}" in text
    assert "are two people 3 February 2027, midday, by account" in text
    assert f"Merged into another member {AT_NOON}, {by_ivy}" in await page(client, f"/people/{ends}")
    nobody = await client.get(f"{API}/duplicates/decisions", headers=signed_in("hosep", organisation="UKHSA"))
    assert nobody.status_code == 403


async def test_who_ended_a_membership_or_restricted_a_member_and_what_else_was_changed(
    client: AsyncClient, running: FastAPI
) -> None:
    ivy, account, by_ivy = await one_of_the_team(client, running)
    gone, own, restricted = await joined(client), await joined(client), await joined(client)
    await post(client, f"/members/{gone}/departures", {}, ivy)
    await post(client, f"/members/{own}/departures", {}, await themself(running, own))
    await post(client, f"/members/{restricted}/restrictions", {}, ivy)

    its = await read(client, f"/members/{gone}", signed_in("team"))
    to_the_head = await read(client, f"/members/{gone}", signed_in("hosep", organisation="UKHSA"))
    changes = await read(client, f"/members/{restricted}/changes", signed_in("team"))

    assert (its["departed_at"], its["departed_by"]) == (THEN, account)
    assert (to_the_head["departed_at"], to_the_head["departed_by"]) == (None, None)
    assert [(each["what"], each["at"], each["by"]) for each in changes["changes"]] == [("restricted", THEN, account)]
    assert f"Left {AT_NOON}, {by_ivy}" in await page(client, f"/people/{gone}")
    assert f"Left {AT_NOON}, by themselves" in await page(client, f"/people/{own}")
    assert f"Use of their details restricted {AT_NOON}, {by_ivy}" in await page(client, f"/people/{restricted}")
    text = await page(client, f"/people/{restricted}/changes")
    assert f"3 February 2027, midday Use of your details restricted The central team, {by_ivy}" in text
    headed = in_browser("hosep", organisation="UKHSA")
    assert "Who did what" not in (await client.get(f"/members/people/{gone}", headers=headed)).text
    assert (await client.get(f"/members/people/{restricted}/changes", headers=headed)).status_code == 403


async def test_who_registered_an_organisation_and_said_what_becomes_of_it(
    client: AsyncClient, running: FastAPI
) -> None:
    ivy, account, by_ivy = await one_of_the_team(client, running)
    codes = [f"X{uuid4().hex[:10].upper()}" for _ in range(2)]
    for code in codes:
        form = {"code": code, "name": f"Office {code}", "opened_on": "2027-01-01"}
        its = await post(client, "/organisations", form, ivy)
    merger = {"into": [codes[1]], "on": "2027-04-01"}
    merged = await post(client, f"/organisations/{codes[0]}/mergers", merger, ivy)
    again = await post(client, f"/organisations/{codes[0]}/mergers", merger, signed_in("team"))

    assert (its["registered_at"], its["registered_by"], its["merged_by"]) == (THEN, account, None)
    assert (merged["merged_at"], merged["merged_by"]) == (THEN, account)
    assert again["merged_by"] == account  # the same again changes nothing
    [public] = [
        its for its in (await client.get(f"{API}/organisations")).json()["organisations"] if its["code"] == codes[0]
    ]
    assert (public["registered_at"], public["registered_by"], public["merged_by"]) == (None, None, None)
    text = await page(client, f"/organisations/{codes[0]}/merger")
    assert f"Registered {AT_NOON}, {by_ivy} Said what becomes of it {AT_NOON}, {by_ivy}" in text


async def test_who_established_a_group_delivered_extended_and_disbanded_it(
    client: AsyncClient, running: FastAPI
) -> None:
    ivy, account, by_ivy = await one_of_the_team(client, running)
    reader = signed_in("member", member_id=await joined(client))
    charter = {"purpose": "Know", "charter": "Ask", "deliverables": ["A survey", "A report"], "ends_on": "2027-03-01"}
    its = await post(client, "/task-groups", {"title": uuid4().hex, "ask": "Us", **charter}, ivy)
    at = f"/groups/{its['group_id']}"
    await post(client, f"{at}/deliverables/{its['deliverables'][0]['deliverable_id']}/completion", {}, ivy)
    for day in range(2, 9):
        await post(client, f"{at}/extensions", {"ends_on": f"2027-03-0{day}", "reason": f"Reason {day}"}, ivy)

    text, further = await page(client, at), await page(client, f"{at}/extensions")
    over = await post(client, f"{at}/disbandment", {"reason": "No need"}, ivy)
    first = await read(client, f"{at}/extensions?limit=4", signed_in("team"))
    second = await read(client, f"{at}/extensions?limit=4&before={first['next']}", reader)
    seen = await read(client, at, reader)

    assert (its["established_at"], its["established_by"], its["disbanded_by"]) == (THEN, account, None)
    assert (over["disbanded_at"], over["disbanded_by"]) == (THEN, account)
    assert [(each["met_at"], each["met_by"]) for each in over["deliverables"]] == [(THEN, account), (None, None)]
    assert [each["ends_on"] for each in first["extensions"] + second["extensions"]] == [
        f"2027-03-0{day}" for day in range(8, 1, -1)
    ]
    assert (first["next"], second["next"]) == ("2027-03-05", None)
    assert {(each["extended_at"], each["extended_by"]) for each in first["extensions"]} == {(THEN, account)}
    assert {each["extended_by"] for each in second["extensions"]} == {None}
    assert (seen["established_by"], seen["disbanded_by"], seen["deliverables"][0]["met_by"]) == (None, None, None)
    assert f"Established {AT_NOON}, {by_ivy} “A survey” delivered {AT_NOON}, {by_ivy}" in text
    assert ("Reason 4" in text, "Reason 3" in text, "See all later last days" in text) == (True, False, True)
    assert f"From 1 March 2027 to 2 March 2027: Reason 2 3 February 2027, midday, {by_ivy}" in further
    assert f"Disbanded {AT_NOON}, {by_ivy}" in await page(client, at)


async def test_who_scheduled_moved_and_cancelled_a_meeting_and_wrote_its_agenda(
    client: AsyncClient, running: FastAPI
) -> None:
    ivy, account, by_ivy = await one_of_the_team(client, running)
    reader = signed_in("member", member_id=await joined(client))
    group = await post(client, "/groups", {"title": uuid4().hex, "purpose": "Meet", "ask": "Us"}, ivy)
    times = {"starts_at": "2027-02-10T10:00:00Z", "ends_at": "2027-02-10T11:00:00Z"}
    at = f"/groups/{group['group_id']}/meetings"
    its = await post(client, at, {"title": "Plans", "place": "Room 1", "agenda": "One", **times}, ivy)
    at = f"{at}/{its['meeting_id']}"
    moved = await post(client, f"{at}/moves", {"place": "Room 2", **times}, ivy)
    text = await page(client, at)
    cancelled = await post(client, f"{at}/cancellation", {}, ivy)

    assert (its["scheduled_at"], its["scheduled_by"], its["agenda_by"]) == (THEN, account, account)
    assert (moved["changed_at"], moved["changed_by"], moved["cancelled_by"]) == (THEN, account, None)
    assert cancelled["cancelled_by"] == account
    seen = await read(client, at, reader)
    assert {seen[name] for name in seen if name.endswith("_by")} == {None}
    done = f"Scheduled {AT_NOON}, {by_ivy} Agenda written {AT_NOON}, {by_ivy}"
    assert f"{done} Moved {AT_NOON}, {by_ivy}" in text
    assert f"{done} Cancelled {AT_NOON}, {by_ivy}" in await page(client, at)


async def test_who_named_a_theme_appointed_its_champions_and_ended_their_terms(
    client: AsyncClient, running: FastAPI
) -> None:
    ivy, account, by_ivy = await one_of_the_team(client, running)
    reader = signed_in("member", member_id=await joined(client))
    theme = await post(client, "/champion-themes", {"title": uuid4().hex, "purpose": "Speak", "ask": "Us"}, ivy)
    at = f"/champion-themes/{theme['theme_id']}"
    first, second = await joined(client, "Cy Reed"), await joined(client, "Di Moor")
    for each in (first, second):
        its = await post(client, f"{at}/champions", {"member_id": each, "ends_on": "2028-01-31"}, ivy)
    text = await page(client, f"/groups/champions/{theme['theme_id']}")
    terms = {each["member_id"]: each["term_id"] for each in its["champions"]}
    await post(client, f"/champion-terms/{terms[first]}/ending", {}, ivy)
    await post(client, f"/champion-terms/{terms[second]}/ending", {}, signed_in("member", member_id=second))

    newest = await read(client, f"{at}/ended-terms?limit=1", signed_in("team"))
    older = await read(client, f"{at}/ended-terms?limit=1&before={newest['next']}", signed_in("team"))

    assert (its["established_at"], its["established_by"]) == (THEN, account)
    assert {(each["appointed_at"], each["appointed_by"]) for each in its["champions"]} == {(THEN, account)}
    ended = {each["member_id"]: each for each in newest["terms"] + older["terms"]}
    assert (ended[first]["ended"], ended[first]["ended_at"], ended[first]["ended_by"]) == ("by-the-team", THEN, account)
    assert (ended[second]["ended"], ended[second]["appointed_by"]) == ("resigned", account)
    assert (older["next"], (await read(client, at, reader))["established_by"]) == (None, None)
    assert f"Theme named {AT_NOON}, {by_ivy}" in text
    assert f"Cy Reed appointed {AT_NOON}, {by_ivy}" in text
    text = await page(client, f"/groups/champions/{theme['theme_id']}/terms")
    assert f"Cy Reed, 3 February 2027 to 31 January 2028 Appointed {AT_NOON}, {by_ivy}" in text
    assert f"The central team ended it {AT_NOON}, {by_ivy}" in text
    assert f"The champion gave the task back {AT_NOON}" in text
    assert (await client.get(f"{API}{at}/ended-terms", headers=reader)).status_code == 403


async def test_who_opened_an_opportunity_and_gave_its_places(client: AsyncClient, running: FastAPI) -> None:
    ivy, account, by_ivy = await one_of_the_team(client, running)
    applicant = signed_in("member", member_id=await joined(client, "Cy Reed"))
    call = {"kind": "programme", "title": "A year away", "summary": "Learn", "capacity": 1}
    its = await post(client, "/opportunities", call | {"closes_at": "2027-02-03T13:00:00Z"}, ivy)
    at = f"/opportunities/{its['opportunity_id']}"
    mine = await post(client, f"{at}/interests", {}, applicant)
    running.state.running.database.clock = lambda: NOON + timedelta(hours=2)
    await closing.close_due(running.state.running.database)
    chosen = await post(client, f"{at}/selections", {"numbers": [mine["mine"]["number"]]}, ivy)

    [row] = (await read(client, f"{at}/interests", signed_in("team")))["applicants"]
    seen = await read(client, at, applicant)

    assert (its["opened_at"], its["opened_by"], chosen["selected_by"]) == (THEN, account, account)
    assert (row["state"], row["changed_at"], row["changed_by"]) == ("chosen", "2027-02-03T14:00:00Z", account)
    assert (seen["opened_at"], seen["opened_by"], seen["selected_by"]) == (None, None, None)
    text = await page(client, at)
    assert f"Opened {AT_NOON}, {by_ivy} Places given on 3 February 2027, 2pm, {by_ivy}" in text


async def test_who_opened_a_seat_of_the_shadow_board(client: AsyncClient, running: FastAPI) -> None:
    ivy, account, by_ivy = await one_of_the_team(client, running)
    its = await post(client, "/shadow-board/seats", {"title": "A seat for the north"}, ivy)

    public = (await client.get(f"{API}/shadow-board/seats")).json()["seats"]
    seats = (await read(client, "/shadow-board/seats", signed_in("team")))["seats"]

    assert its["opened_by"] == account
    assert [each["opened_by"] for each in seats if each["seat_id"] == its["seat_id"]] == [account]
    assert {each["opened_by"] for each in public} == {None}
    text = await page(client, "/opportunities/shadow-board")
    assert f"“A seat for the north” opened {AT_NOON}, {by_ivy}" in text


async def test_who_published_a_strategy_reported_on_a_promise_and_asked_members_about_it(
    client: AsyncClient, running: FastAPI
) -> None:
    ivy, _, by_ivy = await one_of_the_team(client, running)
    promise = {"title": "Ask", "owner": "The team", "measure": "Asked", "due_on": "2028-03-31"}
    words = {"title": "A plan", "summary": "Do", "link": "https://gse.example/plan", "mission": "All"}
    themes = [{"title": "Know", "goals": [{"title": "Count", "commitments": [promise]}]}]
    its = await post(client, "/strategies", words | {"follows": 0, "themes": themes}, ivy)
    commitment = its["themes"][0]["goals"][0]["commitments"][0]["commitment_id"]
    at = f"/commitments/{commitment}"
    await post(client, f"{at}/progress", {"status": "on-track", "percent": 40}, ivy)
    asked = {"title": "Did we?", "closes_on": "2027-03-01", "must_hear": [], "commitment_id": commitment}
    asked["must_hear"] = [next(iter(POLICY.groups))]
    its_round = await post(client, "/feedback-rounds", asked, ivy)

    versions, version = await page(client, "/strategy/versions"), await page(client, "/strategy/versions/1")
    text, question = await page(client, f"/strategy{at}"), await page(client, f"/feedback/{its_round['round_id']}")
    public = (await client.get(f"/members/strategy{at}")).text

    assert f"published on 3 February 2027, midday, {by_ivy}" in versions
    assert f"Published {AT_NOON}, {by_ivy}" in version
    assert f"40% done 3 February 2027, midday, {by_ivy}" in text
    assert f"Opened {AT_NOON}, {by_ivy}" in question
    assert "Ivy Hart" not in public


async def test_who_sent_a_file_of_members(client: AsyncClient, running: FastAPI) -> None:
    ivy, account, by_ivy = await one_of_the_team(client, running)
    file = (
        "name,email,organisation,grade,joined_on,interests,skills\nBo Hay,bo.hay@ukhsa.example,UKHSA,HEO,2026-01-01,,\n"
    )
    sent = await client.post(f"{API}/imports", files={"file": ("members.csv", file)}, headers=ivy)
    assert sent.is_success, sent.text

    [its] = (await read(client, "/imports", signed_in("team")))["imports"]

    assert (its["begun_at"], its["begun_by"]) == (THEN, account)
    assert f"Sent on 3 February 2027 at midday, {by_ivy}" in await page(client, f"/imports/{its['import_id']}")
    assert f"3 February 2027, midday, {by_ivy}" in await page(client, "/imports")
