"""The figures: how many there are of what, and the reminders of the last day, week or month."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from api import figures as api
from api.desk import Desk, TheDesk
from api.figures import Asked, usual_step
from api.negotiation import Form
from api.reading import TheSession
from api.schemas.figures import length
from api.ui import charts, live
from api.ui.guards import signed_in
from api.ui.rendering import TheShow
from api.ui.visitor import Visitor
from fulfillment.domain.figures import spans
from fulfillment.domain.people import Role
from fulfillment.domain.window import zone_of
from fulfillment.notifications.moments import Place
from fulfillment.store.views import counts
from fulfillment.store.views.counts import Counts

PATH = "/ui/admin/metrics"
ASSIGNMENTS, PAYOUTS = "/ui/admin/assignments", "/ui/admin/payouts"

router = APIRouter(prefix=PATH, include_in_schema=False)

Staff = Annotated[Visitor, Depends(signed_in(Role.OPS, Role.ADMIN))]
Range = Literal["24h", "7d", "30d"]
RANGES: dict[Range, str] = {"24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days"}
TITLE = "Reminders sent and failed"
SOURCES = {
    "prometheus": "Reckoned by Prometheus from samples, so a number may be off by a few.",
    "history": "Counted from our own history, so every number is exact.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A number, what it counts, and the list of what it counts."""

    number: int
    label: str
    says: str
    path: str
    alarms: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The reminders of a range, drawn and in words, and where the numbers come from."""

    range: Range
    figure: Markup
    source: str


@router.get("")
async def read_metrics(
    visitor: Staff, session: TheSession, desk: TheDesk, show: TheShow, range: Range = "24h"
) -> Response:
    """Show the figures of the moment, and the chart of a range."""
    watched = live.of_list()
    found = await counts.counts(session)
    return show(
        "admin/metrics.html",
        live=watched,
        path=PATH,
        cards=tuple(_cards(found, visitor.role)),
        others=_others(found),
        chart=await _chart(desk, session, range, place=show.clock.place),
        ranges=RANGES,
    )


@router.get("/figures.csv")
async def export_figures(visitor: Staff, session: TheSession) -> Response:
    """Return the figures of the moment as a file."""
    return _file(await api.read_figures(visitor.actor, session, Form.CSV))


@router.get("/reminders.csv")
async def export_reminders(
    visitor: Staff, session: TheSession, desk: TheDesk, range: Range = "24h"
) -> Response:
    """Return the reminders of a range as a file."""
    return _file(await api.read_reminders(visitor.actor, session, desk, _asked(range), Form.CSV))


async def _chart(desk: Desk, session: AsyncSession, range: Range, *, place: Place) -> Chart:
    asked = _asked(range)
    source, points = await api.sent_and_failed(desk.prometheus, session, asked.spans)
    drawn = charts.figure(points, step=asked.spans.step, zone=zone_of(place.name), title=TITLE, id="chart")
    return Chart(range=range, figure=drawn, source=SOURCES[source])


def _asked(range: Range) -> Asked:
    step = usual_step(length(range))
    return Asked(range=range, step=step, spans=spans(length(range), length(step), until=datetime.now(UTC)))


def _file(answer: object) -> Response:
    if not isinstance(answer, Response):
        raise TypeError("a file was asked for")
    return answer


def _cards(found: Counts, role: Role) -> Iterator[Card]:
    """Yield the four figures of the dashboard; of payouts, operations see the assignments."""
    yield Card(
        number=found.awaiting_schedule,
        label="Awaiting a time",
        says="Accepted, and no visit is agreed yet.",
        path=f"{ASSIGNMENTS}?status=awaiting_schedule",
    )
    yield Card(
        number=found.scheduled,
        label="Scheduled",
        says="A visit is agreed and has not begun.",
        path=f"{ASSIGNMENTS}?status=scheduled",
    )
    yield Card(
        number=found.reminder_overdue,
        label="Overdue",
        says="Reminded, and the time to answer is over.",
        path=f"{ASSIGNMENTS}?overdue=yes",
        alarms=found.reminder_overdue > 0,
    )
    yield Card(
        number=found.payout_pending,
        label="Payouts pending",
        says="The work is done, and not paid yet.",
        path=PAYOUTS if role is Role.ADMIN else f"{ASSIGNMENTS}?status=payout_pending",
    )


def _others(found: Counts) -> tuple[tuple[str, int], ...]:
    """Return the figures beside the four, by what they count."""
    return (
        ("Visits under way", found.in_progress),
        ("Jobs collecting quotes", found.jobs_quoting),
        ("Jobs on offer to providers", found.jobs_offering),
        ("Jobs looking for another provider", found.jobs_requeued),
        ("Jobs that nobody was found for", found.jobs_unfilled),
    )
