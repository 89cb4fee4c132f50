"""Groups and their meetings, a small run of them in which everything held, and one doctored fact a time."""

from hashlib import sha256
from typing import Any

from doctored_opportunities import event, saying
from healthy_run import ADA, BEN, CAT, DAN, Doctor, and_also, having, with_more, with_row, without

from gse_platform.prove.check_groups import groups_end_as_they_must, volunteers_are_who_joined
from gse_platform.prove.check_meetings import meetings_are_as_asked, what_is_written_of_meetings_stands
from gse_platform.prove.checks import Check
from gse_platform.prove.facts import Command, Facts, Said

STANDING, CLOSED = "standing-id", "closed-id"
DONE, LATE, BY_HAND, GOES_ON = "done-id", "late-id", "by-hand-id", "goes-on-id"
MEETING, OWN = "meeting-id", "own-id"
NOON, TWO, THREE = (f"2026-04-01T{hour}:00:00+00:00" for hour in (12, 14, 15))
WORDS = "Written of the meeting"


def ok(number: int, kind: str, about: str = "", made: str = "", **asked: str) -> Command:
    return Command(number, kind, about, asked, "ok", made)


def volunteer(number: int, who: str, group: str, hours: str = "2", skills: str = "") -> Command:
    return ok(number, "volunteer", who, group_id=group, hours=hours, skills=skills)


def task(number: int, group: str, ends_on: str, parts: int) -> Command:
    return ok(number, "establish-task", made=group, ends_on=ends_on, deliverables=str(parts))


def joined(place: int, who: str, group: str) -> Said:
    return event(place, f"{who} in {group}", 1, "VolunteerJoinedGroup", member_id=who, group_id=group)


def left(place: int, who: str, group: str, *, closed: bool = False) -> Said:
    its = f"{who} in {group}"
    return event(place, its, 2, "VolunteerLeftGroup", member_id=who, group_id=group, closed=closed)


def of_task(place: int, group: str, name: str, **data: Any) -> Said:
    return event(place, group, place, f"TaskGroup{name}", group_id=group, **data)


def meets(place: int, meeting: str, changes: int, hours: tuple[str, str], *, cancelled: bool = False) -> Said:
    times = {"starts_at": hours[0], "ends_at": hours[1]}
    more = {"group_id": STANDING, "changes": changes, "cancelled": cancelled}
    return event(place, meeting, changes + 1, "GroupMeetingScheduled", **times, **more)


def group(its: str, ends_on: str | None = None, **more: str | None) -> dict[str, Any]:
    empty = dict.fromkeys(("disbanded_at", "disbanded_by", "flagged_at"))
    return {"group_id": its, "ends_on": ends_on, **empty, **more}


def inside(who: str | None, its: str, hours: int, skills: list[str], left_at: str | None = None) -> dict[str, Any]:
    stays = {"volunteering_id": f"{who} in {its}", "member_id": who, "group_id": its, "left_at": left_at}
    return {**stays, "hours_per_month": hours, "skills": skills}


