"""Bodies that are left for their route to read: byte for byte as they came, or larger than a command may be.

What is in them is believed only after the route has looked who sends it, so nobody can keep the guards busy
with a large body.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.bodies import ClientLeft
from api.errors import TooLarge

PATHS = frozenset({"/webhooks/stripe", "/codec/decode", "/codec/encode"})


class BodyUnread:
    """Leave what is sent to PATHS unread, for the route.

    To be put around the guards, who would read it as JSON and pass it on in their own way of writing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in PATHS:
            # The guards have a limit of their own, and would heed this length.
            headers = [header for header in scope["headers"] if header[0] != b"content-length"]
            state = {**scope.get("state", {}), "unread": receive}
            scope, receive = {**scope, "headers": headers, "state": state}, _nothing
        await self._app(scope, receive, send)


async def whole(receive: Receive, *, most: int) -> bytes:
    """Return the body as it came.

    Raises:
        TooLarge: it has more than `most` bytes.
        ClientLeft: it broke off.
    """
    raw = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        raw += message.get("body", b"")
        if len(raw) > most:
            raise TooLarge(f"A body has {most} bytes at most here.")
        more = message.get("more_body", False)
    return bytes(raw)


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
