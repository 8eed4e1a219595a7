"""One piece of a provider's work: what is to be done where, and agreeing on a time with the customer."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import assignments as api
from api import schedule as schedule_api
from api.desk import Desk, TheDesk
from api.reading import TheSession
from api.schemas.base import Id
from api.schemas.jobs import JobShown
from api.ui import live, schedule
from api.ui.commanding import TheSending
from api.ui.people import names
from api.ui.queries import Seen, Since
from api.ui.refusals import REFUSED, newer, status_of
from api.ui.rendering import Show, TheShow
from api.ui.schedule import Drafts
from api.ui.visitor import Visitor
from api.ui.visits import visit_of
from api.ui.work import PATH, Provider
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.people import Party
from fulfillment.store.views import jobs

router = APIRouter(prefix=f"{PATH}/{{assignment_id}}", include_in_schema=False)

UNTOUCHED = Drafts()


class TaskPage:
    """Draws the page of an assignment for its provider."""

    def __init__(self, visitor: Visitor, session: AsyncSession, desk: Desk, show: Show) -> None:
        self._actor = visitor.actor
        self._session = session
        self._desk = desk
        self._show = show

    async def __call__(
        self,
        id: str,
        *,
        since: int | None = None,
        seen: int | None = None,
        drafts: Drafts = UNTOUCHED,
        status: int = 200,
    ) -> Response:
        """Return the page, once the assignment is at the version that somebody knows of."""
        session = self._session
        shown = await api.read_assignment(id, self._actor, session, self._desk.viewing, Response(), since)
        called = await names(session, [shown.customer_id])
        visit = visit_of(shown, reader=Party.PROVIDER, names=called, seen=seen)
        return self._show(
            "work/one.html",
            status=status,
            live=live.of(visit=shown),
            job=await self._job(shown.job_id),
            visit=visit,
            path=f"{PATH}/{id}",
            forms_of_visit=schedule.forms_of(drafts, visit, self._show.clock),
        )

    async def _job(self, id: str) -> JobShown | None:
        """Return the job, as long as it is theirs to see."""
        found = await jobs.job(self._session, id)
        if found is None or not may_see(found.job, self._actor):
            return None
        return self._desk.viewing(self._actor).job(found.job)


async def _page_of(visitor: Provider, session: TheSession, desk: TheDesk, show: TheShow) -> TaskPage:
    return TaskPage(visitor, session, desk, show)


ThePage = Annotated[TaskPage, Depends(_page_of)]


@router.get("")
async def read_task(assignment_id: Id, page: ThePage, since: Since = None, seen: Seen = None) -> Response:
    """Show how the work stands."""
    return await page(assignment_id, since=since, seen=seen)


@router.post("/propose")
async def propose(assignment_id: Id, visitor: Provider, sent: TheSending, page: ThePage) -> Response:
    """Propose a time to the customer."""
    try:
        body = schedule.proposal_sent(sent.form)
        stands = await schedule_api.propose(
            assignment_id, body, visitor.actor, sent.commands, sent.desk.viewing, None
        )
    except REFUSED as refusal:
        drafts = schedule.refused(refusal, sent.form, schedule.PROPOSE, policy=sent.desk.policy)
        return await page(assignment_id, since=newer(refusal), drafts=drafts, status=status_of(refusal))
    return sent.show.done(f"{PATH}/{assignment_id}", schedule.PROPOSED, since=stands.state_version)


@router.post("/confirm")
async def confirm(assignment_id: Id, visitor: Provider, sent: TheSending, page: ThePage) -> Response:
    """Confirm the time that the customer has proposed."""
    try:
        body = schedule.confirmation_sent(sent.form)
        stands = await schedule_api.confirm(
            assignment_id, body, visitor.actor, sent.commands, sent.desk.viewing, None
        )
    except REFUSED as refusal:
        drafts = schedule.refused(refusal, sent.form, schedule.CONFIRM, policy=sent.desk.policy)
        return await page(assignment_id, since=newer(refusal), drafts=drafts, status=status_of(refusal))
    return sent.show.done(f"{PATH}/{assignment_id}", schedule.CONFIRMED, since=stands.state_version)
