"""How the money for a visit stands, in words for the customer who pays it, and what they can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.schemas.values import MoneyShown
from api.ui.words import Badge, Tone
from fulfillment.domain.assignment.card import Card, CardStatus
from fulfillment.domain.assignment.payout import Payout, PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.money import Money
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.notifications.sentences.codes import reason_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """What `stands` says at a glance, and what `says` adds; `do` is there if the customer has to act.

    `amount` is what it is about; `until` is when a hold on the card ends, `dispute_by` until when the
    customer may say that something is wrong with the work.
    """

    stands: str
    tone: Tone
    amount: MoneyShown
    says: tuple[str, ...] = ()
    do: str = ""
    until: datetime | None = None
    dispute_by: datetime | None = None
    complaint: str = ""

    @property
    def badge(self) -> Badge:
        return Badge(self.stands, self.tone)


Said = tuple[str, Tone, tuple[str, ...], str]
LATER = "Nothing is charged before the work is done and looked at."
AGAIN = "If you want to pay with another card, give it to us in the app first. Then try again here."
BACK = "What was held on your card is free again; some banks take a few days to show it."

CARDS: Mapping[CardStatus, Said] = {
    CardStatus.WANTED: ("Being held on your card", Tone.CALM, ("Your bank is being asked.", LATER), ""),
    CardStatus.HELD: ("Held on your card", Tone.GOOD, (LATER,), ""),
    CardStatus.CAPTURED: ("Charged to your card", Tone.GOOD, (), ""),
    CardStatus.NEEDS_CUSTOMER: (
        "Your card needs you",
        Tone.ALARM,
        ("We could not hold the money on your card.",),
        f"Please see to it with your bank. {AGAIN}",
    ),
    CardStatus.MISSING: (
        "No card yet",
        Tone.ASKS,
        ("You have not given us a card.",),
        "Please give us a card in the app, then try again here. Or our team settles it with you by hand.",
    ),
    CardStatus.EXPIRED: (
        "The hold on your card has ended",
        Tone.ASKS,
        ("Nothing was charged. The money is held anew before it is due.",),
        f"You can have it held anew now. {AGAIN}",
    ),
    CardStatus.RELEASED: ("Free again", Tone.OFF, (BACK,), ""),
}
PAYOUTS: Mapping[PayoutStatus, tuple[str, Tone, str]] = {
    PayoutStatus.PENDING_APPROVAL: ("To be looked at", Tone.CALM, "Our team looks at the work first."),
    PayoutStatus.APPROVED: ("About to be paid", Tone.CALM, "Our team has looked at the work."),
    PayoutStatus.CAPTURING: ("Being charged", Tone.CALM, "Your card is being charged."),
    PayoutStatus.CAPTURE_UNKNOWN: ("Being charged", Tone.CALM, "Your bank has not answered yet."),
    PayoutStatus.CAPTURE_FAILED: ("Not charged yet", Tone.CALM, "Our team looks into it."),
    PayoutStatus.AUTHORIZATION_EXPIRED: ("Not charged yet", Tone.CALM, "The hold on your card has ended."),
    PayoutStatus.CAPTURED: ("Paid", Tone.GOOD, "This was charged to your card."),
    PayoutStatus.SETTLED_MANUAL: ("Paid", Tone.GOOD, "It was settled by hand, without a card."),
    PayoutStatus.DENIED: ("Not approved", Tone.CALM, "Our team has questions to the provider."),
    PayoutStatus.ON_HOLD: ("You have disputed it", Tone.ASKS, "Our team settles that first."),
    PayoutStatus.CLOSED_DENIED: ("Nothing to pay", Tone.OFF, "No money is taken for this."),
    PayoutStatus.DISPUTED: ("Disputed at your bank", Tone.CALM, "Your bank is looking into the charge."),
    PayoutStatus.REVERSED: ("Given back by your bank", Tone.OFF, "You have the money back."),
}
ENDED_UNPAID = frozenset({Status.REJECTED, Status.CANCELLED, Status.CLOSED_UNPAID})
NOTHING_TAKEN = frozenset(
    {CardStatus.WANTED, CardStatus.NEEDS_CUSTOMER, CardStatus.MISSING, CardStatus.EXPIRED}
)


def paying_of(assignment: Assignment, *, may_dispute: bool, policy: Policy) -> Paying:
    """Return how it stands with the money for `assignment`."""
    card, payout = assignment.card, assignment.payout
    amount = _amount(assignment, card, payout)
    stands, tone, says, do = _said(assignment, card, payout)
    return Paying(
        stands=stands,
        tone=tone,
        amount=MoneyShown.model_validate(amount),
        says=says,
        do=do,
        until=assignment.capture_before,
        dispute_by=_dispute_by(assignment, policy) if may_dispute else None,
        complaint=payout.dispute.reason if payout and payout.dispute else "",
    )


def _said(assignment: Assignment, card: Card | None, payout: Payout | None) -> Said:
    if is_given_back(card, payout):
        return GIVEN_BACK
    if payout and payout.status is not PayoutStatus.AWAITING_CUSTOMER_PAYMENT:
        at_a_glance, look, more = PAYOUTS[payout.status]
        freed = payout.status is PayoutStatus.CLOSED_DENIED and card is not None
        return at_a_glance, look, (more, *((BACK,) if freed else ())), CARDS[card.status][3] if card else ""
    if card is None:
        return _without_a_card(assignment)
    if assignment.status in ENDED_UNPAID and card.status in NOTHING_TAKEN:
        return OFF
    stands, tone, says, do = CARDS[card.status]
    why = _why(card)
    return stands, tone, (*says, *((why,) if why else ())), do


GIVEN_BACK: Said = (
    "Given back",
    Tone.OFF,
    ("We have given it back to your card; some banks take a few days to show it.",),
    "",
)
OFF: Said = ("Nothing to pay", Tone.OFF, ("The visit does not take place, so nothing is charged.",), "")


def is_given_back(card: Card | None, payout: Payout | None) -> bool:
    """Return whether all of it went back to the card because we gave it back, and no bank took it."""
    reversed = payout is not None and payout.status is PayoutStatus.REVERSED
    return reversed and card is not None and card.captured is not None and card.captured.amount == 0


def _without_a_card(assignment: Assignment) -> Said:
    if assignment.status in ENDED_UNPAID:
        return OFF
    return "Nothing to pay yet", Tone.CALM, (LATER,), ""


def _why(card: Card) -> str:
    if card.status is not CardStatus.NEEDS_CUSTOMER or not card.problem:
        return ""
    said = reason_in_words(card.problem, to=Role.CUSTOMER)
    # A code that nobody has put into words helps nobody who reads it.
    return "" if said == card.problem and "_" in said else f"What your bank says: {said}."


def _amount(assignment: Assignment, card: Card | None, payout: Payout | None) -> Money:
    if card and card.captured and not is_given_back(card, payout):
        return card.captured
    return payout.amount if payout else card.amount if card else assignment.price


def _dispute_by(assignment: Assignment, policy: Policy) -> datetime | None:
    done = assignment.completed_at
    return done + policy.dispute_window if done else None
