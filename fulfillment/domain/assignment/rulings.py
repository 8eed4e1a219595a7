"""Ruling on a payout: approve, deny, resubmit, settle (P1, P2, P11 to P13, P17, P19)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from fulfillment.domain.assignment.card import NO_CARD, CardStatus
from fulfillment.domain.assignment.card_events import CaptureBegun
from fulfillment.domain.assignment.cards import hold_for, put_forward
from fulfillment.domain.assignment.commands import ApprovePayout, DenyPayout, RecordSettlement, ResubmitPayout
from fulfillment.domain.assignment.events import (
    AssignmentEnded,
    Event,
    PayoutClosed,
    PayoutResubmitted,
    PayoutRuled,
    PayoutSettled,
)
from fulfillment.domain.assignment.parties import expect_disinterested, expect_open, expect_status, side_of
from fulfillment.domain.assignment.payout import NO_MONEY_YET, SETTLED, Decision, Payout, PayoutStatus, Ruling
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.assignment.visit import expect_affordable, expect_code, expect_evidence
from fulfillment.domain.command import Source
from fulfillment.domain.errors import AlreadyDecided, SelfApproval, ValueInvalid, WrongState
from fulfillment.domain.money import Money
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.text import expect_reason, expect_text

MOST_WORDS = 10_000

TRUSTED = frozenset({Source.API, Source.PAGE})
"""Doors behind which somebody has proved who they are."""

READY = frozenset({CardStatus.HELD, CardStatus.CAPTURED})
"""Approved over such a card, the money is taken at once, or found to have been taken by hand."""

WAYS_OUT = {
    PayoutStatus.ON_HOLD: "the customer disputes it, and that is resolved first",
    PayoutStatus.AUTHORIZATION_EXPIRED: "the hold on the card is gone: reauthorise, or deny it for good",
    PayoutStatus.AWAITING_CUSTOMER_PAYMENT: "the customer has to pay first; or deny it for good",
    PayoutStatus.CAPTURE_FAILED: "retry the capture, reauthorise, or cancel the assignment",
}


def approve(
    assignment: Assignment, command: ApprovePayout, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Release the payout, or set the first of two marks when it is large (P1, P19).

    The same approval again changes nothing; over another amount it is another ruling. From the four-eyes
    amount on, a command that did not come through the API is a first mark at most (P16 of the promises).

    Raises:
        RoleForbidden: only admins rule on payouts.
        SelfApproval: a party, the submitter, or the admin of the first mark.
        AssignmentClosed, WrongState: there is no payout to rule on.
        AlreadyDecided: another ruling stands, or another attempt is current.
        AmountExceedsAuthorised, ValueInvalid: the amount is off.
        ReasonRequired: money settled by hand needs a reference in writing.
    """
    command.actor.expect(Role.ADMIN)
    payout = _ruled_on(assignment)
    stands = payout.ruling_on(command.attempt)
    if stands and stands.ruling is Ruling.APPROVED and command.amount in {None, stands.amount.amount}:
        return ()
    _expect_undecided(assignment, payout, command.attempt)
    expect_disinterested(assignment, payout, command.actor)
    _expect_money(payout)
    amount = _amount(payout, command)
    expect_affordable(amount, price=assignment.price, authorised=assignment.authorised)
    if assignment.card is None or assignment.card.status in NO_CARD:
        expect_reason("reason", command.reason)
    expect_text("reason", command.reason)
    ruling = _weigh(payout, command, amount, policy=policy)
    decision = _decision(payout, command, ruling, reason=command.reason, amount=amount, at=at)
    if ruling is Ruling.FIRST_MARK:
        return (PayoutRuled(decision=decision, status=PayoutStatus.PENDING_APPROVAL),)
    ruled = PayoutRuled(decision=decision, status=PayoutStatus.APPROVED)
    ready = assignment.card is not None and assignment.card.status in READY
    return (ruled, CaptureBegun(tries=payout.tries + 1, at=at)) if ready else (ruled,)


def deny(assignment: Assignment, command: DenyPayout, *, at: datetime) -> Sequence[Event]:
    """Refuse the payout; unless it is final the provider may resubmit with evidence (P11, P13).

    The same denial again changes nothing. A final one also closes a payout that was denied before, or one
    that nobody has ruled on yet and whose money is not to be had.

    Raises:
        RoleForbidden: only admins rule on payouts.
        SelfApproval: a party or the submitter.
        AssignmentClosed, WrongState: there is no payout to rule on.
        AlreadyDecided: another ruling stands, or another attempt is current.
        ReasonRequired, ValueInvalid: the provider is owed a reason.
    """
    command.actor.expect(Role.ADMIN)
    payout = _ruled_on(assignment)
    stands = payout.ruling_on(command.attempt)
    if stands and stands.ruling is Ruling.DENIED and (stands.final or not command.final):
        return ()
    closes_what_was_denied = payout.status is PayoutStatus.DENIED and command.attempt == payout.attempt
    if not closes_what_was_denied:
        _expect_undecided(assignment, payout, command.attempt)
        if not (command.final and payout.status in NO_MONEY_YET):
            _expect_money(payout)
    expect_disinterested(assignment, payout, command.actor)
    expect_code("reasonCode", command.reason_code)
    expect_reason("note", command.note)
    reason = f"{command.reason_code}: {command.note}"
    decision = _decision(
        payout, command, Ruling.DENIED, reason=reason, amount=payout.amount, at=at, final=command.final
    )
    ruled = PayoutRuled(decision=decision, status=PayoutStatus.DENIED)
    return (ruled, *closing(at=at)) if command.final else (ruled,)


