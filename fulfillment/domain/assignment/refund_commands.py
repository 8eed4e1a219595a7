"""What may be asked about money that was taken: that it is given back, and what came of that."""

from dataclasses import dataclass

from fulfillment.domain.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPayout(Command):
    """Give `amount`, in minor units, back to the customer's card, or all that is left of what was taken.

    `n` names which refund this is meant to be, for whoever wants no other. `voucher` is the API's sealed word
    that this admin asked for this amount.
    """

    reason: str
    amount: int | None = None
    currency: str | None = None
    n: int | None = None
    voucher: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefund(Command):
    """The payment provider has answered about the `n`th refund: given as `reference`, or no, by `problem`."""

    n: int
    reference: str = ""
    problem: str = ""
