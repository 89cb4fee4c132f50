"""Groups meet: the team, or who is in the group, says when; it is moved or called off, and its words are written."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from gse_platform.prove.asking import Headers
from gse_platform.prove.commands.groups import ASKS_IN_VAIN, GROUPS
from gse_platform.prove.commands.members import change_grade, join
from gse_platform.prove.facts import Command
from gse_platform.prove.people import Person
from gse_platform.prove.profession import Group, Meeting, Profession

# Until it begins: in the run itself, in the night, and not before the end.
SOON, TONIGHT, LATER = timedelta(seconds=15), timedelta(hours=3), timedelta(days=40)
BEGINNING: Final = (SOON, SOON, TONIGHT, LATER, LATER)


async def schedule(profession: Profession) -> None:
    """The team does, of a group that goes on; now and then of one that is over, which is refused."""
    in_vain = profession.chance.random() < ASKS_IN_VAIN
    some = [its for its in profession.groups if not its.over or in_vain]
    if not some:
        await join(profession)
        return
    await _schedule(profession, profession.chance.choice(some), profession.holding("team"), "schedule-meeting", "")


async def schedule_own(profession: Profession, person: Person) -> None:
    """Somebody who has the role of a volunteer does, of a group that they are in; of another it is refused."""
    inside = [its for its in profession.people if its.groups and its.present and not its.busy]
    person = profession.instead(person, inside)
    in_vain = profession.chance.random() < ASKS_IN_VAIN
    some = [its for its in profession.groups if its.group_id in person.groups or in_vain]
    if not some:
        await change_grade(profession, person)
        return
    headers = _as_volunteer(profession, person)
    its = await _schedule(profession, profession.chance.choice(some), headers, "schedule-own", person.member_id)
    profession.free(person, its)


def _as_volunteer(profession: Profession, person: Person) -> Headers:
    return lambda: profession.tokens.headers(
        person.account, "member", "volunteer", member_id=person.member_id, organisation=person.organisation
    )


async def _schedule(profession: Profession, group: Group, headers: Headers, kind: str, about: str) -> Command:
    times = _times(profession)
    its = await profession.history.ask(
        kind,
        f"{GROUPS}/{group.group_id}/meetings",
        {"title": "What next", "place": "Room 5", **times},
        headers,
        about=about,
        asked={"group_id": group.group_id, **times},
        made="meeting_id",
    )
    if its.outcome == "ok":
        profession.meetings.append(Meeting(its.made, group.group_id, datetime.fromisoformat(times["starts_at"])))
    return its


async def move_on(profession: Profession) -> None:
    """Until it begins it is moved, called off or has an agenda, then notes; now and then the other way round."""
    in_vain = profession.chance.random() < ASKS_IN_VAIN
    free = [its for its in profession.meetings if not its.busy and (not its.cancelled or in_vain)]
    if not free:
        await join(profession)
        return
    meeting = profession.chance.choice(free)
    meeting.busy = True
    step = profession.chance.choice(("move-meeting", "move-meeting", "agenda", "cancel-meeting"))
    has_begun = meeting.starts_at <= profession.now()
    if has_begun != in_vain:
        step = "notes"
    its = await _move_on(profession, meeting, step)
    meeting.busy = its.outcome == "unknown"


async def _move_on(profession: Profession, meeting: Meeting, step: str) -> Command:
    place = f"{GROUPS}/{meeting.group_id}/meetings/{meeting.meeting_id}"
    if step in {"agenda", "notes"}:
        words = profession.names.words()  # which nobody may say or log, so that it shows where they are
        return await profession.history.ask(
            step,
            f"{place}/{step}",
            {"text": words},
            profession.holding("team"),
            about=meeting.meeting_id,
            asked={"digest": sha256(words.encode()).hexdigest()},
            method="PUT",
        )
    if step == "cancel-meeting":
        its = await profession.history.ask(
            step, f"{place}/cancellation", None, profession.holding("team"), about=meeting.meeting_id
        )
        meeting.cancelled |= its.outcome == "ok"
        return its
    times = _times(profession)
    its = await profession.history.ask(
        step,
        f"{place}/moves",
        {"place": "Room 6", **times},
        profession.holding("team"),
        about=meeting.meeting_id,
        asked=times,
    )
    if its.outcome == "ok":
        meeting.starts_at = datetime.fromisoformat(times["starts_at"])
    return its


def _times(profession: Profession) -> dict[str, str]:
    """An hour to come; no two are the same."""
    starts_at = profession.now() + profession.chance.choice(BEGINNING) + timedelta(seconds=profession.chance.random())
    return {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=1)).isoformat()}
