"""A provider's own quotes, newest first, with what has become of the job."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.job.state import JobStatus, QuoteStatus
from fulfillment.domain.money import Money
from fulfillment.store.tables import JobRow, QuoteRow
from fulfillment.store.views.paging import FIRST, Line, Page, Turn, newest_first, page


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnQuote:
    """What somebody asked for a job. Who is `excluded` from it has given it back."""

    id: str
    job_id: str
    title: str
    job_status: JobStatus
    price: Money
    status: QuoteStatus
    submitted_at: datetime
    excluded: bool


async def own_quotes(session: AsyncSession, provider_id: str, turn: Turn = FIRST) -> Page[OwnQuote]:
    """Return a page of what that provider has asked for.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    query = (
        select(
            QuoteRow.id,
            QuoteRow.job_id,
            QuoteRow.amount,
            QuoteRow.currency,
            QuoteRow.status,
            QuoteRow.submitted_at,
            JobRow.title,
            JobRow.status.label("job_status"),
            JobRow.excluded_providers.contains([provider_id]).label("excluded"),
        )
        .join_from(QuoteRow, JobRow, JobRow.id == QuoteRow.job_id)
        .where(QuoteRow.provider_id == provider_id)
    )
    query = newest_first(query, turn, at=QuoteRow.submitted_at, id=QuoteRow.id)
    return await page(session, query, turn, line=_line, place=lambda it: (it.submitted_at, it.id))


def _line(row: Line) -> OwnQuote:
    return OwnQuote(
        id=row.id,
        job_id=row.job_id,
        title=row.title,
        job_status=JobStatus(row.job_status),
        price=Money(amount=row.amount, currency=row.currency),
        status=QuoteStatus(row.status),
        submitted_at=row.submitted_at,
        excluded=row.excluded,
    )
