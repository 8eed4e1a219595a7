"""One job of a customer: how it stands, and agreeing on a time with whoever has it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import assignments as visits_api
from api import jobs as api
from api import schedule as schedule_api
from api.desk import Desk, TheDesk
from api.finding import Filters
from api.reading import TheSession
from api.schemas.base import Id
from api.schemas.jobs import JobShown
from api.ui import live, schedule
from api.ui.commanding import TheSending
from api.ui.jobs import PATH, Customer
from api.ui.people import names
from api.ui.queries import Seen, Since, VisitSince
from api.ui.refusals import REFUSED, newer, status_of
from api.ui.rendering import Show, TheShow
from api.ui.schedule import Drafts
from api.ui.visitor import Visitor
from api.ui.visits import Visit, visit_of
from fulfillment.domain.job.state import ENDED
from fulfillment.domain.people import Party
from fulfillment.store.views.paging import Turn

router = APIRouter(prefix=f"{PATH}/{{job_id}}", include_in_schema=False)

UNTOUCHED = Drafts()


class JobPage:
    """Draws the page of a job for its customer."""

    def __init__(self, visitor: Visitor, session: AsyncSession, desk: Desk, show: Show) -> None:
        self._actor = visitor.actor
        self._session = session
        self._desk = desk
        self._show = show

    async def __call__(
        self,
        job_id: str,
        *,
        since: int | None = None,
        visit_since: int | None = None,
        seen: int | None = None,
        drafts: Drafts = UNTOUCHED,
        status: int = 200,
    ) -> Response:
        """Return the page, once job and visit are at the versions that somebody knows of."""
        job = await api.read_job(job_id, self._actor, self._session, self._desk.viewing, since)
        visit = await self._visit(job, since=visit_since, seen=seen)
        return self._show(
            "jobs/one.html",
            status=status,
            live=live.of(job=job, visit=visit.shown if visit else None),
            job=job,
            visit=visit,
            path=f"{PATH}/{job_id}",
            forms_of_visit=schedule.forms_of(drafts, visit, self._show.clock),
        )

    async def _visit(self, job: JobShown, *, since: int | None, seen: int | None) -> Visit | None:
        """Return the visit that the job is in, or the one that it has ended with."""
        session, viewing = self._session, self._desk.viewing
        id = job.assignment_id or await self._last(job)
        if id is None:
            return None
        shown = await visits_api.read_assignment(id, self._actor, session, viewing, Response(), since)
        called = await names(session, [shown.provider_id])
        return visit_of(shown, reader=Party.CUSTOMER, names=called, seen=seen)

    async def _last(self, job: JobShown) -> str | None:
        if job.status not in ENDED:
            return None
        page = await visits_api.listed(self._actor, self._desk, Turn(limit=1), Filters(job_id=job.id))
        return next((each.id for each in page.items), None)


async def _page_of(visitor: Customer, session: TheSession, desk: TheDesk, show: TheShow) -> JobPage:
    return JobPage(visitor, session, desk, show)


ThePage = Annotated[JobPage, Depends(_page_of)]


@router.get("")
async def read_job(
    job_id: Id, page: ThePage, since: Since = None, visit_since: VisitSince = None, seen: Seen = None
) -> Response:
    """Show how the job stands, and its visit."""
    return await page(job_id, since=since, visit_since=visit_since, seen=seen)


@router.post("/propose")
async def propose(job_id: Id, visitor: Customer, sent: TheSending, page: ThePage) -> Response:
    """Propose a time to whoever has the job."""
    try:
        body = schedule.proposal_sent(sent.form)
        stands = await schedule_api.propose_for_job(
            job_id, body, visitor.actor, sent.commands, sent.desk.viewing, sent.desk, None
        )
    except REFUSED as refusal:
        drafts = schedule.refused(refusal, sent.form, schedule.PROPOSE, policy=sent.desk.policy)
        return await page(job_id, visit_since=newer(refusal), drafts=drafts, status=status_of(refusal))
    return sent.show.done(f"{PATH}/{job_id}", schedule.PROPOSED, visitSince=stands.state_version)


@router.post("/visits/{assignment_id}/confirm")
async def confirm(
    job_id: Id, assignment_id: Id, visitor: Customer, sent: TheSending, page: ThePage
) -> Response:
    """Confirm the time that was proposed for that visit."""
    try:
        body = schedule.confirmation_sent(sent.form)
        stands = await schedule_api.confirm(
            assignment_id, body, visitor.actor, sent.commands, sent.desk.viewing, None
        )
    except REFUSED as refusal:
        drafts = schedule.refused(refusal, sent.form, schedule.CONFIRM, policy=sent.desk.policy)
        return await page(job_id, visit_since=newer(refusal), drafts=drafts, status=status_of(refusal))
    return sent.show.done(f"{PATH}/{job_id}", schedule.CONFIRMED, visitSince=stands.state_version)
