"""A customer with a card at a Stripe, and our door to it."""

from contextlib import suppress
from dataclasses import dataclass, replace

from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.ids import derived
from fulfillment.domain.money import Money
from fulfillment.gateways.payments import (
    Authorisation,
    Capture,
    CardOnFile,
    PaymentFailed,
)
from fulfillment.gateways.stripe_cards import StripeCards
from tests.gateways.stripe.people import Card
from tests.gateways.stripe.serving import Stripe

HELD = Money(amount=9000, currency="EUR")
PRICE = Money(amount=7000, currency="EUR")
SHARE = Money(amount=6300, currency="EUR")
TIMEOUT = 0.7


@dataclass(slots=True, kw_only=True)
class Till:
    """A customer with a card at a Stripe, an assignment that nobody else has, and our door."""

    at: Stripe
    cards: StripeCards
    assignment: str
    card: CardOnFile

    @property
    def payout(self) -> str:
        return derived("payout", self.assignment)

    def authorisation(self, n: int = 1, *, amount: Money = HELD, spare: int = 0) -> Authorisation:
        return Authorisation(assignment_id=self.assignment, n=n, amount=amount, card=self.card, spare=spare)

    async def held(self) -> str:
        now = await self.cards.authorise(self.authorisation())
        assert now.state is CardState.HELD
        assert now.intent_id is not None
        return now.intent_id

    async def captured(self) -> CardSeen:
        return await self.cards.capture(self.capture(await self.held()))

    def capture(self, intent_id: str, *, amount: Money = PRICE) -> Capture:
        return Capture(payout_id=self.payout, attempt=1, amount=amount, intent_id=intent_id)

    async def moved(self, kind: str) -> tuple[int, int]:
        """Return how often money moved for this assignment, and how much of it."""
        found = (await self.at.control.ledger()).of(kind, assignment_id=self.assignment)
        return len(found), sum(one["amount"] for one in found)

    async def use(self, card: Card) -> None:
        method = await self.at.control.new_method(card, customer=self.card.customer_ref)
        self.card = replace(self.card, method_ref=method)


async def persevere(cards: StripeCards, capture: Capture, *, most: int = 6) -> CardSeen:
    """Ask as our caller does: after PaymentFailed again, and after three in vain by a spare key (R19)."""
    for turn in range(most):
        with suppress(PaymentFailed):
            return await cards.capture(replace(capture, spare=turn // 3))
    raise AssertionError(f"{most} calls in vain")
