"""A person's visits as a feed to subscribe to, under a secret address that can be taken back."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response, status

from api import files
from api.auth import OPEN_TO_ALL
from api.calendars import MEDIA_TYPE, Sides, entry, other_of, side_of
from api.desk import TheDesk
from api.errors import Missing
from api.idempotency import TheKey
from api.reading import TheSession
from api.schemas.calendars import FeedShown, NothingSent
from fulfillment.domain.people import Role
from fulfillment.gateways.calendar import feed
from fulfillment.notifications.house import House
from fulfillment.store import calendars, directory
from fulfillment.store.directory import Person
from fulfillment.store.views import visits
from fulfillment.store.views.visits import Planned

router = APIRouter(tags=["calendars"])

TOKEN_BYTES = 32
Token = Annotated[str, Path(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
FILE = files.documented("text/calendar", "The visits, an event each.")


@router.post("/calendar/feed", status_code=status.HTTP_201_CREATED)
async def subscribe(
    actor: Sides, session: TheSession, desk: TheDesk, _: TheKey, __: NothingSent | None = None
) -> FeedShown:
    """Make a feed of one's visits in the role one acts in; the address of a former one stops working.

    A repeat makes another address: of the one before only a hash is kept, so nobody could show it again.
    """
    _expect_files(desk.house)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with session.begin():
        await calendars.subscribe(session, actor.id, actor.role, token=token)
        made = await visits.connected(session, actor.id, actor.role)
    if made.feed_since is None:
        raise AssertionError("a feed that was just made is there")
    return FeedShown(url=f"{desk.house.api}/calendar/{token}.ics", created_at=made.feed_since)


@router.delete("/calendar/feed", status_code=status.HTTP_204_NO_CONTENT)
async def unsubscribe(actor: Sides, session: TheSession) -> None:
    """Take the feed back; its address stops working at once."""
    async with session.begin():
        await calendars.unsubscribe(session, actor.id, actor.role)


@router.get("/calendar/{token}.ics", dependencies=[OPEN_TO_ALL], response_class=Response, responses=FILE)
async def read_feed(token: Token, request: Request, session: TheSession, desk: TheDesk) -> Response:
    """Return the agreed visits of whoever made this address, from a month ago on."""
    _expect_files(desk.house)
    found = await calendars.subscriber(session, token)
    if found is None:
        raise Missing
    id, role = found
    planned = await visits.of_person(session, id, role)
    people = await directory.find_all(session, id, *{other_of(each, role) for each in planned})
    # Five hundred events take a moment to write, in which others want to be answered.
    content = await asyncio.to_thread(_written, planned, people, id=id, role=role, house=desk.house)
    headers = {"Cache-Control": "private, max-age=300", "Referrer-Policy": "no-referrer"}
    return files.answer(request, content, media_type=MEDIA_TYPE, headers=headers)


def _written(
    planned: Sequence[Planned], people: Mapping[str, Person], *, id: str, role: Role, house: House
) -> bytes:
    entries = [
        entry(
            each,
            agreed,
            side_of(people.get(id), people.get(other_of(each, role)), id=id, role=role),
            house=house,
        )
        for each in planned
        if (agreed := each.standing.assignment.agreed)
    ]
    return feed(entries, name=f"{house.brand} visits")


def _expect_files(house: House) -> None:
    """Refuse where calendar files are switched off; a feed is one.

    Raises:
        Missing: they are.
    """
    if not house.with_files:
        raise Missing
