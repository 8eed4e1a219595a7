"""What people pay with and are paid to, as clients see it: names at Stripe, and what a card is known by."""

from typing import Annotated, Self

from pydantic import Field

from api.schemas.base import Sent, Shown
from fulfillment.store.wallets import KeptCard, PayoutAccount


class PaymentMethodSent(Sent):
    payment_method: Annotated[
        str,
        Field(
            max_length=255,
            pattern=r"^pm_[A-Za-z0-9_]+$",
            description="The PaymentMethod that the SetupIntent has ended in.",
            examples=["pm_1Q0PsIJvEtkwdCNYMSaVuRz6"],
        ),
    ]


class PaymentMethodShown(Shown):
    """A card, as its owner knows it again."""

    brand: Annotated[str, Field(examples=["visa"])]
    last4: str
    exp_month: int
    exp_year: int

    @classmethod
    def of(cls, card: KeptCard) -> Self:
        return cls.model_validate(card)


class SetupAsked(Shown):
    client_secret: Annotated[
        str,
        Field(description="For Stripe's own form in the browser, which asks for the card; keep it to it."),
    ]


class PayoutAccountSent(Sent):
    account: Annotated[
        str,
        Field(
            max_length=255,
            pattern=r"^acct_[A-Za-z0-9_]+$",
            description="A connected account of the platform's.",
            examples=["acct_1Nv0FGQ9RKHgCVdK"],
        ),
    ]


class PayoutAccountShown(Shown):
    account: str
    ready: Annotated[bool, Field(description="Whether Stripe would pay it, when it was last asked.")]

    @classmethod
    def of(cls, account: PayoutAccount) -> Self:
        return cls(account=account.account_ref, ready=account.ready)
