"""Each notice is of an event, to who should hear of it, once."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from gse_platform.prove.check_restriction import LONG
from gse_platform.prove.facts import Facts, Heard, Said
from gse_platform.prove.notices import changes, last
from gse_platform.who_hears import (
    BOTH,
    DIGEST,
    EVERYBODY,
    IN_THE_GROUP,
    MEMBER,
    MEMBER_ASKED_AGAIN,
    NAMED,
    TABLE,
    TEAM,
    VOLUNTEER,
    WHO_MAY_APPLY,
    Event,
    World,
    audience,
)

ALWAYS: Final = frozenset({MEMBER, MEMBER_ASKED_AGAIN, NAMED})
BY_THE_SENDER: Final = frozenset({"gathered", "sending", "sent", "failed", "unknown", "suppressed"})


def notices_are_of_events(facts: Facts) -> list[str]:
    """Each notice is of an event that was said, in words of that event, to somebody who may hear of it, once."""
    world, heard = _world(facts), _heard(facts)
    joined = {its.subject: its.event_id for its in world.events.values() if its.name == "MemberJoined"}
    made = [its.row for its in changes(facts) if its.op == "INSERT" and its.row["template"] != DIGEST]
    wrong = []
    for row in made:
        its = world.events.get(row["event_id"])
        if its is None:
            wrong.append(f"notice {row['notice_id']} ({row['template']}) is of no event that was said")
        elif audience(its, row["template"]) == WHO_MAY_APPLY and _grade_was_new(row["member_id"], its, joined, heard):
            continue
        elif row["member_id"] not in world.may_hear(its, row["template"]):
            wrong.append(
                f"{row['member_id']} was told of {its.name} {its.subject} ({row['template']}), nothing of theirs"
            )
    for what, of in (("event_id", "event"), ("hosted_event_id", "hosted event")):
        places = Counter((row[what], row["template"], row["member_id"]) for row in made if row.get(what))
        wrong += [
            f"{who} has {count} notices ({template}) of {of} {its}"
            for (its, template, who), count in sorted(places.items())
            if count > 1
        ]
    return wrong


def _grade_was_new(member_id: str, its: Event, joined: Mapping[str, str], heard: Mapping[str, float]) -> bool:
    """Whether notifications may have heard of this before it heard with which grade they joined: then they hear."""
    known = heard.get(joined.get(member_id, ""))
    return member_id in joined and (known is None or known + LONG >= heard.get(its.event_id, known))


def everybody_hears(facts: Facts) -> list[str]:
    """Who should hear of an event has a notice of it; who is gone by now may have none."""
    world = _world(facts)
    rows = [its.row for its in changes(facts) if its.op == "INSERT"]
    made = {(row["event_id"], row["template"], row["member_id"]) for row in rows}
    of_hosted = {(row.get("hosted_event_id"), row["template"], row["member_id"]) for row in rows}
    wrong = [
        f"{its.subject} joined and no welcome was made"
        for its in world.events.values()
        if its.name == "MemberJoined" and (its.event_id, "welcome", its.subject) not in made
    ]
    invited = {event for event, template, _ in made if template == "invitation"}
    for its, template, who in _owed(facts, world):
        if template == "invitation" and its.event_id not in invited and _is_over(its, facts.now):
            continue  # it was over when it was heard of, and then nobody is invited
        if who not in world.gone and (its.event_id, template, who) not in made:
            wrong.append(f"{who} was not told of {its.name} {its.subject} ({template})")
    hosted = {its.subject for its in facts.said if its.name == "EventHosted"} & world.published
    for event, attendees in sorted(world.places.items()):
        for who in sorted(attendees - world.gone):
            if not {(event, template, who) for template in ("confirmation", "thanks")} & of_hosted:
                wrong.append(f"{who} was not told of their place at {event}")
            if event in hosted and (event, "thanks", who) not in of_hosted:
                wrong.append(f"{who} was not thanked for coming to {event}")
    return wrong


def _is_over(its: Event, now: str) -> bool:
    """Whether what was announced may have been over, or a meeting have begun, when it was heard of."""
    ends = str(its.data.get("starts_at" if its.name == "GroupMeetingScheduled" else "ends_at") or "")
    return bool(ends and now) and datetime.fromisoformat(ends) <= datetime.fromisoformat(now)


def _owed(facts: Facts, world: World) -> Iterable[tuple[Event, str, str]]:
    """What has to be there: of each event, in which words, for whom. Places are looked at by their hosted event."""
    seen, heard, introduced = _first_seen(facts), _heard(facts), _introduced(facts)
    stays, ends = _stays(world, heard), _disbandings(world, heard)
    for its in world.events.values():
        began = heard.get(its.event_id, 0.0)
        for template in TABLE.get(its.name, {}):
            who = audience(its, template)
            if who == BOTH:
                both = world.may_hear(its, template)
                is_apart = its.name == "MentoringPairEnded"
                owed = introduced.get(its.subject, set()) if is_apart else both if not both & world.gone else set()
            elif who in {EVERYBODY, WHO_MAY_APPLY}:
                could = world.joined if who == EVERYBODY else world.always_could(its)
                owed = {each for each in could if seen.get((each, ""), began) < began}
            elif who == IN_THE_GROUP:
                owed = _inside(its, stays, ends, began) if not _is_over(its, facts.now) else set()
            elif who in {TEAM, VOLUNTEER}:
                owed = _holders(world, seen, who, began)
            else:
                owed = world.may_hear(its, template) if its.name != "AttendeeRegistered" and who in ALWAYS else set()
            yield from ((its, template, each) for each in sorted(owed))


def _stays(world: World, heard: dict[str, float]) -> dict[str, list[tuple[str, float]]]:
    """By group who has never left it, and from when on it is certain that notifications knew of them."""
    left = {its.subject for its in world.events.values() if its.name == "VolunteerLeftGroup"}
    found: dict[str, list[tuple[str, float]]] = {}
    for its in world.events.values():
        if its.name == "VolunteerJoinedGroup" and its.subject not in left and its.event_id in heard:
            stay = (str(its.data["member_id"]), heard[its.event_id] + LONG)
            found.setdefault(str(its.data["group_id"]), []).append(stay)
    return found


def _disbandings(world: World, heard: dict[str, float]) -> dict[str, float]:
    """By group when notifications heard that it is over."""
    return {
        its.subject: heard[its.event_id]
        for its in world.events.values()
        if its.name == "TaskGroupDisbanded" and its.event_id in heard
    }


def _inside(
    its: Event, stays: Mapping[str, list[tuple[str, float]]], ends: Mapping[str, float], began: float
) -> set[str]:
    """Who certainly hears of what is said of a group; once it is over, of nothing but that meetings are called off."""
    group = str(its.data["group_id"])
    over = ends.get(group, began)
    if its.name == "GroupMeetingScheduled" and group in ends and over <= began and not its.data.get("cancelled"):
        return set()
    return {who for who, known in stays.get(group, ()) if known < min(began, over)}


def _introduced(facts: Facts) -> dict[str, set[str]]:
    """By pair, who was told of the other, or is to be."""
    found: dict[str, set[str]] = {}
    for row in last(facts).values():
        if row["template"] == "introduction" and row["state"] != "cancelled" and row.get("pair_id"):
            found.setdefault(row["pair_id"], set()).add(row["member_id"])
    return found


def _holders(world: World, seen: dict[tuple[str, str], float], role: str, before: float) -> set[str]:
    """Who certainly had the role then: from whom it was taken back, whenever, may have had it or not."""
    of_role = [its for its in world.events.values() if its.data.get("role") == role]
    granted = {its.subject for its in of_role if seen.get((its.subject, its.event_id), before) < before}
    return granted - {its.subject for its in of_role if its.name == "RoleRevoked"}


def _first_seen(facts: Facts) -> dict[tuple[str, str], float]:
    """When the sender had a notice to this member, or of theirs of this event: what made it was committed by then."""
    found: dict[tuple[str, str], float] = {}
    for its in changes(facts):
        if its.op == "UPDATE" and its.row["state"] in BY_THE_SENDER:
            for of in ("", its.row["event_id"]):
                found.setdefault((its.row["member_id"], of), its.at)
    return found


def _heard(facts: Facts) -> dict[str, float]:
    """When the transaction began in which notifications heard an event, by its id."""
    steps: dict[tuple[str, str], list[Heard]] = {}
    for its in facts.heard:
        steps.setdefault((its.consumer, its.subject), []).append(its)
    return {
        said.event_id: step.began
        for said in facts.said
        for step in steps.get((f"notifications.{said.stream}", said.subject), ())
        if step.before < said.sequence <= step.after
    }


def _world(facts: Facts) -> World:
    return World.of(
        Event(its.event_id, its.name, its.subject, its.data, number=its.sequence) for its in facts.said if _is_json(its)
    )


def _is_json(its: Said) -> bool:
    return its.body is not None
