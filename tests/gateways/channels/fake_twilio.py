"""A vendor of texts in the shape of Twilio's Messages API, over real HTTP."""

import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from api.serve import served

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-that-is-none"  # noqa: S105  # and opens nothing
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


class Mode(StrEnum):
    """When it falls silent: before it has made a message of the request, or after."""

    ANSWER = "answer"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"


@dataclass(slots=True)
class FakeTwilio:
    """`texts` holds the forms it made messages of, in their order; `asked` counts all requests.

    Set `mode`, or `trouble` to a status and an error code for every answer; numbers in `opted_out` and
    `landlines` are refused as Twilio does.
    """

    base: str = ""
    mode: Mode = Mode.ANSWER
    trouble: tuple[int, int] | None = None
    texts: list[dict[str, str]] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)
    landlines: set[str] = field(default_factory=set)
    asked: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.asked += 1
        form = dict(parse_qsl((await _body(receive)).decode(), keep_blank_values=True))
        if self.mode is Mode.HANG_BEFORE:
            await _until_they_leave(receive)
            return
        status, answer = self._judge(scope, form)
        if self.mode is Mode.HANG_AFTER:
            await _until_they_leave(receive)
            return
        await _answer(send, status, answer)

    def _judge(self, scope: Scope, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        trouble = self.trouble or self._trouble_with(scope, form)
        if trouble:
            status, code = trouble
            # Their words quote the number, which is why ours never quote them.
            message = f"no good: {form.get('To')}"
            return status, {"code": code, "message": message, "more_info": "", "status": status}
        self.texts.append(form)
        return 201, {"sid": f"SM{len(self.texts):032}", "status": "queued", "error_code": None}

    def _trouble_with(self, scope: Scope, form: dict[str, str]) -> tuple[int, int] | None:
        expected = b"Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode())
        to = form.get("To", "")
        checks = (
            (dict(scope["headers"]).get(b"authorization") != expected, (401, 20003)),
            (scope["path"] != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", (404, 20404)),
            (NUMBER.fullmatch(to) is None, (400, 21211)),
            (to in self.opted_out, (400, 21610)),
            (to in self.landlines, (400, 21614)),
            (not form.get("From") and not form.get("MessagingServiceSid"), (400, 21603)),
            (not form.get("Body"), (400, 21602)),
        )
        return next((trouble for is_wrong, trouble in checks if is_wrong), None)


@asynccontextmanager
async def opened() -> AsyncIterator[FakeTwilio]:
    """Open the vendor on a free port of 127.0.0.1."""
    twilio = FakeTwilio()
    async with served(twilio, host="127.0.0.1", port=0) as port:
        twilio.base = f"http://127.0.0.1:{port}"
        yield twilio


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def _until_they_leave(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Send, status: int, answer: dict[str, Any]) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