# Ada is in a standing group, which Ben has left and Cat too, with the profession. Ben and Dan were in one that has
# closed, but Dan had gone before. Of the task groups one is over by itself, one late, one disbanded by hand with
# Ada in it, and one was given a later day.
HELD = Facts(
    commands=[
        ok(0, "establish", made=STANDING),
        ok(1, "establish", made=CLOSED),
        volunteer(2, ADA, STANDING),
        volunteer(3, ADA, STANDING, "8", "policy writing"),
        volunteer(4, BEN, STANDING),
        ok(5, "step-down", BEN, group_id=STANDING, by="team"),
        volunteer(6, CAT, STANDING),
        ok(7, "leave", CAT),
        volunteer(8, BEN, CLOSED),
        volunteer(9, DAN, CLOSED),
        ok(10, "erase", DAN),
        ok(11, "close-group", CLOSED),
        task(12, DONE, "2026-03-02", 1),
        task(13, LATE, "2026-03-02", 2),
        task(14, BY_HAND, "2026-12-01", 1),
        task(15, GOES_ON, "2026-03-02", 1),
        ok(16, "deliver", DONE, deliverable_id="done-1"),
        ok(17, "deliver", LATE, deliverable_id="late-1"),
        volunteer(18, ADA, BY_HAND),
        ok(19, "disband", BY_HAND),
        ok(20, "extend", GOES_ON, ends_on="2026-12-01"),
        ok(21, "schedule-meeting", made=MEETING, group_id=STANDING, starts_at=NOON, ends_at=TWO),
        ok(22, "move-meeting", MEETING, starts_at=TWO, ends_at=THREE),
        ok(23, "agenda", MEETING, digest="another"),
        ok(24, "agenda", MEETING, digest=sha256(WORDS.encode()).hexdigest()),
        ok(25, "cancel-meeting", MEETING),
        ok(26, "schedule-own", ADA, OWN, group_id=STANDING, starts_at=NOON, ends_at=TWO),
        Command(27, "schedule-own", BEN, {"group_id": STANDING, "starts_at": NOON, "ends_at": TWO}, "fail"),
    ],
    said=[
        joined(0, ADA, STANDING),
        joined(1, BEN, STANDING),
        left(2, BEN, STANDING),
        joined(3, CAT, STANDING),
        left(4, CAT, STANDING),
        event(5, CAT, 2, "MemberLeft"),
        joined(6, BEN, CLOSED),
        joined(7, DAN, CLOSED),
        left(8, DAN, CLOSED),
        event(9, DAN, 2, "MemberErasureRequested"),
        left(10, BEN, CLOSED, closed=True),
        of_task(11, DONE, "Established", ends_on="2026-03-02"),
        of_task(12, LATE, "Established", ends_on="2026-03-02"),
        of_task(13, BY_HAND, "Established", ends_on="2026-12-01"),
        of_task(14, GOES_ON, "Established", ends_on="2026-03-02"),
        of_task(15, DONE, "DeliverableMet", deliverable_id="done-1"),
        of_task(16, LATE, "DeliverableMet", deliverable_id="late-1"),
        joined(17, ADA, BY_HAND),
        of_task(18, BY_HAND, "Disbanded", disbanded_on="2026-03-01", all_met=False),
        of_task(19, GOES_ON, "Extended", ends_on="2026-12-01"),
        of_task(20, DONE, "Disbanded", disbanded_on="2026-03-03", all_met=True),
        meets(21, MEETING, 0, (NOON, TWO)),
        meets(22, MEETING, 1, (TWO, THREE)),
        meets(23, MEETING, 2, (TWO, THREE), cancelled=True),
        meets(24, OWN, 0, (NOON, TWO)),
    ],
    rows={
        "members.profession_group": [
            group(STANDING),
            group(CLOSED, disbanded_at="then", disbanded_by="team"),
            group(DONE, "2026-03-02", disbanded_at="then"),
            group(LATE, "2026-03-02", flagged_at="then"),
            group(BY_HAND, "2026-12-01", disbanded_at="then", disbanded_by="team"),
            group(GOES_ON, "2026-12-01"),
        ],
        "members.volunteering": [
            inside(ADA, STANDING, 8, ["policy", "writing"]),
            inside(BEN, STANDING, 2, [], "then"),
            inside(None, STANDING, 2, [], "then"),
            inside(BEN, CLOSED, 2, [], "then"),
            inside(ADA, BY_HAND, 2, [], "then"),
        ],
        "members.group_meeting": [
            {"meeting_id": MEETING, "starts_at": TWO, "ends_at": THREE, "changes": 2, "cancelled_at": "then"}
            | {"agenda": WORDS, "notes": None},
            {"meeting_id": OWN, "starts_at": NOON, "ends_at": TWO, "changes": 0, "cancelled_at": None}
            | {"agenda": None, "notes": None},
        ],
    },
    now="2026-03-09T12:00:00+00:00",
)


def group_row(place: int, **values: Any) -> Doctor:
    return with_row("members.profession_group", place, **values)


def stay(place: int, **values: Any) -> Doctor:
    return with_row("members.volunteering", place, **values)


def meeting_row(place: int, **values: Any) -> Doctor:
    return with_row("members.group_meeting", place, **values)


def a_later_place(event: int, place: int) -> Doctor:
    """What was said is said later: the ledger is in order again."""

    def moved(its: Facts) -> Facts:
        said = [one if at != event else Said(**{**vars(one), "place": place}) for at, one in enumerate(its.said)]
        return having(its, "said", sorted(said, key=lambda one: one.place))

    return moved


