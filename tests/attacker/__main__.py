"""`./gse prove --statistics`: a thousand random professions, each over three quarters, and what an attacker finds."""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from attacker.attack import Outcome, attacked
from attacker.populations import drawn

QUARTERS = 3
EVERY = 50  # populations between two lines


def _of(seed: int) -> Outcome:
    return attacked(drawn(seed, QUARTERS))


def main() -> int:
    words = argparse.ArgumentParser()
    words.add_argument("--populations", type=int, default=1000)
    words.add_argument("--seed", type=int, default=0)
    asked = words.parse_args()
    began, outcomes = time.monotonic(), list[Outcome]()
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as workers:
        for number, outcome in enumerate(workers.map(_of, range(asked.seed, asked.seed + asked.populations)), 1):
            outcomes.append(outcome)
            for found in outcome.found:
                print(f"FOUND with seed {found.seed}: {found.what} is {found.least:g} to {found.greatest:g}, ", end="")
                print(f"and should be {found.allowed} wide")
            if number % EVERY == 0:
                print(f"{number:,} populations in {time.monotonic() - began:,.0f} s", flush=True)
    total = sum(len(outcome.found) for outcome in outcomes)
    print(
        f"{len(outcomes):,} populations over three quarters from seed {asked.seed}: {total:,} found of"
        f" {sum(outcome.looked_at for outcome in outcomes):,} looked for; new rows"
        f" {sum(outcome.shown for outcome in outcomes):,}, repeated {sum(outcome.repeated for outcome in outcomes):,},"
        f" hidden {sum(outcome.hidden for outcome in outcomes):,}"
    )
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
