"""What providers are owed, who ruled on it, and what the payment provider told us."""

from datetime import datetime
from enum import StrEnum
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

from fulfillment.domain.assignment.money_moves import MoveKind
from fulfillment.domain.assignment.payout import OVER, PayoutStatus, Ruling
from fulfillment.domain.assignment.standing import STUCK
from fulfillment.domain.command import Source
from fulfillment.domain.people import Party
from fulfillment.store.tables.base import Flag, Minor, Stamp, Table, one_of, quoted

OPEN_PAYOUTS = tuple(status for status in PayoutStatus if status not in OVER)
IS_OPEN_PAYOUT = text(f"payout.status IN ({quoted(OPEN_PAYOUTS)})")

STUCK_WITH_US = tuple(status for status, (party, _) in STUCK.items() if party is Party.ADMIN)
IS_STUCK_PAYOUT = text(f"payout.status IN ({quoted(STUCK_WITH_US)})")
"""Money that does not move until somebody of ours does something about it."""


class HoldStatus(StrEnum):
    """Where a hold on a card stands; `letting_go` is one that nobody needs and that is still there."""

    HELD = "held"
    NEEDS_CUSTOMER = "needs_customer"
    CAPTURED = "captured"
    EXPIRED = "expired"
    LETTING_GO = "letting_go"
    RELEASED = "released"


OPEN_HOLDS = (HoldStatus.HELD, HoldStatus.NEEDS_CUSTOMER, HoldStatus.LETTING_GO)
IS_OPEN_HOLD = text(f"card_hold.status IN ({quoted(OPEN_HOLDS)})")

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
        Index("ix_payout_stuck", "submitted_at", "assignment_id", postgresql_where=IS_STUCK_PAYOUT),
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
    problem: Mapped[str | None]
    transfer_id: Mapped[str | None]
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


class CardHoldRow(Table):
    """A hold on a customer's card, by the payment provider's id for it; the ledger of what is still open.

    `amount` is null of one that we only heard of when there was no use for it any more.
    """

    __tablename__ = "card_hold"
    __table_args__ = (
        one_of("status", HoldStatus),
        Index("ix_card_hold_assignment", "assignment_id"),
        Index("ix_card_hold_open", "assignment_id", "intent_id", postgresql_where=IS_OPEN_HOLD),
        Index("ix_card_hold_ending", "capture_before", postgresql_where=IS_OPEN_HOLD),
    )

    intent_id: Mapped[str] = mapped_column(primary_key=True)
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"))
    status: Mapped[str]
    amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    captured_amount: Mapped[int | None] = mapped_column(BigInteger)
    charge_id: Mapped[str | None]
    capture_before: Mapped[datetime | None]
    state_version: Mapped[int]


class MoneyMoveRow(Table):
    """What happened to money at one step of an assignment, for ever: no row is changed or deleted.

    `attempt`, `decided_by` and `request_id` name the approval behind it, where there is one.
    """

    __tablename__ = "money_move"
    __table_args__ = (
        one_of("kind", MoveKind),
        Index(
            "uq_money_move",
            "assignment_id",
            "state_version",
            "kind",
            text("coalesce(intent_id, '')"),
            unique=True,
        ),
        Index("ix_money_move_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"))
    state_version: Mapped[int]
    kind: Mapped[str]
    amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    intent_id: Mapped[str | None]
    reference: Mapped[str]
    attempt: Mapped[int | None]
    decided_by: Mapped[str | None]
    request_id: Mapped[str]
    at: Mapped[datetime]


class StripeEventRow(Table):
    """An event that Stripe has told us of, once however often it came (trap M8).

    `created_at` is by Stripe's clock; `handled_at` is when it was passed on to whom it concerns.
    """

    __tablename__ = "stripe_event"
    __table_args__ = (
        Index(
            "ix_stripe_event_unhandled",
            "received_at",
            "event_id",
            postgresql_where=text("handled_at IS NULL"),
        ),
    )

    event_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[Stamp]
    type: Mapped[str] = mapped_column(server_default=text("''"))
    intent_id: Mapped[str | None]
    created_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
