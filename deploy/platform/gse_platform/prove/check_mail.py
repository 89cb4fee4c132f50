"""Mail went out once, alone or in one digest, and what became of it is said."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Final

from gse_platform.prove.facts import Facts, Row
from gse_platform.prove.notices import NOTICE, last, lives, reference
from gse_platform.who_hears import DIGEST

UNSENT: Final = frozenset({"waiting", "sending"})
SCHEDULED: Final = frozenset({"due", "gathered"})  # unsent, and rightly so until they are due
SAID_OF: Final = {"sent": "NotificationSent", "failed": "NotificationFailed", "suppressed": "NotificationSuppressed"}


def mail_went_out_once(facts: Facts) -> list[str]:
    """No Message-ID twice; what is said to be sent is in the sink, alone or in one digest; what is unknown may be."""
    taken = Counter(mail.message_id for mail in facts.mails)
    ever = last(facts)
    wrong = [f"{message} went out {count} times" for message, count in sorted(taken.items()) if count > 1]
    alone, in_digest = Counter[str](), Counter[str]()
    digests = {reference(mail.message_id)[0]: mail.holds for mail in facts.mails if mail.holds}
    for mail in facts.mails:
        notice, again = reference(mail.message_id)
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
    for notice, rows in lives(facts).items():
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
    """What was sent again was so as often as the team asked for it.

    What had no answer at first may have been done, and be refused the second time since its member is gone by then.
    """
    its = [one for one in facts.commands if one.kind == "send-again"]
    asked = Counter(one.about for one in its if one.outcome == "ok")
    may_be = Counter(one.about for one in its if one.outcome == "fail" and one.doubted)
    times = Counter({notice: row.get("redeliveries", 0) for notice, row in last(facts).items()})
    return [
        f"notice {notice} was to be sent again {asked[notice]} times, and was {times[notice]} times"
        for notice in sorted(asked.keys() | times.keys())
        if not asked[notice] <= times[notice] <= asked[notice] + may_be[notice]
    ]


def outcomes_are_said_once(facts: Facts) -> list[str]:
    """Each time that a notice came to be sent, failed or suppressed, that was said, and nothing else."""
    became: Counter[tuple[str, str]] = Counter()
    for notice, rows in lives(facts).items():
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
