"""What the ledgers say and what the streams hold are the same, in the order of each subject."""

from collections import Counter

from gse_platform.prove.facts import PLANTED, Facts, Record, Said

Form = tuple[str, str, str, str, bytes, bytes | None]  # topic, id, type, number, key and body of one record


def log_is_whole(facts: Facts) -> list[str]:
    """The Java consumer read every partition from its first record to its last."""
    last: dict[tuple[str, int], int] = {}
    for its in facts.log:
        last[its.topic, its.partition] = max(its.offset, last.get((its.topic, its.partition), -1))
    return [
        f"{topic} {partition}: read up to {last.get((topic, partition), -1) + 1} of {end}"
        for (topic, partition), end in sorted(facts.ends.items())
        if last.get((topic, partition), -1) + 1 != end
    ]


def ledger_is_log(facts: Facts) -> list[str]:
    """Each row of a ledger is on its stream, with the same id, number and body; and nothing else is."""
    wanted = {form for its in facts.said for form in forms(its)}
    found = {_form(its) for its in ours(facts)}
    return [f"lost: {_told(form)}" for form in sorted(wanted - found, key=str)] + [
        f"phantom: {_told(form)}" for form in sorted(found - wanted, key=str)
    ]


def subjects_are_in_order(facts: Facts) -> list[str]:
    """By first appearance, a subject's numbers on a stream are 1 to n, and all of it is on one partition."""
    seen: dict[tuple[str, str], list[int]] = {}
    homes: dict[tuple[str, str], set[int]] = {}
    for its in ours(facts):
        line = (its.topic, its.text("ce_subject"))
        homes.setdefault(line, set()).add(its.partition)
        number = int(its.text("ce_sequence") or 0)
        if number not in seen.setdefault(line, []):
            seen[line].append(number)
    return [
        f"{topic} {subject}: first seen as {numbers}"
        for (topic, subject), numbers in sorted(seen.items())
        if numbers != list(range(1, len(numbers) + 1))
    ] + [
        f"{topic} {subject}: on {len(its)} partitions"
        for (topic, subject), its in sorted(homes.items())
        if len(its) > 1
    ]


def repeats(facts: Facts) -> int:
    """How many records of ours say again what was on the stream: honest, and dropped by number."""
    counted = Counter(_form(its) for its in ours(facts))
    return sum(counted.values()) - len(counted)


def ours(facts: Facts) -> list[Record]:
    return [its for its in facts.log if PLANTED not in its.headers]


def forms(its: Said) -> list[Form]:
    """The records that a row of the outbox has to become."""
    key = its.subject.encode()
    body = None if its.body is None else its.body.encode()
    made: list[Form] = [(its.stream, its.event_id, its.type, str(its.sequence), key, body)]
    if its.public_id is not None:
        public = (its.public_body or "").encode()
        made.append((f"gse.{its.service}.public", its.public_id, its.type, str(its.public_sequence), key, public))
    return made


def _form(its: Record) -> Form:
    return its.topic, its.text("ce_id"), its.text("ce_type"), its.text("ce_sequence"), its.key or b"", its.value


def _told(form: Form) -> str:
    topic, event_id, kind, number, key, body = form
    size = "no body" if body is None else f"{len(body)} bytes"
    return f"{topic} {kind or 'no type'} of {key.decode(errors='replace')} number {number}, id {event_id}, {size}"
