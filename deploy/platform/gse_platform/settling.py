"""When all that was said is heard everywhere, and no message is under way."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from contracts.streams import SERVICES
from gse_platform.home import CannotGoOn

QUIET: Final = 2  # looks in a row: what a last reaction says is seen at the second


@dataclass(frozen=True)
class Standing:
    """How far the platform is with what was said."""

    words: str
    settled: bool


async def settle(
    client: httpx2.AsyncClient, state: Mapping[str, Any], tell: Callable[[str], None], *, seconds: float
) -> None:
    """Wait until it is so, saying what is under way. Raises CannotGoOn when it takes longer than `seconds`."""
    deadline, quiet = time.monotonic() + seconds, 0
    while quiet < QUIET:
        standing = await _standing(client, state)
        tell(standing.words)
        quiet = quiet + 1 if standing.settled else 0
        if time.monotonic() > deadline:
            raise CannotGoOn(f"Not settled within {seconds / 60:.0f} minutes: look at ./gse status.")
        await asyncio.sleep(0.3)


async def _standing(client: httpx2.AsyncClient, state: Mapping[str, Any]) -> Standing:
    asked = [client.get(f"{state['services'][service]['url']}/health/status") for service in SERVICES]
    *healths, mail = await asyncio.gather(*asked, client.get(f"{state['front_door']}/api/notifications/v1/counts"))
    if not all(answer.is_success for answer in (*healths, mail)):
        return Standing("waiting for a service", settled=False)
    behind = sum(int(its.json()[figure] or 0) for its in healths for figure in ("outbox_backlog", "lag_records"))
    counts = mail.json()
    under_way = counts["waiting"] + counts["due"] + counts["sending"]
    words = f"{behind:,} events and {under_way:,} messages under way, {counts['sent']:,} messages sent"
    return Standing(words, settled=not behind and not under_way)
