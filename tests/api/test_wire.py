"""The same over a real socket: bodies that never end, that trickle, that are far too large."""

import asyncio
import json
import resource
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from api import bodies
from api.serve import served
from tests.api.front import front, holding

LENGTH = b"Content-Length: %d\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def most_memory() -> int:
    """Return the most bytes of memory this process has ever had at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Wire:
    """A client that writes bytes and reads one answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    def ask(self, *headers: bytes) -> None:
        token = holding()["Authorization"].encode()
        head = b"POST /things HTTP/1.1\r\nHost: front\r\nContent-Type: application/json\r\n"
        self.writer.write(head + b"Authorization: " + token + b"\r\n" + b"".join(headers) + b"\r\n")

    async def answer(self) -> tuple[int, dict[str, str], dict[str, object]]:
        async with asyncio.timeout(10):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            body = json.loads(await self._reader.readexactly(int(headers["content-length"])))
        return int(head[0].split()[1]), headers, body

    async def is_closed(self) -> bool:
        async with asyncio.timeout(10):
            return await self._reader.read(1) == b""


@pytest_asyncio.fixture(scope="session")
async def port() -> AsyncIterator[int]:
    async with served(front(), host="127.0.0.1", port=0) as port:
        yield port


@pytest_asyncio.fixture
async def wire(port: int) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield Wire(reader, writer)
    writer.close()
    await writer.wait_closed()


async def test_a_good_request_over_the_wire(wire: Wire) -> None:
    body = b'{"titleLine": "a"}'
    wire.ask(LENGTH % len(body))
    wire.writer.write(body)

    status, headers, said = await wire.answer()

    assert (status, said["titleLine"]) == (201, "a")
    assert "server" not in headers


async def test_a_body_in_good_chunks_is_put_together(wire: Wire) -> None:
    wire.ask(CHUNKED)
    for part in (b'{"titleLine"', b': "a"', b"}"):
        wire.writer.write(b"%x\r\n%s\r\n" % (len(part), part))
        await wire.writer.drain()
    wire.writer.write(b"0\r\n\r\n")

    assert (await wire.answer())[0] == 201


async def test_an_announced_giant_is_refused_before_it_comes(wire: Wire) -> None:
    wire.ask(LENGTH % 50_000_000)

    assert (await wire.answer())[0] == 413


async def test_50_megabytes_are_refused_and_not_kept(wire: Wire) -> None:
    before = most_memory()
    wire.ask(LENGTH % 50_000_000)
    for _ in range(50):
        wire.writer.write(b"x" * 1_000_000)
        await wire.writer.drain()

    assert (await wire.answer())[0] == 413
    assert most_memory() - before < 50_000_000


async def test_a_giant_in_chunks_is_counted_as_it_comes(wire: Wire) -> None:
    wire.ask(CHUNKED)
    for _ in range(20):
        wire.writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
        await wire.writer.drain()

    status, _, said = await wire.answer()  # although the last chunk never comes

    assert (status, said["code"]) == (413, "BODY_TOO_LARGE")


async def test_a_trickle_is_cut_off(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SLOWEST", 0.3)
    wire.ask(LENGTH % 100)
    for _ in range(3):
        wire.writer.write(b" ")
        await asyncio.sleep(0.05)

    status, headers, said = await wire.answer()

    assert (status, said["code"]) == (408, "REQUEST_TIMEOUT")
    assert headers["connection"] == "close"
    assert await wire.is_closed()


async def test_a_client_that_leaves_half_way_harms_nobody(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    leaving = Wire(reader, writer)
    leaving.ask(LENGTH % 100)
    writer.write(b'{"title')
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    staying = Wire(reader, writer)
    staying.ask(LENGTH % 2)
    writer.write(b"{}")

    assert (await staying.answer())[0] == 422
    writer.close()
    await writer.wait_closed()
