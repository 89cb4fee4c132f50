"""A conversation with the mail server: one message handed over at most once, and an honest answer how it ended.

Up to the server's answer to RCPT it certainly has nothing. From DATA on only its own answer counts: it took the
message, it did not, or, when no answer comes, nobody knows.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiosmtplib import (
    SMTP,
    SMTPConnectError,
    SMTPException,
    SMTPHeloError,
    SMTPResponseException,
    SMTPSenderRefused,
)

from chassis.clock import wall_clock
from notifications.domain import NotStarted, Outcome, Rejected, Sent, Unknown
from notifications.letters import Letter
from notifications.message import NoAddress, compose

CONVERSATION_SECONDS = 10  # in all, well below the claim on the notice
IDLE_SECONDS = 20  # a connection that rested longer is not trusted: servers hang up on idle clients
GOODBYE_SECONDS = 1


@dataclass
class Mail:
    """The way to one mail server. Keeps connections between messages; `close` says goodbye on all of them."""

    host: str
    port: int
    sender: str
    clock: Callable[[], datetime] = wall_clock  # the Date header is for servers outside: never business time
    seconds: float = CONVERSATION_SECONDS
    _resting: list[tuple[float, SMTP]] = field(default_factory=list)

    async def converse(self, letter: Letter) -> Outcome:
        """Hand one message over, or say what came instead. No outcome holds a name or an address."""
        try:
            message = compose(letter, sender=self.sender, date=self.clock())
        except NoAddress:
            return Rejected("the member's address is no e-mail address", of_address=True)
        ends = asyncio.get_running_loop().time() + self.seconds
        client = self._rested() or self._new()
        outcome = await self._begin(client, letter, ends) or await self._hand_over(client, message, ends)
        if isinstance(outcome, Sent):
            self._resting.append((time.monotonic(), client))
        else:
            client.close()
        return outcome

    async def close(self) -> None:
        """Say goodbye, briefly, on the connections that rest."""
        while self._resting:
            _, client = self._resting.pop()
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await client.quit()
            client.close()

    async def _begin(self, client: SMTP, letter: Letter, ends: float) -> Outcome | None:
        """Everything before DATA: what ends here can be tried again. None when the server is ready for the message."""
        options, encoding = (["SMTPUTF8"], "utf-8") if letter.needs_utf8 else ([], "ascii")
        try:
            async with asyncio.timeout_at(ends):
                if not client.is_connected:
                    await client.connect()
                if letter.needs_utf8 and not client.supports_extension("smtputf8"):
                    return Rejected("the mail server takes no addresses beyond ASCII")
                await client.mail(self.sender, options=options, encoding=encoding)
                await client.rcpt(letter.email, encoding=encoding)
        except (SMTPHeloError, SMTPSenderRefused) as error:
            # Said of us, not of this member, whatever the code: a wrong setting must not fail every notice.
            return NotStarted(f"the mail server does not let us send: code {error.code}", is_outage=True)
        except SMTPConnectError as error:
            return NotStarted(f"the mail server could not be reached: {type(error).__name__}", is_outage=True)
        except SMTPResponseException as error:
            return _answered(error.code) or NotStarted(f"the mail server answered {error.code} before the message")
        except (SMTPException, OSError, TimeoutError) as error:
            return NotStarted(f"the conversation ended before the message: {type(error).__name__}", is_outage=True)
        return None

    async def _hand_over(self, client: SMTP, message: bytes, ends: float) -> Outcome:
        try:
            async with asyncio.timeout_at(ends):
                await client.data(message)
        except SMTPResponseException as error:
            return _answered(error.code) or Unknown(f"the mail server answered {error.code} to the message")
        except (SMTPException, OSError, TimeoutError) as error:
            return Unknown(f"no answer to the message: {type(error).__name__}")
        return Sent()

    def _rested(self) -> SMTP | None:
        """A connection from an earlier message that is still good."""
        while self._resting:
            since, client = self._resting.pop()
            if client.is_connected and time.monotonic() - since < IDLE_SECONDS:
                return client
            client.close()
        return None

    def _new(self) -> SMTP:
        # Our name in EHLO is the sender's domain: asking the resolver for one's own name can take longer than a mail.
        return SMTP(
            hostname=self.host,
            port=self.port,
            local_hostname=self.sender.rpartition("@")[2],
            timeout=self.seconds,
        )


def _answered(code: int) -> Outcome | None:
    """What a refusal means, by its first digit; None for what is no refusal. Its text may hold an address: not kept."""
    if 500 <= code <= 599:  # noqa: PLR2004 - RFC 5321's permanent negative answers
        return Rejected(f"the mail server refused the message with code {code}")
    if 400 <= code <= 499:  # noqa: PLR2004 - and the transient ones
        return NotStarted(f"the mail server put the message off with code {code}")
    return None
