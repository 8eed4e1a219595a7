"""What people pay with and are paid to: names of cards and accounts at Stripe, and never their numbers."""

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fulfillment.store.tables.base import Stamp, Table

WHOLE = "num_nonnulls(method_ref, brand, last4, exp_month, exp_year) IN (0, 5)"
"""A card is there with all that people are shown of it, or not at all."""


class WalletRow(Table):
    """A customer as Stripe knows them; the card they pay with, if they have left one."""

    __tablename__ = "wallet"
    __table_args__ = (CheckConstraint(WHOLE, name="card_whole"),)

    person_id: Mapped[str] = mapped_column(primary_key=True)
    customer_ref: Mapped[str]
    method_ref: Mapped[str | None]
    brand: Mapped[str | None]
    last4: Mapped[str | None]
    exp_month: Mapped[int | None]
    exp_year: Mapped[int | None]
    updated_at: Mapped[Stamp]


class PayoutAccountRow(Table):
    """The account at Stripe that a provider's share goes to; `ready` is what Stripe said at `updated_at`."""

    __tablename__ = "payout_account"

    provider_id: Mapped[str] = mapped_column(primary_key=True)
    account_ref: Mapped[str]
    ready: Mapped[bool]
    updated_at: Mapped[Stamp]
