"""A provider's work: the list of what they have taken on, with whose turn it is."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api import assignments as api
from api.desk import TheViewing
from api.reading import TheSession, TheTurn
from api.schemas.jobs import JobShown
from api.ui import live
from api.ui.guards import signed_in
from api.ui.people import names
from api.ui.rendering import TheShow
from api.ui.visitor import Visitor
from api.ui.visits import Visit, visit_of
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.people import Party, Role
from fulfillment.store.views import jobs

PATH = "/ui/work"

router = APIRouter(prefix=PATH, include_in_schema=False)

Provider = Annotated[Visitor, Depends(signed_in(Role.PROVIDER))]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLine:
    """Something a provider has taken on. The job of what they gave back is not theirs to see any more."""

    visit: Visit
    job: JobShown | None


@router.get("")
async def list_work(
    visitor: Provider, session: TheSession, viewing: TheViewing, turn: TheTurn, show: TheShow
) -> Response:
    """List what one has taken on, newest first."""
    watched = live.of_list()
    page = await api.list_assignments(visitor.actor, session, viewing, turn)
    known = await jobs.some(session, [each.job_id for each in page.items])
    called = await names(session, [each.customer_id for each in page.items])
    look = viewing(visitor.actor)
    seen = {id: look.job(each.job) for id, each in known.items() if may_see(each.job, visitor.actor)}
    lines = [
        WorkLine(visit=visit_of(each, reader=Party.PROVIDER, names=called), job=seen.get(each.job_id))
        for each in page.items
    ]
    return show("work/list.html", lines=lines, next_cursor=page.next_cursor, live=watched)
