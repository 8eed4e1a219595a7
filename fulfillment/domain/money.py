"""Money: whole minor units of one currency."""

import re
from dataclasses import dataclass

from fulfillment.domain.errors import ValueInvalid

CURRENCY = re.compile(r"[A-Z]{3}")
MOST = 100_000_000_00
"""A hundred million of the major unit: anything above is a slip of the keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """`amount` in minor units (cents), `currency` by its ISO 4217 code.

    Raises:
        ValueInvalid: the amount is negative or absurd, or the currency is not three capitals.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= MOST:
            raise ValueInvalid(f"amount: {self.amount} is not between 0 and {MOST} minor units")
        if not CURRENCY.fullmatch(self.currency):
            raise ValueInvalid(f"currency: {self.currency!r} is not an ISO 4217 code such as EUR")

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} (minor units)"
