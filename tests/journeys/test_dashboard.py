"""How an organisation stands, for whom it is: its head of profession, and the team; and what comes due there."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from house import House
from people import as_file, planted
from visitor import Visitor, a_colleague

from testkit.eventually import eventually

MEMBERS = "/api/members/v1"
HERE = "/members/organisation"
LONDON = ZoneInfo("Europe/London")


async def _ask(house: House, path: str, form: Any) -> dict[str, Any]:
    answer = await house.post(MEMBERS + path, form, persona="team")
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_head_sees_their_own_organisation_without_small_figures_and_nobody_another_s(
    moving_house: House,
) -> None:
    house = moving_house
    for grade, count in (("HEO", 24), ("EO", 12), ("G7", 3)):
        await house.send_import(as_file(planted(count), organisation="Defra", grade=grade))
    await house.send_import(as_file(planted(40), organisation="Cefas"))

    own = (await house.get(f"{MEMBERS}/dashboard", persona="hosep")).raise_for_status().json()
    named = await house.get(f"{MEMBERS}/dashboard?organisation=Defra", persona="hosep")
    other = await house.get(f"{MEMBERS}/dashboard?organisation=Cefas", persona="hosep")
    unknown = await house.get(f"{MEMBERS}/dashboard?organisation=Atlantis", persona="hosep")
    member = await house.http.get(f"{MEMBERS}/dashboard", headers=house.member(uuid4()))
    nobody = await house.get(f"{MEMBERS}/dashboard")
    theirs = (await house.get(f"{MEMBERS}/dashboard?organisation=Cefas", persona="team")).json()
    every = (await house.get(f"{MEMBERS}/dashboard", persona="team")).json()

    assert (own["organisation"], own["members"]["all"]) == ("DEFRA", 40)
    # Three in G7 are hidden; and others with them, for three alone would be what is missing to the whole.
    assert own["members"]["shown"] == {"HEO-SEO": 25}
    assert (own["members"]["hidden"], own["members"]["together"]) == (["AA-AO", "EO", "G7-G6", "SCS"], 15)
    assert own == named.json()
    assert [its.status_code for its in (other, unknown, member, nobody)] == [404, 404, 404, 401]
    assert (theirs["organisation"], theirs["members"]["all"]) == ("CEFAS", 40)
    assert every["organisation"] is None
    assert every["members"]["all"] >= 80

    head = Visitor(house, uuid4(), "hosep", organisation="DEFRA")
    page = await head.read(HERE)
    assert "Members now: 40" in page
    assert "Of 40 members: HEO to SEO 25, Others together 15." in page
    assert "Others are AA to AO, EO, G7 to G6, SCS." in page
    assert (await head.look(f"{HERE}?organisation=Cefas")).status_code == 404
    assert (await Visitor(house, uuid4()).look(HERE)).status_code == 404
    assert "Centre for Environment, Fisheries and Aquaculture Science (Cefas): how we stand" in await a_colleague(
        house
    ).read(f"{HERE}?organisation=Cefas")


async def test_a_promise_and_a_theme_stand_there_once_their_day_has_ended(moving_house: House) -> None:
    house = moving_house
    champion = await house.join(planted(1)[0])
    today = house.now().astimezone(LONDON).date()
    last_day, word = today + timedelta(days=5), uuid4().hex[:6]
    promise = {"title": f"Baseline {word}", "owner": "Central team", "measure": "It is there.", "due_on": str(last_day)}
    before = await house.get(f"{MEMBERS}/strategy")  # another journey's
    strategy = {
        "follows": before.json()["version"] if before.is_success else 0,
        "title": "Diversity and inclusion strategy",
        "summary": "What the profession does so that all talent counts.",
        "link": "https://gse.example/strategy",
        "mission": "We value everybody’s talent.",
        "themes": [{"title": "Know who we are", "goals": [{"title": "Count", "commitments": [promise]}]}],
    }
    await _ask(house, "/strategies", strategy)
    theme = {"title": f"Carers {word}", "purpose": "To care.", "ask": "The DIAG mailbox"}
    theme_id = (await _ask(house, "/champion-themes", theme))["theme_id"]
    appointment = {"member_id": str(champion), "ends_on": str(last_day)}
    await _ask(house, f"/champion-themes/{theme_id}/champions", appointment)

    async def stands() -> tuple[list[str], list[str], list[str]]:
        its = (await house.get(f"{MEMBERS}/dashboard", persona="hosep")).raise_for_status().json()
        due = [[each["title"] for each in its[when]["commitments"]] for when in ("due_soon", "overdue")]
        return due[0], due[1], [each["title"] for each in its["vacancies"] if each["title"] == theme["title"]]

    head = Visitor(house, uuid4(), "hosep", organisation="DEFRA")
    assert await stands() == ([promise["title"]], [], [])
    page = await head.read(HERE)
    assert "Nothing is overdue. Due in the next 90 days: 1" in page
    assert theme["title"] not in page

    house.move_clock(datetime.combine(last_day + timedelta(days=1), time(), LONDON))

    async def is_over() -> bool:
        return await stands() == ([], [promise["title"]], [theme["title"]])

    await eventually(is_over, timeout=30)
    page = await head.read(HERE)
    assert "Overdue: 1" in page
    assert "Nothing is due in the next 90 days." in page
    assert f"Themes that look for a champion {theme['title']}" in page
