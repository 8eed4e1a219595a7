"""Trouble on demand: the next request to some path meets it, and those after it do not."""

import json
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Trouble(StrEnum):
    REFUSES = "refuses"  # with a status and a reason
    HANGS = "hangs"  # until the caller loses patience
    DROPS = "drops"  # the connection, with nothing done
    LOSES = "loses"  # the answer, with everything done
    BABBLES = "babbles"  # success, and no JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What the next request meets whose path begins with `at`; status, domain and reason are a refusal's."""

    at: str
    trouble: Trouble = Trouble.REFUSES
    status: int = 500
    domain: str = "global"
    reason: str = "backendError"


class Troubled:
    """An app in front of which faults wait for their request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.waiting: deque[Fault] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._next(scope)
        if fault is None:
            await self._app(scope, receive, send)
            return
        match fault.trouble:
            case Trouble.REFUSES:
                body = refusal(fault.status, domain=fault.domain, reason=fault.reason)
                await _answer(send, fault.status, json.dumps(body).encode())
            case Trouble.BABBLES:
                await _answer(send, 200, b"<html>Sorry!</html>")
            case Trouble.HANGS:
                while (await receive())["type"] != "http.disconnect":
                    pass
            case Trouble.DROPS:
                await _drop(send)
            case Trouble.LOSES:
                await self._app(scope, receive, _nowhere)
                await _drop(send)

    def _next(self, scope: Scope) -> Fault | None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        for fault in self.waiting:
            if path.startswith(fault.at):
                self.waiting.remove(fault)
                return fault
        return None


def refusal(status: int, *, domain: str = "global", reason: str, message: str = "") -> dict[str, object]:
    """Return the body of a refusal as Google's APIs write them."""
    said = {"domain": domain, "reason": reason, "message": message or reason}
    return {"error": {"errors": [said], "code": status, "message": message or reason}}


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _drop(send: Send) -> None:
    """Promise an answer and end before it does; the server can only close the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def _nowhere(message: Message) -> None:
    pass
