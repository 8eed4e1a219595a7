"""What became true of money that is given back."""

from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.assignment.refund import Refund
from fulfillment.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundMarked:
    """One admin wants it, and it takes another; an earlier mark that waits is void."""

    refund: Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAsked:
    """It is decided: from now on the money may be given back at any moment."""

    refund: Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundGiven:
    """The payment provider has given `amount` back, as `reference`; the card may show it days later."""

    n: int
    amount: Money
    reference: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed:
    """The payment provider said no for good, by its `code`; nothing was given back."""

    n: int
    amount: Money
    code: str
    at: datetime


RefundEvent = RefundMarked | RefundAsked | RefundGiven | RefundFailed
