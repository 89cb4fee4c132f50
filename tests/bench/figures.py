"""What a bench finds: series of rounds taken in turn, compared as ratios within one run, and how a person reads it."""

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Series:
    """One thing measured in several rounds of the same run."""

    name: str
    unit: str  # events/s, ms, MiB, s
    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    def told(self) -> str:
        """The median, and the smallest and largest round."""
        return f"{_number(self.median)} {self.unit} ({_number(min(self.rounds))} to {_number(max(self.rounds))})"


@dataclass(frozen=True)
class Target:
    """What the ratio, or the figure itself, has to be: at least or at most so much."""

    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)

    def told(self) -> str:
        return f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"


@dataclass(frozen=True)
class Comparison:
    """Ours against a peer or a limit; the median of the rounds' ratios, since each round met the same machine."""

    ours: Series
    target: Target
    beside: Series | None = None  # none: the figure itself has a target

    @property
    def value(self) -> float:
        if self.beside is None:
            return self.ours.median
        pairs = zip(self.ours.rounds, self.beside.rounds, strict=True)
        return statistics.median(ours / beside for ours, beside in pairs)

    @property
    def met(self) -> bool:
        return self.target.met(self.value)

    def told(self) -> str:
        if self.beside is None:
            return f"{_number(self.value)} {self.ours.unit}, {self.target.told()}"
        return f"{self.value:.2f} x {self.beside.name}, {self.target.told()}"


@dataclass(frozen=True)
class Finding:
    """One line of the table of figures."""

    figure: str
    comparisons: tuple[Comparison, ...]
    others: tuple[Series, ...] = ()  # measured in the same run, without a target
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "figure": self.figure,
            "comparisons": [
                {**asdict(its), "value": its.value, "met": its.met, "median": its.ours.median}
                for its in self.comparisons
            ],
            "others": [asdict(its) for its in self.others],
            "notes": list(self.notes),
        }


def shown(findings: Sequence[Finding]) -> Table:
    """The findings as a table for the terminal."""
    table = Table("figure", "ours", "beside it", "ratio and target", "met", title=machine())
    for finding in findings:
        for its in finding.comparisons:
            beside = f"{its.beside.name}: {its.beside.told()}" if its.beside else ""
            ours = f"{its.ours.name}: {its.ours.told()}"
            table.add_row(finding.figure, ours, beside, its.told(), "[green]yes[/]" if its.met else "[red]NO[/]")
        for other in finding.others:
            table.add_row(finding.figure, f"{other.name}: {other.told()}", "", "", "")
        for note in finding.notes:
            table.add_row("", f"[dim]{note}[/]", "", "", "")
    return table


def machine() -> str:
    """What all of it ran on, without a name of it."""
    cpu = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = [int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    size = f"{memory[0] / 2**20:.0f} GiB" if memory else "memory unknown"
    return f"{os.cpu_count()} x {cpu[0] if cpu else platform.machine()}, {size}, Python {platform.python_version()}"


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _lines(file: str) -> list[str]:
    path = Path(file)
    return path.read_text().splitlines() if path.exists() else []
