"""Where a story is told: the platform, who acts in it, its clock, and who listens."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day

from gse_platform.clock import HERE, move_clock, offset, wall_clock
from gse_platform.demo.acting import Actors
from gse_platform.demo.telling import Listener, chapter
from gse_platform.platform import Platform
from gse_platform.progress import Progress
from gse_platform.settling import settle

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
    with scene.progress.step("Every service hears of it") as tell:
        await settle(scene.actors.client, scene.actors.state, tell, seconds=MEET_SECONDS)


def business_now(platform: Platform) -> datetime:
    return wall_clock() + timedelta(seconds=offset(platform.home.clock))


def at(on: date, hour: float) -> datetime:
    """An instant in London: 15.5 is half past three."""
    return datetime.combine(on, time_of_day(int(hour), int(hour % 1 * 60)), HERE)
