"""A person's Google calendar: asking for their consent, taking it when they come back, and giving it up."""

import asyncio
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, status
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api.auth import OPEN_TO_ALL
from api.calendars import Sides
from api.desk import Accounts, TheDatabase, TheDesk
from api.errors import Missing
from api.files import Documented
from api.idempotency import TheKey
from api.pages import note
from api.reading import TheSession
from api.schemas.calendars import ConsentAsked, NothingSent
from fulfillment.gateways.google_oauth import ConsentRefused, Grant
from fulfillment.gateways.notices import NoticeFailed
from fulfillment.gateways.sealing import Unreadable
from fulfillment.store import calendars

log = structlog.stdlib.get_logger(__name__)

router = APIRouter(prefix="/calendar/google", tags=["calendars"])

STATE_BYTES = 32
LASTING = timedelta(minutes=10)
"""How long somebody has to make up their mind at Google's."""
PATIENCE = 4.0
"""Seconds that Google has for an answer while a person waits; every request of ours is over in five."""
BROUGHT = re.compile(r"[\x21-\x7e]{1,2000}")
PAGE: Documented = {
    200: {"description": "A page that says so.", "content": {"text/html": {"schema": {"type": "string"}}}}
}

Brought = Annotated[str, Query(description="What Google sends the person back with.")]


@router.post("")
async def ask_consent(
    actor: Sides, session: TheSession, desk: TheDesk, _: TheKey, __: NothingSent | None = None
) -> ConsentAsked:
    """Return where to send the person for their consent; what was asked before is void."""
    if desk.accounts is None:
        raise Missing
    state = secrets.token_urlsafe(STATE_BYTES)
    url, verifier = desk.accounts.consent.authorization_url(state)
    async with session.begin():
        await calendars.ask_consent(
            session,
            actor.id,
            state=state,
            sealed=desk.accounts.sealer.seal(verifier),
            until=datetime.now(UTC) + LASTING,
        )
    return ConsentAsked(authorization_url=url)


@router.get("/callback", dependencies=[OPEN_TO_ALL], response_class=HTMLResponse, responses=PAGE)
async def take_consent(
    desk: TheDesk, database: TheDatabase, code: Brought = "", state: Brought = "", error: Brought = ""
) -> HTMLResponse:
    """Connect the calendar of whoever comes back from Google, and tell them in a page."""
    if desk.accounts is None:
        raise Missing
    try:
        await _connect(desk.accounts, database, _Back(code=code, state=state, error=error))
    except _NoConsent as refused:
        return note(
            "Your calendar is not connected",
            f"{refused} You can close this page and start again.",
            code=status.HTTP_400_BAD_REQUEST,
        )
    except (NoticeFailed, TimeoutError) as away:
        log.warning("calendar.google.away", why=type(away).__name__)
        return note(
            "Google does not answer",
            "Your calendar is not connected. Please start again in a few minutes.",
            code=status.HTTP_503_SERVICE_UNAVAILABLE,
            headers={"Retry-After": "60"},
        )
    return note("Your calendar is connected", "You can close this page.")


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
async def give_up_consent(actor: Sides, session: TheSession, desk: TheDesk) -> None:
    """Forget the consent, and give it back to Google; what Google says to that changes nothing here."""
    async with session.begin():
        sealed = await calendars.disconnect(session, actor.id)
    if sealed and desk.accounts:
        await _revoke(desk.accounts, sealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Back:
    """What somebody comes back with; any of it may be missing, or made up."""

    code: str = field(repr=False)
    state: str = field(repr=False)
    error: str


class _NoConsent(Exception):
    """The person has not let us in; the text is for them."""


async def _connect(accounts: Accounts, database: AsyncEngine, back: _Back) -> None:
    """Exchange what somebody came back with for their consent, and keep that, sealed.

    No connection to the database is held while Google thinks.

    Raises:
        _NoConsent: there was none, or it does not fit what was asked.
        NoticeFailed, TimeoutError: Google is away.
    """
    asked = await _asked(database, back.state)
    if asked is None:
        raise _NoConsent("This link was used before, or has run out.")
    if back.error:
        raise _NoConsent("You did not let us in." if back.error == "access_denied" else "Google said no.")
    if not BROUGHT.fullmatch(back.code):
        raise _NoConsent("Google sent you back with nothing that we could use.")
    grant = await _exchanged(accounts, back.code, asked.sealed)
    async with AsyncSession(database) as session, session.begin():
        sealed = accounts.sealer.seal(grant.refresh_token)
        await calendars.connect(session, asked.person_id, sealed=sealed, scope=grant.scope)


async def _asked(database: AsyncEngine, state: str) -> calendars.Asked | None:
    if not BROUGHT.fullmatch(state):
        return None
    async with AsyncSession(database) as session, session.begin():
        return await calendars.take_consent(session, state)


async def _exchanged(accounts: Accounts, code: str, sealed: bytes) -> Grant:
    try:
        verifier = accounts.sealer.open(sealed)
        async with asyncio.timeout(PATIENCE):
            return await accounts.consent.exchange(code, verifier)
    except (ConsentRefused, Unreadable) as refused:
        log.warning("calendar.google.refused", why=type(refused).__name__)
        raise _NoConsent("Google did not give us what it takes to write your visits down.") from None


async def _revoke(accounts: Accounts, sealed: bytes) -> None:
    with suppress(Unreadable):
        token = accounts.sealer.open(sealed)
        try:
            async with asyncio.timeout(PATIENCE):
                await accounts.consent.revoke(token)
        except (NoticeFailed, TimeoutError) as failed:
            log.warning("calendar.google.not_revoked", why=type(failed).__name__)
