"""Who is restricted, and that everybody leaves them alone then."""

from gse_platform.prove.facts import Facts, Said
from gse_platform.who_hears import DIGEST, WHATEVER_THEY_CHOSE

RESTRICTED = "MemberProcessingRestricted"
LONG = 30  # seconds, after which whoever has heard something has committed it
KEPT_BY = {"notifications.recipient": "notifications.gse.members", "mentoring.profile": "mentoring.gse.members"}
"""Which tables keep it, and which consumer writes them."""


def restricting_is_said(facts: Facts) -> list[str]:
    """Each time that somebody becomes restricted, or is so no more, that is said, in order, and stands everywhere."""
    wanted = dict[str, list[bool]]()
    for its in sorted(facts.commands, key=lambda its: its.number):
        if its.outcome == "ok" and its.kind in {"restrict", "lift", "merge"}:
            who, is_so = its.about, its.kind == "restrict"
            if its.kind == "merge":  # who is restricted stays so as the one that they are now
                who, is_so = its.asked["surviving"], wanted.get(its.about, [False])[-1]
            if wanted.get(who, [False])[-1] != is_so and (is_so or its.kind == "lift"):
                wanted.setdefault(who, []).append(is_so)
    said = dict[str, list[bool]]()
    for event in facts.said:
        if event.name == RESTRICTED:
            said.setdefault(event.subject, []).append(event.data["restricted"])
    wrong = [
        f"{who} became restricted {wanted.get(who, [])}, so it was said {said.get(who, [])}"
        for who in sorted(wanted.keys() | said.keys())
        if wanted.get(who) != said.get(who)
    ]
    should = {who for who, its in wanted.items() if its[-1]} - facts.gone()
    stands = {"members.restriction": {row["member_id"] for row in facts.rows.get("members.restriction", ())}}
    for table in KEPT_BY:
        stands[table] = {row["member_id"] for row in facts.rows.get(table, ()) if row.get("restricted")} - facts.gone()
    return wrong + [
        f"{table}: {who} is {'' if who in found else 'not '}restricted, and should {'' if who in should else 'not '}be"
        for table, found in stands.items()
        for who in sorted(found ^ should)
    ]


def the_restricted_are_left_alone(facts: Facts) -> list[str]:
    """No mail but what they must hear, and no pool of a match run, from when their restriction was heard."""
    ended = {who for who, its in _last(facts).items() if not its.data["restricted"]}
    written, matched = (_heard_long_ago(facts, consumer) for consumer in KEPT_BY.values())
    last = {its.row["notice_id"]: its.row for its in facts.changes if its.what == "notifications.notice"}
    began = {
        its.row["notice_id"]: its.at
        for its in facts.changes
        if its.what == "notifications.notice" and its.op == "INSERT"
    }
    critical = WHATEVER_THEY_CHOSE | {DIGEST}
    wrong = [
        f"{row['member_id']} is restricted and has mail of {row['template']}"
        for notice, row in last.items()
        if row["state"] in {"sent", "unknown"} and row["template"] not in critical
        if row["member_id"] not in ended and began.get(notice, 0.0) > written.get(row["member_id"], float("inf"))
    ]
    runs = {
        its.row["run_id"]: its.at
        for its in facts.changes
        if its.what == "mentoring.match_run" and its.op == "INSERT"  # its pool stays as it was then
    }
    return wrong + [
        f"{row['member_id']} is restricted and in the pool of run {row['run_id']}"
        for row in facts.rows.get("mentoring.entrant", ())
        if row["member_id"] not in ended and runs.get(row["run_id"], 0.0) > matched.get(row["member_id"], float("inf"))
    ]


def _last(facts: Facts) -> dict[str, Said]:
    """What was said last of each member's restriction."""
    return {its.subject: its for its in facts.said if its.name == RESTRICTED}


def _heard_long_ago(facts: Facts, consumer: str) -> dict[str, float]:
    """From when on it is certain that this consumer kept each member's last restriction."""
    last = _last(facts)
    return {
        step.subject: step.began + LONG
        for step in facts.heard
        if step.consumer == consumer
        and step.subject in last
        and step.before < last[step.subject].sequence <= step.after
    }
