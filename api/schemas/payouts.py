"""Payouts and the rulings on them, as clients send and see them."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from api.schemas.assignments import Evidence
from api.schemas.base import Id, Instant, Note, OneOf, Sent, Shown
from api.schemas.values import Amount, Currency, MoneySent, MoneyShown
from fulfillment.domain.assignment.card import Card, CardStatus
from fulfillment.domain.assignment.payout import DisputeOutcome, PayoutStatus, Ruling
from fulfillment.domain.assignment.refund import RefundStatus
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.command import Source

Attempt = Annotated[int, Field(ge=1, le=1000)]


class ApprovalSent(Sent):
    """`reason` is the reference under which money settled by hand is found again."""

    attempt: Attempt
    amount: Amount | MoneySent | None = None
    reason: Note | None = None


class DenialSent(Sent):
    attempt: Attempt
    reason_code: Annotated[str, Field(min_length=1, max_length=64, examples=["evidence_missing"])]
    note: Note
    final: bool = False


class ResubmissionSent(Sent):
    evidence: Annotated[Evidence, Field(min_length=1)]
    amount: Amount | MoneySent | None = None


class RetrySent(Sent):
    reason: Note | None = None


class RefundSent(Sent):
    """Without an amount, all that is left of what was taken goes back. `currency` goes with a bare amount.

    `n` says which refund of this payout it is meant to be, from 1: of two admins who mean the same one, only
    one is heard, or the second sets the second mark.
    """

    amount: Amount | MoneySent | None = None
    currency: Currency | None = None
    reason: Note
    n: Annotated[int | None, Field(ge=1, le=1000)] = None

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        if self.currency and isinstance(self.amount, MoneySent):
            raise ValueError("currency: it is said with the amount already")
        return self


class DisputeSent(Sent):
    reason: Note


class DisputeResolutionSent(Sent):
    """`amount` is what a reduced payout comes down to."""

    outcome: OneOf[DisputeOutcome]
    reason: Note
    amount: Amount | MoneySent | None = None


class DisputeShown(Shown):
    by: str
    at: Instant
    reason: str


class CardShown(Shown):
    """The hold on the customer's card; `problem` is the payment provider's code for what is wrong with it."""

    status: CardStatus
    amount: MoneyShown
    captured: MoneyShown | None
    capture_before: Instant | None
    problem: str

    @classmethod
    def of(cls, card: Card | None) -> Self | None:
        return cls.model_validate(card) if card else None


class DecisionShown(Shown):
    attempt: int
    ruling: Ruling
    by: str
    at: Instant
    amount: MoneyShown
    reason: str
    source: Source
    request_id: str
    final: bool


class RefundShown(Shown):
    """Money given back to the card, by `by`, and `second` where it took two; `reference` is Stripe's id.

    `problem` is the payment provider's code for why nothing was given back.
    """

    n: int
    status: RefundStatus
    amount: MoneyShown
    reason: str
    by: str
    at: Instant
    source: Source
    request_id: str
    second: str | None
    decided_at: Instant | None
    reference: str
    problem: str
    ended_at: Instant | None


class PayoutShown(Shown):
    """`captureBefore` is when the hold on the card lapses, for payouts that have one.

    `problem` is the payment provider's code for why the payout is stuck, empty while it is not.
    """

    id: Id
    assignment_id: Id
    job_id: Id
    customer_id: str
    provider_id: str
    assignment_status: Status
    status: PayoutStatus
    attempt: int
    amount: MoneyShown
    price: MoneyShown
    capture_before: Instant | None
    card: CardShown | None
    problem: str
    dispute: DisputeShown | None
    submitted_by: str
    submitted_at: Instant
    evidence: list[str]
    first_mark_by: str | None
    decisions: list[DecisionShown]
    reference: str | None
    settled_at: Instant | None
    transfer_id: str | None
    refunds: list[RefundShown]
    state_version: int
    projected_at: Instant | None
    links: dict[str, str]

    @classmethod
    def of(cls, standing: Standing, *, links: dict[str, str], projected_at: datetime | None = None) -> Self:
        """Return the payout of an assignment that has one."""
        it, payout = standing.assignment, standing.assignment.payout
        if payout is None:
            raise ValueError("this assignment has no payout")
        return cls(
            id=payout.id,
            assignment_id=it.id,
            job_id=it.job_id,
            customer_id=it.customer_id,
            provider_id=it.provider_id,
            assignment_status=it.status,
            status=payout.status,
            attempt=payout.attempt,
            amount=MoneyShown.model_validate(payout.amount),
            price=MoneyShown.model_validate(it.price),
            capture_before=it.capture_before,
            card=CardShown.of(it.card),
            problem=payout.problem,
            dispute=DisputeShown.model_validate(payout.dispute) if payout.dispute else None,
            submitted_by=payout.submitted_by,
            submitted_at=payout.submitted_at,
            evidence=list(payout.evidence),
            first_mark_by=payout.first_mark.by if payout.first_mark else None,
            decisions=[DecisionShown.model_validate(each) for each in payout.decisions],
            reference=payout.reference,
            settled_at=payout.settled_at,
            transfer_id=payout.transfer_id,
            refunds=[RefundShown.model_validate(each) for each in payout.refunds],
            state_version=it.state_version,
            projected_at=projected_at,
            links=links,
        )
