"""The page of a job as its customer sees it: the search for a provider, then the visit, to the payment."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import assignments as visits_api
from api import calendars, history, quotes
from api import jobs as api
from api.desk import Desk, TheDesk
from api.errors import Missing
from api.finding import Filters
from api.reading import TheSession, once_at
from api.schemas.calendars import LinksShown
from api.schemas.jobs import JobShown
from api.ui import bids, live, schedule
from api.ui.jobs import PATH, Customer
from api.ui.paying import Paying, paying_of
from api.ui.people import names
from api.ui.possible import Deeds, deeds_of
from api.ui.progress import Stage, stages_of
from api.ui.rendering import Show, TheShow
from api.ui.schedule import Drafts
from api.ui.searching import Search, search_of
from api.ui.sheets import UNTOUCHED, Sheet
from api.ui.story import Story, story_of, what_comes
from api.ui.visitor import Visitor
from api.ui.visits import Visit, visit_of
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.job.state import JobStatus
from fulfillment.domain.people import Party
from fulfillment.domain.policy import Policy
from fulfillment.store.views import assignments, jobs
from fulfillment.store.views import bids as bids_view
from fulfillment.store.views.paging import Turn

AHEAD = frozenset({Status.SCHEDULED, Status.IN_PROGRESS})
"""Where a visit is still to be noted down."""
MOST_QUOTES = Turn(limit=100)
ENDINGS = {
    JobStatus.COMPLETED: frozenset({Status.PAID, Status.CLOSED_UNPAID}),
    JobStatus.CANCELLED: frozenset({Status.CANCELLED}),
}
"""How the last visit of a job ends that ends with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What happens if nobody does anything: `says` it, at the moment `at`."""

    at: datetime
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A visit with all that belongs to it; `path` is where its forms go.

    `report_from` is from when on a no-show can be reported, while it is too early for that.
    """

    visit: Visit
    path: str
    deeds: Deeds
    stages: tuple[Stage, ...]
    paying: Paying
    story: Story
    next: Next | None
    links: LinksShown | None
    report_from: datetime | None
    late_from: datetime | None

    @property
    def may_hold(self) -> bool:
        """Whether there is something to wait with: a time to be agreed, or moved."""
        return self.deeds.hold and self.visit.may_propose

    @property
    def shown_forms(self) -> frozenset[str]:
        """The ids of the forms that are drawn."""
        deeds = self.deeds
        offered = {
            "confirm": deeds.confirm,
            "propose": deeds.propose,
            "decline": deeds.decline,
            "withdraw": deeds.withdraw,
            "cancel": deeds.cancel,
            "hold": self.may_hold,
            "resume": deeds.resume,
            "no-show": deeds.report,
            "answer": deeds.answer,
            "dispute": deeds.dispute,
            "pay": deeds.retry,
        }
        return frozenset(id for id, is_drawn in offered.items() if is_drawn)


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
        sheet: Sheet = UNTOUCHED,
        status: int = 200,
    ) -> Response:
        """Return the page, once job and visit are at the versions that somebody knows of."""
        if visit_since and since is None:
            await self._once_in_hand(job_id)
        job = await api.read_job(job_id, self._actor, self._session, self._desk.viewing, since)
        deal = await self._deal(job, since=visit_since, seen=seen)
        search = None if deal else await self._search(job)
        drawn = (deal.shown_forms if deal else frozenset()) | _forms_of(search)
        return self._show(
            "jobs/one.html",
            status=status,
            live=live.of(job=job, visit=deal.visit.shown if deal else None),
            job=job,
            search=search,
            deal=deal,
            path=f"{PATH}/{job_id}",
            sheet=sheet,
            stray=sheet.stray(drawn),
            forms_of_visit=schedule.forms_of(
                Drafts(propose=sheet.refused if _is_proposal(sheet) else None),
                deal.visit if deal else None,
                self._show.clock,
            ),
        )

    async def _once_in_hand(self, job_id: str) -> None:
        """Wait for the job to know of the visit that somebody knows of; its row is written by another run."""
        await once_at(
            lambda: jobs.job(self._session, job_id),
            version_of=lambda it: int(it.job.live is not None or it.job.is_ended),
            least=1,
        )

    async def _search(self, job: JobShown) -> Search:
        session, policy = self._session, self._desk.policy
        found = await jobs.job(session, job.id)
        if found is None:
            raise Missing
        listed = await quotes.list_quotes(job.id, self._actor, session, MOST_QUOTES)
        quoting = {each.provider_id for each in listed.items}
        called = await names(session, quoting | {each.provider_id for each in found.job.requeues})
        now = max(datetime.now(UTC), found.job.status_entered_at)
        lines = bids.lines(
            listed.items,
            found.job,
            actor=self._actor,
            names=called,
            wordings=await bids_view.wordings(session, job.id),
            at=now,
            policy=policy,
        )
        return search_of(found.job, lines, actor=self._actor, names=called, at=now, policy=policy)

    async def _deal(self, job: JobShown, *, since: int | None, seen: int | None) -> Deal | None:
        """Return the visit that the job is in, or the one that it has ended with."""
        session, viewing = self._session, self._desk.viewing
        id = job.assignment_id or (await self._last(job) if job.status in ENDINGS else None)
        if id is None:
            return None
        shown = await visits_api.read_assignment(id, self._actor, session, viewing, Response(), since)
        found = await assignments.assignment(session, id)
        if found is None:
            raise Missing
        called = await names(session, [shown.provider_id])
        visit = visit_of(shown, reader=Party.CUSTOMER, names=called, seen=seen)
        return await self._with_all(visit, found.standing, path=f"{PATH}/{job.id}/visits/{id}")

    async def _with_all(self, visit: Visit, standing: Standing, *, path: str) -> Deal:
        it, policy = standing.assignment, self._desk.policy
        timeline = await history.read_timeline(it.id, self._actor, self._session)
        # A run whose time was skipped, as in dev, is ahead of our clock.
        now = max(datetime.now(UTC), *(each.at for each in timeline.steps[:1]))
        deeds = deeds_of(it, self._actor, at=now, policy=policy)
        return Deal(
            visit=visit,
            path=path,
            deeds=deeds,
            stages=stages_of(it),
            paying=paying_of(it, may_dispute=deeds.dispute, policy=policy),
            story=story_of(timeline, standing, reader=visit.reader, other=visit.other),
            next=_next(standing, visit),
            links=await self._links(standing),
            report_from=_report_from(standing, deeds, policy),
            late_from=_late_from(standing, deeds, policy),
        )

    async def _links(self, standing: Standing) -> LinksShown | None:
        it = standing.assignment
        if it.status not in AHEAD:
            return None
        return await calendars.read_links(it.id, self._actor, self._session, self._desk)

    async def _last(self, job: JobShown) -> str | None:
        """Return the visit that the job has ended with, unless it ended while it was looking for somebody."""
        ends = ENDINGS[job.status]
        page = await visits_api.listed(self._actor, self._desk, Turn(limit=1), Filters(job_id=job.id))
        return next((each.id for each in page.items if each.status in ends), None)


