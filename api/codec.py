"""The codec server: opens sealed payloads for people who look at runs by the Temporal UI or its command line.

The protocol is Temporal's own: a list of payloads in protobuf's JSON comes in, and goes out decoded. It is
only there where PAYLOAD_KEYS are set.
"""

from typing import Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Depends, Request, Response
from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads

from api.auth import OPEN_TO_ALL, allow
from api.errors import Malformed
from api.unread import whole
from api.visit import add_header
from fulfillment.domain.people import Actor, Role
from workflows.sealed import Sealing, SealingCodec

log = structlog.stdlib.get_logger(__name__)

MOST = 4 * 1024 * 1024
"""Bytes. The engine itself takes no larger message."""
ALLOWED = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type, x-namespace, authorization-extras",
    "Access-Control-Max-Age": "600",
}

Staff = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN))]


def router(sealing: Sealing, *, ui: str) -> APIRouter:
    """Return the routes under /codec; pages of `ui`, the address of the Temporal UI, may read the answers."""
    codec = SealingCodec(sealing)
    ours = _origin_of(ui)

    async def let_the_ui_read(request: Request) -> None:
        # On every answer, a refusal included: without it a browser would not even tell the UI why.
        add_header(request.scope, "Vary", "Origin")
        if request.headers.get("origin") == ours:
            add_header(request.scope, "Access-Control-Allow-Origin", ours)

    routes = APIRouter(prefix="/codec", include_in_schema=False, dependencies=[Depends(let_the_ui_read)])

    @routes.post("/decode")
    async def decode(request: Request, actor: Staff) -> Response:
        """Open what may be opened; whoever reads it is in the log."""
        payloads = await _payloads_of(request)
        opened = await codec.decode_leniently(payloads.payloads)
        log.info("codec.opened", payloads=len(opened), role=actor.role)
        return _answer(Payloads(payloads=opened))

    @routes.post("/encode")
    async def encode(request: Request, _: Staff) -> Response:
        """Seal what somebody is about to send, such as the input of a signal."""
        payloads = await _payloads_of(request)
        return _answer(Payloads(payloads=await codec.encode(payloads.payloads)))

    @routes.options("/decode", dependencies=[OPEN_TO_ALL])
    @routes.options("/encode", dependencies=[OPEN_TO_ALL])
    async def before(request: Request) -> Response:
        """Answer a browser that asks whether the UI may ask."""
        for name, value in ALLOWED.items():
            add_header(request.scope, name, value)
        return Response(status_code=204)

    return routes


async def _payloads_of(request: Request) -> Payloads:
    """Return the payloads in the body.

    Raises:
        Malformed: it is no list of payloads.
        TooLarge: it is larger than anything that the engine could have sent.
    """
    body = await whole(request.state.unread, most=MOST)
    try:
        return json_format.Parse(body, Payloads())
    except (json_format.ParseError, ValueError):
        raise Malformed("This is no list of payloads.") from None


def _answer(payloads: Payloads) -> Response:
    return Response(json_format.MessageToJson(payloads, indent=None), media_type="application/json")


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
