"""The door to the money: what admins approved is paid out through it, once."""

from dataclasses import dataclass
from typing import Protocol

import structlog
from structlog.typing import FilteringBoundLogger

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


class PaymentRefused(Exception):
    """This payout can never be settled this way; a person has to look at it."""


class PaymentFailed(Exception):
    """The answer is missing or says to come back later; asking again is safe and may help."""


class Payments(Protocol):
    async def settle(self, approved: ApprovedPayout) -> Settlement:
        """Settle `approved` and return how. Payout and attempt are its identity: asking again moves no more.

        Raises:
            PaymentRefused: it can never be settled this way.
            PaymentFailed: the outcome is unknown or not there yet; ask again.
        """


class LoggedPayments:
    """The payments door that stays at home (P19): it moves no money and says so in the log.

    An admin has moved it by hand; the reference they wrote down is the settlement's.
    """

    async def settle(self, approved: ApprovedPayout) -> Settlement:
        """Take the admin's word for it; a repeat gives the same answer."""
        log.info(
            "payout.capture.skipped",
            payout_id=approved.payout_id,
            attempt=approved.attempt,
            amount=approved.amount.amount,
            currency=approved.amount.currency,
        )
        return Settlement(status=PayoutStatus.SETTLED_MANUAL, reference=approved.reference)
