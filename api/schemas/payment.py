"""The hold on a customer's card, as they see it."""

from typing import Annotated, Self

from pydantic import Field

from api.schemas.payouts import CardShown
from fulfillment.domain.assignment.card import Card


class PaymentShown(CardShown):
    client_secret: Annotated[
        str | None,
        Field(description="What Stripe's form takes, while the bank wants its customer; else null."),
    ]

    @classmethod
    def of_card(cls, card: Card, *, client_secret: str | None) -> Self:
        shown = CardShown.model_validate(card).model_dump()
        return cls(**shown, client_secret=client_secret)
