"""`./gse bench [NAME…] [--rounds N] [--json]`: each figure beside its limit and its peer, in turn, in one run."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable

from bench import (
    consumer,
    end_to_end,
    idle,
    importing,
    joining,
    latency,
    mail,
    pages,
    relay,
    release,
    starting,
    writers,
)
from bench.figures import Finding, Tell, machine, shown
from gse_platform.progress import Progress, console

# A bench measures so many rounds, tells how far it is, and gives its lines of the table.
BENCHES: dict[str, Callable[[int, Tell], list[Finding]]] = {
    "consumer": consumer.measure,
    "end-to-end": end_to_end.measure,
    "joining": joining.measure,
    "importing": importing.measure,
    "starting": starting.measure,
    "idle": idle.measure,
    "relay": relay.measure,
    "latency": latency.measure,
    "writers": writers.measure,
    "mail": mail.measure,
    "pages": pages.measure,
    "release": release.measure,
}
ROUNDS = 3


def main(arguments: list[str]) -> int:
    parser = ArgumentParser("./gse bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all when left out: {', '.join(BENCHES)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each figure; at least three can be quoted")
    parser.add_argument("--json", action="store_true", help="for programs")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.names if name not in BENCHES]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are: {', '.join(BENCHES)}")
    progress, findings = Progress(), list[Finding]()
    for name in asked.names or BENCHES:
        with progress.step(name) as tell:
            findings += BENCHES[name](asked.rounds, tell)
    if asked.json:
        print(json.dumps({"machine": machine(), "findings": [its.as_json() for its in findings]}, indent=2))
    else:
        console.print(shown(findings))
    return 0 if all(its.met for finding in findings for its in finding.comparisons) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
