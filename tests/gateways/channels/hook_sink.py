"""A receiver of webhooks that checks their signatures with the public library, as anybody's would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import standardwebhooks
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.serve import served
from tests.gateways.channels import trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request whose signature was right: its headers, in lower case, and what its JSON says."""

    headers: dict[str, str]
    said: Any


@dataclass(slots=True)
class HookSink:
    """`heard` holds the hooks in their order, repeats included; `forged` counts wrong signatures.

    Set `status`, and `location` for a redirect, for the answers to come.
    """

    secret: str
    url: str = ""
    status: int = 204
    location: str = ""
    heard: list[Heard] = field(default_factory=list)
    forged: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        answer = Response(status_code=self._hear(await request.body(), dict(request.headers)))
        if self.location:
            answer.headers["location"] = self.location
        await answer(scope, receive, send)

    def _hear(self, body: bytes, headers: dict[str, str]) -> int:
        try:
            said = standardwebhooks.Webhook(self.secret).verify(body, headers)
        except standardwebhooks.WebhookVerificationError:
            self.forged += 1
            return 400
        self.heard.append(Heard(headers=headers, said=said))
        return self.status


@asynccontextmanager
async def opened(secret: str, *, tls_name: str = "") -> AsyncIterator[HookSink]:
    """Open a receiver on a free port of 127.0.0.1: plain, or with TLS for the name `tls_name`."""
    sink = HookSink(secret=secret)
    async with served(sink, host="127.0.0.1", port=0) as port:
        if not tls_name:
            sink.url = f"http://127.0.0.1:{port}/hooks"
            yield sink
            return
        async with trust.tls_before(port, name=tls_name) as outer:
            sink.url = f"https://{tls_name}:{outer}/hooks"
            yield sink
