"""Every list of mentoring goes page by page: over HTTP and on its pages, while rows come and go."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import deliver, said
from mentoring import pair_store, scheme_store
from mentoring.app import MEMBERS
from mentoring.domain import Enrolment, MatchRun, Scheme, Wishes
from mentoring.matching import Proposal
from testkit.examples import joined, left

SignIn = Callable[..., dict[str, str]]
API = "/api/mentoring/v1"
PAGE = {"Accept": "text/html"}
OPENED = datetime(2027, 1, 1, 9, tzinfo=UTC)
NO_SUCH_PLACE = {
    "field": "after",
    "detail": "There is no such place in the list, or no longer. Leave it out to begin with the first page",
}


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def open_schemes(running: FastAPI, *numbers: int) -> list[UUID]:
    """Called `Scheme 1`, `Scheme 2` and so on, each opened a minute after the one before."""
    schemes = []
    async with running.state.running.database.transaction() as tx:
        if 1 in numbers:  # those of the test before
            await tx.execute("TRUNCATE pair, entrant, match_run, enrolment, scheme")
        for number in numbers:
            opened_at = OPENED + timedelta(minutes=number)
            title = f"Scheme {number}"
            scheme = Scheme(
                uuid4(),
                title,
                "Help.",
                "https://gse.example",
                across_organisations=True,
                opens_on=opened_at.date(),
                opened_at=opened_at,
            )
            await scheme_store.add(tx, scheme)
            schemes.append(scheme.scheme_id)
    return schemes


async def join(running: FastAPI, number: int) -> list[UUID]:
    """So many members, by their ids."""
    members = sorted(uuid4() for _ in range(number))
    events = [said(joined(member_id), 1) for member_id in members]
    await deliver(running.state.running.database, "mentoring", MEMBERS, *events)
    return members


async def propose(running: FastAPI, scheme: UUID, members: Sequence[UUID]) -> tuple[UUID, list[UUID]]:
    """A run that proposes the first and second member, the third and fourth and so on; and the ids of its pairs."""
    run_id, pairs = uuid4(), sorted(uuid4() for _ in members[::2])
    async with running.state.running.database.transaction() as tx:
        await pair_store.add_run(tx, MatchRun(run_id, scheme, run_at=tx.now))
        await pair_store.add_entrants(tx, run_id, members)
        for pair_id, first, second in zip(pairs, members[::2], members[1::2], strict=True):
            await pair_store.propose(tx, run_id, pair_id, Proposal(first, second, 7, ("Their grades are the same.",)))
    return run_id, pairs


async def listed(client: AsyncClient, path: str, headers: dict[str, str] | None = None, **params: Any) -> Any:
    answer = await client.get(f"{API}{path}", params=params, headers=headers or {})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_schemes_come_page_by_page_while_another_opens_and_the_last_page_leads_nowhere(
    running: FastAPI, client: AsyncClient
) -> None:
    await open_schemes(running, 1, 2, 3, 4)

    first = await listed(client, "/schemes", limit=2)
    await open_schemes(running, 5)
    rest = await listed(client, "/schemes", limit=2, after=first["next"])

    assert [its["title"] for its in first["schemes"]] == ["Scheme 4", "Scheme 3"]
    assert [its["title"] for its in rest["schemes"]] == ["Scheme 2", "Scheme 1"]
    assert (first["next"], rest["next"]) == (first["schemes"][1]["scheme_id"], None)


@pytest.mark.parametrize("after", ["00000000-0000-4000-8000-0000000000ff", "3"])
async def test_a_place_that_is_not_in_the_list_is_told_at_its_field(client: AsyncClient, after: str) -> None:
    answer = await client.get(f"{API}/schemes", params={"after": after})
    page = await client.get("/mentoring", params={"after": after}, headers=PAGE)

    assert (answer.status_code, [its["field"] for its in answer.json()["errors"]]) == (422, ["after"])
    if len(after) > 1:
        assert answer.json()["errors"] == [NO_SUCH_PLACE]
    assert (page.status_code, "That web address is not right" in page.text) == (422, True)


@pytest.mark.parametrize("limit", [0, 101])
async def test_a_page_holds_one_to_a_hundred(client: AsyncClient, limit: int) -> None:
    answer = await client.get(f"{API}/schemes", params={"limit": limit})

    assert (answer.status_code, [its["field"] for its in answer.json()["errors"]]) == (422, ["limit"])


async def test_the_pairs_of_a_run_and_who_is_in_none_come_page_by_page_while_somebody_leaves(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    [scheme], lead = await open_schemes(running, 1), signed_in("scheme-lead")
    members, others = await join(running, 8), await join(running, 3)
    run_id, pairs = await propose(running, scheme, members)
    async with running.state.running.database.transaction() as tx:
        await pair_store.add_entrants(tx, run_id, others)
    here = f"/match-runs/{run_id}"

    first = await listed(client, f"{here}/pairs", lead, limit=2)
    alone = await listed(client, f"{here}/unmatched", lead, limit=2)
    gone = [members[2], others[1]]  # of the very pair, and the very member, behind which the next page begins
    await deliver(running.state.running.database, "mentoring", MEMBERS, *(said(left(its), 2) for its in gone))
    rest = await listed(client, f"{here}/pairs", lead, limit=2, after=first["next"])
    last = await listed(client, f"{here}/unmatched", lead, limit=2, after=alone["next"])

    assert [its["pair_id"] for its in first["pairs"]] == [str(its) for its in pairs[:2]]
    assert [its["pair_id"] for its in rest["pairs"]] == [str(its) for its in pairs[2:]]
    assert (first["next"], rest["next"]) == (str(pairs[1]), None)
    assert alone == {"unmatched": [str(others[0]), str(others[1])], "next": str(others[1])}
    left_over = sorted([members[3], others[2]])
    assert last == {"unmatched": [str(its) for its in left_over if its > others[1]], "next": None}


async def test_a_run_begins_with_its_first_hundred_and_says_where_the_others_are(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    [scheme], lead = await open_schemes(running, 1), signed_in("scheme-lead")
    members, others = await join(running, 202), await join(running, 101)
    run_id, pairs = await propose(running, scheme, members)
    async with running.state.running.database.transaction() as tx:
        await pair_store.add_entrants(tx, run_id, others)

    its = await listed(client, f"/match-runs/{run_id}", lead)
    rest = await listed(client, f"/match-runs/{run_id}/pairs", lead, after=its["pairs_next"])

    assert (len(its["pairs"]), its["pairs_next"]) == (100, str(pairs[99]))
    assert (len(its["unmatched"]), its["unmatched_next"]) == (100, str(others[99]))
    assert ([pair["pair_id"] for pair in rest["pairs"]], rest["next"]) == ([str(pairs[100])], None)


async def test_the_lists_of_a_run_are_for_leads_and_a_run_that_is_not_there_is_not_found(
    client: AsyncClient, signed_in: SignIn
) -> None:
    for name in ("pairs", "unmatched"):
        path = f"{API}/match-runs/{uuid4()}/{name}"
        by_a_member = await client.get(path, headers=signed_in("member", member_id=uuid4()))
        by_a_lead = await client.get(path, headers=signed_in("scheme-lead"))

        assert by_a_member.status_code == 403
        assert (by_a_lead.status_code, by_a_lead.json()["type"]) == (404, "/problems/no-match-run")


def linked(page: str, text: str) -> str | None:
    """Where the page's link of this text to another page of a list leads."""
    found = re.search(rf'href="([^"]+)" rel="(?:next|prev)">(?:(?!</a>).)*{text}', page, re.DOTALL)
    return found[1].replace("&amp;", "&") if found else None


