"""The body of a request: received within a size and a time, and accepted only as plain JSON.

Pages send forms instead, to their own paths and to no other.
"""

import asyncio
import json
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from api import strict_forms, strict_json
from api.errors import FormExpected, TooLarge, TooSlow, WrongMediaType
from api.problems import is_under

LARGEST = 16 * 1024
"""Bytes of a body. A command is small; the engine's own limit, far above, stops an assignment for good."""
SLOWEST = 10.0
"""Seconds in which a body has to arrive."""


class ClientLeft(Exception):
    """The client went away before its request was complete; nobody is there to answer."""


PAGES = "/ui"
"""Where people fill in forms."""
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


async def receive_body(scope: Scope, receive: Receive) -> bytes:
    """Return the body, checked and in one way of writing; nothing, when there is none.

    Raises:
        TooLarge: over `LARGEST`, as announced or as counted while it arrives.
        TooSlow: not complete after `SLOWEST` seconds.
        WrongMediaType, FormExpected: a body that does not say it is what this path takes.
        Malformed: not well-formed.
        InvalidBody: well-formed, with texts or numbers nobody should store.
    """
    headers = Headers(scope=scope)
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > LARGEST:
        raise TooLarge(f"A body has {LARGEST} bytes at most.")
    raw = await _whole_body(receive)
    if not raw:
        return b""
    if is_under(scope["path"], PAGES):
        if not _says(headers, FORM):
            raise FormExpected
        return urlencode(strict_forms.read(raw)).encode()
    if not _says(headers, JSON):
        raise WrongMediaType
    return json.dumps(strict_json.read(raw), ensure_ascii=False, separators=(",", ":")).encode()


async def _whole_body(receive: Receive) -> bytes:
    raw = bytearray()
    try:
        async with asyncio.timeout(SLOWEST):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeft
                raw += message.get("body", b"")
                if len(raw) > LARGEST:
                    raise TooLarge(f"A body has {LARGEST} bytes at most.")
                if not message.get("more_body", False):
                    return bytes(raw)
    except TimeoutError:
        raise TooSlow(f"A body has to arrive within {SLOWEST:.0f} seconds.") from None


def _says(headers: Headers, wanted: str) -> bool:
    """Return whether the body says of itself that it is `wanted`, in UTF-8 and as it is."""
    said = headers.getlist("content-type")
    media_type, _, parameters = said[0].partition(";") if len(said) == 1 else ("", "", "")
    plain = parameters.strip().lower().replace('"', "") in {"", "charset=utf-8"}
    uncompressed = headers.get("content-encoding", "identity").strip().lower() == "identity"
    return media_type.strip().lower() == wanted and plain and uncompressed


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives `body` once, and then what the client still has to say."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
