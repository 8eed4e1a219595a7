"""A provider's work: what needs them first, what is coming, what waits for others, and what is over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api.desk import Desk, TheDesk
from api.reading import TheSession, TheTurn
from api.schemas.jobs import JobShown
from api.ui import live
from api.ui.doable import moment_of
from api.ui.guards import signed_in
from api.ui.people import names
from api.ui.rendering import TheShow
from api.ui.visitor import Visitor
from api.ui.visits import Visit, visit_of
from fulfillment.domain.assignment.deadline import DeadlineKind
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.visit import check_in_opens
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.job.state import OfferStatus
from fulfillment.domain.people import Party, Role
from fulfillment.store.views import assignments, bids, jobs
from fulfillment.store.views.assignments import Listed, Wanted
from fulfillment.store.views.paging import Turn

PATH = "/ui/work"
MOST = Turn(limit=100)
NEVER = datetime.max.replace(tzinfo=UTC)

router = APIRouter(prefix=PATH, include_in_schema=False)

Provider = Annotated[Visitor, Depends(signed_in(Role.PROVIDER))]
Which = Literal["to_do", "over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLine:
    """Something a provider has taken on. The job of what they gave back is not theirs to see any more.

    `until` is by when the next step is due; `is_time` says that the hour of what can wait has come.
    """

    visit: Visit
    job: JobShown | None
    until: datetime | None
    is_time: bool

    @property
    def needs_me(self) -> bool:
        turn = self.visit.turn
        return turn is not None and (turn.asks or (turn.is_yours and self.is_time))

    @property
    def is_coming(self) -> bool:
        """Whether nothing but the visit is waited for."""
        turn = self.visit.turn
        return turn is not None and turn.is_yours and not self.needs_me

    @property
    def at(self) -> datetime:
        """The moment by which it is sorted: that of the next step, or of the visit."""
        return self.until or self.visit.shown.scheduled_start or NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """Lines that belong together, under a heading."""

    title: str
    lines: tuple[WorkLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many offers wait for an answer, and until when the first of them does."""

    count: int
    until: datetime


@router.get("")
async def list_work(
    visitor: Provider,
    session: TheSession,
    desk: TheDesk,
    turn: TheTurn,
    show: TheShow,
    which: Which = "to_do",
) -> Response:
    """List what one has taken on: what needs one first, or what is over, newest first."""
    over, watched = which == "over", live.of_list()
    wanted = Wanted(provider_id=visitor.id, live=not over)
    page = await assignments.assignments(session, wanted, turn if over or turn.cursor else MOST)
    lines = await lines_of(session, desk, visitor, page.items)
    return show(
        "work/list.html",
        live=watched,
        piles=[Pile(title="", lines=tuple(lines))] if over else piles_of(lines),
        offers=await _offers(session, visitor.id, now=show.clock.now),
        over=over,
        more=f"{PATH}?which=over" if over else PATH,
        next_cursor=page.next_cursor,
    )


async def lines_of(
    session: AsyncSession, desk: Desk, visitor: Visitor, found: Sequence[Listed]
) -> list[WorkLine]:
    """Return what was found as the lines of a list."""
    look = desk.viewing(visitor.actor)
    known = await jobs.some(session, [each.standing.assignment.job_id for each in found])
    called = await names(session, [each.standing.assignment.customer_id for each in found])
    seen = {id: look.job(each.job) for id, each in known.items() if may_see(each.job, visitor.actor)}
    return [
        WorkLine(
            visit=visit_of(look.assignment(each.standing), reader=Party.PROVIDER, names=called),
            job=seen.get(each.standing.assignment.job_id),
            until=due_of(each.standing),
            is_time=_is_time(each, desk),
        )
        for each in found
    ]


def due_of(standing: Standing) -> datetime | None:
    """Return by when the next step is due: by the patience with it, or by its last chance."""
    owed = standing.obligation
    return (owed.sla_due if owed else None) or standing.due(DeadlineKind.RESUBMIT_EXPIRY)


def _is_time(listed: Listed, desk: Desk) -> bool:
    it = listed.standing.assignment
    now = moment_of(it, now=datetime.now(UTC))
    return it.agreed is not None and now >= check_in_opens(it.agreed, desk.policy)


def piles_of(lines: Iterable[WorkLine]) -> list[Pile]:
    """Return the lines in the order in which they matter: the soonest first in each pile."""
    ordered = sorted(lines, key=lambda line: line.at)
    mine = tuple(line for line in ordered if line.needs_me)
    coming = tuple(line for line in ordered if line.is_coming)
    others = tuple(line for line in ordered if not line.needs_me and not line.is_coming)
    piles = (
        Pile(title="Needs you", lines=mine),
        Pile(title="Visits to come", lines=coming),
        Pile(title="Waiting for others", lines=others),
    )
    return [pile for pile in piles if pile.lines]


async def _offers(session: AsyncSession, provider_id: str, *, now: datetime) -> Waiting | None:
    found = await bids.offers(session, provider_id, MOST, status=OfferStatus.OPEN)
    until = [each.offer.expires_at for each in found.items if each.offer.expires_at > now]
    return Waiting(count=len(until), until=min(until)) if until else None
