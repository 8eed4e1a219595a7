"""The payouts that wait for an admin, money at risk first, and those of any status."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import payouts as api
from api.desk import TheDesk
from api.negotiation import Form
from api.payouts import AllPending
from api.reading import TheSession, TheTurn
from api.schemas.payouts import PayoutShown
from api.ui import live
from api.ui.admin import wording
from api.ui.admin.risk import Risk, risk_of
from api.ui.guards import signed_in
from api.ui.people import UNNAMED, names
from api.ui.rendering import TheShow
from api.ui.visitor import Visitor
from api.ui.words import Badge
from fulfillment.domain.assignment.payout import OVER, PayoutStatus
from fulfillment.domain.assignment.refund import RefundStatus
from fulfillment.domain.people import Party, Role
from fulfillment.store.views import jobs
from fulfillment.store.views.paging import Turn

PATH = "/ui/admin/payouts"
WAITING: AllPending = "payout_pending"

router = APIRouter(prefix=PATH, include_in_schema=False)

Admin = Annotated[Visitor, Depends(signed_in(Role.ADMIN))]
Wanted = Annotated[PayoutStatus | AllPending, Query(alias="status")]
OPEN = tuple(each for each in PayoutStatus if each not in OVER)
"""The statuses in which a payout waits for somebody, in the order of the filters; the others are over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A payout in the list.

    `first` is who set a mark that waits for a second one, on the payout or on a refund of it; `yours` says
    that it is the reader's own.
    """

    payout: PayoutShown
    title: str
    provider: str
    customer: str
    badge: Badge
    risk: Risk
    first: str
    yours: bool

    @property
    def problem(self) -> str:
        return wording.problem(self.payout.problem) if self.payout.problem else ""


@router.get("")
async def list_payouts(
    visitor: Admin,
    session: TheSession,
    desk: TheDesk,
    turn: TheTurn,
    show: TheShow,
    status: Wanted = WAITING,
) -> Response:
    """List what waits, money at risk first, or what is in a status, newest first."""
    watched = live.of_list()
    page = await api.listed(visitor.actor, desk, turn, status)
    return show(
        "admin/payouts.html",
        live=watched,
        path=PATH,
        lines=await _lines(session, page.items, visitor, now=show.clock.now),
        next_cursor=page.next_cursor,
        chosen=status,
        is_queue=status == WAITING,
        is_first=turn.cursor is None,
        open=OPEN,
        over=tuple(each for each in PayoutStatus if each in OVER),
    )


# Before the page of one payout: a file is none.
@router.get("/payouts.csv")
async def export_payouts(visitor: Admin, desk: TheDesk, status: Wanted = WAITING) -> Response:
    """Return the whole list as a file."""
    answer = await api.list_payouts(visitor.actor, desk, Turn(), Form.CSV, status)
    if not isinstance(answer, Response):
        raise TypeError("a file was asked for")
    return answer


async def _lines(
    session: AsyncSession, items: list[PayoutShown], visitor: Visitor, *, now: datetime
) -> tuple[Line, ...]:
    known = await jobs.some(session, [each.job_id for each in items])
    ids = [id for each in items for id in (each.provider_id, each.customer_id, _first_mark(each))]
    called = await names(session, ids)

    def line(it: PayoutShown) -> Line:
        first = _first_mark(it)
        return Line(
            payout=it,
            title=known[it.job_id].job.title if it.job_id in known else f"Payout {it.id}",
            provider=called.get(it.provider_id, UNNAMED[Party.PROVIDER]),
            customer=called.get(it.customer_id, UNNAMED[Party.CUSTOMER]),
            badge=wording.standing_of(it),
            risk=risk_of(it.card, now=now),
            first=called.get(first, first),
            yours=first == visitor.id,
        )

    return tuple(map(line, items))


def _first_mark(it: PayoutShown) -> str:
    """Return whose mark waits for a second one, if one does."""
    last = it.refunds[-1] if it.refunds else None
    on_a_refund = last.by if last and last.status is RefundStatus.FIRST_MARK else ""
    return it.first_mark_by or on_a_refund
