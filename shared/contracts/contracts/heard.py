"""Who hears which stream: for pictures of the house. Generated from the subscriptions in each service's app.py."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("heard.json")
HEARD: Final[Mapping[str, tuple[str, ...]]] = {
    service: tuple(streams) for service, streams in json.loads(FILE.read_text()).items()
}
"""For each service the streams that it has reactions to; none that it only may read."""
