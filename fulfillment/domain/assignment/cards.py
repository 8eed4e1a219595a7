"""Money on the customer's card: when it is held, and what follows from what the payment provider says.

The provider's word is never a command. It says how the money stands; what that means for the payout is
decided here, by the state, so it may be said late, twice and in any order (traps M7, M8, M10).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from fulfillment.domain.assignment.card import Card, CardSeen, CardState, CardStatus
from fulfillment.domain.assignment.card_events import (
    CaptureBegun,
    CaptureFailed,
    CardAuthorised,
    CardCaptured,
    CardChecked,
    CardDoubted,
    CardExpired,
    CardLetGo,
    CardMissing,
    CardNeedsCustomer,
    CardWanted,
    HoldReleased,
)
from fulfillment.domain.assignment.commands import DoubtCard, RecordCard, RecordRelease
from fulfillment.domain.assignment.events import AssignmentEnded, Event, PayoutSettled
from fulfillment.domain.assignment.payout import IN_FLIGHT, NO_MONEY_YET, Payout, PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.money import Money
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.window import VisitWindow

AMOUNT_MISMATCH = "amount_mismatch"
"""Our own code, beside the payment provider's: another amount was taken than the one approved (trap M3)."""

UNUSABLE = frozenset({CardStatus.EXPIRED, CardStatus.RELEASED, CardStatus.MISSING})
OVER = frozenset({CardStatus.EXPIRED, CardStatus.CAPTURED})
"""No hold comes back from there: an answer that says it is still to be had is an older one."""


def wanted(assignment: Assignment, amount: Money, *, at: datetime) -> CardWanted:
    """Return the wish to hold `amount` anew; the number of a hold is never used twice."""
    return CardWanted(n=assignment.card.n + 1 if assignment.card else 1, amount=amount, at=at)


def hold_for(assignment: Assignment, amount: Money, *, at: datetime, policy: Policy) -> tuple[Event, ...]:
    """Return the wish to hold what finished work costs, unless the card has been seen to already."""
    card = assignment.card
    seen_to = card is not None and card.status not in UNUSABLE
    return () if seen_to or not policy.card_payments else (wanted(assignment, amount, at=at),)


def put_forward(assignment: Assignment, payout: Payout) -> Payout:
    """Return `payout` as it is put before the admins, or stuck behind the customer's card."""
    card = assignment.card
    if card is None or card.status is not CardStatus.NEEDS_CUSTOMER:
        return replace(payout, status=PayoutStatus.PENDING_APPROVAL, problem="", stalled_at=None)
    return replace(
        payout,
        status=PayoutStatus.AWAITING_CUSTOMER_PAYMENT,
        problem=card.problem,
        stalled_at=payout.submitted_at,
    )


def let_go_if_unfit(
    assignment: Assignment, window: VisitWindow, *, at: datetime, policy: Policy
) -> tuple[Event, ...]:
    """Return that the hold is let go if it ends before a visit in `window` could be paid for.

    A far visit holds no money for weeks: another hold is placed just in time.
    """
    card = assignment.card
    held = card is not None and card.status is CardStatus.HELD
    if not held or card is None or card.intent_id is None or card.capture_before is None:
        return ()
    lasts = card.capture_before >= window.end + policy.sla_payout
    soon = window.end + policy.sla_payout - policy.auth_lifetime <= at
    return () if lasts or soon else (CardLetGo(intent_id=card.intent_id, at=at),)


def record(assignment: Assignment, command: RecordCard, *, at: datetime) -> Sequence[Event]:
    """Take in how a hold stands. One that nobody needs any more is let go.

    Raises:
        RoleForbidden: only the system knows.
    """
    command.actor.expect(Role.SYSTEM)
    card, seen = assignment.card, command.seen
    if card is None or card.n != command.n or card.status is CardStatus.RELEASED:
        return _left_over(assignment, seen, at=at)
    match seen.state:
        case CardState.CAPTURED:
            return _captured(assignment, card, seen, no_news=CardChecked(at=at), at=at)
        case _ if card.status in OVER:
            return (CardChecked(at=at),)
        case CardState.HELD:
            return _held(assignment, card, seen, at=at)
        case CardState.NEEDS_CUSTOMER:
            return _needs_customer(card, seen, at=at)
        case CardState.GONE:
            return (CardExpired(at=at),)
        case CardState.MISSING:
            asked = card.status is CardStatus.WANTED
            return (CardMissing(at=at),) if asked else (CardChecked(at=at),)


