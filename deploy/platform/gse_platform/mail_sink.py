"""Where the local platform's mail ends: SMTP in, a file a message, and a page to read them. Nothing leaves the machine.

Promise: a message that was answered 250 is in its file, and is there after this process was killed.
"""

import argparse
import asyncio
import email
import email.message
import email.policy
import html
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from chassis.server import Server

SHOWN = 200
# The first line of each file: what the list shows of the message, so that a start need not read them whole.
HEAD = b"X-Sink: "
HEADERS = BytesHeaderParser()


@dataclass(frozen=True)
class Received:
    """One message, as the list shows it. `number` counts from 1 and names its file."""

    number: int
    message_id: str
    to: str
    subject: str
    received_at: str


class Sink:
    """The messages in one folder; keeps their heads in memory and their bodies on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.messages = [kept(file) for file in sorted(folder.glob("*.eml"))]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        content = envelope.original_content or b""
        # Two headers are all that the list needs; reading the whole message takes four times as long.
        message = HEADERS.parsebytes(content)
        received = Received(
            number=self.messages[-1].number + 1 if self.messages else 1,
            message_id=str(message["Message-ID"] or ""),
            to=", ".join(envelope.rcpt_tos),
            subject=str(make_header(decode_header(message["Subject"] or ""))),
            received_at=datetime.now(UTC).isoformat(),
        )
        fresh = self.folder / f".{received.number:06}"
        fresh.write_bytes(HEAD + json.dumps(asdict(received)).encode() + b"\r\n" + content)
        fresh.replace(self.path(received.number))
        self.messages.append(received)
        return "250 Kept"

    def path(self, number: int) -> Path:
        return self.folder / f"{number:06}.eml"


def kept(file: Path) -> Received:
    with file.open("rb") as message:
        return Received(**json.loads(message.readline().removeprefix(HEAD)))


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
        path = sink.path(request.path_params["number"])
        if not path.exists():
            raise HTTPException(404, "There is no such message.")
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = message.get_body(("plain", "html"))
        heads = "".join(
            f"<dt>{html.escape(name)}</dt><dd>{html.escape(str(value))}</dd>"
            for name, value in message.items()
            if name != "X-Sink"
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
    sink = Sink(folder)
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(
        lambda: SMTP(sink, hostname="localhost", enable_SMTPUTF8=True, loop=loop),
        "127.0.0.1",
        smtp_port,
    )
    async with smtp:
        await Server(
            uvicorn.Config(
                web(sink), host="127.0.0.1", port=http_port, log_level="warning", access_log=False, date_header=False
            ),
        ).serve()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--folder", type=Path, required=True)
    arguments.add_argument("--smtp-port", type=int, required=True)
    arguments.add_argument("--http-port", type=int, required=True)
    chosen = arguments.parse_args()
    asyncio.run(serve(chosen.folder, chosen.smtp_port, chosen.http_port))


if __name__ == "__main__":
    main()
