"""One's visits in calendars elsewhere: a feed to subscribe to, and a Google calendar that we write to."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api import feeds, google
from api.errors import Missing
from api.idempotency import Key
from api.reading import TheSession
from api.ui.commanding import TheSending
from api.ui.counter import TheCounter
from api.ui.guards import signed_in
from api.ui.me import CONSENT, FEED, PATH, SECONDS
from api.ui.visitor import Visitor
from api.visit import template
from fulfillment.domain.people import Role

router = APIRouter(prefix=f"{PATH}/calendar", include_in_schema=False)

Side = Annotated[Visitor, Depends(signed_in(Role.CUSTOMER, Role.PROVIDER))]


async def _key_of(request: Request, sent: TheSending) -> Key:
    return Key(
        value=sent.form.command_key, is_given=True, method=request.method, route=template(request.scope)
    )


FormKey = Annotated[Key, Depends(_key_of)]


@router.post("/feed")
async def subscribe(
    visitor: Side, sent: TheSending, session: TheSession, key: FormKey, counter: TheCounter
) -> Response:
    """Make a feed of one's visits, and show its address once; that of a former one stops working."""
    made = await feeds.subscribe(visitor.actor, session, sent.desk, key)
    response = sent.show.done(PATH, "Your feed is ready. Its address is shown this once.")
    counter.cookies.give(response, FEED, made.url, seconds=SECONDS)
    return response


@router.post("/feed/revoke")
async def unsubscribe(visitor: Side, sent: TheSending, session: TheSession) -> Response:
    """Take the feed back."""
    await feeds.unsubscribe(visitor.actor, session)
    return sent.show.done(PATH, "The feed is gone. Its address does not work any more.")


@router.post("/google")
async def connect(
    visitor: Side, sent: TheSending, session: TheSession, key: FormKey, counter: TheCounter
) -> Response:
    """Ask for the way to Google, which is a link: our policy lets no form of ours lead away."""
    asked = await google.ask_consent(visitor.actor, session, sent.desk, key)
    response = sent.show.done(PATH, "Google asks you next whether we may write your visits down.")
    counter.cookies.give(response, CONSENT, asked.authorization_url, seconds=SECONDS)
    return response


@router.post("/google/disconnect")
async def disconnect(visitor: Side, sent: TheSending, session: TheSession) -> Response:
    """Give the consent back, and forget it."""
    if sent.desk.accounts is None:
        raise Missing
    await google.give_up_consent(visitor.actor, session, sent.desk)
    return sent.show.done(PATH, "Your Google calendar is not connected any more.")
