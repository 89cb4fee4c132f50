"""One sender of notices, as a process of its own, for tests that kill it.

Arguments: the store's address, the channel, the port of its double, and the moment at which it kills itself, if so:
`claiming` and `settling` (before those commits), `claimed` (after that one), `answered` (after the conversation).
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from chassis.database import Transaction, connect
from chassis.sender import Rows
from chassis.telemetry import configure_logs
from contracts.notifications import Channel
from notifications.channels import Transport
from notifications.domain import Outcome
from notifications.letters import Letter
from notifications.mail import Mail
from notifications.notify import Notify
from notifications.notify_double import KEY, TEMPLATE
from notifications.testing import channels_to, sender_to


@dataclass
class Dying:
    """The rows of the sender, and how it dies over them."""

    rows: Rows[Letter, Outcome]
    moment: str

    def die_at(self, moment: str) -> None:
        if moment == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)

    async def claim(self, tx: Transaction, replica: str, limit: int) -> Sequence[Letter]:
        letters = await self.rows.claim(tx, replica, limit)
        if letters:
            self.die_at("claiming")
        return letters

    async def settle(self, tx: Transaction, ended: Sequence[tuple[Letter, Outcome]]) -> None:
        await self.rows.settle(tx, ended)
        if ended:
            self.die_at("settling")

    async def forget_lost(self, tx: Transaction, replica: str, *, starting: bool) -> int:
        return await self.rows.forget_lost(tx, replica, starting=starting)


async def main(url: str, channel: str, port: str, moment: str) -> None:
    configure_logs("test", "json")
    transport: Transport = (
        Mail("127.0.0.1", int(port), "gse@profession.test")
        if channel == Channel.EMAIL
        else Notify(KEY, TEMPLATE, f"http://127.0.0.1:{port}")
    )
    sender = sender_to(channels_to(transport, channel))
    dying, converse = Dying(sender.rows, moment), sender.converse

    async def converse_and_die(letter: Letter) -> Outcome:
        dying.die_at("claimed")
        outcome = await converse(letter)
        dying.die_at("answered")
        return outcome

    sender.rows, sender.converse = dying, converse_and_die
    await sender.run(await connect(url, size=4, name="killed"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