WHO, ENDS = volunteers_are_who_joined, groups_end_as_they_must
MEETS, WRITTEN = meetings_are_as_asked, what_is_written_of_meetings_stands
AGAIN = of_task(30, DONE, "Disbanded", disbanded_on="2026-03-04", all_met=True)
DOCTORED: list[tuple[str, Check, Doctor]] = [
    ("somebody joined a group and nobody said so", WHO, without("said", 0)),
    ("somebody is said to have joined who did not", WHO, with_more("said", joined(30, DAN, STANDING))),
    ("who was taken out of a group is said to have left it twice", WHO, with_more("said", left(30, BEN, STANDING))),
    ("who left the profession stays in a group", WHO, without("said", 4)),
    ("a group closed and nothing is said of who was in it", WHO, without("said", 10)),
    ("it is said of who left by themselves that the group has closed", WHO, saying(2, closed=True)),
    (
        "it is said of who had gone before that the group has closed", WHO,
        and_also(saying(8, closed=True), a_later_place(8, 20)),
    ),
    ("somebody joined a group that was over", WHO, a_later_place(17, 19)),
    ("a group disbanded and somebody is said to have left it", WHO, with_more("said", left(30, ADA, BY_HAND))),
    ("somebody gives other hours than they said last", WHO, stay(0, hours_per_month=2)),
    ("the skills of before are kept", WHO, stay(0, skills=[])),
    ("a group disbanded and somebody is in it", WHO, stay(4, left_at=None)),
    ("somebody is not in the group that they joined", WHO, stay(0, left_at="then")),
    ("the skills of who has left are kept", WHO, stay(1, skills=["policy"])),
    ("a group did not close", ENDS, group_row(1, disbanded_at=None)),
    ("a group closed that nobody closed", ENDS, without("commands", 11)),
    ("a group is there that nobody asked for", ENDS, without("commands", 0)),
    ("a group was asked for and is not there", ENDS, with_more("commands", ok(30, "establish", made="another"))),
    ("a task group was not said to be established", ENDS, without("said", 12)),
    ("a task group that delivered did not disband", ENDS, without("said", 20)),
    ("a task group disbanded twice", ENDS, with_more("said", AGAIN)),
    ("a task group disbanded by itself with something to deliver", ENDS, without("said", 15)),
    ("a task group disbanded on its last day", ENDS, saying(20, disbanded_on="2026-03-02")),
    ("a task group disbanded that nobody disbanded", ENDS, without("commands", 19)),
    ("a task group was disbanded by hand and goes on", ENDS, without("said", 18)),
    ("a task group is said to have delivered everything", ENDS, saying(18, all_met=True)),
    ("something was said of a task group after its end", ENDS, a_later_place(15, 25)),
    ("a late task group is not flagged", ENDS, group_row(3, flagged_at=None)),
    ("a task group with a later day is flagged still", ENDS, group_row(5, flagged_at="then")),
    ("a task group has its first day in its row", ENDS, group_row(5, ends_on="2026-03-02")),
    ("somebody disbanded what disbanded by itself", ENDS, group_row(2, disbanded_by="team")),
    ("a late task group that delivered the rest goes on", ENDS, with_more(
        "said", of_task(30, LATE, "DeliverableMet", deliverable_id="late-2")
    )),
    ("a meeting was scheduled and nobody said so", MEETS, without("said", 24)),
    ("a meeting was said that nobody asked for", MEETS, without("commands", 26)),
    ("a meeting was moved to another time than was asked", MEETS, saying(22, ends_at=NOON)),
    ("a move was not counted", MEETS, saying(22, changes=0)),
    ("a cancelled meeting takes place", MEETS, saying(23, cancelled=False)),
    ("a meeting was moved after it was called off", MEETS, with_more("said", meets(30, MEETING, 3, (NOON, TWO)))),
    ("a meeting to come of a group that has closed takes place", MEETS, with_more(
        "commands", ok(30, "close-group", STANDING)
    )),
    ("a meeting was called off that goes on", MEETS, with_more(
        "said", meets(30, OWN, 1, (NOON, TWO), cancelled=True)
    )),
    ("who was not in the group scheduled a meeting", MEETS, and_also(without("commands", 3), without("commands", 2))),
    ("a meeting was scheduled in a group that was over", MEETS, saying(10, group_id=STANDING)),
    ("an agenda is the one before", WRITTEN, meeting_row(0, agenda="another")),
    ("an agenda is lost", WRITTEN, meeting_row(0, agenda=None)),
    ("a meeting has notes that nobody wrote", WRITTEN, meeting_row(1, notes=WORDS)),
    ("a meeting stands at its first time", WRITTEN, meeting_row(0, starts_at=NOON)),
    ("a cancelled meeting stands", WRITTEN, meeting_row(0, cancelled_at=None)),
    ("a meeting is not there", WRITTEN, meeting_row(1, meeting_id=MEETING)),
]  # fmt: skip
