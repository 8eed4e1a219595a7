"""A certificate authority that exists for one run of the tests, and servers that it vouches for."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trustme

_authority = trustme.CA()


def server_side(name: str) -> ssl.SSLContext:
    """Return what a server needs to be taken for `name`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _authority.issue_cert(name).configure_cert(context)
    return context


def client_side() -> ssl.SSLContext:
    """Return what a client needs to believe our servers."""
    context = ssl.create_default_context()
    _authority.configure_trust(context)
    return context


@asynccontextmanager
async def tls_before(port: int, *, name: str) -> AsyncIterator[int]:
    """Yield a port that speaks TLS as `name` and passes everything on to `port`."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=server_side(name))
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(65536):
            sink.write(chunk)
            await sink.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        sink.close()
