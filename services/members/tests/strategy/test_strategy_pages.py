"""The pages of the strategy, as a browser without JavaScript gets them."""

import re
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from httpx2 import AsyncClient

from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in
from members.strategy.commitments import Standing
from members.strategy.pages import counted

API = "/api/members/v1"
HERE = "/members/strategy"
PAGE = {"Accept": "text/html"}
MISSION = "We value everybody's talent."
TODAY = datetime.now(ZoneInfo("Europe/London")).date()


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).replace("&#39;", "'").split())


def promise(title: str, due_on: date, **more: Any) -> dict[str, Any]:
    owner, measure = "Heads of profession", "It is published."
    return {"title": title, "owner": owner, "measure": measure, "due_on": str(due_on), **more}


async def published(client: AsyncClient, *promises: dict[str, Any]) -> list[str]:
    before = await client.get(f"{API}/strategy")
    form = {
        "follows": before.json()["version"] if before.is_success else 0,
        "title": f"Plan {uuid4().hex}",
        "summary": "What we do.",
        "link": "https://gse.example/strategy",
        "mission": MISSION,
        "themes": [{"title": "Know & be known", "goals": [{"title": "Count", "commitments": list(promises)}]}],
    }
    answer = (await client.post(f"{API}/strategies", json=form, headers=signed_in("team"))).raise_for_status()
    return [its["commitment_id"] for its in answer.json()["themes"][0]["goals"][0]["commitments"]]


async def send(client: AsyncClient, address: str, answers: dict[str, str], *roles: str) -> Any:
    return await client.post(address, data={**answers, **CSRF_OF_FORMS}, headers=in_browser(*roles))


async def test_before_anything_is_promised_the_page_says_what_will_be_there(client: AsyncClient) -> None:
    """The first test of this module: it needs an empty house."""
    page = await client.get(HERE, headers=PAGE)

    assert page.status_code == 200
    assert "The profession’s strategy is not published here yet. Its mission and every promise" in words(page.text)
    assert "<svg viewBox" not in page.text


async def test_anyone_sees_the_mission_first_then_where_each_promise_stands_in_a_picture_and_in_words(
    client: AsyncClient,
) -> None:
    late, soon, kept, _ = await published(
        client,
        promise("A late one", TODAY - timedelta(days=1)),
        promise("One of <today>", TODAY),
        promise("A kept one", TODAY + timedelta(days=30)),
        promise("A far one", TODAY + timedelta(days=60)),
    )
    await client.post(f"{API}/commitments/{kept}/completion", headers=signed_in("team"))
    report = {"status": "on-track", "percent": 10}
    await client.post(f"{API}/commitments/{soon}/progress", json=report, headers=signed_in("team"))

    page = (await client.get(HERE, headers=PAGE)).text

    said = words(page)
    assert said.index(MISSION) < said.index("4 promises: 1 kept, 1 overdue, 1 under way, 1 not started")
    assert "1. A late one" in said
    for title, stands in (("A late one", "Overdue"), ("One of &lt;today&gt;", "Under way"), ("A kept one", "Kept")):
        assert re.search(f"{title} \\d+ \\w+ \\d{{4}} {stands}", said)
    assert "A far one (promise 4)" in said
    assert page.count("<figcaption") == 1
    figure = page[page.index("<figure") : page.index("<figcaption")]
    assert [len(re.findall(f"<{shape} ", figure)) for shape in ("circle", "path", "rect")] == [2, 1, 1]
    assert f'href="{HERE}/commitments/{late}"' in page


async def test_a_promise_has_its_owner_measure_day_reports_and_what_happens_next(client: AsyncClient) -> None:
    [its] = await published(client, promise("Set a baseline", date(2099, 3, 31), summary="The first figures."))
    for percent, summary in ((10, "We asked every department."), (40, "Half of them answered.")):
        report = {"status": "at-risk", "percent": percent, "summary": summary}
        await client.post(f"{API}/commitments/{its}/progress", json=report, headers=signed_in("team"))

    page = (await client.get(f"{HERE}/commitments/{its}", headers=PAGE)).text

    said = words(page)
    assert "Set a baseline The first figures. Where it stands Under way At risk, 40% done Due 31 March 2099" in said
    assert "Owner Heads of profession How we’ll know It is published." in said
    assert (
        "It is to be kept by the end of 31 March 2099. If it is not, it shows as overdue here from the next day" in said
    )
    assert said.index("40% done Half of them answered.") < said.index("10% done We asked every department.")
    assert "Report progress" not in said


async def test_an_overdue_promise_is_not_on_track_it_was_when_last_reported(client: AsyncClient) -> None:
    [its] = await published(client, promise("Set a baseline", TODAY - timedelta(days=1)))
    report = {"status": "on-track", "percent": 40}
    await client.post(f"{API}/commitments/{its}/progress", json=report, headers=signed_in("team"))

    page = words((await client.get(f"{HERE}/commitments/{its}", headers=PAGE)).text)

    assert "Where it stands Overdue Last reported: on track, 40% done Due" in page


