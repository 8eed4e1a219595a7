"""The wire to the caller, which the fake may leave silent or cut; ASGI itself knows only how to answer."""

import asyncio
import socket
from collections.abc import Coroutine, Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from tests.gateways.stripe.idempotency import Answer


class Wire:
    """One request's connection."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._transport = _transport(receive)

    async def gone(self) -> None:
        """Wait until the caller has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def stays_for(self, happening: Coroutine[Any, Any, object]) -> bool:
        """Wait for `happening`, or until the caller goes; return whether they are still there."""
        tasks = [asyncio.ensure_future(happening), asyncio.ensure_future(self.gone())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
        return tasks[1] not in done

    async def answer(self, answer: Answer, headers: Mapping[str, str]) -> None:
        said = {"Content-Type": "application/json", **answer.headers, **headers}
        said["Content-Length"] = str(len(answer.body))
        raw = [(name.lower().encode(), value.encode()) for name, value in said.items()]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await self._send({"type": "http.response.body", "body": answer.body})

    async def cut(self) -> None:
        """End the connection without an answer; on a server we do not know, in the middle of one."""
        if self._transport is not None:
            self._transport.abort()
            await self.gone()
            return
        headers = [(b"content-length", b"1000")]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"{", "more_body": True})


def hurried(app: ASGIApp) -> ASGIApp:
    """Let `app` send small pieces at once: on a listener made by hand, asyncio leaves Nagle's algorithm on.

    With it, a body waits 40 ms for the caller to acknowledge the headers.
    """

    async def at_once(scope: Scope, receive: Receive, send: Send) -> None:
        transport = _transport(receive) if scope["type"] == "http" else None
        if transport is not None:
            wire = transport.get_extra_info("socket")
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await app(scope, receive, send)

    return at_once


def _transport(receive: Receive) -> asyncio.Transport | None:
    """Return the connection itself: uvicorn hands us methods of its own cycle, and that one knows it."""
    return getattr(getattr(receive, "__self__", None), "transport", None)
