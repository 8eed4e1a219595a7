"""Cases of money that only a person can settle, as one function of the state.

A case is open for as long as the state says so: what somebody has settled closes by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.cards import AMOUNT_MISMATCH
from fulfillment.domain.assignment.money_deadlines import CAPTURE_CHECKS, PAYMENT_NUDGES
from fulfillment.domain.assignment.payout import Payout, PayoutStatus
from fulfillment.domain.assignment.refund import RefundStatus
from fulfillment.domain.assignment.state import Assignment, Status


class CaseType(StrEnum):
    CAPTURE_FAILED = "capture_failed"
    CAPTURE_UNKNOWN = "capture_unknown"
    AUTHORIZATION_EXPIRED = "authorization_expired"
    PAYMENT_OVERDUE = "payment_overdue"
    PAYOUT_DISPUTED = "payout_disputed"
    CAPTURED_UNAPPROVED = "captured_unapproved"
    CHARGEBACK = "chargeback"
    REFUND_FAILED = "refund_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    type: CaseType
    detail: str


def cases(assignment: Assignment) -> tuple[Case, ...]:
    """Return the cases that are open as things stand."""
    return tuple(_cases(assignment))


def _cases(it: Assignment) -> Iterator[Case]:
    payout = it.payout
    if payout:
        match payout.status:
            case PayoutStatus.CAPTURE_FAILED:
                yield Case(type=CaseType.CAPTURE_FAILED, detail=_way_out(payout.problem))
            case PayoutStatus.CAPTURE_UNKNOWN if payout.checks >= CAPTURE_CHECKS:
                yield Case(
                    type=CaseType.CAPTURE_UNKNOWN,
                    detail="a day without an answer whether the card was charged; look there, then retry",
                )
            case PayoutStatus.AUTHORIZATION_EXPIRED:
                yield Case(
                    type=CaseType.AUTHORIZATION_EXPIRED, detail="the hold on the card is gone; reauthorise"
                )
            case PayoutStatus.ON_HOLD:
                yield Case(
                    type=CaseType.PAYOUT_DISPUTED, detail="the customer disputes the work; hear both sides"
                )
            case PayoutStatus.DISPUTED:
                yield Case(
                    type=CaseType.CHARGEBACK, detail="the customer's bank asks for evidence; send the bundle"
                )
            case _:
                yield from _refund(it, payout)
    if it.card and f"payment_nudge/c{it.card.n}/{PAYMENT_NUDGES}" in it.passed:
        yield Case(type=CaseType.PAYMENT_OVERDUE, detail="the customer was asked often enough; call them")
    taken = it.card is not None and it.card.status is CardStatus.CAPTURED
    unapproved = payout is None or payout.approval is None or it.is_closed
    if taken and it.status is not Status.PAID and unapproved:
        yield Case(
            type=CaseType.CAPTURED_UNAPPROVED,
            detail="money was taken from the card that nobody has approved; approve it or give it back",
        )


def _refund(it: Assignment, payout: Payout) -> Iterator[Case]:
    """Yield the last refund, if it was refused and there is money that can still be given back."""
    last = payout.refunds[-1] if payout.refunds else None
    left = it.card.captured.amount if it.card and it.card.captured else 0
    if last and last.status is RefundStatus.FAILED and left and payout.status is not PayoutStatus.REVERSED:
        yield Case(
            type=CaseType.REFUND_FAILED,
            detail=f"{last.amount} were to be given back; the payment provider says {last.problem}; ask anew",
        )


def _way_out(problem: str) -> str:
    if problem == AMOUNT_MISMATCH:
        return (
            "another amount was taken than the one approved: give back what is too much and retry, or all of"
            " it and reauthorise"
        )
    return f"the payment provider says {problem}; retry the capture or reauthorise"