async def _page_of(visitor: Customer, session: TheSession, desk: TheDesk, show: TheShow) -> JobPage:
    return JobPage(visitor, session, desk, show)


ThePage = Annotated[JobPage, Depends(_page_of)]


def _forms_of(search: Search | None) -> frozenset[str]:
    if search is None:
        return frozenset()
    offered = {each.accept for each in search.quotes if each.may_accept}
    return frozenset(offered | ({"cancel-job"} if search.may_cancel else set()))


def _is_proposal(sheet: Sheet) -> bool:
    return sheet.refused is not None and sheet.refused.id == schedule.PROPOSE


def _next(standing: Standing, visit: Visit) -> Next | None:
    first = standing.next
    if first is None or standing.obligation is None:
        return None
    return Next(at=first.due, says=what_comes(first, first.n, reader=visit.reader, other=visit.other))


def _report_from(standing: Standing, deeds: Deeds, policy: Policy) -> datetime | None:
    """Return from when on it can be said that nobody came, while it is too early for that."""
    it = standing.assignment
    if deeds.report or it.agreed is None or it.incident is not None or it.status is not Status.SCHEDULED:
        return None
    return it.agreed.window.start + policy.no_show_grace


def _late_from(standing: Standing, deeds: Deeds, policy: Policy) -> datetime | None:
    """Return from when on a cancellation would be a late one, while there is time before that."""
    agreed = standing.assignment.agreed
    if agreed is None or not deeds.cancel or deeds.cancels_late:
        return None
    return agreed.window.start - policy.late_cancel
