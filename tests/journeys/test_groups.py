"""A group from its establishment to a volunteer who leaves: who is in it hears, and other departments see no member."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from house import House
from people import planted
from visitor import Visitor, a_colleague

from testkit.eventually import eventually
from testkit.records import read_all

MEMBERS = "/api/members/v1"
MEETING, DISBANDED, CHAMPION = (
    "A meeting of a group that you are in",
    "A group that you were in has disbanded",
    "You are a champion of the profession",
)


async def _ask(house: House, path: str, form: Any = None, *, member_id: UUID | None = None) -> dict[str, Any]:
    headers = house.member(member_id) if member_id else await house.signed_in("team")
    answer = await house.http.post(MEMBERS + path, json=form, headers=headers)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_volunteers_hear_of_their_groups_meeting_and_end_and_leave_it_with_the_profession(house: House) -> None:
    people = planted(3)
    ada, bea, outsider = [await house.join(person) for person in people]
    await house.level()
    starts_at = datetime.now(UTC) + timedelta(days=30)
    task = {
        "title": f"Survey {uuid4()}",
        "purpose": "Know what we can do.",
        "charter": "Ask every department once.",
        "deliverables": ["A survey"],
        "ends_on": str(starts_at.date() + timedelta(days=60)),
        "ask": "The DIAG mailbox",
    }
    theme = {"title": f"Careers {uuid4()}", "purpose": "Fair careers.", "ask": "The DIAG mailbox"}
    group_id = (await _ask(house, "/task-groups", task))["group_id"]
    theme_id = (await _ask(house, "/champion-themes", theme))["theme_id"]
    page = f"/members/groups/{group_id}"
    for its in (ada, bea):
        joined = await Visitor(house, its).send(f"{page}/join", {"hours_per_month": "4", "skills": "writing"})
        assert joined.headers.get("location") == f"{page}?done=joined", joined.text
    appointment = {"member_id": str(ada), "ends_on": str(starts_at.date())}
    await _ask(house, f"/champion-themes/{theme_id}/champions", appointment)
    await house.level()  # who is in the group is heard apart from what happens in it

    async def told(subject: str) -> set[str]:
        ours = {person.email for person in people}
        return {its["to"] for its in await house.mails() if its["subject"] == subject and its["to"] in ours}

    meeting = {
        "title": "Plan the survey",
        "place": "Online",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
    }
    await _ask(house, f"/groups/{group_id}/meetings", meeting)
    both = {people[0].email, people[1].email}
    assert await eventually(lambda: _when(told, MEETING, both), timeout=30) == both
    assert await eventually(lambda: _when(told, CHAMPION, {people[0].email}), timeout=30) == {people[0].email}

    await _ask(house, f"/members/{ada}/departures", member_id=ada)
    vacant = (await house.get(f"{MEMBERS}/champion-themes/{theme_id}", persona="team")).json()
    shown = (await house.get(f"{MEMBERS}/groups/{group_id}", persona="team")).json()
    await house.level()
    disbanded = await a_colleague(house).send(f"{page}/disband", {"reason": "Part of another survey."})
    assert disbanded.status_code == 303, disbanded.text
    assert await eventually(lambda: _when(told, DISBANDED, {people[1].email}), timeout=30) == {people[1].email}
    await house.level()

    assert (shown["volunteers"], vacant["champions"], vacant["vacant_since"] is None) == (1, [], False)
    assert (await told(MEETING), await told(DISBANDED)) == (both, {people[1].email})
    internal = await read_all(house.kafka, f"{house.prefix}gse.members")
    mine = [
        ((its.header("ce_type") or "").split(".")[-2], its.json())
        for its in internal
        if its.value and str(ada).encode() in its.value
    ]
    names = [name for name, _ in mine]
    assert {"VolunteerJoinedGroup", "VolunteerLeftGroup", "ChampionAppointed", "ChampionTermEnded"} < set(names)
    [ended] = [body for name, body in mine if name == "ChampionTermEnded"]
    assert (ended["ended"], ended["vacancy"]) == ("gone", True)
    public = await read_all(house.kafka, f"{house.prefix}gse.members.public")
    of_the_group = [its for its in public if group_id.encode() in (its.value or b"")]
    assert sorted((its.header("ce_type") or "").split(".")[-2] for its in of_the_group) == [
        "GroupMeetingScheduled",
        "GroupMeetingScheduled",  # it is cancelled with its group
        "TaskGroupDisbanded",
        "TaskGroupEstablished",
    ]
    for record in of_the_group:
        assert not any(str(member).encode() in (record.value or b"") for member in (ada, bea, outsider))
    assert not any(theme_id.encode() in (its.value or b"") for its in public)


async def _when(told: Any, subject: str, expected: set[str]) -> set[str]:
    """Who was told, once these were; until then nobody."""
    found: set[str] = await told(subject)
    return found if found >= expected else set()
