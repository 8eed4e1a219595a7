"""What has to be asked of the payment provider next, as one function of the state.

A run makes one call at a time and notes the answer before it looks for the next, so that no two of them
race for the same money. Holds that nobody needs are let go first: whoever finds one captured by hand
must learn it before another is placed.
"""

from dataclasses import dataclass

from fulfillment.domain.assignment.card import NO_CARD, CardStatus
from fulfillment.domain.assignment.payout import Decision, Payout, PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.money import Money
from fulfillment.domain.policy import Policy

WHOLE_FEE = 10_000
"""A hundred percent, in hundredths of a percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetHoldGo:
    intent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeMoney:
    """Capture `amount` of the hold; attempt and tries tell this capture from earlier ones."""

    intent_id: str
    attempt: int
    tries: int
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtCard:
    n: int
    intent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold:
    """Hold `amount` on the card that the customer has on file, as hold number `n`."""

    n: int
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleByHand:
    payout: Payout
    approval: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class PassOn:
    """Transfer the provider's share of a captured payout to their account."""

    amount: Money
    charge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBack:
    """Give `amount` of what was taken as `intent_id` back, as the payout's `n`th refund."""

    n: int
    amount: Money
    intent_id: str


MoneyCall = LetHoldGo | TakeMoney | LookAtCard | PlaceHold | SettleByHand


def call_owed(assignment: Assignment) -> MoneyCall | None:
    """Return the next call that the state asks for, if it asks for one."""
    card, payout = assignment.card, assignment.payout
    if assignment.let_go:
        return LetHoldGo(intent_id=assignment.let_go[0])
    if assignment.is_closed:
        return None
    if payout and payout.status is PayoutStatus.CAPTURING and payout.approval and card and card.intent_id:
        return TakeMoney(
            intent_id=card.intent_id,
            attempt=payout.attempt,
            tries=payout.tries,
            amount=payout.approval.amount,
        )
    if card and card.in_doubt and card.intent_id:
        return LookAtCard(n=card.n, intent_id=card.intent_id)
    if card and card.status is CardStatus.WANTED:
        return PlaceHold(n=card.n, amount=card.amount)
    by_hand = card is None or card.status in NO_CARD
    if payout and payout.status is PayoutStatus.APPROVED and payout.approval and by_hand:
        return SettleByHand(payout=payout, approval=payout.approval)
    return None


def share_owed(assignment: Assignment, policy: Policy) -> PassOn | None:
    """Return what a paid provider is still owed by transfer, if shares are passed on."""
    card, payout = assignment.card, assignment.payout
    if not policy.transfers or assignment.status is not Status.PAID or payout is None or card is None:
        return None
    if payout.status is not PayoutStatus.CAPTURED or payout.transfer_id or card.captured is None:
        return None
    kept = card.captured.amount * policy.platform_fee // WHOLE_FEE
    share = Money(amount=card.captured.amount - kept, currency=card.captured.currency)
    return PassOn(amount=share, charge_id=card.charge_id) if share.amount else None


def refund_owed(assignment: Assignment) -> GiveBack | None:
    """Return what is decided to be given back and nobody has answered for yet, if anything is."""
    card, payout = assignment.card, assignment.payout
    asked = payout.refund_under_way if payout else None
    if asked is None or card is None or card.intent_id is None:
        return None
    return GiveBack(n=asked.n, amount=asked.amount, intent_id=card.intent_id)
