"""Amounts as a form begins with them: the way one would type them, without their currency."""

from fulfillment.notifications.moments import DECIMALS, USUAL_DECIMALS
from fulfillment.notifications.payload import MoneyTold


def typed(told: object) -> str:
    """Return an amount as `240.00`, or `240` where the currency has no decimals."""
    it = MoneyTold.model_validate(told)
    decimals = DECIMALS.get(it.currency, USUAL_DECIMALS)
    whole, part = divmod(it.amount, 10**decimals)
    return f"{whole}.{part:0{decimals}}" if decimals else str(whole)
