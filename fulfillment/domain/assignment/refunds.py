"""Giving captured money back after the end: one admin decides, or two where it is much, and it is done once.

A refund is decided on what is written down, and one at a time, so that two admins who ask at once never make
two of it. What one admin alone has given back counts towards the four-eyes amount: many small refunds are a
large one.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from fulfillment.domain.assignment.card_events import CardCaptured
from fulfillment.domain.assignment.events import Event
from fulfillment.domain.assignment.parties import expect_disinterested
from fulfillment.domain.assignment.payout import Payout, PayoutStatus
from fulfillment.domain.assignment.refund import Refund, RefundStatus
from fulfillment.domain.assignment.refund_commands import RecordRefund, RefundPayout
from fulfillment.domain.assignment.refund_events import RefundAsked, RefundFailed, RefundGiven, RefundMarked
from fulfillment.domain.assignment.rulings import TRUSTED
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.errors import (
    AlreadyDecided,
    AmountExceedsAuthorised,
    IdempotencyMismatch,
    SelfApproval,
    ValueInvalid,
    WrongState,
)
from fulfillment.domain.money import Money
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.text import expect_reason

NOT_FROM_HERE = {
    PayoutStatus.SETTLED_MANUAL: "it was settled by hand, and is given back by hand, outside",
    PayoutStatus.DISPUTED: "the customer's bank decides; a refund beside a chargeback would pay twice",
    PayoutStatus.REVERSED: "all of it has gone back to the customer",
}


def refund(assignment: Assignment, command: RefundPayout, *, at: datetime, policy: Policy) -> Sequence[Event]:
    """Give back what was taken, or some of it, or set the first of two marks when that is much (P19).

    The same command again changes nothing. From the four-eyes amount on, a command that did not come through
    the API is a first mark at most; whoever set a mark may set it anew over another amount.

    Raises:
        RoleForbidden: only admins give money back.
        SelfApproval: a party, the submitter, or the admin of the first mark.
        WrongState: it has not ended, nothing is left of a card's money, or others decide.
        AlreadyDecided: a refund is under way, or `n` is not the next one.
        AmountExceedsAuthorised, ValueInvalid: the amount is off.
        ReasonRequired: it takes a reason in writing.
    """
    command.actor.expect(Role.ADMIN)
    payout = assignment.payout
    if payout is None:
        raise WrongState(f"the assignment is {assignment.status}, and there is no payout to give back")
    if _is_repeat(payout, command):
        return ()
    expect_disinterested(assignment, payout, command.actor)
    expect_reason("reason", command.reason)
    left = _left(assignment, payout)
    _expect_next(payout, command)
    return (_weighed(payout, command, _amount(command, left), at=at, policy=policy),)


def record_refund(assignment: Assignment, command: RecordRefund, *, at: datetime) -> Sequence[Event]:
    """Take in what became of a refund; an answer about another one than is under way changes nothing.

    Raises:
        RoleForbidden: only the system knows.
    """
    command.actor.expect(Role.SYSTEM)
    card, payout = assignment.card, assignment.payout
    asked = payout.refund_under_way if payout else None
    if asked is None or asked.n != command.n or card is None:
        return ()
    if card.captured is None or card.intent_id is None:
        return ()
    if command.problem:
        return (RefundFailed(n=asked.n, amount=asked.amount, code=command.problem, at=at),)
    left = max(0, card.captured.amount - asked.amount.amount)
    return (
        RefundGiven(n=asked.n, amount=asked.amount, reference=command.reference, at=at),
        CardCaptured(
            intent_id=card.intent_id,
            charge_id=card.charge_id,
            captured=replace(card.captured, amount=left),
            at=at,
        ),
    )


def _is_repeat(payout: Payout, command: RefundPayout) -> bool:
    """Return whether this very command has been carried out.

    Raises:
        IdempotencyMismatch: its id stood for another amount.
    """
    known = next((each for each in payout.refunds if command.command_id in each.commands), None)
    if known is None or not command.command_id:
        return False
    if command.amount not in {None, known.amount.amount}:
        raise IdempotencyMismatch("this Idempotency-Key was used for another refund; take a new one")
    return True


def _left(assignment: Assignment, payout: Payout) -> Money:
    """Return what was taken from the card and not given back."""
    if not assignment.is_closed:
        raise WrongState(f"the assignment is {assignment.status}; money is given back once it has ended")
    if why := NOT_FROM_HERE.get(payout.status):
        raise WrongState(f"the payout is {payout.status}: {why}")
    if assignment.let_go:
        # Its own run writes what becomes of the hold, and two writers would number the same step.
        raise WrongState("a hold on the card is being let go; ask again in a moment")
    card = assignment.card
    if card is None or card.captured is None or not card.captured.amount:
        raise WrongState("no money of a card is left here to give back")
    return card.captured


def _expect_next(payout: Payout, command: RefundPayout) -> None:
    if asked := payout.refund_under_way:
        raise AlreadyDecided(f"refund {asked.n}, of {asked.amount}, by {asked.decided_by}, is under way")
    if command.n not in {None, _next(payout)}:
        raise AlreadyDecided(f"refund {_next(payout)} is the next one, not {command.n}")


def _next(payout: Payout) -> int:
    """Return the number of the next refund: that of a mark which waits, or one more than there are."""
    return len(payout.refunds) + (payout.refund_mark is None)


def _amount(command: RefundPayout, left: Money) -> Money:
    """Return the amount that the command names, or else all that is left."""
    if command.currency not in {None, left.currency}:
        raise ValueInvalid(f"currency: it was taken in {left.currency}, not {command.currency}")
    amount = left.amount if command.amount is None else command.amount
    if amount > left.amount:
        raise AmountExceedsAuthorised(f"amount: {left} are left of what was taken, and not {amount}")
    if amount < 1:
        raise ValueInvalid(f"amount: from 1 to {left.amount} can be given back")
    return replace(left, amount=amount)


def _weighed(
    payout: Payout, command: RefundPayout, amount: Money, *, at: datetime, policy: Policy
) -> RefundMarked | RefundAsked:
    """Return whether this command gives the money back or is the first of two."""
    mark = payout.refund_mark
    fresh = Refund(
        n=_next(payout),
        amount=amount,
        status=RefundStatus.ASKED,
        reason=command.reason,
        by=command.actor.id,
        at=at,
        source=command.source,
        request_id=command.request_id,
        commands=(command.command_id,),
        decided_at=at,
    )
    if _by_one(payout) + amount.amount < policy.four_eyes_minor:
        return RefundAsked(refund=fresh)
    if mark is None or (mark.by == command.actor.id and mark.amount != amount):
        return RefundMarked(refund=replace(fresh, status=RefundStatus.FIRST_MARK, decided_at=None))
    _expect_second(mark, command, amount)
    return RefundAsked(
        refund=replace(
            mark,
            status=RefundStatus.ASKED,
            second=command.actor.id,
            decided_at=at,
            request_id=command.request_id,
            commands=(*mark.commands, command.command_id),
        )
    )


def _by_one(payout: Payout) -> int:
    """Return how much was given back, or is about to be, on the word of one admin alone."""
    counted = {RefundStatus.ASKED, RefundStatus.GIVEN}
    return sum(each.amount.amount for each in payout.refunds if each.status in counted and not each.second)


def _expect_second(mark: Refund, command: RefundPayout, amount: Money) -> None:
    if mark.by == command.actor.id:
        raise SelfApproval("a refund of this size takes two admins; somebody else sets the second mark")
    if mark.amount != amount:
        raise ValueInvalid(f"amount: the first admin wants {mark.amount.amount} back, not {amount.amount}")
    if command.source not in TRUSTED:
        raise SelfApproval("the second mark on a refund of this size is set through the API")
