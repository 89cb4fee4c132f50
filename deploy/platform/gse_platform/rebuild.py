"""`./gse rebuild`: the services' own commands that make something anew, with what the running platform told them."""

import os
import subprocess
from typing import Any

from gse_platform.home import CannotGoOn
from gse_platform.platform import PYTHON


def projection(state: dict[str, Any], service: str, name: str) -> int:
    """One projection, by its own name or its consumer's. Gives the exit code of the service's command."""
    return _run(state, service, "rebuild-projection", name)


def store(state: dict[str, Any], service: str) -> int:
    """What a restored store does not know of what its service said. Gives the exit code of the service's command."""
    return _run(state, service, "adopt")


def _run(state: dict[str, Any], service: str, *command: str) -> int:
    environments: dict[str, dict[str, str]] = state["environments"]
    if service not in environments:
        raise CannotGoOn(f"There is no service {service}. There are: {', '.join(environments)}")
    environment = dict(os.environ) | environments[service]
    done = subprocess.run([*PYTHON, f"{service}.app", *command], env=environment, check=False)
    return done.returncode
