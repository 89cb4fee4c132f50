"""What has to hold of one event that many hear of, with kills in the middle, and of a store over rounds of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

OPEN_AT_ONCE: Final = 32  # conversations of one notifications process, and so the most that one kill leaves unknown
MAY_GROW: Final = 1.10  # from the second round on
STATES: Final = ("sent", "unknown", "waiting", "due", "sending")


@dataclass(frozen=True)
class Telling:
    """One event told to everybody: where its notices stand at the end, by Message-ID, and what the sink holds."""

    recipients: int
    notices: Mapping[str, str] = field(repr=False)  # Message-ID (or a notice's id, where it has none): state
    taken: Sequence[str] = field(repr=False)  # Message-IDs in the sink
    kills: int = 0
    seconds: float = 0.0
    quiet_seconds: float = 0.0  # in which nothing was killed or just coming up
    quiet_sent: int = 0

    @property
    def states(self) -> Counter[str]:
        return Counter(self.notices.values())

    @property
    def rate(self) -> float:
        """Messages a second while nothing went wrong."""
        return self.quiet_sent / self.quiet_seconds if self.quiet_seconds else 0.0


@dataclass(frozen=True)
class Round:
    """The store after a round: told, sent, bodies and then notices purged, vacuumed. Sizes in bytes."""

    number: int
    told: int
    notices_after_words: int  # still there when their words were purged
    left: int  # notices and words when all were to be gone
    own: int
    kept_for_ever: int  # the chassis' event log and the numbers of its subjects
    other: int  # the chassis' other tables


def against_telling(its: Telling) -> dict[str, list[str]]:
    """What speaks against each sentence."""
    states, taken = its.states, Counter(its.taken)
    bound = OPEN_AT_ONCE * its.kills
    total = sum(states[state] for state in STATES)
    return {
        f"Each of {its.recipients:,} recipients has one notice: sent, unknown or still to go": []
        if total == its.recipients == len(its.notices)
        else [f"{total:,} of {len(its.notices):,} notices: {_counts(states)}"],
        "No Message-ID is in the sink twice": [
            f"{message} came {count} times" for message, count in sorted(taken.items()) if count > 1
        ],
        "What is sent is in the sink; what is there is sent or unknown": [
            f"{message} is sent and is not in the sink"
            for message, state in sorted(its.notices.items())
            if state == "sent" and message not in taken
        ]
        + [
            f"{message} is in the sink and is {its.notices.get(message, 'of no notice')}"
            for message in sorted(taken)
            if its.notices.get(message) not in {"sent", "unknown"}
        ],
        f"At most {bound} are unknown: {OPEN_AT_ONCE} conversations at each of {its.kills} kills": []
        if states["unknown"] <= bound
        else [f"{states['unknown']} are"],
        "In the end nothing waits": []
        if states["sent"] + states["unknown"] == its.recipients
        else [f"{_counts(states)}"],
    }


def against_rounds(rounds: Sequence[Round], recipients: int) -> dict[str, list[str]]:
    """The same of the rounds; the second is what the later ones are held against, as the first fills an empty store."""
    second = rounds[1].own if len(rounds) > 1 else 0
    return {
        "Every round reached everybody": [
            f"round {its.number}: {its.told:,} of {recipients:,}" for its in rounds if its.told != recipients
        ],
        "Words are purged while their notices are kept, and then these": [
            f"round {its.number}: {its.notices_after_words:,} notices without their words, {its.left:,} rows left"
            for its in rounds
            if its.notices_after_words != recipients or its.left
        ],
        f"From the second round on the service's own tables stay within {MAY_GROW - 1:.0%}": [
            f"round {its.number}: {its.own:,} bytes, and {second:,} after the second"
            for its in rounds[2:]
            if not second / MAY_GROW <= its.own <= second * MAY_GROW
        ],
    }


def _counts(states: Mapping[str, int]) -> str:
    return ", ".join(f"{state} {count:,}" for state, count in sorted(states.items()))
