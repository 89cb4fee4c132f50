"""What is played: a few commands, and the fault that a naive build does not survive, at the moment that matters."""

import asyncio
from typing import TYPE_CHECKING

from gse_platform.prove.commands import groups, task_groups

if TYPE_CHECKING:
    from gse_platform.prove.mutants.scene import Scene

BETWEEN_COMMITS = 6.0  # seconds; above those after which a client that commits by itself does


async def everyday(scene: "Scene") -> None:
    """People join, move, meet and leave, and three of them ask to be forgotten; nothing goes wrong."""
    people = await scene.join(6)
    await scene.everyday(30)
    await scene.erase(*people[:3])


async def store_away(scene: "Scene") -> None:
    """Mentoring's database is away for a moment while people join; later its process is killed."""
    await scene.join(4)
    with scene.cut("mentoring"):
        await scene.join(6)
        await asyncio.sleep(2)
    await asyncio.sleep(1)
    await scene.join(6)
    await asyncio.sleep(BETWEEN_COMMITS)
    await scene.kill("mentoring")
    await scene.back("mentoring")


async def killed_sender(scene: "Scene") -> None:
    """Members is killed while what was said is on its way to Kafka."""
    await scene.join(12)
    await scene.kill("members")
    await scene.back("members")
    await scene.join(4)


async def many_writers(scene: "Scene") -> None:
    """Several people join at once, and their commits overtake each other."""
    await scene.join(40)


async def two_senders(scene: "Scene") -> None:
    """Two replicas of members, and one person who changes grade again and again."""
    people = await scene.join(1)
    async with scene.second("members"):
        await asyncio.gather(*(scene.move(person, 30) for person in people))
        await asyncio.sleep(3)


async def kafka_away(scene: "Scene") -> None:
    """Kafka is away while people join, and members is killed meanwhile."""
    await scene.join(4)
    await asyncio.sleep(1)  # nothing is on its way any more: what comes next has no answer
    with scene.cut("kafka"):
        await scene.join(8)
        await asyncio.sleep(1)
        await scene.kill("members")
    await scene.back("members")


async def repeats(scene: "Scene") -> None:
    """Members is killed between Kafka's answer and its marking it, so that the next one says it again."""
    people = await scene.join(3)
    await asyncio.sleep(1.5)
    for _ in range(2):
        await asyncio.gather(*(scene.move(person, 3) for person in people))
        await scene.kill("members")
        await scene.back("members")


async def killed_hearer(scene: "Scene") -> None:
    """Mentoring is killed in the midst of its work, twice."""
    for _ in range(2):
        async with scene.meanwhile(scene.join(8)):
            await scene.hears("mentoring")
            await scene.kill("mentoring")
            await scene.back("mentoring")
    await scene.join(4)


async def stopped_hearer(scene: "Scene") -> None:
    """Mentoring is asked to end in order while it has much to do."""
    async with scene.meanwhile(scene.join(40)):
        await scene.hears("mentoring")
        await scene.stop("mentoring")
        await scene.back("mentoring")


async def hiccups(scene: "Scene") -> None:
    """Every other change of grade fails at its first try, and the next is close behind."""
    people = await scene.join(3)
    await asyncio.gather(*(scene.move(person, 5) for person in people))


async def first_start(scene: "Scene") -> None:
    """Mentoring starts for the first time after people have joined."""
    await scene.join(8)
    await asyncio.sleep(1)
    await scene.begin("mentoring")
    await scene.join(4)


async def last_days(scene: "Scene") -> None:
    """Groups have volunteers and deliver; one is closed, and two replicas find the last day of the others over."""
    people = await scene.join(8)
    for command, times in ((groups.establish, 2), (task_groups.establish, 10)):
        await scene.ask(command, times)
    for person in people:
        for _ in range(3):
            await scene.ask_about(groups.volunteer, person)
    await scene.ask(task_groups.deliver, 30)
    await scene.ask(groups.close)
    async with scene.second("members"):
        await scene.a_day_passes("members")
