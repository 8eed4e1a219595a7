"""Jobs, quotes and offers, as clients send and see them."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from api.schemas.base import Id, Instant, Line, Note, OneOf, Sent, SentInstant, Shown
from api.schemas.values import Amount, Currency, MoneySent, MoneyShown, Version, WindowSent, WindowShown
from fulfillment.domain.job.state import DispatchMode, Job, JobStatus, Offer, OfferStatus, Quote, QuoteStatus
from fulfillment.domain.people import Actor, Role


class JobSent(Sent):
    title: Line
    description: Note | None = None
    category: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    site_timezone: Annotated[str, Field(min_length=1, max_length=64, examples=["Europe/Berlin"])]
    site_address: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    price_cap: MoneySent
    dispatch_mode: OneOf[DispatchMode]
    wanted_windows: list[WindowSent] = Field(default_factory=list, max_length=10)


class ReasonSent(Sent):
    reason: Note


class QuoteSent(Sent):
    amount: Amount
    currency: Currency
    window: WindowSent | None = None
    note: Note | None = None
    valid_until: SentInstant | None = None


class WithdrawalSent(Sent):
    """Nothing has to be said."""

    reason: Note | None = None


class QuoteAcceptanceSent(Sent):
    version: Version


class OfferAcceptanceSent(Sent):
    """Nothing has to be said."""


class OfferDeclineSent(Sent):
    reason_code: Annotated[str, Field(min_length=1, max_length=64, examples=["too_far"])]


class JobExtensionSent(Sent):
    """More time for a job: by `hours`, or `until` an instant; exactly one of them."""

    reason: Note
    hours: Annotated[int, Field(ge=1, le=8784)] | None = None
    until: SentInstant | None = None


class WideningSent(Sent):
    reason: Note
    dispatch_mode: OneOf[DispatchMode] | None = None
    wave_size: Annotated[int, Field(ge=1, le=50)] | None = None


class DirectAssignmentSent(Sent):
    provider_id: Annotated[str, Field(min_length=1, max_length=128)]
    amount: Amount
    currency: Currency
    reason: Note


class ReadmissionSent(Sent):
    provider_id: Annotated[str, Field(min_length=1, max_length=128)]
    reason: Note


class QuoteShown(Shown):
    id: Id
    job_id: Id
    provider_id: str
    amount: int
    currency: str
    window: WindowShown | None
    note: str | None
    valid_until: Instant | None
    status: QuoteStatus
    version: int
    submitted_at: Instant

    @classmethod
    def of(cls, quote: Quote, *, job_id: str) -> Self:
        return cls(
            id=quote.id,
            job_id=job_id,
            provider_id=quote.provider_id,
            amount=quote.price.amount,
            currency=quote.price.currency,
            window=WindowShown.of(quote.window),
            note=quote.note or None,
            valid_until=quote.valid_until,
            status=quote.status,
            version=quote.version,
            submitted_at=quote.submitted_at,
        )


class OfferShown(Shown):
    id: Id
    job_id: Id
    provider_id: str
    amount: int
    currency: str
    window: WindowShown | None
    status: OfferStatus
    round: int
    wave: int
    sent_at: Instant
    expires_at: Instant
    responded_at: Instant | None

    @classmethod
    def of(cls, offer: Offer, *, job_id: str) -> Self:
        return cls(
            id=offer.id,
            job_id=job_id,
            provider_id=offer.provider_id,
            amount=offer.price.amount,
            currency=offer.price.currency,
            window=WindowShown.of(offer.window),
            status=offer.status,
            round=offer.round,
            wave=offer.wave,
            sent_at=offer.sent_at,
            expires_at=offer.expires_at,
            responded_at=offer.responded_at,
        )


class JobShown(Shown):
    """A job. Its address, and who was excluded from it, are for its customer, its provider and staff."""

    id: Id
    customer_id: str
    title: str
    description: str | None
    category: str | None
    site_timezone: str
    site_address: str | None
    price_cap: MoneyShown
    dispatch_mode: DispatchMode
    wanted_windows: list[WindowShown]
    status: JobStatus
    assignment_id: Id | None
    provider_id: str | None
    requeue_count: int
    excluded_providers: list[str]
    created_at: Instant
    expires_at: Instant
    state_version: int
    projected_at: Instant | None
    links: dict[str, str]

    @classmethod
    def of(
        cls, job: Job, *, viewer: Actor, links: dict[str, str], projected_at: datetime | None = None
    ) -> Self:
        holds_it = job.live is not None and job.live.provider_id == viewer.id
        is_close = viewer.is_staff or viewer.role is Role.CUSTOMER or holds_it
        return cls(
            id=job.id,
            customer_id=job.customer_id,
            title=job.title,
            description=job.description or None,
            category=job.category or None,
            site_timezone=job.site_timezone,
            site_address=(job.site_address or None) if is_close else None,
            price_cap=MoneyShown.model_validate(job.price_cap),
            dispatch_mode=job.dispatch_mode,
            wanted_windows=[WindowShown(start=each.start, end=each.end) for each in job.wanted_windows],
            status=job.status,
            assignment_id=job.live.assignment_id if job.live and is_close else None,
            provider_id=job.live.provider_id if job.live and is_close else None,
            requeue_count=job.requeue_count,
            excluded_providers=list(job.excluded) if is_close and not holds_it else [],
            created_at=job.created_at,
            expires_at=job.expires_at,
            state_version=job.state_version,
            projected_at=projected_at,
            links=links,
        )
