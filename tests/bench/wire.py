"""A client that is not the bottleneck: one connection, and no more of HTTP than where an answer ends."""

import asyncio
import json
from collections.abc import Mapping


def post(host: str, path: str, body: object, headers: Mapping[str, str]) -> bytes:
    content = json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Connection:
    """Kept open from request to request. Understands answers that say their length, as ours do."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> "Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        lengths = [line for line in lines if line.lower().startswith("content-length:")]
        body = await self._reader.readexactly(int(lengths[0].partition(":")[2])) if lengths else b""
        return int(lines[0].split(" ")[1]), body

    def close(self) -> None:
        self._writer.close()
