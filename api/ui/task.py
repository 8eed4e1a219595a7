"""One piece of a provider's work: what is to be done where, by when, and what it comes to."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import calendars, history
from api.desk import Desk, TheDesk
from api.errors import Missing
from api.reading import TheSession, expect_party, once_at
from api.schemas.base import Id
from api.schemas.calendars import LinksShown
from api.schemas.jobs import JobShown
from api.ui import live, schedule
from api.ui.choices import REJECTIONS
from api.ui.doable import Rules
from api.ui.pay import pay_of
from api.ui.people import names
from api.ui.queries import Seen, Since
from api.ui.rendering import Show, TheShow
from api.ui.schedule import Drafts
from api.ui.sheets import UNTOUCHED, Sheet
from api.ui.story import Story, story_of, what_comes
from api.ui.visitor import Visitor
from api.ui.visits import Visit, visit_of
from api.ui.work import PATH, Provider, due_of
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.errors import WrongState
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.people import Party
from fulfillment.store.views import assignments, jobs

router = APIRouter(prefix=f"{PATH}/{{assignment_id}}", include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What happens if nobody does anything: `says` it, at the moment `at`."""

    at: datetime
    says: str


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
        sheet: Sheet = UNTOUCHED,
        status: int = 200,
    ) -> Response:
        """Return the page, once the assignment is at the version that somebody knows of."""
        found = await once_at(
            lambda: assignments.assignment(self._session, id),
            version_of=lambda it: it.standing.assignment.state_version,
            least=since,
        )
        expect_party(found.standing.assignment, self._actor)
        visit = await self._visit(found.standing, seen=seen)
        doable = self._rules(found.standing).doable()
        return self._show(
            "work/one.html",
            status=status,
            live=live.of(visit=visit.shown),
            job=await self._job(visit.shown.job_id),
            visit=visit,
            doable=doable,
            pay=pay_of(found.standing, self._desk.policy),
            due=due_of(found.standing),
            next=_next(found.standing, visit),
            story=await self._story(found.standing, visit),
            calendar=await self._calendar(visit),
            reject_reasons=REJECTIONS,
            path=f"{PATH}/{id}",
            forms_of_visit=schedule.forms_of(_drafts(sheet), visit, self._show.clock),
            sheet=sheet,
            stray=sheet.stray(doable.forms),
        )

    def _rules(self, standing: Standing) -> Rules:
        now = datetime.now(UTC)
        return Rules(standing.assignment, self._actor, policy=self._desk.policy, now=now)

    async def _visit(self, standing: Standing, *, seen: int | None) -> Visit:
        shown = self._desk.viewing(self._actor).assignment(standing)
        called = await names(self._session, [shown.customer_id])
        return visit_of(shown, reader=Party.PROVIDER, names=called, seen=seen)

    async def _story(self, standing: Standing, visit: Visit) -> Story:
        timeline = await history.read_timeline(visit.shown.id, self._actor, self._session)
        return story_of(timeline, standing, reader=visit.reader, other=visit.other)

    async def _job(self, id: str) -> JobShown | None:
        """Return the job, as long as it is theirs to see."""
        found = await jobs.job(self._session, id)
        if found is None or not may_see(found.job, self._actor):
            return None
        return self._desk.viewing(self._actor).job(found.job)

    async def _calendar(self, visit: Visit) -> LinksShown | None:
        """Return the ways into their own calendar, while a visit is agreed."""
        with suppress(Missing, WrongState):
            return await calendars.read_links(visit.shown.id, self._actor, self._session, self._desk)
        return None


def _drafts(sheet: Sheet) -> Drafts:
    is_proposal = sheet.refused is not None and sheet.refused.id == schedule.PROPOSE
    return Drafts(propose=sheet.refused if is_proposal else None)


def _next(standing: Standing, visit: Visit) -> Next | None:
    first = standing.next
    if first is None or standing.obligation is None:
        return None
    return Next(at=first.due, says=what_comes(first, first.n, reader=visit.reader, other=visit.other))


async def _page_of(visitor: Provider, session: TheSession, desk: TheDesk, show: TheShow) -> TaskPage:
    return TaskPage(visitor, session, desk, show)


ThePage = Annotated[TaskPage, Depends(_page_of)]


@router.get("")
async def read_task(assignment_id: Id, page: ThePage, since: Since = None, seen: Seen = None) -> Response:
    """Show how the work stands."""
    return await page(assignment_id, since=since, seen=seen)


@router.get("/visit.ics")
async def download_visit(
    assignment_id: Id, visitor: Provider, request: Request, session: TheSession, desk: TheDesk
) -> Response:
    """Return the agreed visit as a file for one's own calendar."""
    return await calendars.download_visit(assignment_id, visitor.actor, request, session, desk)
