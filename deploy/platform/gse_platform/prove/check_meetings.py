"""Meetings of groups: when they are, who said so, and what is written of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256

from gse_platform.prove.check_groups import are_over, ends, is_ok, was_inside
from gse_platform.prove.facts import Command, Facts, Said

SCHEDULED = "GroupMeetingScheduled"
MAKING = {"schedule-meeting", "schedule-own"}
CHANGING = {"move-meeting", "cancel-meeting"}
WRITING = ("agenda", "notes")
Times = tuple[datetime, datetime]
Step = tuple[Times | None, int, bool]
"""Times, how often it was changed, and whether it is called off."""


def meetings_are_as_asked(facts: Facts) -> list[str]:
    """Each time that a meeting is scheduled, moved or called off is said, once, counted, in order, with its times.

    Whoever asks for one is in the group, and the group goes on. With its group those that are to come are called off.
    """
    asked, said, over = _asked(facts), _said(facts), are_over(facts)
    wrong = list[str]()
    for meeting in sorted(asked.keys() | said.keys()):
        wanted, found = _steps(asked.get(meeting, [])), list(map(_step, said.get(meeting, [])))
        may_be = [wanted]
        if asked.get(meeting) and asked[meeting][0].asked["group_id"] in over:
            may_be = _with_its_group(wanted, facts.now)
        if found not in may_be and (meeting in asked or not _may_be(facts, said[meeting])):
            wrong.append(f"meeting {meeting}: should be {_words(may_be[-1])}, was said {_words(found)}")
    inside = was_inside(facts)
    wrong += [
        f"{its.about} scheduled meeting {its.made} of {its.asked['group_id']}, and was not in it"
        for its in facts.commands
        if its.kind == "schedule-own" and is_ok(its) and not inside[its.number]
    ]
    places = ends(facts)
    return wrong + [
        f"meeting {its.subject} was {'moved' if its.data['changes'] else 'scheduled'} in a group that was over"
        for its in facts.said
        if its.name == SCHEDULED
        and not its.data["cancelled"]
        and places.get(its.data["group_id"], its.place) < its.place
    ]


def what_is_written_of_meetings_stands(facts: Facts) -> list[str]:
    """A meeting's agenda and notes are the last that were acknowledged, and it stands in its row as it was said last.

    What no answer came to at first may be there though it was refused the second time: no key guards it.
    """
    rows = {row["meeting_id"]: row for row in facts.rows.get("members.group_meeting", ())}
    asked, said, wrong = _asked(facts), _said(facts), list[str]()
    for meeting, row in sorted(rows.items()):
        found = ((_time(row["starts_at"]), _time(row["ends_at"])), row["changes"], row["cancelled_at"] is not None)
        if meeting in said and _step(said[meeting][-1]) != found:
            wrong.append(f"meeting {meeting}: the row has other times than were said last")
        for what in WRITING:
            may_be = _last_written(facts, meeting, what)
            if _digest(row[what]) not in may_be:
                wrong.append(f"meeting {meeting}: its {what} are not the last that were written")
    return wrong + [f"meeting {its} is not there" for its in sorted(asked.keys() - rows.keys())]


def _said(facts: Facts) -> dict[str, list[Said]]:
    found = dict[str, list[Said]]()
    for its in facts.said:
        if its.name == SCHEDULED:
            found.setdefault(its.subject, []).append(its)
    return found


def _with_its_group(steps: list[Step], now: str) -> list[list[Step]]:
    """What may be said of a meeting whose group is over: if it had not begun by then it was called off with it."""
    times, number, cancelled = steps[-1]
    if cancelled or times is None:
        return [steps]
    called_off = [*steps, (times, number + 1, True)]
    return [called_off] if times[0] > _time(now) else [steps, called_off]


def _asked(facts: Facts) -> dict[str, list[Command]]:
    found = dict[str, list[Command]]()
    for its in sorted(facts.commands, key=lambda its: its.number):
        if is_ok(its) and its.kind in MAKING | CHANGING:
            found.setdefault(its.made if its.kind in MAKING else its.about, []).append(its)
    return found


def _steps(commands: Iterable[Command]) -> list[Step]:
    """Times, how often it was changed, and whether it is called off, after each of these."""
    found, times = list[Step](), None
    for number, its in enumerate(commands):
        times = _times(its.asked) if "starts_at" in its.asked else times
        found.append((times, number, its.kind == "cancel-meeting"))
    return found


def _step(its: Said) -> Step:
    return _times(its.data), its.data["changes"], its.data["cancelled"]


def _may_be(facts: Facts, said: list[Said]) -> bool:
    """Whether it was scheduled by somebody who got no answer, and had left the group when they asked again."""
    return len(said) == 1 and any(
        its.kind == "schedule-own" and its.doubted and not is_ok(its) and _times(its.asked) == _times(said[0].data)
        for its in facts.commands
    )


def _last_written(facts: Facts, meeting: str, what: str) -> set[str]:
    """The digests that may stand there; the empty one stands for nothing."""
    last, may_be = "", set[str]()
    for its in sorted(facts.commands, key=lambda its: its.number):
        if its.kind == what and its.about == meeting:
            last = its.asked["digest"] if is_ok(its) else last
            may_be |= {its.asked["digest"]} if its.doubted and not is_ok(its) else set()
    return {last} | may_be


def _digest(words: str | None) -> str:
    return sha256(words.encode()).hexdigest() if words else ""


def _times(its: Mapping[str, str]) -> Times:
    return _time(its["starts_at"]), _time(its["ends_at"])


def _time(its: str) -> datetime:
    return datetime.fromisoformat(its)


def _words(steps: Iterable[Step]) -> str:
    return ", ".join(
        f"{number}: {'called off' if cancelled else ''}{times[0].isoformat() if times else ''}"
        for times, number, cancelled in steps
    )
