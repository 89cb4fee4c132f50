"""Fifteen naive builds (and one more): what each does, to which services, and the scenario that it does not survive."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from contracts.streams import SERVICES
from gse_platform.prove.mutants import hearing, saying, scenarios, telling, weather

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
    """`change` replaces a piece of the shipped code by a naive one, in the processes of `services`."""

    sentence: str
    change: Change
    services: tuple[str, ...]
    scenario: str
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
        Scenario(scenarios.stopped_hearer, {"mentoring": (weather.slow_effects,)}),
        Scenario(scenarios.hiccups, {"mentoring": (weather.hiccups,)}),
        Scenario(scenarios.first_start, later=("mentoring",)),
        Scenario(scenarios.everyday),
    )
}

_SAYS, _HEARS, _WRITES = ("members",), ("mentoring",), ("notifications",)

MUTANTS: Final[Mapping[int, Mutant]] = {
    1: Mutant("A subscriber with default acknowledgements", hearing.default_acks, _HEARS, "store_away"),
    2: Mutant("Acknowledges at the end; what raised is passed over", hearing.acks_at_the_end, _HEARS, "store_away"),
    3: Mutant("Sends to Kafka after the commit, from memory", saying.sends_after_the_commit, _SAYS, "killed_sender"),
    4: Mutant("A relay that reads by a cursor: id > last", saying.reads_by_a_cursor, _SAYS, "many_writers"),
    5: Mutant("Two relays with SKIP LOCKED", saying.every_replica_sends, _SAYS, "two_senders"),
    6: Mutant("A relay that marks rows when it sends them", saying.marks_when_it_sends, _SAYS, "kafka_away"),
    7: Mutant("Drops repeats by ids kept in memory for a while", hearing.dedupes_in_memory, _HEARS, "repeats"),
    8: Mutant("Progress in one transaction, effects in the next", hearing.progress_apart_from_effects, _HEARS,
              "killed_hearer"),
    9: Mutant("A task for each record, acknowledged at once", hearing.tasks_in_the_handler, _HEARS, "stopped_hearer"),
    10: Mutant("A retry topic for a stream with an order", hearing.retries_elsewhere, _HEARS, "hiccups"),
    11: Mutant("A new group begins at the latest record", hearing.begins_at_the_latest, _HEARS, "first_start"),
    12: Mutant("Records without a key", saying.no_keys, SERVICES, "everyday"),
    13: Mutant("Events and logs that hold the whole row", telling.fat_events, _SAYS, "everyday"),
    14: Mutant("Nobody asks whose it is, and all may read all streams", telling.nobody_asks_whose_it_is, SERVICES,
               "everyday", open_streams=True),
    15: Mutant("An erasure that empties one row only", telling.deletes_the_row_only, _WRITES, "everyday"),
}  # fmt: skip
