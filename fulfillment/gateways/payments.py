"""The door to the money: holds on cards, captures, transfers and refunds, each of them at most once.

Every call names what it is about, and that name is the payment provider's idempotency key, so asking
again is always safe. Every answer says how the money stands now, not what the call did about it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from structlog.typing import FilteringBoundLogger

from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.money import Money

log: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedPayout:
    """What admins released: this amount, for this attempt (counted from 1).

    `approved_by` is the admin's id; `reference` is what they wrote down, such as the number of a transfer.
    """

    payout_id: str
    attempt: int
    amount: Money
    approved_by: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How it was settled: `status` is the payout's from now on, `reference` finds the money again."""

    status: PayoutStatus
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardOnFile:
    """A customer's card, by the payment provider's ids: `customer_ref` (cus_…) and `method_ref` (pm_…)."""

    customer_ref: str
    method_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """A hold to be placed on a card: the `n`th for this assignment (counted from 1).

    Assignment and `n` are its identity; `spare` (from 0) sets apart another request for the same hold, for
    when the provider has an error stored under the first one's key and keeps repeating it (trap M6).
    """

    assignment_id: str
    n: int
    amount: Money
    card: CardOnFile
    spare: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A payout to be taken from a card: `amount` of what is held as `intent_id`.

    Payout, attempt, amount, `try_` (counted from 1; an admin who asks for another raises it) and `spare`
    (as in `Authorisation`) are its identity.
    """

    payout_id: str
    attempt: int
    amount: Money
    intent_id: str
    try_: int = 1
    spare: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A hold to be let go; an intent is let go once, whoever asks and how often."""

    assignment_id: str
    intent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """The provider's share of a captured payout, to their connected account (acct_…); once per payout."""

    payout_id: str
    amount: Money
    charge_id: str
    account: str
    spare: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Captured money to be given back to the customer: the `n`th time for this payout (counted from 1)."""

    payout_id: str
    n: int
    amount: Money
    intent_id: str
    spare: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chargeback:
    """A customer's complaint to their bank, as the payment provider describes it.

    `status` is the provider's own word; `is_open` says whether it is undecided, `is_lost` whether the
    money went back to the customer for good.
    """

    id: str
    intent_id: str
    amount: Money
    status: str
    reason: str
    is_open: bool
    is_lost: bool
    evidence_due: datetime | None = None


class PaymentRefused(Exception):
    """The answer is no, and asking again will not change it. `code` is the provider's word for why."""

    def __init__(self, message: str, *, code: str = "refused") -> None:
        super().__init__(message)
        self.code = code


class PaymentFailed(Exception):
    """The answer is missing or says to come back later; asking again is safe and may help.

    `retry_after` is how many seconds the provider wants to be left alone, if it said so.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Cards(Protocol):
    """What can be done with money on cards. All of it raises PaymentRefused or PaymentFailed, as they say."""

    async def authorise(self, wanted: Authorisation) -> CardSeen:
        """Place the hold, or find the one that this very request has placed before.

        A decline, and a bank that asks for its customer, are answers (NEEDS_CUSTOMER) and not errors.
        """

    async def look(self, intent_id: str) -> CardSeen:
        """Return how the money stands; nothing is changed."""

    async def capture(self, capture: Capture) -> CardSeen:
        """Take the amount if it is still held, and return how the money stands then.

        It looks before it takes: money that was taken before, by whomever, is not taken again, and a hold
        that is gone is an answer (GONE). Whether the amount is right is for the caller to see.
        """

    async def release(self, release: Release) -> CardSeen:
        """Let the hold go, unless it is gone; money that was captured stays captured, and is the answer."""

    async def transfer(self, transfer: Transfer) -> str:
        """Pass the amount on, or find that this was done before; return the transfer's id."""

    async def refund(self, refund: Refund) -> str:
        """Give the amount back, or find that this was done before; return the refund's id."""

    async def chargeback(self, intent_id: str) -> Chargeback | None:
        """Return the latest complaint about money taken as `intent_id`, if there is one."""


class NoCards(Cards):
    """Cards that stay at home (P19): nobody has one, and money is moved by hand."""

    async def authorise(self, _: Authorisation) -> CardSeen:
        return CardSeen(state=CardState.MISSING)

    async def look(self, intent_id: str) -> CardSeen:
        raise _no_keys(intent_id)

    async def capture(self, capture: Capture) -> CardSeen:
        raise _no_keys(capture.intent_id)

    async def release(self, release: Release) -> CardSeen:
        raise _no_keys(release.intent_id)

    async def transfer(self, transfer: Transfer) -> str:
        raise _no_keys(transfer.payout_id)

    async def refund(self, refund: Refund) -> str:
        raise _no_keys(refund.intent_id)

    async def chargeback(self, intent_id: str) -> Chargeback | None:
        raise _no_keys(intent_id)


def _no_keys(what: str) -> PaymentFailed:
    # A hold that was placed while there were keys: whoever took them away has to bring them back.
    return PaymentFailed(f"STRIPE_SECRET_KEY is not set, and {what} is at Stripe")


def settled_by_hand(approved: ApprovedPayout) -> Settlement:
    """Take the admin's word for it that they moved the money, and say in the log that we moved none (P2)."""
    log.info(
        "payout.capture.skipped",
        payout_id=approved.payout_id,
        attempt=approved.attempt,
        amount=approved.amount.amount,
        currency=approved.amount.currency,
    )
    return Settlement(status=PayoutStatus.SETTLED_MANUAL, reference=approved.reference)
