"""An HTTP server inside a loop that somebody else runs and stops."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

GRACE = 5
"""Seconds that requests under way have to finish when the server is stopped."""


class Server(uvicorn.Server):
    """A server that lets long streams end first when it stops; it would wait for them in vain."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        leave: Callable[[], None] | None = getattr(getattr(self.config.app, "state", None), "leave", None)
        if leave is not None:
            leave()
        await super().shutdown(sockets)


class _Guest(Server):
    """A server that leaves the signals to its host."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: ASGIApp, *, host: str, port: int) -> AsyncIterator[int]:
    """Serve `app` for as long as the block lasts, and yield the port (a free one if `port` is 0).

    Raises:
        OSError: the port is taken, or the address is not ours.
    """
    with socket.create_server((host, port), family=_family(host)) as listener:
        # Without this, an answer in two packets waits for the other side to acknowledge the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = _Guest(configuration(app))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await _until_started(server, serving)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


def configuration(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Config:
    """Return how we run uvicorn: it says nothing we did not decide on, and believes no header.

    With `proxy_headers`, its default, a client on this machine could write X-Forwarded-For and have a
    new rate limit for every request.
    """
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )


async def _until_started(server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    while not server.started:
        if serving.done():
            await serving
            raise RuntimeError("the HTTP server ended before it began")
        await asyncio.sleep(0.01)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
