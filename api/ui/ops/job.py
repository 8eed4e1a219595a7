"""The page of a job for operations: how its search stands, offers and quotes, and what can be done for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import assignments as visits_api
from api import jobs as api
from api.desk import Desk, TheDesk
from api.errors import Missing
from api.finding import Filters
from api.reading import TheSession
from api.schemas.assignments import AssignmentShown
from api.schemas.history import AuditedShown
from api.schemas.jobs import JobShown, OfferShown, QuoteShown
from api.ui import live
from api.ui.ops.doable import Deeds, deeds_of_job
from api.ui.ops.one import LATEST, Next, deeds_in
from api.ui.ops.staff import JOBS, Staff
from api.ui.ops.words import JOB_COMING, WAYS
from api.ui.people import UNNAMED, names
from api.ui.rendering import Show, TheShow
from api.ui.sheets import UNTOUCHED, Sheet
from api.ui.visitor import Visitor
from api.ui.words import Turn
from fulfillment.domain.job.deadlines import JobDeadlineKind, job_deadlines
from fulfillment.domain.job.state import Job, JobStatus
from fulfillment.domain.people import Party, Role
from fulfillment.domain.policy import Policy
from fulfillment.notifications.sentences.codes import reason_in_words
from fulfillment.store.tables import Entity
from fulfillment.store.views import history, jobs
from fulfillment.store.views.paging import Turn as Leaf

LAST_VISITS = Leaf(limit=10)
HELP = Turn(who="you", what="find a provider", is_yours=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """A quote or an offer, and how its provider is called."""

    shown: QuoteShown | OfferShown
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """How the job came back: from whom, when and why."""

    at: datetime
    provider: str
    why: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A job with all that belongs to it."""

    shown: JobShown
    customer: str
    way: str
    since: datetime
    turn: Turn | None
    due: datetime | None
    next: Next | None
    deeds: Deeds
    quotes: tuple[Bid, ...]
    offers: tuple[Bid, ...]
    returns: tuple[Return, ...]
    visits: tuple[AssignmentShown, ...]
    called: Mapping[str, str]

    @property
    def path(self) -> str:
        return f"{JOBS}/{self.shown.id}"

    @property
    def candidates(self) -> tuple[str, ...]:
        """The providers whom the job knows: those who quoted or were asked, and are not excluded."""
        known = dict.fromkeys(each.shown.provider_id for each in (*self.quotes, *self.offers))
        return tuple(id for id in known if id not in self.shown.excluded_providers)

    @property
    def excluded(self) -> tuple[tuple[str, str], ...]:
        """The providers who gave it back, as pairs of an id and what they are called."""
        return tuple((id, self.name(id)) for id in self.shown.excluded_providers)

    def name(self, id: str) -> str:
        return self.called.get(id, id)


class JobPage:
    """Draws the page of a job for staff."""

    def __init__(self, visitor: Visitor, session: AsyncSession, desk: Desk, show: Show) -> None:
        self._actor = visitor.actor
        self._session = session
        self._desk = desk
        self._show = show

    async def __call__(
        self, id: str, *, since: int | None = None, sheet: Sheet = UNTOUCHED, status: int = 200
    ) -> Response:
        """Return the page, once the job is at the version that somebody knows of."""
        session = self._session
        shown = await api.read_job(id, self._actor, session, self._desk.viewing, since)
        search = await self._search(shown)
        audit = await history.audit(session, id, LATEST, entity=Entity.JOB)
        return self._show(
            "ops/job.html",
            status=status,
            live=live.of(job=shown),
            job=search,
            sheet=sheet,
            stray=sheet.stray(search.deeds),
            ways=[("", "As before"), *((mode.value, says) for mode, says in WAYS.items())],
            audit=await deeds_in(session, [AuditedShown.of(each) for each in audit.items]),
            more_audit=audit.next_cursor is not None,
        )

    async def _search(self, shown: JobShown) -> Search:
        found = await jobs.job(self._session, shown.id)
        if found is None:
            raise Missing
        it, policy = found.job, self._desk.policy
        visits = await visits_api.listed(self._actor, self._desk, LAST_VISITS, Filters(job_id=it.id))
        # A run whose time was skipped, as in dev, is ahead of our clock.
        now = max(datetime.now(UTC), it.status_entered_at)
        called = await names(self._session, [it.customer_id, *_providers(it)])
        return Search(
            shown=shown,
            customer=called.get(it.customer_id, UNNAMED[Party.CUSTOMER]),
            way=WAYS[it.dispatch_mode],
            since=it.status_entered_at,
            turn=HELP if it.status is JobStatus.UNFILLED else None,
            due=_due(it, policy),
            next=_next(it, policy),
            deeds=deeds_of_job(it, self._actor, at=now, policy=policy),
            quotes=_quotes(it, called),
            offers=_offers(it, called),
            returns=_returns(it, called),
            visits=tuple(visits.items),
            called=called,
        )


async def _page_of(visitor: Staff, session: TheSession, desk: TheDesk, show: TheShow) -> JobPage:
    return JobPage(visitor, session, desk, show)


TheJob = Annotated[JobPage, Depends(_page_of)]


def _providers(it: Job) -> set[str]:
    bids = {each.provider_id for each in it.quotes} | {each.provider_id for each in it.offers}
    had_it = {each.provider_id for each in it.requeues} | ({it.live.provider_id} if it.live else set())
    return bids | had_it | set(it.excluded)


def _quotes(it: Job, called: Mapping[str, str]) -> tuple[Bid, ...]:
    newest = sorted(it.quotes, key=lambda each: each.submitted_at, reverse=True)
    shown = (QuoteShown.of(each, job_id=it.id) for each in newest)
    return tuple(Bid(shown=each, provider=called.get(each.provider_id, each.provider_id)) for each in shown)


def _offers(it: Job, called: Mapping[str, str]) -> tuple[Bid, ...]:
    newest = sorted(it.offers, key=lambda each: each.sent_at, reverse=True)
    shown = (OfferShown.of(each, job_id=it.id) for each in newest)
    return tuple(Bid(shown=each, provider=called.get(each.provider_id, each.provider_id)) for each in shown)


def _returns(it: Job, called: Mapping[str, str]) -> tuple[Return, ...]:
    return tuple(
        Return(
            at=each.at,
            provider=called.get(each.provider_id, each.provider_id),
            why=reason_in_words(each.reason, to=Role.OPS),
            late=each.late,
        )
        for each in reversed(it.requeues)
    )


def _due(it: Job, policy: Policy) -> datetime | None:
    """Return until when we have to have found somebody, while that is ours to do."""
    ours = (each.due for each in job_deadlines(it, policy) if each.kind is JobDeadlineKind.OPS_SLA)
    return next(ours, None)


def _next(it: Job, policy: Policy) -> Next | None:
    coming = job_deadlines(it, policy)
    return Next(at=coming[0].due, says=JOB_COMING[coming[0].kind]) if coming else None
