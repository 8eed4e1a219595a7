"""The customer's card: money that is held on it for an assignment, and what the payment provider says of it.

A hold ends on a day of the card issuer's choosing (trap M2), and only the payment provider knows how
it stands. So nothing here is believed for long: a `Card` is what we last knew, a `CardSeen` what we
were told just now, and `cards.py` has the rules for going from one to the other.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.money import Money


class CardState(StrEnum):
    """What the payment provider says of an authorisation."""

    HELD = "held"
    CAPTURED = "captured"
    NEEDS_CUSTOMER = "needs_customer"
    """Declined, or the bank asks for the customer's consent (3-D Secure)."""
    GONE = "gone"
    """Cancelled: it ran out, or somebody let it go."""
    MISSING = "missing"
    """The customer has no card on file, so nothing was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSeen:
    """An authorisation as the payment provider describes it.

    `amount` is what it was made for, `captured` what was taken and not given back. `capture_before` is the
    instant from which it is no longer good. `problem` is the provider's code for what is wrong with it.
    """

    state: CardState
    intent_id: str | None = None
    amount: Money | None = None
    captured: Money | None = None
    capture_before: datetime | None = None
    charge_id: str = ""
    problem: str = ""


class CardStatus(StrEnum):
    """How we last knew it. `wanted` and `released` are our own doing, the rest is the provider's word."""

    WANTED = "wanted"
    HELD = "held"
    CAPTURED = "captured"
    NEEDS_CUSTOMER = "needs_customer"
    EXPIRED = "expired"
    RELEASED = "released"
    MISSING = "missing"


ON_THE_WAY = frozenset({CardStatus.WANTED, CardStatus.HELD})
"""A payout can be approved over such a card: the money is held, or is being asked for."""
NO_CARD = frozenset({CardStatus.MISSING, CardStatus.RELEASED})
"""Nothing is to be had from such a card; whoever approves moves the money by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The latest hold on the customer's card for an assignment.

    `n` counts the holds that were asked for, from 1; with the assignment's id it is the hold's identity, so
    it never goes back. `since` is when the status began. `in_doubt` says that somebody should look at it.
    """

    n: int
    status: CardStatus
    amount: Money
    since: datetime
    intent_id: str | None = None
    capture_before: datetime | None = None
    charge_id: str = ""
    captured: Money | None = None
    problem: str = ""
    in_doubt: bool = False
