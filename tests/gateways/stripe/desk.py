"""What a shop does at Stripe all day, by the official SDK: customers, holds, captures."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import stripe
from stripe import Charge, PaymentIntent

from tests.gateways.stripe.people import Card
from tests.gateways.stripe.serving import Stripe

EUROS = "eur"

SDK_WARNS = "ignore:Use 'content=:DeprecationWarning"
"""The SDK (16.1.0) hands httpx its bodies in a way that httpx would rather not see; not ours to mend."""


def fresh(prefix: str = "key") -> str:
    return f"{prefix}-{uuid.uuid4()}"


@dataclass(slots=True)
class Desk:
    """Somebody with an SDK; `timeout` is in seconds and how long they wait for an answer."""

    fake: Stripe
    timeout: float = 5.0
    sdk: stripe.StripeClient = field(init=False)

    def __post_init__(self) -> None:
        self.sdk = self.fake.client(timeout=self.timeout)

    async def customer(self, card: Card = Card.OK, *, lifetime: int | None = None) -> tuple[str, str]:
        """Return the ids of a new customer and of their card on file."""
        customer = await self.sdk.v1.customers.create_async({"name": "Ada"})
        return customer.id, await self.fake.control.new_method(card, customer=customer.id, lifetime=lifetime)

    async def hold(
        self,
        amount: int = 10_000,
        *,
        card: Card = Card.OK,
        lifetime: int | None = None,
        off_session: bool = True,
        key: str | None = None,
        **more: Any,
    ) -> PaymentIntent:
        """Place a hold for a new customer."""
        customer, method = await self.customer(card, lifetime=lifetime)
        return await self.sdk.v1.payment_intents.create_async(
            {
                "amount": amount,
                "currency": EUROS,
                "customer": customer,
                "payment_method": method,
                "capture_method": "manual",
                "confirm": True,
                "off_session": off_session,
                "expand": ["latest_charge"],
                **more,  # type: ignore[typeddict-item]  # whatever a test wants to say besides
            },
            {"idempotency_key": key or fresh()},
        )

    async def look(self, intent_id: str) -> PaymentIntent:
        return await self.sdk.v1.payment_intents.retrieve_async(intent_id, {"expand": ["latest_charge"]})

    async def capture(self, intent_id: str, amount: int = 10_000, *, key: str | None = None) -> PaymentIntent:
        return await self.sdk.v1.payment_intents.capture_async(
            intent_id, {"amount_to_capture": amount}, {"idempotency_key": key or fresh()}
        )

    async def captured(self, amount: int = 10_000) -> PaymentIntent:
        """Place a hold and take all of it."""
        intent = await self.hold(amount)
        return await self.capture(intent.id, amount)


def charge_of(intent: PaymentIntent) -> Charge:
    """Return the charge of an intent that was asked for with it."""
    assert isinstance(intent.latest_charge, Charge)
    return intent.latest_charge
