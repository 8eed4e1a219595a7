"""What each event about money that is given back leaves behind, on the payout's refunds."""

from dataclasses import replace
from typing import Any, assert_never

from fulfillment.domain.assignment.refund import Refund, RefundStatus
from fulfillment.domain.assignment.refund_events import (
    RefundAsked,
    RefundEvent,
    RefundFailed,
    RefundGiven,
    RefundMarked,
)
from fulfillment.domain.assignment.state import Assignment


def evolve_refund(assignment: Assignment, event: RefundEvent) -> Assignment:
    """Return the assignment as it is once `event` has happened; what is left on the card is told apart."""
    match event:
        case RefundMarked(refund=refund) | RefundAsked(refund=refund):
            return _noted(assignment, refund)
        case RefundGiven(n=n, reference=reference, at=at):
            return _ended(assignment, n, status=RefundStatus.GIVEN, reference=reference, ended_at=at)
        case RefundFailed(n=n, code=code, at=at):
            return _ended(assignment, n, status=RefundStatus.FAILED, problem=code, ended_at=at)
        case _:
            assert_never(event)


def _noted(assignment: Assignment, refund: Refund) -> Assignment:
    """Return the assignment with `refund` as its last; a mark of the same number gives way to it."""
    payout = assignment.payout
    if payout is None:
        return assignment
    others = tuple(each for each in payout.refunds if each.n != refund.n)
    return replace(assignment, payout=replace(payout, refunds=(*others, refund)))


def _ended(assignment: Assignment, n: int, **changes: Any) -> Assignment:  # fields of a refund, by name
    payout = assignment.payout
    if payout is None:
        return assignment
    refunds = tuple(replace(each, **changes) if each.n == n else each for each in payout.refunds)
    return replace(assignment, payout=replace(payout, refunds=refunds))
