"""A customer's jobs: the list with whose turn it is."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api import jobs as api
from api.desk import TheViewing
from api.reading import TheSession, TheTurn
from api.schemas.jobs import JobShown
from api.ui import live
from api.ui.guards import signed_in
from api.ui.people import names
from api.ui.rendering import TheShow
from api.ui.visitor import Visitor
from api.ui.visits import Visit, visit_of
from api.ui.words import Turn
from fulfillment.domain.job.state import OPEN_TO_PROVIDERS
from fulfillment.domain.people import Party, Role
from fulfillment.store.views import assignments, jobs

PATH = "/ui/jobs"
CHOOSING = frozenset(OPEN_TO_PROVIDERS)

router = APIRouter(prefix=PATH, include_in_schema=False)

Customer = Annotated[Visitor, Depends(signed_in(Role.CUSTOMER))]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """A job in the list, its visit if a provider has it, and how many quotes there are to choose from."""

    job: JobShown
    visit: Visit | None
    quotes: int

    @property
    def turn(self) -> Turn | None:
        """Whose turn it is, if it is anybody's."""
        if self.visit:
            return self.visit.turn
        if not self.quotes:
            return None
        what = "look at the quote" if self.quotes == 1 else f"choose one of {self.quotes} quotes"
        return Turn(who="you", what=what, is_yours=True)


@router.get("")
async def list_jobs(
    visitor: Customer, session: TheSession, viewing: TheViewing, turn: TheTurn, show: TheShow
) -> Response:
    """List one's own jobs, newest first."""
    watched = live.of_list()
    page = await api.list_jobs(visitor.actor, session, viewing, turn)
    visits = await assignments.some(session, [job.assignment_id for job in page.items if job.assignment_id])
    known = await jobs.some(session, [job.id for job in page.items])
    called = await names(session, [job.provider_id for job in page.items])
    lines = []
    for job in page.items:
        found = visits.get(job.assignment_id or "")
        shown = viewing(visitor.actor).assignment(found.standing) if found else None
        visit = visit_of(shown, reader=Party.CUSTOMER, names=called) if shown else None
        quotes = len(known[job.id].job.usable_quotes) if job.id in known and job.status in CHOOSING else 0
        lines.append(JobLine(job=job, visit=visit, quotes=quotes))
    return show("jobs/list.html", lines=lines, next_cursor=page.next_cursor, live=watched)
