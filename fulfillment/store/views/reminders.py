"""Reminders over time, counted from their history."""

from sqlalchemy import and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.figures import Point, Spans, series
from fulfillment.store.tables import IS_ENDED, REMINDER_ENDED, ReminderRow, ReminderStatus


async def sent_and_failed(session: AsyncSession, spans: Spans) -> tuple[Point, ...]:
    """Return how many reminders were sent, and how many failed for good, in each of the spans.

    One that failed counts where its last attempt began; nothing notes when that was given up.
    """
    sent, failed = (
        func.count().filter(ReminderRow.status == status)
        for status in (ReminderStatus.SENT, ReminderStatus.FAILED)
    )
    at = func.date_bin(literal(spans.step), REMINDER_ENDED, literal(spans.first))
    within = and_(literal(spans.first) <= REMINDER_ENDED, literal(spans.end) > REMINDER_ENDED)
    query = select(at, sent, failed).where(IS_ENDED, within).group_by(at)
    return series(spans, {at: (sent, failed) for at, sent, failed in await session.execute(query)})
