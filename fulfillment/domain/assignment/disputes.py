"""The customer disputes the work while its payout waits, and an admin settles that (P14, P15)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from fulfillment.domain.assignment.card import NO_CARD
from fulfillment.domain.assignment.cards import hold_for, put_forward
from fulfillment.domain.assignment.commands import OpenDispute, ResolveDispute
from fulfillment.domain.assignment.events import DisputeResolved, Event, PayoutDisputed
from fulfillment.domain.assignment.parties import expect_disinterested, expect_status, side_of
from fulfillment.domain.assignment.payout import (
    Dispute,
    DisputeOutcome,
    Payout,
    PayoutStatus,
)
from fulfillment.domain.assignment.rulings import closing
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.errors import CutoffPassed, ValueInvalid, WrongState
from fulfillment.domain.money import Money
from fulfillment.domain.people import Party, Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.text import expect_reason

DISPUTABLE = frozenset(
    {
        PayoutStatus.PENDING_APPROVAL,
        PayoutStatus.APPROVED,
        PayoutStatus.DENIED,
        PayoutStatus.AUTHORIZATION_EXPIRED,
        PayoutStatus.AWAITING_CUSTOMER_PAYMENT,
    }
)
"""Where no money is on its way."""


def open_dispute(
    assignment: Assignment, command: OpenDispute, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Hold the payout back until an admin has settled what the customer complains of (P14).

    Disputing what is disputed changes nothing.

    Raises:
        RoleForbidden, NotAParty: only the customer, or staff for them, dispute.
        AssignmentClosed, WrongState: no payout waits, or the money is on its way.
        CutoffPassed: the time to dispute is over.
        ReasonRequired, ValueInvalid: the reason is missing or unfit.
    """
    command.actor.expect(Role.CUSTOMER, Role.OPS, Role.ADMIN)
    if side_of(assignment, command.actor) is Party.PROVIDER:
        raise WrongState("the customer disputes; the provider resubmits")
    payout = _pending(assignment)
    expect_reason("reason", command.reason)
    if payout.status is PayoutStatus.ON_HOLD:
        return ()
    if payout.status not in DISPUTABLE or _is_settled_by_hand(assignment, payout):
        raise WrongState(f"the payout is {payout.status}; the money is on its way")
    done = assignment.completed_at or payout.submitted_at
    if at > done + policy.dispute_window and not command.actor.is_staff:
        until = (done + policy.dispute_window).isoformat()
        raise CutoffPassed(f"the work could be disputed until {until}; ask operations")
    dispute = Dispute(by=command.actor.id, at=at, reason=command.reason, was=payout.status)
    return (PayoutDisputed(dispute=dispute),)


def resolve(
    assignment: Assignment, command: ResolveDispute, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Settle a dispute: the payout is ruled on anew, as it is or over less, or it is closed (P15).

    Whatever was ruled before does not stand any more, so a payout that somebody had ruled on comes back
    as another attempt, which is not the provider's.

    Raises:
        RoleForbidden: only admins.
        SelfApproval: a party or the submitter.
        AssignmentClosed, WrongState: nothing is disputed.
        ReasonRequired, ValueInvalid: the reason is missing, or the amount is off.
    """
    command.actor.expect(Role.ADMIN)
    payout = _pending(assignment)
    if payout.status is not PayoutStatus.ON_HOLD:
        raise WrongState(f"the payout is {payout.status}; nothing is disputed")
    expect_disinterested(assignment, payout, command.actor)
    expect_reason("reason", command.reason)
    again = put_forward(assignment, _again(payout, at=at))
    match command.outcome:
        case DisputeOutcome.RELEASE:
            _expect_no_amount(command)
        case DisputeOutcome.REDUCE:
            again = replace(again, amount=_less(payout, command))
        case DisputeOutcome.REFUND:
            _expect_no_amount(command)
            # The dispute stays with it, as what it was closed for.
            closed = replace(payout, status=PayoutStatus.CLOSED_DENIED)
            return (_resolved(command, closed, at=at), *closing(at=at))
        case _:
            assert_never(command.outcome)
    held = hold_for(assignment, again.amount, at=at, policy=policy)
    return (_resolved(command, again, at=at), *held)


def _is_settled_by_hand(assignment: Assignment, payout: Payout) -> bool:
    """Return whether the admin who approved has moved the money without a card."""
    card = assignment.card
    return payout.status is PayoutStatus.APPROVED and (card is None or card.status in NO_CARD)


def _again(payout: Payout, *, at: datetime) -> Payout:
    ruled_on = any(each.attempt == payout.attempt for each in payout.decisions)
    return replace(
        payout,
        dispute=None,
        submitted_at=at,
        attempt=payout.attempt + ruled_on,
        reopened=payout.reopened + ruled_on,
        returned=0 if ruled_on else payout.returned + 1,
    )


def _resolved(command: ResolveDispute, payout: Payout, *, at: datetime) -> DisputeResolved:
    return DisputeResolved(
        outcome=command.outcome, payout=payout, by=command.actor.id, reason=command.reason, at=at
    )


def _less(payout: Payout, command: ResolveDispute) -> Money:
    if command.amount is None:
        raise ValueInvalid("amount: say what the payout comes down to")
    less = Money(amount=command.amount, currency=command.currency or payout.amount.currency)
    if less.currency != payout.amount.currency:
        raise ValueInvalid(f"currency: the payout is in {payout.amount.currency}, not {less.currency}")
    if not 0 < less.amount < payout.amount.amount:
        raise ValueInvalid(f"amount: a reduced payout is between 1 and {payout.amount.amount - 1}")
    return less


def _expect_no_amount(command: ResolveDispute) -> None:
    if command.amount is not None:
        raise ValueInvalid("amount: it goes with `reduce` only")


def _pending(assignment: Assignment) -> Payout:
    expect_status(assignment, Status.PAYOUT_PENDING)
    if assignment.payout is None:
        raise WrongState("there is no payout")
    return assignment.payout
