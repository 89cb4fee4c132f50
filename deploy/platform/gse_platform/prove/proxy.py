"""A small TCP proxy that stands between the services and a store, and can cut, silence or slow what passes."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field

HOST = "127.0.0.1"
CHUNK = 64 * 1024
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: the close is a reset


@dataclass
class Proxy:
    """Listens on `port` and passes everything on to `target`. The faults hold until `heal`."""

    port: int = 0
    target: int = 0
    delay: float = 0.0  # seconds, for each piece in either direction
    _cut: bool = False
    _open: asyncio.Event = field(default_factory=asyncio.Event)  # cleared while nothing gets through
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._open.set()
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._reset_all()
            await self._server.wait_closed()

    def cut(self) -> None:
        """Reset every connection, and each new one at once."""
        self._cut = True
        self._reset_all()

    def silence(self) -> None:
        """Keep every connection and let nothing through, as a network does that drops packets."""
        self._open.clear()

    def heal(self) -> None:
        """What was silenced goes on where it stopped."""
        self._cut, self.delay = False, 0.0
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            _reset(writer)
            return
        try:
            there, onwards = await asyncio.open_connection(HOST, self.target)
        except OSError:
            _reset(writer)
            return
        self._writers |= {writer, onwards}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, onwards))
                both.create_task(self._pass(there, writer))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers -= {writer, onwards}
            for its in (writer, onwards):
                _reset(its)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction; its end ends the connection, since neither store speaks to somebody who hung up."""
        while piece := await reader.read(CHUNK):
            if self.delay:
                await asyncio.sleep(self.delay)
            await self._open.wait()
            writer.write(piece)
            await writer.drain()
        raise ConnectionResetError

    def _reset_all(self) -> None:
        for writer in self._writers:
            _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        sock = writer.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
