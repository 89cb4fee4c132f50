"""What members are given and tell: roles, confirmed addresses, and the terms of champions."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from gse_platform.clock import HERE
from gse_platform.prove.facts import Command, Facts, Said

GRANTED, REVOKED = "RoleGranted", "RoleRevoked"
APPOINTED, ENDED = "ChampionAppointed", "ChampionTermEnded"
Together = list[tuple[str, str]]
"""Events and roles that one command leads to."""
BY_SOMEBODY = {"resigned", "by-the-team"}


def roles_are_as_given(facts: Facts) -> list[str]:
    """Each role that is given or taken back is said, once, unless it was so; with membership all are taken back."""
    held, wanted = _roles(facts.commands)
    found = dict[str, list[tuple[str, str]]]()
    for event in facts.said:
        if event.name in {GRANTED, REVOKED}:
            found.setdefault(event.subject, []).append((event.name, event.data["role"]))
    wrong = [
        f"{who}: should be {wanted.get(who, [])}, was said {found.get(who, [])}"
        for who in sorted(wanted.keys() | found.keys())
        if not _is_said(wanted.get(who, []), found.get(who, []))
    ]
    rows = {(row["member_id"], row["role"]) for row in facts.rows.get("members.member_role", ())}
    stands = {(who, role) for who, roles in held.items() for role in roles}
    return wrong + [f"{who} and role {role}: the row says otherwise" for who, role in sorted(rows ^ stands)]


def _roles(commands: Iterable[Command]) -> tuple[dict[str, set[str]], dict[str, list[Together]]]:
    """By member the roles that they have at the end, and what is to be said of them."""
    held, wanted = dict[str, set[str]](), dict[str, list[Together]]()
    for its in _ok(commands, "grant", "revoke", "leave", "erase", "merge"):
        has, role = held.setdefault(its.about, set()), its.asked.get("role", "")
        if its.kind == "grant":
            said, then = [(GRANTED, role)] if role not in has else [], has | {role}
        else:
            lost = has & {role} if its.kind == "revoke" else has
            said, then = [(REVOKED, each) for each in lost], has - lost
        held[its.about] = then
        wanted.setdefault(its.about, []).append(said)
    return held, wanted


def _is_said(wanted: Iterable[Together], said: Together) -> bool:
    """What is said together is in no order."""
    at = 0
    for together in wanted:
        if sorted(said[at : at + len(together)]) != sorted(together):
            return False
        at += len(together)
    return at == len(said)


def addresses_are_confirmed_by_links(facts: Facts) -> list[str]:
    """Whose address is confirmed used a link since it was asked for last; who used the last is confirmed."""
    wanted = set[str]()
    for its in _ok(facts.commands, "confirm", "contact", "verify-again"):
        if its.kind == "confirm":
            wanted.add(its.about)
        else:
            wanted.discard(its.about)
    rows = {
        row["member_id"]
        for row in facts.rows.get("members.member", ())
        if row.get("address_verified_at") is not None and row["left_on"] is None
    }
    differ = rows ^ (wanted - facts.gone())
    return [f"{who}: the address is confirmed, or should be, and not both" for who in sorted(differ)]


def champions_serve_their_terms(facts: Facts) -> list[str]:
    """Who was appointed serves until the term's day, its end by hand or the member's; the last leaves a vacancy."""
    today = datetime.fromisoformat(facts.now).astimezone(HERE).date().isoformat() if facts.now else ""
    events = [its for its in facts.said if its.name in {APPOINTED, ENDED}]
    terms = {its.subject: its for its in events if its.name == APPOINTED}
    asked = Counter((its.about, its.asked["theme_id"], its.asked["ends_on"]) for its in _ok(facts.commands, "champion"))
    said = Counter((its.data["member_id"], its.data["theme_id"], its.data["ends_on"]) for its in terms.values())
    wrong = [f"{its} was asked for and not appointed, or more often than so" for its in (asked - said) + (said - asked)]
    ended = {its.subject: its for its in events if its.name == ENDED}
    by_hand, gone = {its.about for its in _ok(facts.commands, "end-champion")}, facts.gone()
    for term, its in terms.items():
        has_to = its.data["ends_on"] < today or its.data["member_id"] in gone or term in by_hand
        if has_to != (term in ended):
            wrong.append(f"term {term} of {its.data['member_id']} {'did not end' if has_to else 'ended'}")
    for term, its in ended.items():
        why = its.data["ended"]
        reasons = {"over": term in terms and terms[term].data["ends_on"] < today, "gone": its.data["member_id"] in gone}
        if not (term in by_hand if why in BY_SOMEBODY else reasons.get(why, False)):
            wrong.append(f"term {term} ended as {why}, and had not to")
    return wrong + _vacancies(events)


def _vacancies(events: Iterable[Said]) -> list[str]:
    """The end of a theme's last term says that there is a vacancy, and no other end does; a term ends once."""
    serving, wrong = dict[str, set[str]](), []
    for its in sorted(events, key=lambda one: one.place):
        theirs = serving.setdefault(its.data["theme_id"], set())
        if its.name == APPOINTED:
            theirs.add(its.subject)
        else:
            if its.subject not in theirs:
                wrong.append(f"term {its.subject} ended and was none")
            theirs.discard(its.subject)
            if its.data["vacancy"] == bool(theirs):
                wrong.append(f"the end of term {its.subject} is wrong on a vacancy: {len(theirs)} serve")
    return wrong


def _ok(commands: Iterable[Command], *kinds: str) -> list[Command]:
    its = [one for one in commands if one.kind in kinds and one.outcome == "ok"]
    return sorted(its, key=lambda one: one.number)
