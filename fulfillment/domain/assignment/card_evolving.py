"""What each event about the customer's card leaves behind, on the card and on the payout that waits."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from fulfillment.domain.assignment.card import Card, CardStatus
from fulfillment.domain.assignment.card_events import (
    CaptureBegun,
    CaptureFailed,
    CaptureUnanswered,
    CardAuthorised,
    CardCaptured,
    CardChecked,
    CardDoubted,
    CardEvent,
    CardExpired,
    CardLetGo,
    CardMissing,
    CardNeedsCustomer,
    CardWanted,
    ChargebackClosed,
    ChargebackOpened,
    HoldReleased,
)
from fulfillment.domain.assignment.payout import IN_FLIGHT, NO_MONEY_YET, Payout, PayoutStatus
from fulfillment.domain.assignment.state import Assignment

OPEN_HOLD = frozenset({CardStatus.HELD, CardStatus.NEEDS_CUSTOMER})
BEFORE_THE_MONEY = NO_MONEY_YET | IN_FLIGHT | {PayoutStatus.PENDING_APPROVAL, PayoutStatus.APPROVED}
WITHOUT_A_CARD = NO_MONEY_YET | IN_FLIGHT | {PayoutStatus.APPROVED}


def evolve_card(assignment: Assignment, event: CardEvent) -> Assignment:  # noqa: C901, PLR0911, PLR0912 - the table
    """Return the assignment as it is once `event` has happened."""
    match event:
        case CardWanted():
            return _wanted(assignment, event)
        case CardAuthorised():
            return _authorised(assignment, event)
        case CardNeedsCustomer(intent_id=intent, problem=problem, at=at):
            changed = _with_card(
                assignment,
                status=CardStatus.NEEDS_CUSTOMER,
                since=at,
                intent_id=intent,
                problem=problem,
                in_doubt=False,
            )
            return _stalled(
                changed, PayoutStatus.AWAITING_CUSTOMER_PAYMENT, problem, within=BEFORE_THE_MONEY, at=at
            )
        case CardMissing(at=at):
            changed = _with_card(assignment, status=CardStatus.MISSING, since=at, in_doubt=False)
            return _stalled(changed, PayoutStatus.AWAITING_CUSTOMER_PAYMENT, "", within=WITHOUT_A_CARD, at=at)
        case CardExpired(at=at):
            changed = _with_card(assignment, status=CardStatus.EXPIRED, since=at, in_doubt=False)
            return _stalled(changed, PayoutStatus.AUTHORIZATION_EXPIRED, "", within=BEFORE_THE_MONEY, at=at)
        case CardCaptured():
            return _captured(assignment, event)
        case CardLetGo(intent_id=intent, at=at):
            return _let_go(assignment, intent, at=at)
        case HoldReleased(intent_id=intent):
            return _no_longer_let_go(assignment, intent)
        case CardDoubted():
            return _doubted(assignment)
        case CardChecked():
            return _with_card(assignment, in_doubt=False)
        case CaptureBegun(tries=tries):
            return _capturing(assignment, tries)
        case CaptureFailed(code=code, at=at):
            return _with_payout(assignment, status=PayoutStatus.CAPTURE_FAILED, problem=code, stalled_at=at)
        case CaptureUnanswered(at=at):
            since = (assignment.payout.stalled_at if assignment.payout else None) or at
            return _with_payout(assignment, status=PayoutStatus.CAPTURE_UNKNOWN, stalled_at=since)
        case ChargebackOpened(reason=reason):
            return _with_payout(assignment, status=PayoutStatus.DISPUTED, problem=reason)
        case ChargebackClosed(lost=lost):
            gone = lost or _is_given_back(assignment)
            status = PayoutStatus.REVERSED if gone else PayoutStatus.CAPTURED
            return _with_payout(assignment, status=status, problem="")
        case _:
            assert_never(event)


def without_hold(assignment: Assignment, *, at: datetime) -> Assignment:
    """Return an assignment that has ended: what is still held on the card is to be let go (trap M13)."""
    card = assignment.card
    if card is None or card.status not in OPEN_HOLD | {CardStatus.WANTED}:
        return assignment
    held = (card.intent_id,) if card.intent_id and card.status in OPEN_HOLD else ()
    released = _with_card(assignment, status=CardStatus.RELEASED, since=at, in_doubt=False)
    return replace(released, let_go=(*assignment.let_go, *held))


def _wanted(assignment: Assignment, event: CardWanted) -> Assignment:
    freed = without_hold(assignment, at=event.at)
    card = Card(n=event.n, status=CardStatus.WANTED, amount=event.amount, since=event.at)
    return replace(freed, card=card)


def _authorised(assignment: Assignment, event: CardAuthorised) -> Assignment:
    held = _with_card(
        assignment,
        status=CardStatus.HELD,
        since=event.at,
        intent_id=event.intent_id,
        amount=event.amount,
        capture_before=event.capture_before,
        problem="",
        in_doubt=False,
    )
    payout = assignment.payout
    if payout is None or payout.status not in NO_MONEY_YET:
        return held
    if payout.approval:
        return _going_on(held, status=PayoutStatus.APPROVED)
    return _back_to_the_admins(held, payout, at=event.at)


def _captured(assignment: Assignment, event: CardCaptured) -> Assignment:
    freed = _no_longer_let_go(assignment, event.intent_id)
    given_back = event.captured.amount == 0
    if given_back and freed.payout and freed.payout.status is PayoutStatus.CAPTURED:
        freed = _with_payout(freed, status=PayoutStatus.REVERSED)
    taken = _with_card(
        freed,
        status=CardStatus.RELEASED if given_back else CardStatus.CAPTURED,
        since=event.at,
        intent_id=event.intent_id,
        charge_id=event.charge_id,
        captured=event.captured,
        in_doubt=False,
    )
    payout = assignment.payout
    if payout is None or payout.approval or payout.status not in NO_MONEY_YET:
        return taken
    return _back_to_the_admins(taken, payout, at=event.at)


def _is_given_back(assignment: Assignment) -> bool:
    card = assignment.card
    return card is not None and card.captured is not None and card.captured.amount == 0


def _let_go(assignment: Assignment, intent: str, *, at: datetime) -> Assignment:
    ours = assignment.card is not None and assignment.card.intent_id == intent
    released = _with_card(assignment, status=CardStatus.RELEASED, since=at, in_doubt=False)
    return replace(released if ours else assignment, let_go=(*assignment.let_go, intent))


def _no_longer_let_go(assignment: Assignment, intent: str) -> Assignment:
    return replace(assignment, let_go=tuple(each for each in assignment.let_go if each != intent))


def _capturing(assignment: Assignment, tries: int) -> Assignment:
    payout = assignment.payout
    capturing = _with_payout(assignment, status=PayoutStatus.CAPTURING, tries=tries, problem="")
    # A new try in a silence is no end of it: a person has to see to it after a day (P7).
    if payout and payout.status is PayoutStatus.CAPTURE_UNKNOWN:
        return capturing
    return _with_payout(capturing, checks=0, stalled_at=None)


def _doubted(assignment: Assignment) -> Assignment:
    payout = assignment.payout
    doubted = _with_card(assignment, in_doubt=True)
    if payout is None or payout.status is not PayoutStatus.CAPTURE_UNKNOWN:
        return doubted
    return _with_payout(doubted, checks=payout.checks + 1)


def _stalled(
    assignment: Assignment,
    status: PayoutStatus,
    problem: str,
    *,
    within: frozenset[PayoutStatus],
    at: datetime,
) -> Assignment:
    """Return the assignment with a payout that cannot go on, if it is one that waits for the card."""
    payout: Payout | None = assignment.payout
    if payout is None or payout.status not in within:
        return assignment
    # Whoever was late before, with a ruling or with a card, it is another thing that is waited for now.
    overdue = assignment.overdue_at if payout.status is status else None
    stalled = _with_payout(assignment, status=status, problem=problem, stalled_at=at)
    return replace(stalled, overdue_at=overdue)


def _back_to_the_admins(assignment: Assignment, payout: Payout, *, at: datetime) -> Assignment:
    """Return the assignment with a payout that can be ruled on; the admins' patience starts anew."""
    returned = payout.returned + 1
    return _going_on(assignment, status=PayoutStatus.PENDING_APPROVAL, submitted_at=at, returned=returned)


def _going_on(assignment: Assignment, **changes: object) -> Assignment:
    """Return the assignment with a payout that waits for no card any more; nobody is late with one."""
    return replace(_with_payout(assignment, problem="", stalled_at=None, **changes), overdue_at=None)


def _with_card(assignment: Assignment, **changes: object) -> Assignment:
    if assignment.card is None:
        return assignment
    return replace(assignment, card=replace(assignment.card, **changes))  # type: ignore[arg-type]  # by name


def _with_payout(assignment: Assignment, **changes: object) -> Assignment:
    if assignment.payout is None:
        return assignment
    return replace(assignment, payout=replace(assignment.payout, **changes))  # type: ignore[arg-type]  # by name
