"""Where the local platform's mail ends: SMTP in, one file, and a page to read it. Nothing leaves the machine.

Promise: a message that was answered 250 is in the file, and is there after this process was killed.
"""

import argparse
import asyncio
import email
import email.message
import email.policy
import html
import json
import os
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from chassis.server import Server
from gse_platform.smtp_server import SmtpConnection

SHOWN = 200
# What the list needs of a message. A header may go on in lines that begin with a space.
HEADER = re.compile(rb"^(Message-ID|Subject):[ \t]*(.*(?:\r\n[ \t].*)*)\r$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Received:
    """One message, as the list shows it. `number` counts from 1."""

    number: int
    message_id: str
    to: str
    subject: str
    received_at: str


class Sink:
    """The messages of one folder, one after the other in one file: making a file for each took longer than all else.

    Before each stands a line of JSON: what the list shows, and how long the message is. What a kill left half-written
    at the end was never answered, and is cut off at the next start.
    """

    def __init__(self, folder: Path) -> None:
        self.messages: list[Received] = []
        self._places: list[tuple[int, int]] = []  # of each message: where it begins and ends
        self._file = (folder / "messages").open("a+b", buffering=0)
        self._end = 0
        for received, begins, ends in kept(folder / "messages"):
            self._add(received, begins, ends)
        self._file.truncate(self._end)

    def take(self, to: list[str], message: bytes) -> None:
        """Keep a message. It is in the file when this returns; after an OSError it is not."""
        said = {name.lower(): value for name, value in HEADER.findall(message.partition(b"\r\n\r\n")[0] + b"\r\n")}
        received = Received(
            number=len(self.messages) + 1,
            message_id=said.get(b"message-id", b"").decode(errors="replace"),
            to=", ".join(to),
            subject=text_of(said.get(b"subject", b"")),
            received_at=datetime.now(UTC).isoformat(),
        )
        head = json.dumps({**vars(received), "size": len(message)}).encode() + b"\n"
        if self._file.write(head + message) < len(head) + len(message):
            self._file.truncate(self._end)
            raise OSError("the message did not fit on the disk")
        begins = self._end + len(head)
        self._add(received, begins, begins + len(message))

    def read(self, number: int) -> bytes | None:
        """The message of this number, if there is one."""
        if not 1 <= number <= len(self.messages):
            return None
        begins, ends = self._places[number - 1]
        return os.pread(self._file.fileno(), ends - begins, begins)

    def close(self) -> None:
        self._file.close()

    def _add(self, received: Received, begins: int, ends: int) -> None:
        self.messages.append(received)
        self._places.append((begins, ends))
        self._end = ends


def kept(path: Path) -> Iterator[tuple[Received, int, int]]:
    """The messages that are whole, and where each begins and ends."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while (line := file.readline()).endswith(b"\n"):
            head = json.loads(line)
            begins, length = file.tell(), head.pop("size")
            if begins + length > size:
                return
            yield Received(**head), begins, begins + length
            file.seek(length, os.SEEK_CUR)


def text_of(header: bytes) -> str:
    """A header's words on one line, decoded where they are encoded."""
    line = re.sub(r"\r\n(?=[ \t])", "", header.decode(errors="replace"))
    return str(make_header(decode_header(line))) if "=?" in line else line


def web(sink: Sink) -> Starlette:
    async def messages(_request: Request) -> JSONResponse:
        return JSONResponse([asdict(message) for message in sink.messages])

    async def index(_request: Request) -> HTMLResponse:
        rows = "".join(
            f'<tr><td><a href="/messages/{one.number}">{html.escape(one.subject or "(no subject)")}</a></td>'
            f"<td>{html.escape(one.to)}</td><td>{html.escape(one.received_at[:19])}</td></tr>"
            for one in reversed(sink.messages[-SHOWN:])
        )
        told = f"{len(sink.messages)} messages" + (f", the newest {SHOWN} shown" if len(sink.messages) > SHOWN else "")
        table = f"<table><tr><th>Subject</th><th>To</th><th>Received (UTC)</th></tr>{rows}</table>"
        return page("Mail sink", f"<p>{told}. Mail to people ends here; nothing leaves this machine.</p>{table}")

    async def show(request: Request) -> HTMLResponse:
        content = sink.read(request.path_params["number"])
        if content is None:
            raise HTTPException(404, "There is no such message.")
        message = email.message_from_bytes(content, policy=email.policy.default)
        body = message.get_body(("plain", "html"))
        heads = "".join(
            f"<dt>{html.escape(name)}</dt><dd>{html.escape(str(value))}</dd>" for name, value in message.items()
        )
        text = html.escape(body.get_content() if body else "")
        return page(
            str(message["Subject"] or ""), f'<p><a href="/">All messages</a></p><dl>{heads}</dl><pre>{text}</pre>'
        )

    return Starlette(
        routes=[
            Route("/", index),
            Route("/messages", messages),
            Route("/messages/{number:int}", show),
        ],
    )


def page(title: str, body: str) -> HTMLResponse:
    style = (
        "body{font:1rem/1.5 Arial,sans-serif;margin:1rem}pre{white-space:pre-wrap}"
        "td,th{text-align:left;padding:.25rem 1rem .25rem 0}"
    )
    heading = html.escape(title)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{heading}</title><style>{style}</style><h1>{heading}</h1>{body}</html>",
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )


async def serve(folder: Path, smtp_port: int, http_port: int) -> None:
    with closing(Sink(folder)) as sink:
        loop = asyncio.get_running_loop()
        async with await loop.create_server(lambda: SmtpConnection(sink.take), "127.0.0.1", smtp_port):
            config = uvicorn.Config(
                web(sink), host="127.0.0.1", port=http_port, log_level="warning", access_log=False, date_header=False
            )
            await Server(config).serve()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--folder", type=Path, required=True)
    arguments.add_argument("--smtp-port", type=int, required=True)
    arguments.add_argument("--http-port", type=int, required=True)
    chosen = arguments.parse_args()
    asyncio.run(serve(chosen.folder, chosen.smtp_port, chosen.http_port))


if __name__ == "__main__":
    main()