async def test_the_team_reports_with_a_form_and_everybody_sees_it(client: AsyncClient) -> None:
    [its] = await published(client, promise("Set a baseline", date(2099, 3, 31)))
    at = f"{HERE}/commitments/{its}"

    mistakes = await send(client, f"{at}/progress", {"percent": "many", "summary": "x" * 301}, "team")
    sent = await send(
        client, f"{at}/progress", {"status": "delayed", "percent": "5", "summary": "We wait for replies."}, "team"
    )
    after = words((await client.get(sent.headers["location"], headers=in_browser("team"))).text)
    form = (await client.get(f"{at}/progress", headers=in_browser("team"))).text

    assert mistakes.status_code == 422
    for sentence in (
        "Choose how it goes",
        "Enter how much is done as a whole number from 0 to 100",
        "What has happened must be 300 characters or fewer",
    ):
        assert sentence in words(mistakes.text)
    assert 'value="many"' in mistakes.text
    assert (sent.status_code, sent.headers["location"]) == (303, f"{at}?done=progress")
    assert "The report is here for everybody to see." in after
    assert "delayed, 5% done We wait for replies." in after
    assert 'value="5"' in form
    assert "The report is here" not in words((await client.get(f"{at}?done=progress", headers=PAGE)).text)


async def test_the_team_says_that_a_promise_is_kept_once_it_has_seen_what_that_means(client: AsyncClient) -> None:
    [its] = await published(client, promise("Set a baseline", TODAY - timedelta(days=2)))
    at = f"{HERE}/commitments/{its}"

    before = words((await client.get(f"{at}/completion", headers=in_browser("team"))).text)
    sent = [await send(client, f"{at}/completion", {}, "team") for _ in range(2)]
    page = words((await client.get(at, headers=in_browser("team"))).text)
    too_late = await send(client, f"{at}/progress", {"status": "delayed", "percent": "5"}, "team")

    assert "It is kept when this is so: It is published." in before
    assert "it cannot be taken back" in before
    assert [(each.status_code, each.headers["location"]) for each in sent] == [(303, f"{at}?done=completion")] * 2
    assert "2 days late" in page
    assert "Nothing more: this promise is kept" in page
    assert "Report progress" not in page
    assert too_late.status_code == 409
    assert "This commitment is completed already, and stays as it is." in words(too_late.text)


async def test_nobody_else_reports_or_completes(client: AsyncClient) -> None:
    [its] = await published(client, promise("Set a baseline", TODAY))

    for step in ("progress", "completion"):
        at = f"{HERE}/commitments/{its}/{step}"
        member = in_browser("member", member_id=uuid4())
        assert (await client.get(at, headers=member)).status_code == 403
        assert (await send(client, at, {"status": "on-track", "percent": "1"}, "member")).status_code == 403
        assert (await client.post(at, data={}, headers=in_browser("team"))).status_code == 403, "without its mark"
        assert (await client.get(at, headers=PAGE)).status_code == 303, "to sign in"


async def test_what_is_not_promised_any_more_is_still_to_be_seen(client: AsyncClient) -> None:
    [its] = await published(client, promise("Forgotten", TODAY))
    await published(client, promise("Another", TODAY))

    page = words((await client.get(HERE, headers=PAGE)).text)
    own = words((await client.get(f"{HERE}/commitments/{its}", headers=PAGE)).text)
    completing = await send(client, f"{HERE}/commitments/{its}/completion", {}, "team")

    assert page.index("No longer promised") < page.index("Forgotten")
    assert "the present version of the strategy does not promise this any more" in own
    assert completing.status_code == 409
    assert "does not stand in the strategy any more" in words(completing.text)
    assert (await client.get(f"{HERE}/commitments/{uuid4()}", headers=PAGE)).status_code == 404


async def test_the_home_page_leads_to_the_promises(client: AsyncClient) -> None:
    assert f'href="{HERE}"' in (await client.get("/", headers=PAGE)).text


def test_promises_are_counted_in_words() -> None:
    assert counted([]) == ""
    assert counted([Standing.COMPLETED]) == "1 promise: 1 kept"
    assert counted([Standing.NOT_STARTED, Standing.OVERDUE, Standing.OVERDUE]) == "3 promises: 2 overdue, 1 not started"


async def test_earlier_reports_are_behind_a_link(client: AsyncClient) -> None:
    [its] = await published(client, promise("Publish the pay gap", TODAY + timedelta(days=9)))
    for percent in range(21):
        form = {"status": "on-track", "percent": percent}
        await client.post(f"{API}/commitments/{its}/progress", json=form, headers=signed_in("team"))

    first = (await client.get(f"{HERE}/commitments/{its}", headers=PAGE)).text
    following = re.search(r'href="([^"]+\?after=[^"#]+)#reported"', first)
    assert following
    second = words((await client.get(following[1], headers=PAGE)).text)

    assert [f"on track, {percent}% done" in words(first) for percent in (20, 1, 0)] == [True, True, False]
    assert "on track, 0% done" in second
    assert "See the newest reports" in second
