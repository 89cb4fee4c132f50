"""`python -m gse_platform.prove.mutants.process <scenario> <number> <service> serve`: a service, changed and started.

The service's own app is what runs, as it is shipped; before that the scenario's weather and the mutant's naive code
are put in place. Number 0 is the healthy code in the same weather.
"""

import runpy
import sys

from gse_platform.prove.mutants.table import MUTANTS, SCENARIOS


def main() -> None:
    scenario, number, service = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    for its in SCENARIOS[scenario].weather.get(service, ()):
        its()
    if number and service in MUTANTS[number].services:
        MUTANTS[number].change()
    sys.argv = [f"{service}.app", *sys.argv[4:]]
    runpy.run_module(f"{service}.app", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
