"""The figures of the dashboard: how many there are of what, and the reminders of the last hours or months."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api import csv_export
from api.auth import allow
from api.csv_columns import POINTS
from api.desk import TheDesk
from api.errors import FieldError, InvalidParameter
from api.negotiation import ALSO_CSV, Form, TheForm
from api.reading import TheSession
from api.schemas.figures import Duration, PointShown, RemindersShown, length
from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.figures import Point, Spans, spans
from fulfillment.domain.people import Actor, Role
from fulfillment.gateways.prometheus import FiguresUnavailable, Prometheus
from fulfillment.store.views import counts, reminders

log = structlog.stdlib.get_logger(__name__)

router = APIRouter(prefix="/metrics/fulfillment", tags=["figures"])

Staff = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN))]
Source = Literal["prometheus", "history"]
STEPS = {
    timedelta(hours=2): "5m",
    timedelta(hours=8): "15m",
    timedelta(hours=30): "1h",
    timedelta(days=8): "6h",
    timedelta(days=31): "1d",
}
"""The step that makes some thirty points of a range, up to this long."""
LONG_STEP = "3d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which spans are asked for, and in which words."""

    range: str
    step: str
    spans: Spans


async def _asked(
    range: Annotated[Duration, Query(description="How far back: 1h to 90d.")] = "24h",
    step: Annotated[
        Duration | None, Query(description="How long a span is: 1m or more, and 500 spans at most.")
    ] = None,
) -> Asked:
    step = step or usual_step(length(range))
    try:
        found = spans(length(range), length(step), until=datetime.now(UTC))
    except ValueInvalid as refusal:
        field, _, message = str(refusal).partition(": ")
        raise InvalidParameter(errors=(FieldError(field=field, message=message),)) from None
    return Asked(range=range, step=step, spans=found)


@router.get("", response_model=dict[str, int], responses=ALSO_CSV)
async def read_figures(_: Staff, session: TheSession, form: TheForm) -> dict[str, int] | Response:
    """Count assignments by status, those overdue, and the jobs that look for a provider."""
    found = await counts.counts(session)
    figures = {name: getattr(found, name) for name in found.__slots__}
    if form is Form.CSV:
        return csv_export.answer("figures", ("figure", "count"), figures.items())
    return figures


@router.get("/reminders", response_model=RemindersShown, responses=ALSO_CSV)
async def read_reminders(
    _: Staff, session: TheSession, desk: TheDesk, asked: Annotated[Asked, Depends(_asked)], form: TheForm
) -> RemindersShown | Response:
    """Show how many reminders were sent and how many failed, span by span; the last one is not over yet.

    From Prometheus where there is one, or else, and whenever it cannot be had, from our own history.
    """
    source, points = await sent_and_failed(desk.prometheus, session, asked.spans)
    shown = [PointShown.model_validate(each) for each in points]
    if form is Form.CSV:
        lines = ([*(cell(each) for cell in POINTS.values()), source] for each in shown)
        return csv_export.answer(f"reminders-{asked.range}", (*POINTS, "source"), lines)
    return RemindersShown(range=asked.range, step=asked.step, source=source, points=shown)


async def sent_and_failed(
    prometheus: Prometheus | None, session: AsyncSession, spans: Spans
) -> tuple[Source, tuple[Point, ...]]:
    """Return the figures, and where they are from."""
    if prometheus:
        try:
            return "prometheus", await prometheus.reminders(spans)
        except FiguresUnavailable as trouble:
            log.warning("figures.prometheus.unavailable", why=str(trouble))
    return "history", await reminders.sent_and_failed(session, spans)


def usual_step(range: timedelta) -> str:
    """Return the step of a range whose step was not said."""
    return next((step for longest, step in STEPS.items() if range <= longest), LONG_STEP)
