"""Every acknowledged command is in the ledger, once and in its order; nothing else is; a key gives the same again."""

from collections.abc import Iterable
from typing import Any

from gse_platform.prove.facts import CONTACTS, Command, Facts

# What a command says, and which of its fields have to be as asked. Its subject is what it acts on, or what it made.
SAYS: dict[str, tuple[str, bool, tuple[str, ...]]] = {
    "join": ("MemberJoined", True, ("organisation", "grade")),
    "grade": ("MemberGradeChanged", False, ("grade",)),
    "transfer": ("MemberTransferred", False, ("organisation", "grade")),
    "profile": ("MemberProfileUpdated", False, ("interests", "skills")),
    "merge": ("MemberLeft", False, ()),
    "leave": ("MemberLeft", False, ()),
    "erase": ("MemberErasureRequested", False, ()),
    "open-scheme": ("MentoringSchemeOpened", True, ()),
    "publish-run": ("MatchRunCompleted", False, ()),
    "propose": ("EventProposed", True, ()),
    "sign-off": ("EventSignedOff", False, ()),
    "publish": ("EventPublished", False, ()),
    "register": ("AttendeeRegistered", True, ("hosted_event_id", "member_id")),
    "host": ("EventHosted", False, ()),
    "publish-strategy": ("StrategyPublished", True, ("version",)),
    "report": ("CommitmentProgressReported", False, ("status", "percent")),
    "complete": ("CommitmentCompleted", False, ()),
    "establish-task": ("TaskGroupEstablished", True, ("ends_on",)),
    "deliver": ("TaskGroupDeliverableMet", False, ("deliverable_id",)),
    "extend": ("TaskGroupExtended", False, ("ends_on",)),
    "ask-round": ("FeedbackRoundOpened", True, ("commitment_id", "closes_on")),
    "sum-up": ("FeedbackSummaryPublished", False, ()),
    "respond": ("FeedbackAnswered", False, ()),
    "open-call": ("OpportunityOpened", True, ("kind", "capacity", "eligibility")),
    "hold": ("FocusGroupHeld", False, ("held_on",)),
    "publish-findings": ("FocusGroupFindingsPublished", False, ()),
    "appoint": ("ShadowBoardMemberAppointed", False, ("member_id", "ends_on")),
    "advise": ("ShadowBoardAdviceGiven", True, ()),
    "answer-advice": ("ShadowBoardAdviceAnswered", False, ()),
}
# What makes a row and says nothing.
MAKES = {"enrol": ("mentoring.enrolment", "enrolment_id"), "match": ("mentoring.match_run", "run_id")}


def acknowledged_is_there(facts: Facts) -> list[str]:
    """Of each subject the ledger holds what its acknowledged commands ask for: those, once each, in that order."""
    wanted: dict[str, list[tuple[str, Any]]] = {}
    for its in _ok(facts):
        if its.kind in SAYS:
            name, makes, fields = SAYS[its.kind]
            wanted.setdefault(its.made if makes else its.about, []).append((name, _fields(its.asked, fields)))
    fields_of = {name: fields for name, _, fields in SAYS.values()}
    found: dict[str, list[tuple[str, Any]]] = {}
    successors = {its.asked["into"] for its in facts.commands if its.kind == "merge-organisations"}
    for event in facts.said:
        if event.name == "MemberTransferred" and event.data["organisation"] in successors:
            continue  # nobody asked for that
        if event.name in fields_of:
            found.setdefault(event.subject, []).append((event.name, _fields(event.data, fields_of[event.name])))
    return [
        f"{subject}: acknowledged {_names(wanted.get(subject, []))}, in the ledger {_names(found.get(subject, []))}"
        for subject in sorted(wanted.keys() | found.keys())
        if wanted.get(subject) != found.get(subject)
    ] + _rows_made(facts)


def contacts_are_there(facts: Facts) -> list[str]:
    """Each joining and each change of a contact is said once on the stream of contacts, and taken back by leaving."""
    wanted: dict[str, list[bool]] = {}
    for its in _ok(facts):
        if its.kind in {"join", "contact", "verify-again"}:
            wanted.setdefault(its.made or its.about, []).append(True)
        elif its.kind in {"leave", "merge"}:
            wanted.setdefault(its.about, []).append(False)
    forgotten = facts.erased()
    found = {subject: [event.body is not None for event in said] for subject, said in facts.said_on(CONTACTS).items()}
    return [
        f"{subject}: {len(wanted.get(subject, []))} contacts acknowledged, {len(found.get(subject, []))} said"
        for subject in sorted(wanted.keys() | found.keys())
        if subject not in forgotten and wanted.get(subject) != found.get(subject)
    ]


def same_key_same_answer(facts: Facts) -> list[str]:
    """A command that was asked again under its key gave what it had given; one without an answer got one at last."""
    return [
        f"command {its.number} ({its.kind}) gave another answer" for its in facts.commands if its.again == "other"
    ] + [
        f"command {its.number} ({its.kind}) has no answer to this day"
        for its in facts.commands
        if its.outcome == "unknown"
    ]


def _rows_made(facts: Facts) -> list[str]:
    wrong = []
    for kind, (what, identity) in MAKES.items():
        wanted = sorted(its.made for its in _ok(facts) if its.kind == kind)
        made = sorted(str(its.row[identity]) for its in facts.changes if (its.what, its.op) == (what, "INSERT"))
        if wanted != made:
            lost, more = sorted(set(wanted) - set(made)), sorted(set(made) - set(wanted))
            wrong.append(f"{what}: acknowledged and not made {lost}, made and not acknowledged {more}")
    return wrong


def _ok(facts: Facts) -> Iterable[Command]:
    return (its for its in sorted(facts.commands, key=lambda its: its.number) if its.outcome == "ok")


def _fields(data: Any, fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(data.get(name)) for name in fields)


def _names(events: list[tuple[str, Any]]) -> str:
    return ", ".join(name + (f" {' '.join(fields)}" if fields else "") for name, fields in events) or "nothing"
