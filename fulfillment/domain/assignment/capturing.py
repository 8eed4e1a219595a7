"""Taking approved money from the card: what is noted when it will not work, and the ways on (P6 to P10)."""

from collections.abc import Sequence
from datetime import datetime

from fulfillment.domain.assignment.card import NO_CARD, CardStatus
from fulfillment.domain.assignment.card_events import CaptureBegun, CaptureFailed, CaptureUnanswered
from fulfillment.domain.assignment.cards import wanted
from fulfillment.domain.assignment.commands import (
    Reauthorise,
    RecordRefusal,
    RecordSilence,
    RecordTransfer,
    RetryCapture,
)
from fulfillment.domain.assignment.events import Event, PayoutTransferred
from fulfillment.domain.assignment.parties import expect_disinterested, expect_open, side_of
from fulfillment.domain.assignment.payout import IN_FLIGHT, Payout, PayoutStatus
from fulfillment.domain.assignment.rulings import READY
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.errors import WrongState
from fulfillment.domain.people import Party, Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.text import expect_text

RETRIED = frozenset({PayoutStatus.CAPTURE_FAILED, PayoutStatus.CAPTURE_UNKNOWN})
TAKEN = frozenset({PayoutStatus.CAPTURED, PayoutStatus.DISPUTED, PayoutStatus.REVERSED})
"""A share that was on its way when the customer's bank complained has left all the same."""


def record_refusal(assignment: Assignment, command: RecordRefusal, *, at: datetime) -> Sequence[Event]:
    """Note that a capture was refused for good (P6); an answer about an earlier one changes nothing.

    Raises:
        RoleForbidden: only the system knows.
    """
    command.actor.expect(Role.SYSTEM)
    if not _is_current(assignment.payout, command):
        return ()
    return (CaptureFailed(code=command.code, at=at),)


def record_silence(assignment: Assignment, command: RecordSilence, *, at: datetime) -> Sequence[Event]:
    """Note that nobody knows what became of a capture (P7, trap M7).

    Raises:
        RoleForbidden: only the system knows.
    """
    command.actor.expect(Role.SYSTEM)
    if not _is_current(assignment.payout, command):
        return ()
    return (CaptureUnanswered(at=at),)


def retry(assignment: Assignment, command: RetryCapture, *, at: datetime) -> Sequence[Event]:
    """Try once more to take what was approved (P8); what has been taken meanwhile is not taken twice.

    Raises:
        RoleForbidden: only admins.
        SelfApproval: a party or the submitter.
        AssignmentClosed, WrongState: no capture has failed, or there is no hold left to take it from.
    """
    command.actor.expect(Role.ADMIN)
    payout = _payout(assignment)
    expect_disinterested(assignment, payout, command.actor)
    expect_text("reason", command.reason)
    if payout.status not in RETRIED or payout.approval is None:
        raise WrongState(f"the payout is {payout.status}; a capture that has failed is tried again")
    if assignment.card is None or assignment.card.status not in READY:
        raise WrongState("no money is held on the card; reauthorise, or wait for it")
    return (CaptureBegun(tries=payout.tries + 1, at=at),)


def reauthorise(
    assignment: Assignment, command: Reauthorise, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Hold the money anew (P9): what was approved, else what the payout or the visit costs.

    An admin may do so at any time before the money is on its way; a customer when their card is what
    everybody waits for.

    Raises:
        RoleForbidden, NotAParty: providers have no say in it.
        SelfApproval: an admin who is part of it.
        AssignmentClosed, WrongState: no card is to pay, or nothing is wrong with it.
        ValueInvalid: the reason is unfit.
    """
    command.actor.expect(Role.CUSTOMER, Role.OPS, Role.ADMIN)
    side = side_of(assignment, command.actor)
    expect_open(assignment)
    expect_text("reason", command.reason)
    card, payout = assignment.card, assignment.payout
    if not policy.card_payments or card is None:
        raise WrongState("no card has been asked to pay for this yet")
    if card.status is CardStatus.CAPTURED:
        raise WrongState("money was taken from the card already; give it back before any is held anew")
    if card.status is CardStatus.WANTED or (payout and payout.status in IN_FLIGHT):
        raise WrongState("the payment provider is being asked already; look again in a moment")
    if payout and payout.status is PayoutStatus.APPROVED and card.status in NO_CARD:
        raise WrongState("the payout is approved and settled by hand; it is not paid by card as well")
    waits = card.status in {CardStatus.NEEDS_CUSTOMER, CardStatus.MISSING, CardStatus.EXPIRED}
    if side is Party.CUSTOMER and not waits:
        raise WrongState("the money is held; there is nothing to pay again")
    if payout and command.actor.role is Role.ADMIN:
        expect_disinterested(assignment, payout, command.actor)
    approval = payout.approval if payout else None
    amount = approval.amount if approval else payout.amount if payout else assignment.price
    return (wanted(assignment, amount, at=at),)


def record_transfer(assignment: Assignment, command: RecordTransfer, *, at: datetime) -> Sequence[Event]:
    """Note that the provider's share is on its way to their account; once (trap M14).

    Raises:
        RoleForbidden: only the system knows.
        WrongState: no captured payout is owed a transfer.
    """
    command.actor.expect(Role.SYSTEM)
    payout = assignment.payout
    if payout is None or payout.status not in TAKEN:
        raise WrongState("no captured payout is owed a transfer")
    if payout.transfer_id:
        return ()
    return (PayoutTransferred(transfer_id=command.transfer_id, amount=command.amount, at=at),)


def _is_current(payout: Payout | None, command: RecordRefusal | RecordSilence) -> bool:
    if payout is None or payout.status is not PayoutStatus.CAPTURING:
        return False
    return (payout.attempt, payout.tries) == (command.attempt, command.tries)


def _payout(assignment: Assignment) -> Payout:
    expect_open(assignment)
    if assignment.payout is None:
        raise WrongState(f"the assignment is {assignment.status}; there is no payout yet")
    return assignment.payout
