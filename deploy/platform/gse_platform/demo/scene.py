"""Where a story is told: the platform, who acts in it, its clock, and who listens."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day

import httpx2

from contracts.streams import SERVICES
from gse_platform.clock import HERE, move_clock, offset, wall_clock
from gse_platform.demo.acting import Actors
from gse_platform.demo.telling import Listener, chapter
from gse_platform.home import CannotGoOn
from gse_platform.platform import Platform
from gse_platform.progress import Progress

MEET_SECONDS = 600
SOON_SECONDS = 60

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Scene:
    """What every chapter needs."""

    platform: Platform
    progress: Progress
    actors: Actors
    listener: Listener

    @contextlib.contextmanager
    def chapter(self, title: str, at: datetime | None = None) -> Iterator[None]:
        """Move the business clock to an instant that is still to come, then tell what is heard in the block."""
        if at is not None and at > business_now(self.platform):
            move_clock(self.platform.home.clock, at.isoformat(), wall_clock())
        self.progress.say(chapter(business_now(self.platform), title))
        yield
        self.listener.tell(self.progress.say)


async def all_know(scene: Scene) -> None:
    """Until all that was said is heard everywhere and no message is under way; says what has become of the mail."""
    deadline = time.monotonic() + MEET_SECONDS
    with scene.progress.step("Every service hears of it") as tell:
        quiet = 0
        while quiet < 2:  # noqa: PLR2004 (what a last reaction says is seen at the second look)
            standing = await _standing(scene.actors.client, scene.platform)
            tell(standing.words)
            quiet = quiet + 1 if standing.settled else 0
            if time.monotonic() > deadline:
                raise CannotGoOn(f"Not settled within {MEET_SECONDS // 60} minutes: look at ./gse status.")
            await asyncio.sleep(0.3)


@dataclass(frozen=True)
class Standing:
    """How far the platform is with what was said."""

    words: str
    settled: bool


async def _standing(client: httpx2.AsyncClient, platform: Platform) -> Standing:
    asked = [client.get(f"{platform.url(service)}/health/status") for service in SERVICES]
    *healths, mail = await asyncio.gather(*asked, client.get(f"{platform.front_door}/api/notifications/v1/counts"))
    if not all(answer.is_success for answer in (*healths, mail)):
        return Standing("waiting for a service", settled=False)
    behind = sum(int(its.json()[figure] or 0) for its in healths for figure in ("outbox_backlog", "lag_records"))
    counts = mail.json()
    under_way = counts["waiting"] + counts["due"] + counts["sending"]
    words = f"{behind:,} events and {under_way:,} messages under way, {counts['sent']:,} messages sent"
    return Standing(words, settled=not behind and not under_way)


def business_now(platform: Platform) -> datetime:
    return wall_clock() + timedelta(seconds=offset(platform.home.clock))


def at(on: date, hour: float) -> datetime:
    """An instant in London: 15.5 is half past three."""
    return datetime.combine(on, time_of_day(int(hour), int(hour % 1 * 60)), HERE)
