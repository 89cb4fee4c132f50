"""What members chose to hear is what they got, and what they opened is read."""

from collections import Counter
from collections.abc import Sequence

from gse_platform.prove.facts import Command, Facts, Row
from gse_platform.prove.notices import NOTICE, last, reference
from gse_platform.prove.wishing import AT_FIRST, Chosen, after
from gse_platform.who_hears import CATEGORIES as CATEGORY_OF
from gse_platform.who_hears import WHATEVER_THEY_CHOSE


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
    rows = last(facts)
    wrong = []
    for notice in {its for mail in facts.mails for its in (*mail.holds, reference(mail.message_id)[0])} & rows.keys():
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
        for notice, row in sorted(last(facts).items())
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
