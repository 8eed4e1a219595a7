"""Jobs as lists read them, with their quotes, offers and returns."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from fulfillment.domain.job.state import (
    ENDED,
    OPEN_TO_PROVIDERS,
    DispatchMode,
    JobStatus,
    OfferStatus,
    Priority,
    QuoteStatus,
)
from fulfillment.store.tables.base import Counter, Json, Minor, Stamp, Table, Words, one_of, quoted, words_of

IS_OPEN_TO_PROVIDERS = text(f"status IN ({quoted(OPEN_TO_PROVIDERS)})")
IS_UNENDED = text(f"status NOT IN ({quoted(sorted(ENDED))})")
WORDS_OF_TITLE = words_of("title")


class JobRow(Table):
    """One row per job, as it stood after step `state_version`; `snapshot` is the whole domain value."""

    __tablename__ = "job"
    __table_args__ = (
        one_of("status", JobStatus),
        one_of("dispatch_mode", DispatchMode),
        one_of("priority", Priority),
        Index("ix_job_newest", "created_at", "id"),
        Index("ix_job_customer", "customer_id", "created_at", "id"),
        Index("ix_job_status", "status", "created_at", "id"),
        Index("ix_job_unended", "id", postgresql_where=IS_UNENDED),
        Index("ix_job_open", "created_at", "id", postgresql_where=IS_OPEN_TO_PROVIDERS),
        Index("ix_job_words", WORDS_OF_TITLE, postgresql_using="gin"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    title: Mapped[str]
    category: Mapped[str]
    site_tz: Mapped[str]
    price_cap: Mapped[Minor]
    currency: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[Stamp]

    site_address: Mapped[str] = mapped_column(server_default=text("''"))
    dispatch_mode: Mapped[str] = mapped_column(server_default=text("'quotes'"))
    wanted_windows: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    priority: Mapped[str] = mapped_column(server_default=text("'normal'"))
    status_entered_at: Mapped[Stamp]
    expires_at: Mapped[datetime | None]
    round: Mapped[Counter]
    wave: Mapped[Counter]
    requeue_count: Mapped[Counter]
    excluded_providers: Mapped[Words]
    live_assignment_id: Mapped[str | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]

    snapshot: Mapped[Json | None]
    state_version: Mapped[Counter]
    projected_at: Mapped[Stamp]


class QuoteRow(Table):
    """What one provider asks for a job, in its latest wording; `state_version` is the job's, as a fence."""

    __tablename__ = "quote"
    __table_args__ = (
        one_of("status", QuoteStatus),
        CheckConstraint("window_start < window_end", name="window_order"),
        UniqueConstraint("job_id", "provider_id"),
        Index("ix_quote_newest", "job_id", "submitted_at", "id"),
        Index("ix_quote_provider", "provider_id", "submitted_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"))
    provider_id: Mapped[str]
    amount: Mapped[Minor]
    currency: Mapped[str]
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    note: Mapped[str]
    valid_until: Mapped[datetime | None]
    status: Mapped[str]
    version: Mapped[int]
    submitted_at: Mapped[datetime]
    state_version: Mapped[int]


class QuoteWordingRow(Table):
    """What a quote said in each of its versions, as it was submitted; none is changed afterwards."""

    __tablename__ = "quote_wording"
    __table_args__ = (
        CheckConstraint("window_start < window_end", name="window_order"),
        Index("ix_quote_wording_job", "job_id", "quote_id", "version"),
    )

    quote_id: Mapped[str] = mapped_column(ForeignKey("quote.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    job_id: Mapped[str]
    amount: Mapped[Minor]
    currency: Mapped[str]
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    note: Mapped[str]
    valid_until: Mapped[datetime | None]
    submitted_at: Mapped[datetime]


class OfferRow(Table):
    """A job at a price, to one provider for a while; each is asked once in a round."""

    __tablename__ = "offer"
    __table_args__ = (
        one_of("status", OfferStatus),
        CheckConstraint("window_start < window_end", name="window_order"),
        UniqueConstraint("job_id", "round", "provider_id"),
        Index("ix_offer_provider", "provider_id", "sent_at", "id"),
        Index("ix_offer_provider_status", "provider_id", "status", "sent_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"))
    round: Mapped[int]
    wave: Mapped[int]
    provider_id: Mapped[str]
    amount: Mapped[Minor]
    currency: Mapped[str]
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    responded_at: Mapped[datetime | None]
    status: Mapped[str]
    decline_reason: Mapped[str | None]
    state_version: Mapped[int]


class RequeueRow(Table):
    """A job that came back, once per return; `counted` ones use up the job's returns."""

    __tablename__ = "requeue"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_assignment: Mapped[str]
    provider_id: Mapped[str]
    reason: Mapped[str]
    late: Mapped[bool]
    counted: Mapped[bool]
    at: Mapped[datetime]
