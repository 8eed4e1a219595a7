"""How many: the numbers of the dashboard, counted from what is open and not from what there ever was."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.job import OPEN_TO_PROVIDERS
from fulfillment.store.tables import LIVE
from fulfillment.store.tables.base import quoted

# Each part reads one partial index that has nothing but the rows it counts.
COUNTS = text(f"""
    SELECT live.*, overdue.*, seeking.*
    FROM (
        SELECT count(*) FILTER (WHERE status = 'awaiting_schedule') AS awaiting_schedule,
            count(*) FILTER (WHERE status = 'scheduled') AS scheduled,
            count(*) FILTER (WHERE status = 'in_progress') AS in_progress,
            count(*) FILTER (WHERE status = 'payout_pending') AS payout_pending
        FROM assignment WHERE status IN ({quoted(LIVE)})
    ) live, (
        SELECT count(*) AS reminder_overdue FROM assignment WHERE reminder_overdue
    ) overdue, (
        SELECT count(*) FILTER (WHERE status = 'quoting') AS jobs_quoting,
            count(*) FILTER (WHERE status = 'offering') AS jobs_offering,
            count(*) FILTER (WHERE status = 'requeued') AS jobs_requeued,
            count(*) FILTER (WHERE status = 'unfilled') AS jobs_unfilled
        FROM job WHERE status IN ({quoted(OPEN_TO_PROVIDERS)})
    ) seeking
""")  # noqa: S608 - what is filled in are names out of our own enums


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Assignments by status, those overdue, and the jobs that look for a provider."""

    awaiting_schedule: int
    scheduled: int
    in_progress: int
    payout_pending: int
    reminder_overdue: int
    jobs_quoting: int
    jobs_offering: int
    jobs_requeued: int
    jobs_unfilled: int


async def counts(session: AsyncSession) -> Counts:
    """Return the numbers as they are written down, all of one moment."""
    row = (await session.execute(COUNTS)).one()
    return Counts(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
