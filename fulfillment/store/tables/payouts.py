"""What providers are owed, who ruled on it, and what the payment provider told us."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from fulfillment.domain.assignment.payout import SETTLED, PayoutStatus, Ruling
from fulfillment.domain.command import Source
from fulfillment.store.tables.base import Flag, Minor, Stamp, Table, one_of, quoted

OPEN_PAYOUTS = tuple(
    status for status in PayoutStatus if status not in SETTLED | {PayoutStatus.CLOSED_DENIED}
)
IS_OPEN_PAYOUT = text(f"payout.status IN ({quoted(OPEN_PAYOUTS)})")

# Money at risk first: the authorisation that ends soonest, then the largest sum.
RISK = literal_column("coalesce(capture_before, 'infinity'::timestamptz)", DateTime(timezone=True))
SIZE = literal_column("(-amount)", BigInteger)


class PayoutRow(Table):
    """One row per payout, in its current attempt; `state_version` is its assignment's, as a fence."""

    __tablename__ = "payout"
    __table_args__ = (
        one_of("status", PayoutStatus),
        UniqueConstraint("assignment_id"),
        Index(
            "ix_payout_at_risk",
            text(RISK.name),
            text(SIZE.name),
            "submitted_at",
            "id",
            postgresql_where=IS_OPEN_PAYOUT,
        ),
        Index("ix_payout_newest", "submitted_at", "id"),
        Index("ix_payout_status", "status", "submitted_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"))
    attempt: Mapped[int]
    amount: Mapped[Minor]
    currency: Mapped[str]
    status: Mapped[str]
    submitted_by: Mapped[str]
    submitted_at: Mapped[datetime]
    evidence: Mapped[list[Any]] = mapped_column(JSONB)
    payment_intent_id: Mapped[str | None]
    capture_before: Mapped[datetime | None]
    authorised_amount: Mapped[int | None] = mapped_column(BigInteger)
    captured_amount: Mapped[int | None] = mapped_column(BigInteger)
    four_eyes_first: Mapped[str | None]
    hold_reason: Mapped[str | None]
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    reference: Mapped[str | None]
    state_version: Mapped[int]
    projected_at: Mapped[Stamp]


class DecisionRow(Table):
    """An admin's word on one attempt, for ever: the database refuses to change or delete it."""

    __tablename__ = "payout_decision"
    __table_args__ = (
        one_of("ruling", Ruling),
        one_of("source", Source),
        UniqueConstraint("payout_id", "attempt", "ruling", "admin_id", "final"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    payout_id: Mapped[str] = mapped_column(ForeignKey("payout.id"))
    attempt: Mapped[int]
    ruling: Mapped[str]
    admin_id: Mapped[str]
    amount: Mapped[Minor]
    currency: Mapped[str]
    reason: Mapped[str]
    final: Mapped[Flag]
    source: Mapped[str]
    request_id: Mapped[str]
    decided_at: Mapped[datetime]


class StripeEventRow(Table):
    """An event the payment provider has told us of; being there is all that matters (trap M8)."""

    __tablename__ = "stripe_event"

    event_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[Stamp]
