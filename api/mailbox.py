"""The mailbox of a developer's machine: messages that were kept instead of sent, for people and for tests."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import OPEN_TO_ALL
from api.errors import Missing
from api.files import Documented
from api.mailbox_pages import list_of, message
from api.reading import TheSession
from api.schemas.mailbox import KeptLine, KeptLines, KeptWhole
from fulfillment.domain.messages import Channel
from fulfillment.store import kept
from fulfillment.store.kept import Kept

SEALED_OFF = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For what a mail is made of: it may have its own style, and no script, form, picture or frame."""
PAGE: Documented = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}
VARY = {"Vary": "Accept"}

router = APIRouter(prefix="/emails", dependencies=[OPEN_TO_ALL])


@router.get("", response_model=KeptLines, responses=PAGE)
async def list_kept(
    request: Request,
    response: Response,
    session: TheSession,
    to: Annotated[str | None, Query(max_length=320)] = None,
) -> KeptLines | HTMLResponse:
    """List the latest messages, to one address or to all; a browser gets a page."""
    found = await kept.newest(session, to=to)
    if _wants_a_page(request):
        return list_of(found, to=to, headers=VARY)
    response.headers.update(VARY)
    return KeptLines(items=[KeptLine.of(each) for each in found])


# An id may have anything in it, so what comes after it is looked for first.


@router.get("/{message_id:path}/html", response_class=HTMLResponse, responses=PAGE)
async def read_html(message_id: str, session: TheSession) -> HTMLResponse:
    """Return the message as a mail program would show it, sealed off from everything."""
    found = await _found(session, message_id)
    if found.html is None:
        raise Missing
    return HTMLResponse(found.html, headers={"Content-Security-Policy": SEALED_OFF})


@router.get("/{message_id:path}/visit.ics", response_class=Response)
async def read_calendar(message_id: str, session: TheSession) -> Response:
    """Return the calendar file that came with the message."""
    found = await _found(session, message_id)
    if found.ics is None:
        raise Missing
    headers = {"Content-Disposition": 'attachment; filename="visit.ics"'}
    return Response(found.ics, media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/{message_id:path}/raw", response_class=Response)
async def read_raw(message_id: str, session: TheSession) -> Response:
    """Return the message as it would have crossed the wire."""
    found = await _found(session, message_id)
    if found.channel is not Channel.EMAIL:
        return Response(found.raw, media_type="text/plain; charset=utf-8")
    headers = {"Content-Disposition": 'attachment; filename="message.eml"'}
    return Response(found.raw, media_type="message/rfc822", headers=headers)


@router.get("/{message_id:path}", response_model=KeptWhole, responses=PAGE)
async def read_kept(
    message_id: str, request: Request, response: Response, session: TheSession
) -> KeptWhole | HTMLResponse:
    """Show one message; a browser gets a page."""
    found = await _found(session, message_id)
    if _wants_a_page(request):
        return message(found, headers=VARY)
    response.headers.update(VARY)
    return KeptWhole.of(found)


async def _found(session: AsyncSession, id: str) -> Kept:
    found = await kept.find(session, id)
    if found is None:
        raise Missing
    return found


def _wants_a_page(request: Request) -> bool:
    """Return whether somebody looks at it; a program that takes anything gets JSON."""
    return "text/html" in request.headers.get("accept", "")
