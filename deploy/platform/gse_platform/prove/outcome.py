"""What a run of the proof came to."""

from dataclasses import dataclass

from gse_platform.prove.facts import Facts


@dataclass
class Outcome:
    """What a run found: the facts, what speaks against each sentence, and how it went."""

    facts: Facts
    verdicts: dict[str, list[str]]
    faults: int
    seconds: float
    level_after: float | None
    asked_again: int
    unknown_at_first: int

    @property
    def holds(self) -> bool:
        return not any(self.verdicts.values())
