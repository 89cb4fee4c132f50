"""Who is in which group, and how groups end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gse_platform.clock import HERE
from gse_platform.prove.facts import Command, Facts, Said

JOINED, LEFT, GONE = "VolunteerJoinedGroup", "VolunteerLeftGroup", "gone"
ESTABLISHED, EXTENDED = "TaskGroupEstablished", "TaskGroupExtended"
DELIVERED, DISBANDED = "TaskGroupDeliverableMet", "TaskGroupDisbanded"
OF_TASK_GROUPS = {ESTABLISHED, EXTENDED, DELIVERED, DISBANDED}
Place = tuple[str, str]  # a member and a group


@dataclass
class Stay:
    """What is to be said of a member in a group, and as what they are in it, if they are."""

    said: list[str] = field(default_factory=list)
    hours: str = ""
    skills: str = ""

    @property
    def is_inside(self) -> bool:
        return self.said[-1:] == [JOINED]


def volunteers_are_who_joined(facts: Facts) -> list[str]:
    """Each joining and leaving of a group is said once, in order; who leaves the profession leaves every group.

    So does everybody when a group closes, which is said of each, or disbands, which is said once of the group. Whoever
    is in one is there with the hours and skills that they gave last.
    """
    stays = _stays(facts)
    events = [its for its in facts.said if its.name in {JOINED, LEFT}]
    said = dict[Place, list[str]]()
    for event in events:
        said.setdefault((event.data["member_id"], event.data["group_id"]), []).append(event.name)
    wanted = {place: its.said for place, its in stays.items()}
    wrong = [
        f"{place[0]} in {place[1]}: should be {wanted.get(place)}, is {said.get(place)}"
        for place in sorted(wanted.keys() | said.keys())
        if wanted.get(place) != said.get(place)
    ]
    over = ends(facts)
    wrong += [
        f"{its.data['member_id']} joined {its.data['group_id']}, which was over"
        for its in events
        if its.name == JOINED and over.get(its.data["group_id"], its.place) < its.place
    ]
    left = _departures(facts)
    for its in events:
        who, group = its.data["member_id"], its.data["group_id"]
        if its.data.get("closed") and (group not in _closed(facts) or left.get(who, its.place) < its.place):
            wrong.append(f"{who} is said to have left {group} since it closed, and it had not, or they were gone")
    inside = {place: (its.hours, its.skills) for place, its in stays.items() if its.is_inside and place[1] not in over}
    rows = facts.rows.get("members.volunteering", ())
    there = {
        (row["member_id"], row["group_id"]): (str(row["hours_per_month"]), " ".join(row["skills"]))
        for row in rows
        if row["left_at"] is None
    }
    wrong += [
        f"{place[0]} in {place[1]}: hours and skills are {there.get(place)}, and should be {inside.get(place)}"
        for place in sorted(inside.keys() | there.keys())
        if inside.get(place) != there.get(place)
    ]
    return wrong + [
        f"volunteering {row['volunteering_id']} is over, and holds skills still"
        for row in rows
        if row["left_at"] is not None and row["skills"]
    ]


def groups_end_as_they_must(facts: Facts) -> list[str]:
    """A standing group is over when the team closes it, and a task group when the team disbands it, or by itself.

    By itself it is once its last day has ended and all is delivered; with something to deliver it is flagged first.
    Nothing is said of it afterwards, and its end says whether it delivered everything.
    """
    said = dict[str, list[Said]]()
    for its in facts.said:
        if its.name in OF_TASK_GROUPS:
            said.setdefault(its.subject, []).append(its)
    rows = {row["group_id"]: row for row in facts.rows.get("members.profession_group", ())}
    asked = {its.made: its for its in facts.commands if its.kind in {"establish", "establish-task"} and is_ok(its)}
    wrong = [f"group {its} was asked for, or is there, and not both" for its in sorted(asked.keys() ^ rows.keys())]
    wrong += [f"{its} is said to be a task group, and is none" for its in sorted(said.keys() - _tasks(asked))]
    by_hand, closed = {its.about for its in facts.commands if its.kind == "disband" and is_ok(its)}, _closed(facts)
    for group, row in sorted(rows.items()):
        if group not in _tasks(asked):
            if (row["disbanded_at"] is not None) != (group in closed):
                wrong.append(f"standing group {group} is {'open' if group in closed else 'closed'}, and should not be")
            continue
        parts = int(asked[group].asked["deliverables"])
        wrong += (
            f"task group {group}: {its}"
            for its in _task_group_is_wrong(said.get(group, []), parts, row, _today(facts), by_hand=group in by_hand)
        )
    return wrong


def _task_group_is_wrong(
    said: list[Said], parts: int, row: Mapping[str, object], today: str, *, by_hand: bool
) -> Iterator[str]:
    days = [its.data["ends_on"] for its in said if its.name in {ESTABLISHED, EXTENDED}]
    if not days:
        yield "it was not said to be established"
        return
    met = {its.data["deliverable_id"] for its in said if its.name == DELIVERED}
    is_past, is_done = days[-1] < today, len(met) == parts
    its_end = [its for its in said if its.name == DISBANDED]
    must_end = by_hand or (is_past and is_done)
    if len(its_end) != must_end:
        yield f"it disbanded {len(its_end)} times, and {'had to' if must_end else 'had not to'}"
    if its_end and said[-1].name != DISBANDED:
        yield f"{said[-1].name} was said of it after its end"
    if its_end and its_end[0].data["all_met"] != is_done:
        yield f"its end says that it did {'not ' if is_done else ''}deliver everything"
    if its_end and not by_hand and not days[-1] < its_end[0].data["disbanded_on"]:
        yield "it disbanded by itself before its last day had ended"
    if (row["disbanded_at"] is not None) != must_end or (row["disbanded_by"] is not None) != by_hand:
        yield "the row says otherwise of its end"
    if row["ends_on"] != days[-1]:
        yield f"the row says that its last day is {row['ends_on']}, and it is {days[-1]}"
    if not must_end and (row["flagged_at"] is not None) != is_past:
        yield f"it is {'not ' if is_past else ''}flagged, and should {'' if is_past else 'not '}be"


def ends(facts: Facts) -> dict[str, int]:
    """Where in the ledger of members a group is said to be over: itself, or of whoever was in it."""
    return {
        its.data["group_id"]: its.place
        for its in facts.said
        if its.name == DISBANDED or (its.name == LEFT and its.data.get("closed"))
    }


def are_over(facts: Facts) -> set[str]:
    """The groups that the team closed, or that have disbanded."""
    return _closed(facts) | {its.subject for its in facts.said if its.name == DISBANDED}


def was_inside(facts: Facts) -> dict[int, bool]:
    """By the number of each acknowledged command that says a group: whether its member was in that one just before."""
    found = dict[int, bool]()
    _fold(facts, found)
    return found


def _stays(facts: Facts) -> dict[Place, Stay]:
    """Whoever was in a group, once groups that are over have let go of them."""
    stays, closed, left = _fold(facts, {}), _closed(facts), _departures(facts)
    disbanded = {its.subject: its.place for its in facts.said if its.name == DISBANDED}
    for (who, group), its in stays.items():
        if its.said[-1] == GONE:
            its.said.pop()
            if left.get(who, 0) < disbanded.get(group, left.get(who, 0) + 1):
                its.said.append(LEFT)
        elif its.is_inside and group in closed:
            its.said.append(LEFT)
    return stays


def _fold(facts: Facts, inside: dict[int, bool]) -> dict[Place, Stay]:
    """What the acknowledged commands of each member ask for: theirs come one after the other."""
    stays = dict[Place, Stay]()
    for its in sorted(facts.commands, key=lambda its: its.number):
        if not is_ok(its):
            continue
        if its.kind in {"leave", "erase", "merge"}:
            for place, stay in stays.items():
                if place[0] == its.about and stay.is_inside:
                    stay.said.append(GONE)
        elif its.about and "group_id" in its.asked:
            stay = stays.get((its.about, its.asked["group_id"]), Stay())
            inside[its.number] = stay.is_inside
            if its.kind == "volunteer":
                stays[its.about, its.asked["group_id"]] = stay
                stay.said += [] if stay.is_inside else [JOINED]
                stay.hours, stay.skills = its.asked["hours"], its.asked["skills"]
            elif its.kind == "step-down":
                stays[its.about, its.asked["group_id"]] = stay
                stay.said.append(LEFT)
    return stays


def _departures(facts: Facts) -> dict[str, int]:
    """Where in the ledger of members it stands first that each of these is gone."""
    found = dict[str, int]()
    for its in facts.said:
        if its.service == "members" and its.name in {"MemberLeft", "MemberErasureRequested"}:
            found.setdefault(its.subject, its.place)
    return found


def _closed(facts: Facts) -> set[str]:
    return {its.about for its in facts.commands if its.kind == "close-group" and is_ok(its)}


def _tasks(asked: Mapping[str, Command]) -> set[str]:
    return {group for group, its in asked.items() if its.kind == "establish-task"}


def _today(facts: Facts) -> str:
    return datetime.fromisoformat(facts.now).astimezone(HERE).date().isoformat() if facts.now else ""


def is_ok(its: Command) -> bool:
    return its.outcome == "ok"
