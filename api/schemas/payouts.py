"""Payouts and the rulings on them, as clients send and see them."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from api.schemas.assignments import Evidence
from api.schemas.base import Id, Instant, Note, Sent, Shown
from api.schemas.values import Amount, MoneySent, MoneyShown
from fulfillment.domain.assignment.payout import PayoutStatus, Ruling
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


class PayoutShown(Shown):
    """`captureBefore` is when the authorisation of the card lapses, for payouts that have one."""

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
    submitted_by: str
    submitted_at: Instant
    evidence: list[str]
    first_mark_by: str | None
    decisions: list[DecisionShown]
    reference: str | None
    settled_at: Instant | None
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
            capture_before=payout.capture_before,
            submitted_by=payout.submitted_by,
            submitted_at=payout.submitted_at,
            evidence=list(payout.evidence),
            first_mark_by=payout.first_mark.by if payout.first_mark else None,
            decisions=[DecisionShown.model_validate(each) for each in payout.decisions],
            reference=payout.reference,
            settled_at=payout.settled_at,
            state_version=it.state_version,
            projected_at=projected_at,
            links=links,
        )