async def test_the_page_turns_the_open_schemes_a_lead_s_and_a_member_s_own(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    schemes = await open_schemes(running, *range(1, 43))
    [ada, ben] = await join(running, 2)
    async with running.state.running.database.transaction() as tx:
        for number, scheme in enumerate(schemes[:21]):
            enrolment = Enrolment(uuid4(), scheme, ada, Wishes((), (), ()), OPENED + timedelta(minutes=number))
            await scheme_store.enrol(tx, enrolment)
            run = MatchRun(uuid4(), scheme, run_at=OPENED)
            await pair_store.add_run(tx, run)
            pair_id = uuid4()
            await pair_store.propose(tx, run.run_id, pair_id, Proposal(ada, ben, 7, ()))
            await pair_store.begin(tx, [pair_id], OPENED + timedelta(minutes=number))
    member, lead = PAGE | signed_in("member", member_id=ada), PAGE | signed_in("scheme-lead")

    async def turned(headers: dict[str, str], field: str) -> tuple[str, str]:
        """The first page, and the following one of that list."""
        first = (await client.get("/mentoring", headers=headers)).text
        found = re.search(rf'href="(/mentoring\?{field}=[^"#]+)#', first)
        assert found, field
        return words(first), words((await client.get(found[1], headers=headers)).text)

    first, following = await turned(member, "after")
    assert "Enrol in Scheme 42 " in first
    assert "Enrol in Scheme 23 " in first
    assert "Enrol in Scheme 22 " not in first
    assert re.findall(r"Enrol in Scheme \d+", following) == ["Enrol in Scheme 22"]
    assert "Earlier" not in following.partition("Other open schemes")[2]

    _, following = await turned(member, "enrolled_after")
    mine = following.partition("What you have enrolled in")[2].partition("Other open schemes")[0]
    assert re.findall(r"Scheme \d+ Withdraw", mine) == ["Scheme 1 Withdraw"]

    _, following = await turned(member, "paired_after")
    mine = following.partition("Your pairs")[2].partition("What you have enrolled in")[0]
    assert re.findall(r"Scheme \d+", mine) == ["Scheme 1"]

    first, following = await turned(lead, "led_after")
    led = following.partition("For scheme leads")[2].partition("Open a scheme")[0]
    assert len(re.findall(r"Scheme \d+ Nobody waits|Scheme \d+ 1 member waits", led)) == 20


async def test_the_matching_page_turns_the_pairs_and_tells_that_a_new_run_has_come(
    running: FastAPI, client: AsyncClient, signed_in: SignIn
) -> None:
    [scheme], lead = await open_schemes(running, 1), PAGE | signed_in("scheme-lead")
    members = await join(running, 102)
    await propose(running, scheme, members)
    here = f"/mentoring/schemes/{scheme}/matching"

    first = (await client.get(here, headers=lead)).text
    more = linked(first, "More pairs")
    assert more
    second = (await client.get(more, headers=lead)).text
    await propose(running, scheme, members[:4])
    late = await client.get(more, headers=lead)

    assert "51 pairs." in words(first)
    assert "Publish all 51 pairs" in words(first)
    assert (first.count("First: "), second.count("First: ")) == (50, 1)
    assert "51 pairs." in words(second)
    assert (linked(second, "More pairs"), linked(second, "First pairs")) == (None, here)
    assert (late.status_code, late.text.count("First: ")) == (200, 2)
    assert "Pairs were proposed again meanwhile. These are the new ones, from the first." in words(late.text)
