"""A provider's own quotes, newest first, with what has become of the job; and how a bid stands."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.job.state import JobStatus, OfferStatus, QuoteStatus
from fulfillment.domain.money import Money
from fulfillment.store.tables import JobRow, OfferRow, QuoteRow
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


async def quote_stands(session: AsyncSession, id: str) -> tuple[QuoteStatus, int] | None:
    """Return status and version of a quote, as it is written down."""
    query = select(QuoteRow.status, QuoteRow.version).where(QuoteRow.id == id)
    row = (await session.execute(query)).one_or_none()
    return (QuoteStatus(row.status), row.version) if row else None


async def offer_stands(session: AsyncSession, id: str) -> OfferStatus | None:
    """Return the status of an offer, as it is written down."""
    status: str | None = await session.scalar(select(OfferRow.status).where(OfferRow.id == id))
    return OfferStatus(status) if status else None


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
