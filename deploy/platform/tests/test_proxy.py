"""The proxy of the proof: what it lets through, cuts, holds back and slows, against a server that echoes."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from gse_platform.prove.proxy import HOST, Proxy

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Connection]]


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(100):
                writer.write(piece)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, HOST, 0)
    its = Proxy(target=server.sockets[0].getsockname()[1])
    await its.start()
    yield its
    await its.stop()
    server.close()
    await server.wait_closed()


async def said_back(connection: Connection, text: bytes) -> bytes:
    reader, writer = connection
    writer.write(text)
    return await asyncio.wait_for(reader.read(100), 5)


@pytest.fixture
async def connect(proxy: Proxy) -> AsyncIterator[Connect]:
    """Opens connections through the proxy, and closes them at the end."""
    opened: list[asyncio.StreamWriter] = []

    async def open_one() -> Connection:
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        opened.append(writer)
        return reader, writer

    yield open_one
    for writer in opened:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_what_is_sent_comes_through_and_back(connect: Connect) -> None:
    assert await said_back(await connect(), b"hello") == b"hello"


async def test_a_cut_resets_what_is_open_and_what_is_new(proxy: Proxy, connect: Connect) -> None:
    before = await connect()
    assert await said_back(before, b"hello") == b"hello"
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await said_back(before, b"hello")
    with pytest.raises(ConnectionResetError):
        await said_back(await connect(), b"hello")

    proxy.heal()
    assert await said_back(await connect(), b"hello") == b"hello"


async def test_silence_holds_back_and_loses_nothing(proxy: Proxy, connect: Connect) -> None:
    reader, writer = await connect()
    proxy.silence()
    writer.write(b"hello")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(100), 0.3)

    proxy.heal()
    assert await asyncio.wait_for(reader.read(100), 5) == b"hello"


async def test_a_slow_line_takes_its_time_in_both_directions(proxy: Proxy, connect: Connect) -> None:
    connection = await connect()
    proxy.delay = 0.2
    began = time.monotonic()
    assert await said_back(connection, b"hello") == b"hello"
    assert time.monotonic() - began >= 0.4


async def test_a_target_that_is_away_is_a_reset(proxy: Proxy, connect: Connect) -> None:
    proxy.target = 1
    with pytest.raises(ConnectionResetError):
        await said_back(await connect(), b"hello")