def resubmit(
    assignment: Assignment, command: ResubmitPayout, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Answer a denial with evidence, as a new attempt (P12).

    Raises:
        RoleForbidden, NotAParty: only the provider, or staff for them, resubmit.
        AssignmentClosed, WrongState: nothing was denied, or the attempts are used up.
        AmountExceedsAuthorised, ValueInvalid, ReasonRequired: the amount or the evidence is off.
    """
    command.actor.expect(Role.PROVIDER, Role.OPS, Role.ADMIN)
    side_of(assignment, command.actor)
    payout = _pending(assignment)
    if payout.status is not PayoutStatus.DENIED:
        raise WrongState(f"the payout is {payout.status}; only a denied one is resubmitted")
    if payout.submissions >= policy.max_attempts:
        raise WrongState(f"all {policy.max_attempts} attempts are used; ask operations")
    expect_reason("evidence", "".join(command.evidence), most=MOST_WORDS)
    expect_evidence(command.evidence)
    amount = _amount(payout, command)
    expect_affordable(amount, price=assignment.price, authorised=assignment.authorised)
    again = replace(
        payout,
        attempt=payout.attempt + 1,
        amount=amount,
        submitted_by=command.actor.id,
        submitted_at=at,
        evidence=command.evidence,
        returned=0,
    )
    resubmitted = PayoutResubmitted(payout=put_forward(assignment, again), at=at)
    return (resubmitted, *hold_for(assignment, amount, at=at, policy=policy))


def settle(assignment: Assignment, command: RecordSettlement, *, at: datetime) -> Sequence[Event]:
    """Note how the payments door settled an approved payout; the assignment is paid (P2, A19).

    Raises:
        RoleForbidden: only the system settles.
        WrongState, AssignmentClosed: no approval of that attempt waits for it.
        ValueInvalid: the status is none in which money has moved.
    """
    command.actor.expect(Role.SYSTEM)
    if command.status not in SETTLED:
        raise ValueInvalid(f"status: a payout is settled as {' or '.join(sorted(SETTLED))}")
    payout = _pending(assignment)
    if payout.status is not PayoutStatus.APPROVED or payout.attempt != command.attempt or not payout.ruling:
        raise WrongState("no approval of that attempt waits to be settled")
    settled = PayoutSettled(
        status=PayoutStatus(command.status), by=payout.ruling.by, reference=command.reference, at=at
    )
    return (settled, AssignmentEnded(status=Status.PAID, at=at))


def closing(*, at: datetime) -> tuple[Event, ...]:
    """Return what a final denial means: no money moves and the assignment ends (P13, A20)."""
    return (PayoutClosed(at=at), AssignmentEnded(status=Status.CLOSED_UNPAID, at=at))


def _amount(payout: Payout, command: ApprovePayout | ResubmitPayout) -> Money:
    """Return the amount a command names, or else the one the payout has."""
    return Money(
        amount=payout.amount.amount if command.amount is None else command.amount,
        currency=command.currency or payout.amount.currency,
    )


def _ruled_on(assignment: Assignment) -> Payout:
    """Return the payout, of a closed assignment too: a late repeat of a ruling is told what stands (P17)."""
    if assignment.payout is None:
        expect_open(assignment)
        raise WrongState(f"the assignment is {assignment.status}; there is no payout to rule on yet")
    return assignment.payout


def _pending(assignment: Assignment) -> Payout:
    expect_status(assignment, Status.PAYOUT_PENDING)
    if assignment.payout is None:
        raise WrongState("there is no payout")
    return assignment.payout


def _expect_undecided(assignment: Assignment, payout: Payout, attempt: int) -> None:
    if stands := payout.ruling_on(attempt):
        raise AlreadyDecided(
            f"attempt {attempt} was {stands.ruling} by {stands.by} at {stands.at.isoformat()}"
        )
    expect_open(assignment)
    if attempt != payout.attempt:
        raise AlreadyDecided(f"attempt {payout.attempt} is the current one, not {attempt}")


def _expect_money(payout: Payout) -> None:
    """Refuse to rule on a payout that no money stands behind, or that waits for something else (trap M1)."""
    if payout.status is not PayoutStatus.PENDING_APPROVAL:
        way_out = WAYS_OUT.get(payout.status, "there is nothing to rule on")
        raise WrongState(f"the payout is {payout.status}; {way_out}")


def _weigh(payout: Payout, command: ApprovePayout, amount: Money, *, policy: Policy) -> Ruling:
    """Return whether this approval releases the money or is the first of two."""
    if amount.amount < policy.four_eyes_minor:
        return Ruling.APPROVED
    first = payout.first_mark
    if first is None:
        return Ruling.FIRST_MARK
    if first.by == command.actor.id:
        raise SelfApproval("a payout of this size takes two admins; somebody else sets the second mark")
    if first.amount != amount:
        raise ValueInvalid(f"amount: the first admin approved {first.amount.amount}, not {amount.amount}")
    if command.source not in TRUSTED:
        raise SelfApproval("the second mark on a payout of this size is set through the API")
    return Ruling.APPROVED


def _decision(
    payout: Payout,
    command: ApprovePayout | DenyPayout,
    ruling: Ruling,
    *,
    reason: str,
    amount: Money,
    at: datetime,
    final: bool = False,
) -> Decision:
    return Decision(
        attempt=payout.attempt,
        ruling=ruling,
        by=command.actor.id,
        at=at,
        amount=amount,
        reason=reason,
        source=command.source,
        request_id=command.request_id,
        final=final,
    )
