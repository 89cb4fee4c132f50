import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import httpx2
from aiosmtpd.smtp import SMTP

from gse_platform.mail_sink import Sink, web


async def test_a_message_is_listed_shown_and_still_there_after_a_restart(tmp_path: Path) -> None:
    async with smtp(Sink(tmp_path)) as port:
        await asyncio.to_thread(send, port, "Welcome to the profession", "<1@gse.example>")

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(web(Sink(tmp_path))), base_url="http://m") as client:
        listed = (await client.get("/messages")).json()
        index = await client.get("/")
        shown = await client.get("/messages/1")
        missing = await client.get("/messages/2")

    assert listed[0].pop("received_at").startswith("20")
    assert listed == [
        {
            "number": 1,
            "message_id": "<1@gse.example>",
            "to": "a@ukhsa.example",
            "subject": "Welcome to the profession",
        },
    ]
    assert "1 messages" in index.text
    assert "Glad you are &lt;here&gt;" in shown.text
    assert missing.status_code == 404


async def test_numbers_go_on_where_they_were(tmp_path: Path) -> None:
    for count in (1, 2):
        sink = Sink(tmp_path)
        async with smtp(sink) as port:
            await asyncio.to_thread(send, port, f"Number {count}", f"<{count}@gse.example>")

    assert [(one.number, one.subject) for one in Sink(tmp_path).messages] == [(1, "Number 1"), (2, "Number 2")]


def send(port: int, subject: str, message_id: str) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "gse-profession@gse.example", "a@ukhsa.example"
    message["Subject"], message["Message-ID"] = subject, message_id
    message.set_content("Glad you are <here>")
    with smtplib.SMTP("127.0.0.1", port) as conversation:
        conversation.send_message(message)


@asynccontextmanager
async def smtp(sink: Sink) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: SMTP(sink, hostname="localhost", loop=loop), "127.0.0.1", 0) as server:
        port: int = server.sockets[0].getsockname()[1]
        yield port
