"""Whoever is on call, as a server: it keeps what it is told, and can be told to answer otherwise."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.serve import served


@dataclass(slots=True)
class Pager:
    """`heard` is what it has taken, in order; with another `status` than 202 it takes nothing."""

    url: str = ""
    status: int = 202
    heard: list[Any] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        said = json.loads(await request.body())
        if self.status < 300:
            self.heard.append(said)
        await Response(status_code=self.status)(scope, receive, send)

    def actions(self) -> list[tuple[str, str]]:
        """Return what it was told to do, and about which alert."""
        return [(said["event_action"], said["dedup_key"].rpartition("/")[2]) for said in self.heard]


@asynccontextmanager
async def on_call() -> AsyncIterator[Pager]:
    pager = Pager()
    async with served(pager, host="127.0.0.1", port=0) as port:
        pager.url = f"http://127.0.0.1:{port}/v2/enqueue"
        yield pager
