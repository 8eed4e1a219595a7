"""One's own visit as a calendar has it: a file to keep, and links that fill in a form."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import files
from api.auth import allow
from api.desk import Desk, TheDesk
from api.errors import Missing
from api.problems import with_snapshot
from api.reading import TheSession, expect_party
from api.schemas.base import Id
from api.schemas.calendars import ConnectedShown, FeedSince, GoogleShown, LinksShown
from fulfillment.domain.assignment.calendar import CALLED_OFF, calendar_revision
from fulfillment.domain.assignment.state import Agreed
from fulfillment.domain.errors import WrongState
from fulfillment.domain.people import Actor, Role
from fulfillment.gateways.calendar import Visit, download
from fulfillment.notifications.house import House
from fulfillment.notifications.visits import Side, links_to, visit_of
from fulfillment.store import directory
from fulfillment.store.directory import Person
from fulfillment.store.views import visits
from fulfillment.store.views.visits import Planned

router = APIRouter(tags=["calendars"])

Sides = Annotated[Actor, Depends(allow(Role.CUSTOMER, Role.PROVIDER))]

MEDIA_TYPE = "text/calendar; charset=utf-8; method=PUBLISH"
FILE = files.documented("text/calendar", "The visit, as one event.")


@router.get("/assignments/{assignment_id}/calendar.ics", response_class=Response, responses=FILE)
async def download_visit(
    assignment_id: Id, actor: Sides, request: Request, session: TheSession, desk: TheDesk
) -> Response:
    """Return the agreed visit as a file for one's own calendar."""
    if not desk.house.with_files:
        raise Missing
    _, visit = await _own_visit(session, assignment_id, actor, desk)
    headers = {
        "Content-Disposition": 'attachment; filename="visit.ics"',
        "Cache-Control": "private, no-cache",
    }
    return files.answer(request, download(visit), media_type=MEDIA_TYPE, headers=headers)


@router.get("/assignments/{assignment_id}/calendar")
async def read_links(assignment_id: Id, actor: Sides, session: TheSession, desk: TheDesk) -> LinksShown:
    """Show the ways to put the agreed visit into one's own calendar."""
    planned, visit = await _own_visit(session, assignment_id, actor, desk)
    zone = planned.standing.assignment.site_timezone
    links = links_to(visit, assignment=assignment_id, timezone=zone, house=desk.house)
    return LinksShown(ics_url=links.ics, google_url=links.google, outlook_url=links.outlook)


@router.get("/calendar")
async def read_connections(actor: Sides, session: TheSession, desk: TheDesk) -> ConnectedShown:
    """Show whether one has a feed, and a calendar that we write to."""
    found = await visits.connected(session, actor.id, actor.role)
    return ConnectedShown(
        feed=FeedSince(created_at=found.feed_since) if found.feed_since else None,
        google=GoogleShown(connected=found.google) if desk.accounts else None,
    )


async def _own_visit(
    session: AsyncSession, assignment_id: str, actor: Actor, desk: Desk
) -> tuple[Planned, Visit]:
    """Return the agreed visit as the actor's own calendar has it.

    Raises:
        Missing: there is no such assignment, or the actor is no party to it.
        WrongState: nothing is agreed, or the visit was called off.
    """
    planned = await visits.planned(session, assignment_id)
    if planned is None:
        raise Missing
    it = planned.standing.assignment
    expect_party(it, actor)
    if it.agreed is None or it.status in CALLED_OFF:
        refusal = WrongState("no visit is agreed, so there is nothing to put into a calendar")
        raise with_snapshot(refusal, desk.viewing(actor).assignment(planned.standing))
    other = other_of(planned, actor.role)
    people = await directory.find_all(session, actor.id, other)
    side = side_of(people.get(actor.id), people.get(other), id=actor.id, role=actor.role)
    return planned, entry(planned, it.agreed, side, house=desk.house)


def other_of(planned: Planned, role: Role) -> str:
    """Return who is across the table from that side."""
    it = planned.standing.assignment
    return it.provider_id if role is Role.CUSTOMER else it.customer_id


def side_of(person: Person | None, other: Person | None, *, id: str, role: Role) -> Side:
    """Return whose calendar it is; what is published names nobody but the other side."""
    return Side(role=role, person=person or Person(id=id, name=""), other=other.name if other else None)


def entry(planned: Planned, agreed: Agreed, side: Side, *, house: House) -> Visit:
    """Return the visit as revision so-and-so of its entry: the one that its mail brought (trap I4)."""
    it = planned.standing.assignment
    return visit_of(
        it,
        planned.job,
        side,
        window=agreed.window,
        sequence=calendar_revision(it) or 0,
        stamp=agreed.at,
        house=house,
    )