def record_release(assignment: Assignment, command: RecordRelease, *, at: datetime) -> Sequence[Event]:
    """Take in what became of a hold that was to be let go. Whoever was quicker has captured it.

    Raises:
        RoleForbidden: only the system knows.
    """
    command.actor.expect(Role.SYSTEM)
    if command.intent_id not in assignment.let_go:
        return ()
    released = HoldReleased(intent_id=command.intent_id, at=at)
    if command.seen.state is CardState.CAPTURED:
        return _captured(assignment, assignment.card, command.seen, no_news=released, at=at)
    return (released,)


def doubt(assignment: Assignment, command: DoubtCard, *, at: datetime) -> Sequence[Event]:
    """Have somebody look at the card; there is nothing to look at once it is let go or the assignment ended.

    Raises:
        RoleForbidden: only staff, or the system when the payment provider has told it something.
    """
    command.actor.expect(Role.OPS, Role.ADMIN, Role.SYSTEM)
    card = assignment.card
    if assignment.is_closed or card is None or card.intent_id is None or card.in_doubt:
        return ()
    if card.status is CardStatus.RELEASED:
        return ()
    return (CardDoubted(at=at),)


def _left_over(assignment: Assignment, seen: CardSeen, *, at: datetime) -> tuple[Event, ...]:
    open_still = seen.state in {CardState.HELD, CardState.NEEDS_CUSTOMER}
    if not open_still or seen.intent_id is None or seen.intent_id in assignment.let_go:
        return ()
    return (CardLetGo(intent_id=seen.intent_id, at=at),)


def _held(assignment: Assignment, card: Card, seen: CardSeen, *, at: datetime) -> tuple[Event, ...]:
    payout = assignment.payout
    if card.status is CardStatus.HELD:
        if payout and payout.status is PayoutStatus.CAPTURE_UNKNOWN:
            # A definite answer at last: nothing was taken, so a new try may take it.
            return CardChecked(at=at), CaptureBegun(tries=payout.tries + 1, at=at)
        return (CardChecked(at=at),)
    held = CardAuthorised(
        intent_id=seen.intent_id or "",
        amount=seen.amount or card.amount,
        capture_before=seen.capture_before,
        at=at,
    )
    if payout and payout.approval and payout.status in NO_MONEY_YET | {PayoutStatus.APPROVED}:
        return held, CaptureBegun(tries=payout.tries + 1, at=at)
    return (held,)


def _needs_customer(card: Card, seen: CardSeen, *, at: datetime) -> tuple[Event, ...]:
    known = card.status is CardStatus.NEEDS_CUSTOMER and card.problem == seen.problem
    if known:
        return (CardChecked(at=at),)
    return (CardNeedsCustomer(intent_id=seen.intent_id, problem=seen.problem, at=at),)


def _captured(
    assignment: Assignment, card: Card | None, seen: CardSeen, *, no_news: Event, at: datetime
) -> tuple[Event, ...]:
    """Return what follows from money that was taken: the approved amount settles the payout, by whomever.

    `no_news` is noted where we knew of the money already.
    """
    taken, payout = seen.captured or seen.amount, assignment.payout
    if taken is None or seen.intent_id is None:
        return (no_news,)
    known = card is not None and (card.intent_id, card.captured) == (seen.intent_id, taken)
    noted = CardCaptured(intent_id=seen.intent_id, charge_id=seen.charge_id, captured=taken, at=at)
    news: tuple[Event, ...] = (no_news if known else noted,)
    waiting = IN_FLIGHT | NO_MONEY_YET | {PayoutStatus.APPROVED}
    if payout is None or payout.approval is None or payout.status not in waiting:
        return news
    if taken != payout.approval.amount:
        told = payout.status is PayoutStatus.CAPTURE_FAILED and payout.problem == AMOUNT_MISMATCH
        return news if told else (*news, CaptureFailed(code=AMOUNT_MISMATCH, at=at))
    settled = PayoutSettled(
        status=PayoutStatus.CAPTURED, by=payout.approval.by, reference=seen.charge_id, at=at
    )
    return (*news, settled, AssignmentEnded(status=Status.PAID, at=at))
