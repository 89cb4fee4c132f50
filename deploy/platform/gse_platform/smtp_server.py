"""The server's side of SMTP, as far as a sink needs it: it takes whatever it is given, and answers at once.

RFC 5321 with PIPELINING, 8BITMIME and SMTPUTF8; no TLS and no passwords. All that has arrived is answered in one piece.
(aiosmtpd reads a message line by line, which took eight times as much of the processor.)
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import cast

LARGEST = 10 * 1024 * 1024  # bytes of a message
LONGEST_LINE = 4096  # of a command
OFFERS = b"250-localhost\r\n250-SIZE %d\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8" % LARGEST
HELLO, DONE, BYE = b"250 localhost", b"250 Done", b"221 Bye"
ANSWERS = {b"EHLO": OFFERS, b"HELO": HELLO, b"RSET": DONE, b"NOOP": DONE, b"QUIT": BYE}
TOO_LONG, TOO_LARGE = b"500 Too long", b"552 Too large"
ADDRESS = re.compile(rb"(?:FROM|TO): ?<([^<>]*)>(?: .*)?", re.IGNORECASE)
END = b"\r\n.\r\n"
# Keeps a message to these addresses. What it has returned from is answered 250; an OSError, 452.
Take = Callable[[list[str], bytes], None]


class SmtpConnection(asyncio.Protocol):
    """One client's connection."""

    _transport: asyncio.WriteTransport

    def __init__(self, take: Take) -> None:
        self._take = take
        self._arrived = bytearray()
        self._sender: bytes | None = None
        self._to: list[str] = []
        self._in_message = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(b"220 localhost takes everything\r\n")

    def data_received(self, data: bytes) -> None:
        before = len(self._arrived)
        self._arrived += data
        answers = list(self._answers(max(0, before - len(END))))
        self._transport.write(b"".join(answer + b"\r\n" for answer in answers))
        if answers and answers[-1] in {BYE, TOO_LONG, TOO_LARGE}:
            self._transport.close()

    def _answers(self, looked: int) -> Iterator[bytes]:
        """To whatever is complete. The first `looked` bytes are known to hold no end of a message."""
        while True:
            end = self._arrived.find(END, looked) if self._in_message else self._arrived.find(b"\r\n")
            if end < 0:
                if len(self._arrived) > (LARGEST if self._in_message else LONGEST_LINE):
                    yield TOO_LARGE if self._in_message else TOO_LONG
                return
            if self._in_message:
                # The line end of DATA stands first, so that a dot at the very beginning is at the beginning of a line.
                message = bytes(self._arrived[: end + 2]).replace(b"\r\n..", b"\r\n.")[2:]
                del self._arrived[: end + len(END)]
                yield self._keep(message)
            else:
                answer = self._answer(bytes(self._arrived[:end]))
                del self._arrived[: end if self._in_message else end + 2]
                yield answer
                if answer == BYE:
                    return
            looked = 0

    def _answer(self, line: bytes) -> bytes:
        verb, _, words = line.partition(b" ")
        verb = verb.upper()
        if verb in {b"MAIL", b"RCPT"}:
            return self._addressed(verb, words)
        if verb == b"DATA":
            self._in_message = bool(self._to)
            return b"354 Go on, and end with a dot" if self._to else b"503 To whom?"
        if verb in {b"EHLO", b"HELO", b"RSET"}:
            self._forget()
        return ANSWERS.get(verb, b"502 Not here")

    def _addressed(self, verb: bytes, words: bytes) -> bytes:
        found = ADDRESS.fullmatch(words)
        if found is None or (verb == b"RCPT" and not found[1]):
            return b"501 Which address?"
        if (verb == b"MAIL") == (self._sender is not None):
            return b"503 One sender, and the sender first"
        if verb == b"MAIL":
            self._sender = found[1]
        else:
            self._to.append(found[1].decode(errors="replace"))
        return b"250 Fine"

    def _keep(self, message: bytes) -> bytes:
        to = self._to
        self._forget()
        try:
            self._take(to, message)
        except OSError:
            return b"452 No room"
        return b"250 Kept"

    def _forget(self) -> None:
        self._sender, self._to, self._in_message = None, [], False
