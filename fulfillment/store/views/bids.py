"""Quotes and offers, newest first: what providers ask for a job, and what they are asked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.job.state import Offer, OfferStatus, Quote, QuoteStatus
from fulfillment.domain.money import Money
from fulfillment.domain.window import VisitWindow
from fulfillment.store.tables import JobRow, OfferRow, QuoteRow, QuoteWordingRow
from fulfillment.store.views.paging import FIRST, Line, Page, Turn, newest_first, page

QUOTE = (
    QuoteRow.id,
    QuoteRow.job_id,
    QuoteRow.provider_id,
    QuoteRow.amount,
    QuoteRow.currency,
    QuoteRow.window_start,
    QuoteRow.window_end,
    QuoteRow.note,
    QuoteRow.valid_until,
    QuoteRow.status,
    QuoteRow.version,
    QuoteRow.submitted_at,
    QuoteRow.state_version,
)
WORDING = (
    QuoteWordingRow.quote_id,
    QuoteWordingRow.version,
    QuoteWordingRow.amount,
    QuoteWordingRow.currency,
    QuoteWordingRow.window_start,
    QuoteWordingRow.window_end,
    QuoteWordingRow.note,
    QuoteWordingRow.valid_until,
    QuoteWordingRow.submitted_at,
)
MOST_WORDINGS = 1_000
OFFER = (
    OfferRow.id,
    OfferRow.job_id,
    OfferRow.round,
    OfferRow.wave,
    OfferRow.provider_id,
    OfferRow.amount,
    OfferRow.currency,
    OfferRow.window_start,
    OfferRow.window_end,
    OfferRow.sent_at,
    OfferRow.expires_at,
    OfferRow.responded_at,
    OfferRow.status,
    OfferRow.decline_reason,
    OfferRow.state_version,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A quote, and the step of its job that it was written with."""

    quote: Quote
    job_id: str
    state_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a quote said in one of its versions."""

    version: int
    price: Money
    window: VisitWindow | None
    note: str
    valid_until: datetime | None
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An offer, and what its provider should know of the job."""

    offer: Offer
    job_id: str
    title: str
    category: str
    site_timezone: str
    state_version: int


async def quotes(
    session: AsyncSession, job_id: str, turn: Turn = FIRST, *, provider_id: str | None = None
) -> Page[Quoted]:
    """Return a page of the job's quotes, newest first; only those of one provider if that is said.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    query = select(*QUOTE).where(QuoteRow.job_id == job_id)
    if provider_id is not None:
        query = query.where(QuoteRow.provider_id == provider_id)
    query = newest_first(query, turn, at=QuoteRow.submitted_at, id=QuoteRow.id)
    return await page(
        session, query, turn, line=_quoted, place=lambda line: (line.quote.submitted_at, line.quote.id)
    )


async def wordings(session: AsyncSession, job_id: str) -> Mapping[str, Sequence[Wording]]:
    """Return what the quotes for a job have said so far, the first wording first, by quote."""
    query = (
        select(*WORDING)
        .where(QuoteWordingRow.job_id == job_id)
        .order_by(QuoteWordingRow.quote_id, QuoteWordingRow.version)
        .limit(MOST_WORDINGS)
    )
    found: dict[str, list[Wording]] = defaultdict(list)
    for row in await session.execute(query):
        wording = Wording(
            version=row.version,
            price=Money(amount=row.amount, currency=row.currency),
            window=_window(row),
            note=row.note,
            valid_until=row.valid_until,
            submitted_at=row.submitted_at,
        )
        found[row.quote_id].append(wording)
    return found


async def offers(
    session: AsyncSession, provider_id: str, turn: Turn = FIRST, *, status: OfferStatus | None = None
) -> Page[Offered]:
    """Return a page of the offers made to a provider, newest first.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    query = (
        select(*OFFER, JobRow.title, JobRow.category, JobRow.site_tz)
        .join_from(OfferRow, JobRow, JobRow.id == OfferRow.job_id)
        .where(OfferRow.provider_id == provider_id)
    )
    if status is not None:
        query = query.where(OfferRow.status == status)
    query = newest_first(query, turn, at=OfferRow.sent_at, id=OfferRow.id)
    return await page(
        session, query, turn, line=_offered, place=lambda line: (line.offer.sent_at, line.offer.id)
    )


def _quoted(row: Line) -> Quoted:
    quote = Quote(
        id=row.id,
        provider_id=row.provider_id,
        price=Money(amount=row.amount, currency=row.currency),
        submitted_at=row.submitted_at,
        window=_window(row),
        note=row.note,
        valid_until=row.valid_until,
        version=row.version,
        status=QuoteStatus(row.status),
    )
    return Quoted(quote=quote, job_id=row.job_id, state_version=row.state_version)


def _offered(row: Line) -> Offered:
    offer = Offer(
        id=row.id,
        round=row.round,
        wave=row.wave,
        provider_id=row.provider_id,
        price=Money(amount=row.amount, currency=row.currency),
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        window=_window(row),
        responded_at=row.responded_at,
        status=OfferStatus(row.status),
        decline_reason=row.decline_reason,
    )
    return Offered(
        offer=offer,
        job_id=row.job_id,
        title=row.title,
        category=row.category,
        site_timezone=row.site_tz,
        state_version=row.state_version,
    )


def _window(row: Line) -> VisitWindow | None:
    if row.window_start is None:
        return None
    return VisitWindow(start=row.window_start, end=row.window_end)
