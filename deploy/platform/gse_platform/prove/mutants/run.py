"""`./gse prove --mutants`: seventeen naive builds, each caught by the checks of the proof, and no false alarm."""

import asyncio
import contextlib
import json
import logging
import random
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx2
from rich.console import Console
from rich.table import Table

from gse_platform.home import CannotGoOn, Home
from gse_platform.progress import Progress
from gse_platform.prove import collecting
from gse_platform.prove.asking import SECONDS, History
from gse_platform.prove.bad_records import Stranger
from gse_platform.prove.checks import CHECKS, Check, verdicts
from gse_platform.prove.collecting import Marks
from gse_platform.prove.house import House, furnished
from gse_platform.prove.mutants.ground import fresh_ground
from gse_platform.prove.mutants.scene import Scene
from gse_platform.prove.mutants.table import MUTANTS, SCENARIOS, Scenario
from gse_platform.prove.people import Names, Tokens, marker
from gse_platform.prove.profession import Profession
from gse_platform.prove.run import remove

STILL = 12.0  # seconds without a change, longer than a relay's lease and a place in a group: nothing more will come
NOT_LEVEL = "Everything was level at the end"
STRANGE = "Nobody was answered 500"
WIDTH = 160


@dataclass(frozen=True)
class Run:
    """What the checks say of one run of a scenario."""

    verdicts: dict[str, list[str]]
    seconds: float
    failed: str = ""  # why it came to no end, so that nothing is known of it

    @property
    def against(self) -> dict[str, list[str]]:
        return {sentence: against for sentence, against in self.verdicts.items() if against}

    @property
    def holds(self) -> bool:
        return not self.against and not self.failed

    def is_caught_by(self, check: Check) -> bool:
        return not self.failed and bool(self.verdicts[sentence_of(check)])

    def told(self, first: Check | None = None) -> str:
        """A sentence that something speaks against, the one of `first` if it is among them, and how many more."""
        if self.failed:
            return f"came to no end ({self.failed})"
        found = sorted(self.against, key=lambda its: first is None or its != sentence_of(first))
        more = f"; {len(found) - 1} more" if len(found) > 1 else ""
        return f"{len(self.against[found[0]])} against “{found[0]}”{more}" if found else "nothing against it"


def sentence_of(check: Check) -> str:
    return next(sentence for sentence, its in CHECKS.items() if its is check)


def prove_mutants(only: Sequence[int]) -> int:
    """Play every scenario with the healthy code and with each naive one; 0 when all are caught and none is blamed."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    unknown = sorted(set(only) - MUTANTS.keys())
    if unknown:
        raise CannotGoOn(f"There is no mutant {unknown[0]}: they are numbered 1 to {max(MUTANTS)}.")
    chosen = sorted(set(only) or MUTANTS)
    folder = Path(tempfile.mkdtemp(prefix="gse-mutants-"))
    progress = Progress()
    progress.say(f"{len(chosen)} naive builds; everything is in {folder}")
    mutants, healthy = asyncio.run(_all(chosen, folder, progress))
    _show(mutants, healthy)
    caught = sum(run.is_caught_by(MUTANTS[number].caught_by) for number, run in mutants.items())
    alarms = sum(not run.holds for run in healthy.values())
    if (caught, alarms) == (len(chosen), 0):
        remove(folder)
    else:
        progress.say(f"The evidence lies in {folder}")
    print(f"{caught} of {len(chosen)} caught, {alarms} false alarms", flush=True)
    return 0 if (caught, alarms) == (len(chosen), 0) else 1


async def _all(chosen: Sequence[int], folder: Path, progress: Progress) -> tuple[dict[int, Run], dict[str, Run]]:
    mutants: dict[int, Run] = {}
    healthy: dict[str, Run] = {}
    async with contextlib.AsyncExitStack() as stack:
        with progress.step("The house"):
            house = await stack.enter_async_context(furnished(Home(folder / "home"), progress.say))
        for name in dict.fromkeys(MUTANTS[number].scenario for number in chosen):
            scenario = SCENARIOS[name]
            with progress.step(f"healthy, {name}"):
                healthy[name] = await _play(house, scenario, 0, folder)
            progress.say(f"  healthy, {name}: {healthy[name].told()}")
            for number in (its for its in chosen if MUTANTS[its].scenario == name):
                with progress.step(f"{number}: {MUTANTS[number].sentence}"):
                    mutants[number] = await _play(house, scenario, number, folder)
                progress.say(f"  {number}: {mutants[number].told(MUTANTS[number].caught_by)}")
    return mutants, healthy


async def _play(house: House, scenario: Scenario, number: int, folder: Path) -> Run:
    began = time.monotonic()
    try:
        found = await _judged(house, scenario, number, folder)
    except Exception as error:  # noqa: BLE001 (whatever it is: it is told, and the others are played)
        (folder / f"failed-{number}-{scenario.name}.txt").write_text("".join(traceback.format_exception(error)))
        return Run({}, time.monotonic() - began, failed=type(error).__name__)
    return Run(found, time.monotonic() - began)


async def _judged(house: House, scenario: Scenario, number: int, folder: Path) -> dict[str, list[str]]:
    """Plays it and gives what the checks say."""
    name = f"{number:02}-{scenario.name}"
    evidence = folder / name
    evidence.mkdir()
    chance = random.Random(f"{number} {scenario.name}")  # noqa: S311 (a repeatable choice is the point)
    marks = Marks(canary=marker(chance), poison=marker(chance))
    async with fresh_ground(house, name.replace("_", "-"), scenario, number) as ours:
        async with httpx2.AsyncClient(base_url=ours.platform.front_door, timeout=SECONDS, trust_env=False) as http:
            history = History(http, chance)
            tokens = Tokens.of(ours.platform.keys.signing)
            profession = Profession(history, tokens, Names(chance, marks.canary), chance)
            profession.now = partial(collecting.business_now, ours)
            await scenario.play(Scene(ours, profession))
            await history.settle()
        level_after = await collecting.level(ours, lambda _: None, still=STILL)
        facts = await collecting.collect(ours, history, Stranger(ours.operator, chance, marks.poison), marks, evidence)
    found = verdicts(facts)
    if not number:  # a mutant is judged by the checks alone
        found[NOT_LEVEL] = [] if level_after is not None else ["it never was"]
        found[STRANGE] = history.strange
    (evidence / "verdicts.json").write_text(json.dumps(found, indent=2) + "\n")
    return found


def _show(mutants: dict[int, Run], healthy: dict[str, Run]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    shown = Table(box=None, pad_edge=False)
    for title in ("", "Naive build", "Caught by", "Seconds", "Healthy", "Seconds"):
        shown.add_column(title)
    for number, run in sorted(mutants.items()):
        mutant = MUTANTS[number]
        same = healthy[mutant.scenario]
        told = run.told(mutant.caught_by)
        caught = told if run.is_caught_by(mutant.caught_by) else f"[red]not caught:[/] {told}"
        well = "holds" if same.holds else f"[red]blamed:[/] {same.told()}"
        shown.add_row(str(number), mutant.sentence, caught, f"{run.seconds:.0f}", well, f"{same.seconds:.0f}")
    console.print(shown)
