"""The strategy from its publication to a promise that is kept, and one that is missed: the team is told once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from house import House
from people import planted

from testkit.eventually import eventually
from testkit.records import read_all

MEMBERS = "/api/members/v1"
OVERDUE = "A commitment of the strategy is overdue"


async def _ask(house: House, path: str, form: Any = None) -> dict[str, Any]:
    answer = await house.post(MEMBERS + path, form, persona="team")
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _said(house: House, subject: str) -> list[tuple[str, dict[str, Any]]]:
    """What other departments hear of a subject."""
    records = await read_all(house.kafka, f"{house.prefix}gse.members.public")
    return [
        ((its.header("ce_type") or "").split(".")[-2], its.json()) for its in records if its.key == subject.encode()
    ]


async def test_promises_are_published_reported_on_kept_and_missed_and_the_team_hears_of_the_missed_one_once(
    house: House,
) -> None:
    [colleague, other] = planted(2)
    in_the_team, _ = [await house.join(person) for person in (colleague, other)]
    await _ask(house, f"/members/{in_the_team}/role-grants", {"role": "team"})
    await house.level()
    before = await house.get(f"{MEMBERS}/strategy")  # another journey's
    today = datetime.now(UTC).date()
    kept, missed = (
        {"title": title, "owner": "Heads of profession", "measure": "It is published.", "due_on": str(due_on)}
        for title, due_on in (
            ("Publish a blog", today + timedelta(days=30)),
            ("Set a baseline", today - timedelta(days=30)),
        )
    )
    strategy = {
        "follows": before.json()["version"] if before.is_success else 0,
        "title": "Diversity and inclusion strategy",
        "summary": "What the profession does so that all talent counts.",
        "link": "https://gse.example/strategy",
        "mission": "We value everybody’s talent.",
        "themes": [{"title": "Know who we are", "goals": [{"title": "Count", "commitments": [kept, missed]}]}],
    }

    published = await _ask(house, "/strategies", strategy)
    [kept_id, missed_id] = [its["commitment_id"] for its in published["themes"][0]["goals"][0]["commitments"]]
    await _ask(house, f"/commitments/{kept_id}/progress", {"status": "on-track", "percent": 80})
    await _ask(house, f"/commitments/{kept_id}/completion")

    async def mails() -> list[str]:
        ours = {colleague.email, other.email}
        return [its["to"] for its in await house.mails() if its["subject"] == OVERDUE and its["to"] in ours]

    assert await eventually(mails, timeout=30) == [colleague.email]
    await house.level()
    assert await mails() == [colleague.email]
    name, its = (await _said(house, published["strategy_id"]))[-1]  # other journeys may have published versions before
    assert (name, its["version"]) == ("StrategyPublished", published["version"])
    assert [name for name, _ in await _said(house, kept_id)] == [
        "CommitmentMade",
        "CommitmentProgressReported",
        "CommitmentCompleted",
    ]
    [(_, made), (name, overdue)] = await _said(house, missed_id)
    assert made["title"] == "Set a baseline"
    assert (name, overdue) == ("CommitmentOverdue", {"commitment_id": missed_id, "due_on": missed["due_on"]})
    page = (await house.http.get("/members/strategy", headers={"Accept": "text/html"})).raise_for_status().text
    assert "2 promises: 1 kept, 1 overdue" in " ".join(page.split())
