"""The cards that customers leave with Stripe, and its accounts for providers; we keep their ids only."""

from dataclasses import dataclass
from typing import NamedTuple

import stripe

from fulfillment.gateways.payments import CardOnFile, PaymentRefused
from fulfillment.gateways.stripe_client import StripeDoor, asking, has_tag

ELSEWHERE = "payment_method_attached_elsewhere"
NO_CARD = "payment_method_not_a_card"
NOTHING_TO_DO = "payment_intent_without_secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCard:
    """A card at Stripe, and what may be shown of it: `brand` is Stripe's word, `last4` four digits.

    It is good through the month `exp_month` (1 to 12) of the year `exp_year` (four digits).
    """

    on_file: CardOnFile
    brand: str
    last4: str
    exp_month: int
    exp_year: int


class Setup(NamedTuple):
    """A card about to be left: `client_secret` lets the customer's browser, and nobody else, speak to Stripe.

    It belongs into one answer to this customer, and into no log and no table.
    """

    customer_ref: str
    client_secret: str


class StripeWallet(StripeDoor):
    """What people and Stripe have agreed upon. Stripe learns our id of a person, and nothing else from us.

    Every call raises the same two:
        PaymentRefused: Stripe knows no such thing or will not do it, by `code`.
        PaymentFailed: Stripe is away or busy; ask again.
    """

    async def start(self, person_id: str, known: str | None, *, spare: int = 0) -> Setup:
        """Let the customer leave a card that may be charged when they are not there.

        `known` is the person's customer at Stripe (cus_…), if they have one; otherwise one is made, the
        same one for each repeat of the same `spare` (as in `Authorisation`). A repeat starts anew, and
        what was started before does no harm.
        """
        customer_ref = known or await self._customer(person_id, spare)
        with asking("start a setup"):
            setup = await self._v1.setup_intents.create_async(
                {
                    "customer": customer_ref,
                    "usage": "off_session",
                    "allowed_payment_method_types": ["card"],
                    "metadata": {"person_id": person_id},
                }
            )
        return Setup(customer_ref, _expect_secret(setup.client_secret))

    async def remember(
        self, person_id: str, method_ref: str, known: str | None, *, spare: int = 0
    ) -> StoredCard:
        """Make `method_ref` (pm_…) a card of this person's, and return it; a repeat changes nothing.

        Raises:
            PaymentRefused: the card is another person's, does not exist, or is no card.
            PaymentFailed: as always.
        """
        with asking("find a card"):
            method = await self._v1.payment_methods.retrieve_async(method_ref)
        if "card" not in method or method.card is None:
            raise PaymentRefused(f"stripe: {method_ref} is a {method.type}", code=NO_CARD)
        if owner_ref := _owner(method):
            await self._expect_theirs(owner_ref, person_id, known)
            return _stored(method, owner_ref)
        customer_ref = known or await self._customer(person_id, spare)
        # Without a key: Stripe attaches a card twice to the same customer, and to no second one.
        with asking("attach a card"):
            method = await self._v1.payment_methods.attach_async(method_ref, {"customer": customer_ref})
        return _stored(method, customer_ref)

    async def client_secret(self, intent_id: str) -> str:
        """Return what the customer's browser needs to act on `intent_id`, for 3-D Secure or another card.

        As in `Setup`, it is for this customer's eyes and for nobody's log.
        """
        with asking("client secret"):
            intent = await self._v1.payment_intents.retrieve_async(intent_id)
        return _expect_secret(intent.client_secret)

    async def account_ready(self, account_ref: str) -> bool:
        """Say whether money can be passed on to `account_ref` (acct_…).

        Its capability `transfers` decides. Charges are made by the platform, so theirs need not be enabled.
        """
        with asking("account"):
            account = await self._v1.accounts.retrieve_async(account_ref)
        capabilities = account.to_dict().get("capabilities") or {}
        return capabilities.get("transfers") == "active"

    async def _expect_theirs(self, owner_ref: str, person_id: str, known: str | None) -> None:
        # Whoever's answer got lost knows of no customer, though they have one by now.
        if owner_ref == known:
            return
        with asking("find a customer"):
            owner = await self._v1.customers.retrieve_async(owner_ref)
        if not has_tag(owner.metadata, "person_id", person_id):
            raise PaymentRefused(f"stripe: {owner_ref} is another person", code=ELSEWHERE)

    async def _customer(self, person_id: str, spare: int) -> str:
        name = f"customer:{person_id}"
        with asking("make a customer"):
            customer = await self._v1.customers.create_async(
                {"metadata": {"person_id": person_id}},
                {"idempotency_key": f"{name}:{spare}" if spare else name},
            )
        return customer.id


def _owner(method: stripe.PaymentMethod) -> str | None:
    owner = method.customer
    return owner if owner is None or isinstance(owner, str) else owner.id


def _stored(method: stripe.PaymentMethod, customer_ref: str) -> StoredCard:
    card = method.card
    if card is None:
        raise PaymentRefused(f"stripe: {method.id} is a {method.type}", code=NO_CARD)
    return StoredCard(
        on_file=CardOnFile(customer_ref=customer_ref, method_ref=method.id),
        brand=card.brand,
        last4=card.last4,
        exp_month=card.exp_month,
        exp_year=card.exp_year,
    )


def _expect_secret(secret: str | None) -> str:
    if not secret:
        raise PaymentRefused("stripe: it has no client secret", code=NOTHING_TO_DO)
    return secret
