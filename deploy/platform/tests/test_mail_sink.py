import asyncio
import os
import smtplib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest

from gse_platform.mail_sink import Sink, web
from gse_platform.smtp_server import LARGEST, SmtpConnection, Take


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], Sink]]:
    """Starts the sink, again on the same folder."""
    with ExitStack() as open_ones:
        yield lambda: open_ones.enter_context(closing(Sink(tmp_path)))


async def test_a_message_is_listed_shown_and_still_there_after_a_restart(opened: Callable[[], Sink]) -> None:
    async with smtp(opened().take) as port:
        await asyncio.to_thread(send, port, "Welcome to the profession", "<1@gse.example>")

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(web(opened())), base_url="http://m") as client:
        listed = (await client.get("/messages")).json()
        index = await client.get("/")
        shown = await client.get("/messages/1")
        missing = [(await client.get(f"/messages/{number}")).status_code for number in (0, 2)]

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
    assert missing == [404, 404]


async def test_numbers_go_on_where_they_were(opened: Callable[[], Sink]) -> None:
    for count in (1, 2):
        async with smtp(opened().take) as port:
            await asyncio.to_thread(send, port, f"Number {count}", f"<{count}@gse.example>")

    assert [(one.number, one.subject) for one in opened().messages] == [(1, "Number 1"), (2, "Number 2")]


@pytest.mark.parametrize("lost", ["its end", "all of it", "some of the line before it"])
async def test_what_a_kill_left_half_written_is_cut_off_and_the_next_message_takes_its_place(
    opened: Callable[[], Sink], tmp_path: Path, lost: str
) -> None:
    sink, torn = opened(), b"Subject: Torn\r\n\r\nWords\r\n"
    sink.take(["a@ukhsa.example"], b"Subject: Whole\r\n\r\nWords\r\n")
    sink.take(["a@ukhsa.example"], torn)
    size = {"its end": 1, "all of it": len(torn), "some of the line before it": len(torn) + 20}[lost]
    os.truncate(tmp_path / "messages", (tmp_path / "messages").stat().st_size - size)

    again = opened()
    assert [one.subject for one in again.messages] == ["Whole"]
    again.take(["a@ukhsa.example"], torn)
    assert [one.subject for one in opened().messages] == ["Whole", "Torn"]
    assert opened().read(2) == torn


async def test_what_there_is_no_room_for_is_put_off() -> None:
    def full(_to: list[str], _message: bytes) -> None:
        raise OSError("no space left on device")

    async with smtp(full) as port:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await asyncio.to_thread(send, port, "Welcome", "<1@gse.example>")

    assert refused.value.smtp_code == 452


@pytest.mark.parametrize("size", [1, 7, 1000], ids="in pieces of {}".format)
async def test_commands_that_come_at_once_are_answered_in_their_order(opened: Callable[[], Sink], size: int) -> None:
    lines = [
        *(b"EHLO x", b"RCPT TO:<a@b>", b"DATA", b"VRFY a", b"MAIL FROM:x"),
        *(b"MAIL FROM:<>", b"RCPT TO:<>", b"RCPT TO:<\xc3\xab@b> X=1", b"rcpt to: <c@d>", b"DATA"),
        *(b"subject: =?utf-8?q?Zo=C3=AB?=", b" and more", b"", b"..", b"...x", b"."),
        *(b"MAIL FROM:<a@b>", b"MAIL FROM:<a@b>", b"RSET", b"DATA", b"NOOP", b"QUIT"),
    ]
    sink = opened()
    answers = await answers_to(sink, b"".join(line + b"\r\n" for line in lines), size)

    assert [line[:3] for line in answers if line[3:4] == b" "] == (
        b"220 250 503 503 502 501 250 501 250 250 354 250 250 503 250 503 250 221".split()
    )
    assert [(one.to, one.subject) for one in sink.messages] == [("ë@b, c@d", "Zoë and more")]
    assert sink.read(1) == b"subject: =?utf-8?q?Zo=C3=AB?=\r\n and more\r\n\r\n.\r\n..x\r\n"


async def test_a_message_may_be_empty_and_not_too_large(opened: Callable[[], Sink]) -> None:
    sink, begin = opened(), b"MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n"
    answers = await answers_to(sink, begin + b".\r\n" + begin + b"x" * (LARGEST + 1), LARGEST)

    assert answers[-1] == b"552 Too large"
    assert [sink.read(one.number) for one in sink.messages] == [b""]


async def answers_to(sink: Sink, said: bytes, size: int) -> list[bytes]:
    """What a client hears that says this in pieces of that size, until the sink hangs up."""
    async with smtp(sink.take) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for start in range(0, len(said), size):
            writer.write(said[start : start + size])
            await writer.drain()
        answers = await reader.read()
        writer.close()
        await writer.wait_closed()
    return answers.splitlines()


def send(port: int, subject: str, message_id: str) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "gse-profession@gse.example", "a@ukhsa.example"
    message["Subject"], message["Message-ID"] = subject, message_id
    message.set_content("Glad you are <here>")
    with smtplib.SMTP("127.0.0.1", port) as conversation:
        conversation.send_message(message)


@asynccontextmanager
async def smtp(take: Take) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: SmtpConnection(take), "127.0.0.1", 0) as server:
        port: int = server.sockets[0].getsockname()[1]
        yield port
