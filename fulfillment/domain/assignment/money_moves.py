"""What happened to money, for the books: one line for every hold, release, capture and settlement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from fulfillment.domain.assignment.card import Card, CardStatus
from fulfillment.domain.assignment.card_events import (
    CardAuthorised,
    CardCaptured,
    CardExpired,
    ChargebackClosed,
    ChargebackOpened,
    HoldReleased,
)
from fulfillment.domain.assignment.events import Event, PayoutSettled, PayoutTransferred
from fulfillment.domain.assignment.payout import Decision, PayoutStatus
from fulfillment.domain.assignment.refund_events import RefundGiven
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.money import Money


class MoveKind(StrEnum):
    """What became of the money. The first three are about a hold; all others moved it, or moved it back."""

    HELD = "held"
    RELEASED = "released"
    EXPIRED = "expired"
    CAPTURED = "captured"
    SETTLED_MANUAL = "settled_manual"
    TRANSFERRED = "transferred"
    DISPUTED = "disputed"
    REVERSED = "reversed"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyMove:
    """`amount` of money, on the hold `intent_id` if it is a card's; `reference` finds it again outside.

    `decided_by` and `request_id` name the decision that it follows from, if it follows from one of ours:
    an approval, of that `attempt`, or a refund. What somebody gave back in the dashboard follows from none.
    """

    kind: MoveKind
    amount: Money | None
    at: datetime
    intent_id: str | None = None
    reference: str = ""
    attempt: int | None = None
    decided_by: str | None = None
    request_id: str = ""


def moves(events: Sequence[Event], *, before: Assignment, after: Assignment) -> tuple[MoneyMove, ...]:
    """Return what `events`, which led from `before` to `after`, did to money."""
    return tuple(_moves(events, before, after))


def _moves(  # noqa: C901 - one line a kind
    events: Sequence[Event], before: Assignment, after: Assignment
) -> Iterator[MoneyMove]:
    card, given = before.card, next((each for each in events if isinstance(each, RefundGiven)), None)
    for event in events:
        match event:
            case CardAuthorised(intent_id=intent, amount=amount, at=at):
                yield MoneyMove(kind=MoveKind.HELD, amount=amount, intent_id=intent, at=at)
            case HoldReleased(intent_id=intent) if _is_over(card, intent):
                continue  # it is in the books as one that ran out
            case HoldReleased(intent_id=intent, at=at):
                let_go = card.amount if card and card.intent_id == intent else None
                yield MoneyMove(kind=MoveKind.RELEASED, amount=let_go, intent_id=intent, at=at)
            case CardExpired(at=at) if card:
                yield MoneyMove(kind=MoveKind.EXPIRED, amount=card.amount, intent_id=card.intent_id, at=at)
            case CardCaptured(captured=now, at=at):
                ours = card is not None and card.intent_id == event.intent_id
                was = card.captured.amount if ours and card and card.captured else 0
                taken = now.amount > was
                yield MoneyMove(
                    kind=MoveKind.CAPTURED if taken else MoveKind.REFUNDED,
                    amount=replace(now, amount=abs(now.amount - was)),
                    intent_id=event.intent_id,
                    at=at,
                    reference=given.reference if given else event.charge_id,
                    **(_approved(after) if taken else _refunded(given, after)),
                )
            case PayoutSettled(status=PayoutStatus.SETTLED_MANUAL, reference=reference, at=at):
                approval = _approval(after)
                yield MoneyMove(
                    kind=MoveKind.SETTLED_MANUAL,
                    amount=approval.amount if approval else None,
                    reference=reference,
                    at=at,
                    **_approved(after),
                )
            case PayoutTransferred(transfer_id=transfer, amount=amount, at=at):
                yield MoneyMove(kind=MoveKind.TRANSFERRED, amount=amount, reference=transfer, at=at)
            case ChargebackOpened(id=id, amount=amount, at=at):
                yield _of_a_bank(MoveKind.DISPUTED, id, amount, card, at)
            case ChargebackClosed(id=id, amount=amount, lost=True, at=at):
                yield _of_a_bank(MoveKind.REVERSED, id, amount, card, at)
            case _:
                continue


def _of_a_bank(kind: MoveKind, id: str, amount: Money, card: Card | None, at: datetime) -> MoneyMove:
    return MoneyMove(
        kind=kind, amount=amount, intent_id=card.intent_id if card else None, reference=id, at=at
    )


def _is_over(card: Card | None, intent: str) -> bool:
    return card is not None and card.intent_id == intent and card.status is CardStatus.EXPIRED


def _approval(it: Assignment) -> Decision | None:
    return it.payout.approval if it.payout else None


def _approved(it: Assignment) -> dict[str, Any]:
    approval = _approval(it)
    if approval is None:
        return {}
    return {"attempt": approval.attempt, "decided_by": approval.by, "request_id": approval.request_id}


def _refunded(given: RefundGiven | None, it: Assignment) -> dict[str, Any]:
    """Return who decided that money goes back, if any of us did."""
    refunds = it.payout.refunds if it.payout and given else ()
    ours = next((each for each in refunds if given and each.n == given.n), None)
    return {"decided_by": ours.decided_by, "request_id": ours.request_id} if ours else {}
