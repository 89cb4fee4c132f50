"""What a person sees at the end of a run: what was done, what held, and what did not."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from gse_platform.prove import check_log
from gse_platform.prove.facts import PLANTED
from gse_platform.prove.outcome import Outcome

WIDTH = 160  # where nobody looks at a screen
SHOWN = 5  # of what speaks against a sentence; the evidence has all


def show(outcome: Outcome, seed: int) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    done = Table(box=None, show_header=False, pad_edge=False)
    for what, figure in figures(outcome).items():
        done.add_row(what, figure)
    console.print(done)
    console.print()
    held = Table(box=None, show_header=False, pad_edge=False)
    for sentence, against in outcome.verdicts.items():
        held.add_row(
            "[red]no [/]" if against else "[green]yes[/]", sentence, f"{len(against):,} against" if against else ""
        )
    console.print(held)
    for sentence, against in outcome.verdicts.items():
        if against:
            console.print(f"\n{sentence}: no", markup=False)
            for line in against[:SHOWN]:
                console.print(f"  {line}", markup=False, soft_wrap=True)
            if len(against) > SHOWN:
                console.print(f"  and {len(against) - SHOWN:,} more")
    words = "Everything held." if outcome.holds else "Something did not hold."
    console.print(f"\n{words} Seed {seed}, {outcome.seconds:.0f} s.")


def figures(outcome: Outcome) -> dict[str, str]:
    facts = outcome.facts
    ended = Counter(its.outcome for its in facts.commands)
    kinds = Counter(its.kind for its in facts.commands if its.outcome == "ok")
    notices = Counter(row["state"] for row in facts.rows.get("notifications.notice", ()))
    digests = [mail.holds for mail in facts.mails if mail.holds]
    planted = sum(PLANTED in its.headers for its in facts.log)
    level = "never" if outcome.level_after is None else f"{outcome.level_after:.0f} s"
    return {
        "Commands": f"{len(facts.commands):,}: {ended['ok']:,} acknowledged, {ended['fail']:,} refused",
        "": ", ".join(f"{kind} {count:,}" for kind, count in sorted(kinds.items())),
        "Without an answer": f"{outcome.unknown_at_first:,}, asked again after the run under the same key",
        "Asked twice": f"{outcome.asked_again:,} that had been acknowledged",
        "Faults": f"{outcome.faults:,}",
        "Events": f"{len(facts.said):,} in the ledgers, {len(facts.log) - planted:,} records on the streams,"
        f" of which {check_log.repeats(facts):,} repeats",
        "Effects": f"{len(facts.changes):,} rows changed,"
        f" {len(facts.heard):,} steps of {len(facts.consumers())} consumers",
        "Bad records": f"{planted:,} on the streams, parked {len(facts.parked):,} times",
        "Mail": f"{len(facts.mails):,} taken, {len(digests):,} of them digests of {sum(map(len, digests)):,};"
        " notices: " + ", ".join(f"{state} {count:,}" for state, count in sorted(notices.items())),
        "Level": f"{level} after the last command",
    }
