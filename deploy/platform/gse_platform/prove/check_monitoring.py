"""What members answered to equality monitoring, and whom the figures of a quarter count."""

from collections.abc import Iterator, Mapping
from typing import Any

from gse_platform.prove.facts import Command, Facts, Row

ANSWERING = {"monitor", "unmonitor"}
SETTLING = {"restrict", "lift", "merge"}  # who merges with somebody who is restricted is so too
SAYING = ("DiversityStatisticsPublished", "ParticipationReportPublished")


def answers_are_as_given(facts: Facts) -> list[str]:
    """Each present member's answers are the last that were acknowledged; nobody else has any, who is gone least."""
    present = _present(facts)
    last = {its.about: _codes(its) for its in _ok(facts, ANSWERING)}
    wanted = {who: codes for who, codes in last.items() if codes is not None and who in present}
    found = {row["member_id"]: row["codes"] for row in _rows(facts, "monitoring.answer")}
    return [
        f"{who} has {'answers' if who in found else 'none'}, and should have {'others' if who in wanted else 'none'}"
        for who in sorted(wanted.keys() | found.keys())
        if wanted.get(who) != found.get(who)
    ] + [
        f"{row['member_id']} is gone, or never was, and is counted in {row['period']}"
        for row in _rows(facts, "monitoring.counted")
        if row["member_id"] not in present
    ]


def releases_are_said_once(facts: Facts) -> list[str]:
    """A quarter's figures are published once, and both events say so."""
    made = {(its.made, its.asked["period"]) for its in _ok(facts, {"release"})}
    rows = {(row["release_id"], row["period"]) for row in _rows(facts, "statistics_release")}
    wrong = [f"release {its} of {period}: asked for, or there, and not both" for its, period in made ^ rows]
    for name in SAYING:
        said = sorted((its.subject, its.data["period"]) for its in facts.said if its.name == name)
        if said != sorted(rows):
            wrong.append(f"{name} was said of {said}, and there are {sorted(rows)}")
    return wrong


def the_restricted_are_not_counted(facts: Facts) -> list[str]:
    """A release counts who was present and not restricted, as what they had answered; and nobody who was restricted.

    Whoever joined, went, was restricted or answered while it was made may be counted either way. Where no figure could
    be shown nothing is kept of whom it counted.
    """
    wrong, present = list[str](), _present(facts)
    for period, is_shown, began, ended in _releases(facts):
        counted = {row["member_id"]: row for row in _rows(facts, "monitoring.counted") if row["period"] == period}
        if not is_shown:
            wrong += [f"{who} is known as counted in {period}, of which nothing is shown" for who in counted]
            continue
        for who, commands in _by_member(facts).items():
            if _stood(commands, SETTLING, began, ended) == "restrict" and who in counted:
                wrong.append(f"{who} was restricted and is counted in {period}")
            if who in present and _is_certain(commands, began, ended):
                if who not in counted:
                    wrong.append(f"{who} was present and is not counted in {period}")
                elif not _is_so(counted[who]["codes"], commands, began, ended):
                    wrong.append(f"{who} is counted in {period} as what they had not answered")
    return wrong


def _releases(facts: Facts) -> Iterator[tuple[str, bool, float, float]]:
    """Each period, whether any figure of it is shown, and between which instants it was counted."""
    for row in _rows(facts, "statistics_release"):
        asked = [its.began for its in _ok(facts, {"release"}) if its.made == row["release_id"]]
        said = [its.at for its in facts.said if its.name == SAYING[0] and its.subject == row["release_id"]]
        if asked and said:
            yield row["period"], bool(row["diversity"]), min(asked), max(said)


def _is_certain(commands: list[Command], began: float, ended: float) -> bool:
    """Whether they joined before and nobody asked meanwhile, or before, that they be restricted."""
    joined = any(its.kind == "join" and its.ended < began for its in commands)
    settled = [its for its in commands if its.kind in SETTLING and its.began < ended]
    return joined and (not settled or (settled[-1].kind == "lift" and settled[-1].ended < began))


def _stood(commands: list[Command], kinds: set[str], began: float, ended: float) -> str:
    """The kind of the last command of these that was over before; empty when another was under way meanwhile."""
    its = [one for one in commands if one.kind in kinds and one.began < ended]
    return its[-1].kind if its and its[-1].ended < began else ""


def _is_so(counted: Mapping[str, str] | None, commands: list[Command], began: float, ended: float) -> bool:
    """Whether it counts what they had answered; of whoever deletes that later it is forgotten."""
    answers = [its for its in commands if its.kind in ANSWERING]
    if any(its.kind == "unmonitor" and its.began >= ended for its in answers):
        return counted is None
    before = [its for its in answers if its.began < ended]
    if any(its.ended >= began for its in before):
        return True  # under way meanwhile
    return counted == ((_codes(before[-1]) if before else None) or {})


def _by_member(facts: Facts) -> dict[str, list[Command]]:
    found: dict[str, list[Command]] = {}
    for its in _ok(facts, ANSWERING | SETTLING | {"join"}):
        found.setdefault(its.asked.get("surviving") or its.about or its.made, []).append(its)
    return found


def _present(facts: Facts) -> set[str]:
    return {its.subject for its in facts.said if its.name == "MemberJoined"} - facts.gone()


def _codes(its: Command) -> dict[str, Any] | None:
    return dict(its.asked) if its.kind == "monitor" else None


def _ok(facts: Facts, kinds: set[str]) -> list[Command]:
    return sorted(
        (its for its in facts.commands if its.kind in kinds and its.outcome == "ok"), key=lambda it: it.number
    )


def _rows(facts: Facts, table: str) -> list[Row]:
    return list(facts.rows.get(f"members.{table}", ()))
