"""What to do with a record, decided from its place alone. Pure; the consumer does the effects."""

from dataclasses import dataclass, field
from enum import Enum, auto
from uuid import UUID


class Verdict(Enum):
    APPLY = auto()  # it is the next of its subject
    REPEAT = auto()  # it has been handled, or stands parked already: drop it
    FORK = auto()  # another event under a number that is taken: two histories of one subject
    WAIT = auto()  # something before it is missing or stuck


@dataclass(slots=True)
class Line:
    """The events of one subject as one consumer has them: the last one applied, and those set aside after it."""

    last_sequence: int = 0
    last_event_id: UUID | None = None
    waiting: dict[int, UUID] = field(default_factory=dict)
    stuck: dict[int, UUID] = field(default_factory=dict)
    forked: bool = False  # a fork of it stands parked

    def apply(self, sequence: int, event_id: UUID) -> None:
        self.last_sequence, self.last_event_id = sequence, event_id
        self.waiting.pop(sequence, None)
        self.stuck.pop(sequence, None)

    def follower(self) -> int | None:
        """The number that was waiting for the last one, if it may go on now."""
        following = self.last_sequence + 1
        return following if following in self.waiting else None


def decide(line: Line, sequence: int, event_id: UUID) -> Verdict:
    """For a stream that keeps everything: numbers from 1 without holes."""
    if sequence <= line.last_sequence:
        other = sequence == line.last_sequence and event_id != line.last_event_id
        return Verdict.FORK if other else Verdict.REPEAT
    aside = line.waiting.get(sequence) or line.stuck.get(sequence)
    if aside is not None:
        return Verdict.REPEAT if aside == event_id else Verdict.FORK
    return Verdict.APPLY if sequence == line.last_sequence + 1 else Verdict.WAIT


def decide_newest(line: Line, sequence: int, event_id: UUID) -> Verdict:
    """For a compacted stream: numbers only rise, and the newest counts."""
    if sequence <= line.last_sequence:
        other = sequence == line.last_sequence and event_id != line.last_event_id
        return Verdict.FORK if other else Verdict.REPEAT
    aside = line.stuck.get(sequence)
    if aside is not None:
        return Verdict.REPEAT if aside == event_id else Verdict.FORK
    return Verdict.APPLY
