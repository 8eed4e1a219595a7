"""What would come of a step, in sentences for whoever is about to take it: the rules' own events, told."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from api.ui.moments import duration
from fulfillment.domain.assignment.card import NO_CARD, CardStatus
from fulfillment.domain.assignment.card_events import CaptureBegun, CardWanted
from fulfillment.domain.assignment.events import DisputeResolved, Event, PayoutClosed, PayoutRuled
from fulfillment.domain.assignment.payout import Decision, Ruling
from fulfillment.domain.assignment.refund_events import RefundAsked, RefundMarked
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.money import Money
from fulfillment.domain.policy import Policy
from fulfillment.notifications.moments import money
from fulfillment.notifications.payload import MoneyTold

NOTHING_YET = "This is the first of two marks: no money moves until another admin sets the second one."
CLOSED = (
    "The payout is closed for good: nothing is paid, and the provider cannot send it in again.",
    "What is held on the customer's card becomes free.",
)


def said(amount: Money) -> str:
    """Return an amount as `240.00 EUR`."""
    return money(MoneyTold(amount=amount.amount, currency=amount.currency))


def what_follows(events: Sequence[Event], it: Assignment, *, policy: Policy) -> tuple[str, ...]:
    """Return what would become true, if `events` happened to an assignment that is as it is now."""
    return tuple(_told(events, it, policy))


def _told(events: Sequence[Event], it: Assignment, policy: Policy) -> Iterator[str]:
    approves = any(isinstance(each, PayoutRuled) for each in events)
    for event in events:
        match event:
            case PayoutRuled(decision=decision):
                yield from _ruled(decision, it, policy)
            case PayoutClosed():
                yield from CLOSED
            case CaptureBegun() if not approves:
                yield from _again(it)
            case CardWanted(amount=amount):
                yield from _held_anew(amount, it)
            case DisputeResolved(payout=again) if not any(isinstance(one, PayoutClosed) for one in events):
                yield f"{said(again.amount)} waits for a decision again, as attempt {again.attempt}."
                yield "Whatever was decided before does not stand any more. Both sides read your reason."
            case RefundMarked(refund=refund):
                yield NOTHING_YET
                yield f"It has to be over the same {said(refund.amount)}."
            case RefundAsked(refund=refund):
                yield f"{said(refund.amount)} goes back to the card that the customer has paid with."
                yield "What was passed on to the provider stays with them. Nobody can take a refund back."
            case _:
                continue


def _ruled(decision: Decision, it: Assignment, policy: Policy) -> Iterator[str]:
    match decision.ruling:
        case Ruling.FIRST_MARK:
            yield NOTHING_YET
            yield f"A payout takes two admins from {said(_same(decision.amount, policy.four_eyes_minor))} on."
        case Ruling.APPROVED:
            yield _paid(decision.amount, it)
            yield from _less(decision.amount, it)
        case Ruling.DENIED if not decision.final:
            yield "Nothing is paid for now, and the provider reads your reason."
            yield _ways_left(it, policy)
        case Ruling.DENIED:
            return


def _paid(amount: Money, it: Assignment) -> str:
    if it.card is None or it.card.status in NO_CARD:
        return (
            f"The provider counts as paid {said(amount)}. No card is charged: "
            "you move the money yourself, under this reference."
        )
    if it.card.status is CardStatus.CAPTURED:
        return f"{said(amount)} was taken from the customer's card already, and is approved now."
    if it.card.status is CardStatus.HELD:
        return f"{said(amount)} is taken from the customer's card at once, and the provider is told."
    return f"{said(amount)} is taken from the customer's card as soon as it is held there."


def _less(amount: Money, it: Assignment) -> Iterator[str]:
    asked = it.payout.amount if it.payout else amount
    if amount.amount < asked.amount:
        less = _same(asked, asked.amount - amount.amount)
        yield f"That is {said(less)} less than the {said(asked)} that the provider asks for."


def _ways_left(it: Assignment, policy: Policy) -> str:
    left = policy.max_attempts - (it.payout.submissions if it.payout else 0)
    if left <= 0:
        return "The provider has no attempt left, so it stays denied unless it is closed for good."
    return (
        f"The provider may send it in again within {duration(policy.resubmit_window)}, "
        f"with {left} more {'attempt' if left == 1 else 'attempts'}; after that it is closed."
    )


def _again(it: Assignment) -> Iterator[str]:
    approval = it.payout.approval if it.payout else None
    if approval:
        yield f"The payment provider is asked once more for the {said(approval.amount)} that are approved."
    yield "What was taken meanwhile is not taken twice."


def _held_anew(amount: Money, it: Assignment) -> Iterator[str]:
    yield f"{said(amount)} is held on the card that the customer has on file by now."
    yield "An older hold is let go first."
    if it.payout and it.payout.approval:
        yield "The approval is kept: as soon as the money is held, it is taken."
    yield "If the bank declines, the customer is asked to see to it."


def _same(money: Money, amount: int) -> Money:
    return replace(money, amount=amount)
