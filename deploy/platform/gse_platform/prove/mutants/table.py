"""Seventeen naive builds: what each does, to which services, and the scenario that it does not survive."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from contracts.streams import SERVICES
from gse_platform.prove import check_effects, check_groups, check_log, check_state
from gse_platform.prove.checks import Check
from gse_platform.prove.mutants import ending, hearing, saying, scenarios, telling, weather

if TYPE_CHECKING:
    from gse_platform.prove.mutants.scene import Scene

Change = Callable[[], None]


@dataclass(frozen=True)
class Scenario:
    """`weather` is what slows or disturbs a service, healthy or not; services in `later` start in the scenario."""

    play: Callable[["Scene"], Awaitable[None]]
    weather: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    later: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.play.__name__


@dataclass(frozen=True)
class Mutant:
    """`change` replaces a piece of the shipped code by a naive one, in the processes of `services`.

    Of all that the checks may say, `caught_by` is the one that has to speak: a build that is merely broken is no proof.
    """

    sentence: str
    change: Change
    services: tuple[str, ...]
    scenario: str
    caught_by: Check
    open_streams: bool = False  # every principal may read every stream


SCENARIOS: Final[Mapping[str, Scenario]] = {
    its.name: its
    for its in (
        Scenario(scenarios.store_away),
        Scenario(scenarios.killed_sender, {"members": (weather.slow_sends,)}),
        Scenario(scenarios.many_writers, {"members": (weather.slow_commits,)}),
        Scenario(scenarios.two_senders, {"members": (weather.slow_sends,)}),
        Scenario(scenarios.kafka_away),
        Scenario(scenarios.repeats, {"members": (weather.slow_marks,)}),
        Scenario(scenarios.killed_hearer, {"mentoring": (weather.slow_effects,)}),
        Scenario(scenarios.stopped_hearer, {"mentoring": (weather.slower_effects,)}),
        Scenario(scenarios.hiccups, {"mentoring": (weather.hiccups,)}),
        Scenario(scenarios.first_start, later=("mentoring",)),
        Scenario(scenarios.everyday),
        Scenario(scenarios.last_days, {"members": (weather.slow_ends,)}),
    )
}

_SAYS, _HEARS, _WRITES = ("members",), ("mentoring",), ("notifications",)

MUTANTS: Final[Mapping[int, Mutant]] = {
    1: Mutant(
        "A subscriber with default acknowledgements",
        hearing.default_acks,
        _HEARS,
        "store_away",
        check_effects.heard_is_said,
    ),
    2: Mutant(
        "Acknowledges at the end; what raised is passed over",
        hearing.acks_at_the_end,
        _HEARS,
        "store_away",
        check_effects.heard_is_said,
    ),
    3: Mutant(
        "Sends to Kafka after the commit, from memory",
        saying.sends_after_the_commit,
        _SAYS,
        "killed_sender",
        check_log.ledger_is_log,
    ),
    4: Mutant(
        "A relay that reads by a cursor: id > last",
        saying.reads_by_a_cursor,
        _SAYS,
        "many_writers",
        check_log.ledger_is_log,
    ),
    5: Mutant(
        "Two relays with SKIP LOCKED", saying.every_replica_sends, _SAYS, "two_senders", check_log.subjects_are_in_order
    ),
    6: Mutant(
        "A relay that marks rows when it sends them",
        saying.marks_when_it_sends,
        _SAYS,
        "kafka_away",
        check_log.ledger_is_log,
    ),
    7: Mutant(
        "Drops repeats by ids kept in memory for a while",
        hearing.dedupes_in_memory,
        _HEARS,
        "repeats",
        check_effects.effects_are_made_once,
    ),
    8: Mutant(
        "Progress in one transaction, effects in the next",
        hearing.progress_apart_from_effects,
        _HEARS,
        "killed_hearer",
        check_effects.effects_are_made_once,
    ),
    9: Mutant(
        "A task for each record, acknowledged at once",
        hearing.tasks_in_the_handler,
        _HEARS,
        "stopped_hearer",
        check_effects.heard_is_said,
    ),
    10: Mutant(
        "A retry topic for a stream with an order",
        hearing.retries_elsewhere,
        _HEARS,
        "hiccups",
        check_effects.effects_are_made_once,
    ),
    11: Mutant(
        "A new group begins at the latest record",
        hearing.begins_at_the_latest,
        _HEARS,
        "first_start",
        check_effects.heard_is_said,
    ),
    12: Mutant("Records without a key", saying.no_keys, SERVICES, "everyday", check_log.subjects_are_in_order),
    13: Mutant(
        "Events and logs that hold the whole row", telling.fat_events, _SAYS, "everyday", check_state.canaries_stay_home
    ),
    14: Mutant(
        "Nobody asks whose it is, and all may read all streams",
        telling.nobody_asks_whose_it_is,
        SERVICES,
        "everyday",
        check_state.everybody_sees_their_own,
        open_streams=True,
    ),
    15: Mutant(
        "An erasure that empties one row only",
        telling.deletes_the_row_only,
        _WRITES,
        "everyday",
        check_state.the_erased_are_forgotten,
    ),
    16: Mutant(
        "A group that is over lets nobody go",
        ending.lets_nobody_go,
        _SAYS,
        "last_days",
        check_groups.volunteers_are_who_joined,
    ),
    17: Mutant(
        "Every replica ends what is over",
        ending.every_replica_ends,
        _SAYS,
        "last_days",
        check_groups.groups_end_as_they_must,
    ),
}
