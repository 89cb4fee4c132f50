"""Each notice is of an event, to who should hear of it, once; and what members chose to hear is what they got."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from gse_platform.prove.facts import Change, Command, Facts, Heard, Row, Said
from gse_platform.prove.wishing import AT_FIRST, Chosen, after
from gse_platform.who_hears import (
    BOTH,
    DIGEST,
    EVERYBODY,
    MEMBER,
    MEMBER_ASKED_AGAIN,
    NAMED,
    TABLE,
    TEAM,
    VOLUNTEER,
    WHATEVER_THEY_CHOSE,
    Event,
    World,
    audience,
)
from gse_platform.who_hears import CATEGORIES as CATEGORY_OF

NOTICE: Final = "notifications.notice"
ALWAYS: Final = frozenset({MEMBER, MEMBER_ASKED_AGAIN, NAMED})
UNSENT: Final = frozenset({"waiting", "sending"})
SCHEDULED: Final = frozenset({"due", "gathered"})  # unsent, and rightly so until they are due
BY_THE_SENDER: Final = frozenset({"gathered", "sending", "sent", "failed", "unknown", "suppressed"})
SAID_OF: Final = {"sent": "NotificationSent", "failed": "NotificationFailed", "suppressed": "NotificationSuppressed"}
REFERENCE: Final = re.compile(r"<([^.@>]+)(?:\.(\d+))?(?:@[^>]*)?>")


def notices_are_of_events(facts: Facts) -> list[str]:
    """Each notice is of an event that was said, in words of that event, to somebody who may hear of it, once."""
    world = _world(facts)
    made = [its.row for its in _changes(facts) if its.op == "INSERT" and its.row["template"] != DIGEST]
    wrong = []
    for row in made:
        its = world.events.get(row["event_id"])
        if its is None:
            wrong.append(f"notice {row['notice_id']} ({row['template']}) is of no event that was said")
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


def everybody_hears(facts: Facts) -> list[str]:
    """Who should hear of an event has a notice of it; who is gone by now may have none."""
    world = _world(facts)
    rows = [its.row for its in _changes(facts) if its.op == "INSERT"]
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
    ends = str(its.data.get("ends_at") or "")
    return bool(ends and now) and datetime.fromisoformat(ends) <= datetime.fromisoformat(now)


def _owed(facts: Facts, world: World) -> Iterable[tuple[Event, str, str]]:
    """What has to be there: of each event, in which words, for whom. Places are looked at by their hosted event."""
    seen, heard, introduced = _first_seen(facts), _heard(facts), _introduced(facts)
    for its in world.events.values():
        began = heard.get(its.event_id, 0.0)
        for template in TABLE.get(its.name, {}):
            who = audience(its, template)
            if who == BOTH:
                both = world.may_hear(its, template)
                is_apart = its.name == "MentoringPairEnded"
                owed = introduced.get(its.subject, set()) if is_apart else both if not both & world.gone else set()
            elif who == EVERYBODY:
                owed = {each for each in world.joined if seen.get((each, ""), began) < began}
            elif who in {TEAM, VOLUNTEER}:
                owed = _holders(world, seen, who, began)
            else:
                owed = world.may_hear(its, template) if its.name != "AttendeeRegistered" and who in ALWAYS else set()
            yield from ((its, template, each) for each in sorted(owed))


def _introduced(facts: Facts) -> dict[str, set[str]]:
    """By pair, who was told of the other, or is to be."""
    found: dict[str, set[str]] = {}
    for row in _last(facts).values():
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
    for its in _changes(facts):
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


def mail_went_out_once(facts: Facts) -> list[str]:
    """No Message-ID twice; what is said to be sent is in the sink, alone or in one digest; what is unknown may be."""
    taken = Counter(mail.message_id for mail in facts.mails)
    ever = _last(facts)
    wrong = [f"{message} went out {count} times" for message, count in sorted(taken.items()) if count > 1]
    alone, in_digest = Counter[str](), Counter[str]()
    digests = {_reference(mail.message_id)[0]: mail.holds for mail in facts.mails if mail.holds}
    for mail in facts.mails:
        notice, again = _reference(mail.message_id)
        row = ever.get(notice)
        if row is None:
            wrong.append(f"{mail.message_id} went out and is of no notice")
        elif again > row.get("redeliveries", 0):
            wrong.append(f"{mail.message_id} went out again, and nobody asked for it")
        if not again:
            alone[notice] += 1
        in_digest.update(mail.holds)
        wrong += [f"{mail.message_id} leads to {its}, which is not of it" for its in _strange(mail.holds, notice, ever)]
    for notice, row in sorted(ever.items()):
        count, again = alone[notice] + in_digest[notice], row.get("redeliveries", 0)
        if count > 1:
            wrong.append(
                f"notice {notice} went out {count} times: alone {alone[notice]}, in digests {in_digest[notice]}"
            )
        if row["state"] == "sent" and row.get("channel", "email") == "email" and not _went_out(row, taken, digests):
            wrong.append(f"notice {notice} is said to be sent and is not in the sink")
        if count and not _may_have_gone_out(row, again):
            wrong.append(f"notice {notice} is in the sink and is {row['state']} ({row.get('channel') or 'by no way'})")
    return wrong + _not_settled(facts) + _not_again_by_itself(facts)


def _went_out(row: Row, taken: Mapping[str, int], digests: Mapping[str, frozenset[str]]) -> bool:
    if row.get("digest_id"):
        return row["notice_id"] in digests.get(row["digest_id"], ())
    return row["message_id"] in taken


def _strange(held: Iterable[str], digest: str, ever: Mapping[str, Row]) -> list[str]:
    """What a digest leads to and what did not go out in it; what was sent again since is in none any more."""
    rows = {its: ever.get(its, {}) for its in held}
    return [its for its, row in sorted(rows.items()) if row.get("digest_id") != digest and not row.get("redeliveries")]


def _may_have_gone_out(row: Row, again: int) -> bool:
    if again:
        return True  # before it was sent again it may have gone out, which nobody knew
    return row["state"] in {"sent", "unknown", "sending"} and row.get("channel", "email") == "email"


def _not_settled(facts: Facts) -> list[str]:
    return [
        f"notice {row['notice_id']} is still {row['state']}"
        for row in facts.rows.get(NOTICE, ())
        if row["state"] in UNSENT or (row["state"] in SCHEDULED and _is_due(row, facts.now))
    ]


def _is_due(row: Row, now: str) -> bool:
    return not now or datetime.fromisoformat(row["due_at"]) <= datetime.fromisoformat(now)


def _not_again_by_itself(facts: Facts) -> list[str]:
    """What went out or may have gone out is begun again by hand alone."""
    wrong = []
    for notice, rows in _lives(facts).items():
        for before, its in pairwise(rows):
            is_again = before["state"] in {"sent", "unknown", "failed"} and its["state"] in {
                "due",
                "gathered",
                "sending",
            }
            if is_again and its.get("redeliveries", 0) <= before.get("redeliveries", 0):
                wrong.append(f"notice {notice} was {before['state']} and became {its['state']} by itself")
    return wrong


def only_the_team_sends_again(facts: Facts) -> list[str]:
    """What was sent again was so as often as the team asked for it."""
    asked = Counter(its.about for its in facts.commands if its.kind == "send-again" and its.outcome == "ok")
    times = Counter({notice: row.get("redeliveries", 0) for notice, row in _last(facts).items()})
    return [
        f"notice {notice} was to be sent again {asked[notice]} times, and was {times[notice]} times"
        for notice in sorted(asked.keys() | times.keys())
        if asked[notice] != times[notice]
    ]


def outcomes_are_said_once(facts: Facts) -> list[str]:
    """Each time that a notice came to be sent, failed or suppressed, that was said, and nothing else."""
    became: Counter[tuple[str, str]] = Counter()
    for notice, rows in _lives(facts).items():
        if rows[0]["template"] != DIGEST:
            states = ["", *(row["state"] for row in rows)]
            became.update(
                (SAID_OF[now], notice) for before, now in pairwise(states) if now != before and now in SAID_OF
            )
    said = Counter((its.name, its.subject) for its in facts.said if its.name in SAID_OF.values())
    return [
        f"{name} of {notice}: so it was {became[name, notice]} times, so it was said {said[name, notice]} times"
        for name, notice in sorted(became.keys() | said.keys())
        if became[name, notice] != said[name, notice]
    ]


def choices_are_kept(facts: Facts) -> list[str]:
    """What each member chose is said each time, stands at the end, and is how they hear."""
    wrong = []
    said = Counter(its.subject for its in facts.said if its.name == "MemberPreferencesChanged")
    choices = _choices(facts)
    gone = facts.gone()
    stands = _standing_choices(facts)
    for who, its in sorted(choices.items()):
        if _is_certain(its):
            changes, chosen = 0, AT_FIRST
            for command in its:
                now = after(chosen, command)
                changes, chosen = changes + (now != chosen), now
            if said[who] != changes:
                wrong.append(f"{who} chose anew {changes} times, and that was said {said[who]} times")
            if who not in gone and stands.get(who, AT_FIRST) != chosen:
                wrong.append(f"{who} chose {chosen}, and {stands.get(who, AT_FIRST)} stands")
    wrong += [f"{who} never chose, and that was said" for who in sorted(said.keys() - choices.keys())]
    wrong += [f"{who} never chose, and a choice stands" for who in sorted(stands.keys() - choices.keys() - gone)]
    wrong += [f"{who} is gone and a choice of theirs stands" for who in sorted(stands.keys() & gone)]
    return wrong + _unwanted_mail(facts, choices) + _withheld_mail(facts, choices)


def _unwanted_mail(facts: Facts, choices: dict[str, list[Command]]) -> list[str]:
    """Who chose `never` before an event happened, and nothing else since, has no mail of that kind about it."""
    happened = {its.event_id: its.at for its in facts.said}
    rows = _last(facts)
    wrong = []
    for notice in {its for mail in facts.mails for its in (*mail.holds, _reference(mail.message_id)[0])} & rows.keys():
        row = rows[notice]
        category, template = CATEGORY_OF.get(row["template"], ""), row["template"]
        commands = choices.get(row["member_id"], [])
        if template in WHATEVER_THEY_CHOSE or row.get("redeliveries", 0) or not _is_certain(commands):
            continue
        wishes = _wishes(commands, category)
        before = [often for ended, often in wishes if ended < happened.get(row["event_id"], 0.0)]
        since = {often for ended, often in wishes[max(len(before) - 1, 0) :]}
        if before and since == {"never"}:
            wrong.append(f"{row['member_id']} wants no mail about {category} and has {template} of {row['event_id']}")
    return wrong


def _withheld_mail(facts: Facts, choices: dict[str, list[Command]]) -> list[str]:
    """Who never chose `never` has nothing in the inbox alone, but for an address that does not work."""
    return [
        f"notice {notice} ({row['template']}) is in the inbox alone, and {row['member_id']} wants mail"
        for notice, row in sorted(_last(facts).items())
        if row.get("channel") == "inbox"
        and "never"
        not in {often for _, often in _wishes(choices.get(row["member_id"], []), CATEGORY_OF.get(row["template"], ""))}
    ]


def _wishes(commands: Sequence[Command], category: str) -> list[tuple[float, str]]:
    """When each choice was acknowledged, and how often mail of the category was wanted from then on."""
    found, chosen = list[tuple[float, str]](), AT_FIRST
    for its in commands:
        chosen = after(chosen, its)
        found.append((its.ended, chosen[0].get(category, "")))
    return found


def _is_certain(commands: Sequence[Command]) -> bool:
    """A choice without an answer at first may come into force after the next one, or have done so before a refusal."""
    return not any(its.doubted for its in commands[:-1]) and all(its.outcome == "ok" for its in commands)


def _choices(facts: Facts) -> dict[str, list[Command]]:
    """Of each member in their order, those that are in force or may be."""
    found: dict[str, list[Command]] = {}
    for its in sorted(facts.commands, key=lambda its: its.number):
        if its.kind in {"prefer", "unsubscribe"} and (its.outcome == "ok" or its.doubted):
            found.setdefault(its.about, []).append(its)
    return found


def _standing_choices(facts: Facts) -> dict[str, Chosen]:
    found: dict[str, Chosen] = {}
    for row in facts.rows.get("notifications.preference", ()):
        frequencies, inbox, hours = found.get(row["member_id"], AT_FIRST)
        inbox = inbox | {row["category"]} if row["inbox"] else inbox - {row["category"]}
        found[row["member_id"]] = ({**frequencies, row["category"]: row["email"]}, inbox, hours)
    for row in facts.rows.get("notifications.delivery_hours", ()):
        frequencies, inbox, _ = found.get(row["member_id"], AT_FIRST)
        found[row["member_id"]] = (frequencies, inbox, _hours(row))
    return found


def _hours(row: Row) -> tuple[str, str, str, str]:
    if row["opens"] is None:
        return "any", "", "", row["time_zone"]
    if row["weekdays_only"]:
        return "working", "", "", row["time_zone"]
    return "quiet", row["closes"][:5], row["opens"][:5], row["time_zone"]


def reading_is_noted(facts: Facts) -> list[str]:
    """What a member opened is read, as far as it is still there, and nothing else is."""
    opened = {its.asked["notice_id"] for its in facts.commands if its.kind == "read" and its.outcome == "ok"}
    rows = {row["notice_id"]: row for row in facts.rows.get(NOTICE, ())}
    return [
        f"notice {its} was opened and is not read" for its in sorted(opened & rows.keys()) if not _read(rows[its])
    ] + [f"notice {its} is read and nobody opened it" for its in sorted(rows.keys() - opened) if _read(rows[its])]


def _read(row: Row) -> bool:
    return row.get("read_at") is not None


def _reference(message_id: str) -> tuple[str, int]:
    """The notice that a message is of, and how often it had been sent again by hand."""
    found = REFERENCE.fullmatch(message_id)
    return (found[1], int(found[2] or 0)) if found else (message_id, 0)


def _world(facts: Facts) -> World:
    return World.of(
        Event(its.event_id, its.name, its.subject, its.data, number=its.sequence) for its in facts.said if _is_json(its)
    )


def _is_json(its: Said) -> bool:
    return its.body is not None


def _changes(facts: Facts) -> list[Change]:
    return [its for its in facts.changes if its.what == NOTICE]


def _lives(facts: Facts) -> dict[str, list[Row]]:
    """The rows that each notice went through; the row that was deleted says nothing new."""
    found: dict[str, list[Row]] = {}
    for its in _changes(facts):
        if its.op != "DELETE":
            found.setdefault(its.row["notice_id"], []).append(its.row)
    return found


def _last(facts: Facts) -> dict[str, Row]:
    """Each notice as it stands, or as it was when it was deleted: those of the erased are, whatever became of them."""
    found: dict[str, Any] = {its.row["notice_id"]: its.row for its in _changes(facts) if its.op == "DELETE"}
    return found | {row["notice_id"]: row for row in facts.rows.get(NOTICE, ())}
