"""What Stripe tells us: believed if it is signed, kept once, and passed on as a hint to look there (R20)."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, BackgroundTasks, Header, Request, Response
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api.desk import Desk, TheDatabase, TheDesk
from api.errors import Malformed, Missing, TooLarge
from api.unread import whole
from fulfillment.gateways.stripe_hints import Hint, HintRefused, read_hint
from fulfillment.store import stripe_events
from fulfillment.store.stripe_events import Event

log = structlog.stdlib.get_logger(__name__)

router = APIRouter(tags=["payments"])

PATH = "/webhooks/stripe"
LARGEST = 256 * 1024
"""Bytes of an event; Stripe's have some ten thousand."""
PATIENCE = 3.0
"""Seconds that passing on may take; Stripe has its answer by then."""

DOCUMENTED = {
    "requestBody": {
        "description": "An event, byte for byte as it was signed.",
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.post(PATH, response_class=Response, openapi_extra=DOCUMENTED)
async def take_event(
    request: Request,
    desk: TheDesk,
    database: TheDatabase,
    afterwards: BackgroundTasks,
    signature: Annotated[str, Header(alias="Stripe-Signature")] = "",
) -> Response:
    """Keep an event that Stripe has signed, of whatever type; a repeat changes nothing.

    The answer is 200 once it is kept. Only what is not signed counts towards a limit: Stripe comes from few
    addresses, and often.
    """
    if not desk.hook_secrets:
        raise Missing
    try:
        body = await whole(request.state.unread, most=LARGEST)
        hint = read_hint(body, signature, desk.hook_secrets, now=datetime.now(UTC))
    except (HintRefused, TooLarge) as refused:
        await desk.limiter.count_stranger(request.scope)
        log.warning("payments.hint.refused", why=type(refused).__name__)
        if isinstance(refused, TooLarge):
            raise
        raise Malformed("This is no event that Stripe has just signed.") from None
    if await _is_new(database, hint):
        afterwards.add_task(_pass_on, desk, hint)
    return Response()


async def _is_new(database: AsyncEngine, hint: Hint) -> bool:
    """Keep what came, and return whether it came for the first time."""
    event = Event(id=hint.event_id, type=hint.type, intent_id=hint.intent_id, created_at=hint.created)
    async with AsyncSession(database) as session, session.begin():
        new = await stripe_events.keep(session, event)
    log.info("payments.hint.kept", event_id=event.id, type=event.type, new=new)
    return new


async def _pass_on(desk: Desk, hint: Hint) -> None:
    """Tell whom it concerns to look at Stripe, and note that they were told."""
    if hint.intent_id is None:
        return
    try:
        async with asyncio.timeout(PATIENCE):
            await desk.hint(hint.intent_id, hint.type)
            async with AsyncSession(desk.database) as session, session.begin():
                await stripe_events.handled(session, hint.event_id)
    except Exception as failed:  # noqa: BLE001 - it is kept, and whoever looks for unhandled ones tells them
        log.warning("payments.hint.not_passed_on", event_id=hint.event_id, why=type(failed).__name__)
