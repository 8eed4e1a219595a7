"""The part of the fake that knows people: customers and their cards, and the accounts that are paid out."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from stripe import params

from tests.gateways.stripe.books import Books, Object, Refusal, invalid
from tests.gateways.stripe.forms import Asked, listed


class Card(StrEnum):
    """How a card behaves when it is asked for money."""

    OK = "ok"
    DECLINED = "generic_decline"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    LOST = "lost_card"
    EXPIRED = "expired_card"
    AUTHENTICATION_REQUIRED = "authentication_required"
    CAPTURE_DECLINED = "capture_declined"


MAGIC = {
    "pm_card_visa": Card.OK,
    "pm_card_mastercard": Card.OK,
    "pm_card_chargeCustomerFail": Card.DECLINED,
    "pm_card_chargeDeclined": Card.DECLINED,
    "pm_card_chargeDeclinedInsufficientFunds": Card.INSUFFICIENT_FUNDS,
    "pm_card_chargeDeclinedLostCard": Card.LOST,
    "pm_card_chargeDeclinedExpiredCard": Card.EXPIRED,
    "pm_card_authenticationRequired": Card.AUTHENTICATION_REQUIRED,
    "pm_card_threeDSecure2Required": Card.AUTHENTICATION_REQUIRED,
    "pm_card_captureDeclined": Card.CAPTURE_DECLINED,
}
"""Stripe's test cards by their names, `pm_card_visa_chargeDeclined` being another name of the like; the
last one is ours. As at Stripe, using one makes a payment method with an id of its own."""


class People:
    """Customers, payment methods, setup intents and connected accounts."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._cards: dict[str, Card] = {}
        self._lifetimes: dict[str, int] = {}

    # What the API is asked.

    def create_customer(self, asked: Asked) -> Object:
        asked.only(params.CustomerCreateParams)
        customer = self._books.open(
            "customer",
            "cus",
            metadata=asked.metadata(),
            balance=0,
            invoice_settings={"default_payment_method": None},
            **{name: asked.text(name) for name in ("name", "email", "description", "phone")},
        )
        if method := asked.text("payment_method"):
            self._attach(self.method(method), customer["id"])
        self._books.tell("customer.created", customer)
        return customer

    def customer(self, asked: Asked) -> Object:
        return self._books.get("customer", asked.ids[0])

    def list_customers(self, asked: Asked) -> Object:
        return listed(asked, self._books.all("customer", **_where(asked, "email")))

    def payment_method(self, asked: Asked) -> Object:
        return self.method(asked.ids[0], param="payment_method", status=404)

    def list_methods(self, asked: Asked) -> Object:
        return listed(asked, self._books.all("payment_method", **_where(asked, "customer")))

    def attach(self, asked: Asked) -> Object:
        asked.only(params.PaymentMethodAttachParams)
        customer = self._books.get("customer", asked.needed("customer"), param="customer", status=400)
        return self._attach(self.method(asked.ids[0], status=404), customer["id"])

    def detach(self, asked: Asked) -> Object:
        method = self._books.get("payment_method", asked.ids[0])
        method["customer"] = None
        self._books.tell("payment_method.detached", method)
        return method

    def create_setup(self, asked: Asked) -> Object:
        asked.only(params.SetupIntentCreateParams)
        if customer := asked.text("customer"):
            self._books.get("customer", customer, param="customer", status=400)
        setup = self._books.open(
            "setup_intent",
            "seti",
            customer=customer,
            payment_method=None,
            metadata=asked.metadata(),
            usage=asked.text("usage") or "off_session",
            allowed_payment_method_types=asked.params.get("allowed_payment_method_types"),
            payment_method_types=["card"],
            status="requires_payment_method",
            last_setup_error=None,
            next_action=None,
            latest_attempt=None,
        )
        setup["client_secret"] = f"{setup['id']}_secret_{self._books.id('x')}"
        self._books.tell("setup_intent.created", setup)
        if method := asked.text("payment_method"):
            setup.update(payment_method=self.method(method)["id"], status="requires_confirmation")
        return self._set_up(setup) if asked.flag("confirm") else setup

    def setup(self, asked: Asked) -> Object:
        return self._books.get("setup_intent", asked.ids[0])

    def confirm_setup(self, asked: Asked) -> Object:
        setup = self._books.get("setup_intent", asked.ids[0])
        if method := asked.text("payment_method"):
            setup["payment_method"] = self.method(method)["id"]
        return self._set_up(setup)

    def create_account(self, asked: Asked) -> Object:
        return self.new_account(metadata=asked.metadata(), country=asked.text("country") or "US")

    def account(self, asked: Asked) -> Object:
        return self._books.get("account", asked.ids[0])

    # What the control plane and the rest of the fake ask.

    def new_account(
        self, *, metadata: Mapping[str, str] = {}, country: str = "US", transfers: bool = True
    ) -> Object:
        """Open a connected account that can be paid, or (without `transfers`) not yet."""
        account = self._books.open(
            "account",
            "acct",
            metadata=dict(metadata),
            country=country,
            type="express",
            charges_enabled=transfers,
            payouts_enabled=transfers,
            details_submitted=transfers,
            capabilities={"transfers": "active" if transfers else "inactive"},
        )
        self._books.tell("account.updated", account)
        return account

    def new_method(
        self, card: Card = Card.OK, *, customer: str | None = None, lifetime: int | None = None
    ) -> Object:
        """Make a card that behaves like `card`; holds on it are good for `lifetime` seconds."""
        method = self._books.open(
            "payment_method",
            "pm",
            customer=None,
            type="card",
            billing_details={"email": None, "name": None},
            card={"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2040, "funding": "credit"},
        )
        self._cards[method["id"]] = card
        if lifetime is not None:
            self._lifetimes[method["id"]] = lifetime
        return self._attach(method, customer) if customer else method

    def method(self, id: str, *, param: str = "payment_method", status: int = 400) -> Object:
        """Return the payment method; for one of Stripe's test cards, a new one that behaves like it."""
        magic = MAGIC.get(id) or MAGIC.get(id.replace("pm_card_visa_", "pm_card_"))
        if magic is not None:
            return self.new_method(magic)
        return self._books.get("payment_method", id, param=param, status=status)

    def behaviour(self, method_id: str) -> Card:
        return self._cards[method_id]

    def change(self, method_id: str, card: Card) -> None:
        """Let a card behave otherwise from now on: its owner has more money, or less."""
        self._books.get("payment_method", method_id)
        self._cards[method_id] = card

    def lifetime(self, method_id: str) -> int:
        return self._lifetimes.get(method_id, self._books.lifetime)

    def set_up_by_customer(self, setup_id: str, method_id: str) -> Object:
        """Let the customer put their card on file, in the browser and with all that the bank asks."""
        setup = self._books.get("setup_intent", setup_id)
        setup["payment_method"] = self.method(method_id)["id"]
        return self._set_up(setup, authenticated=True)

    def _attach(self, method: Object, customer: str) -> Object:
        if method["customer"] not in {None, customer}:
            raise Refusal(
                400,
                "invalid_request_error",
                "The payment method you provided is attached to another customer.",
            )
        method["customer"] = customer
        self._books.tell("payment_method.attached", method)
        return method

    def _set_up(self, setup: Object, *, authenticated: bool = False) -> Object:
        if setup["status"] in {"succeeded", "canceled"}:
            raise invalid(
                f"This SetupIntent has status {setup['status']}.", code="setup_intent_unexpected_state"
            )
        if setup["payment_method"] is None:
            raise invalid("A payment method is needed.", code="parameter_missing", param="payment_method")
        needs_customer = self.behaviour(setup["payment_method"]) is Card.AUTHENTICATION_REQUIRED
        if needs_customer and not authenticated:
            setup.update(status="requires_action", next_action={"type": "use_stripe_sdk"})
            self._books.tell("setup_intent.requires_action", setup)
            return setup
        setup.update(status="succeeded", next_action=None)
        if setup["customer"]:
            self._attach(self._books.get("payment_method", setup["payment_method"]), setup["customer"])
        self._books.tell("setup_intent.succeeded", setup)
        return setup


def _where(asked: Asked, *names: str) -> dict[str, Any]:
    return {name: asked.text(name) for name in names if name in asked.params}
