"""The part of the fake that holds money: payment intents and their charges.

requires_payment_method -> requires_confirmation -> requires_action -> requires_capture -> succeeded
                                                                             |
                                                                             +--> canceled

It does as Stripe does since API version 2025-03-31.basil: what a capture leaves over and what is let go is no
refund and not marked as one, and a hold that ran out was cancelled as `expired` (before, as `automatic`).
"""

from typing import Any

from stripe import params

from tests.gateways.stripe.books import Books, Object, Refusal, invalid
from tests.gateways.stripe.forms import Asked, listed
from tests.gateways.stripe.people import Card, People

CANCELLABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action")
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


class Intents:
    def __init__(self, books: Books, people: People) -> None:
        self._books = books
        self._people = people

    # What the API is asked.

    def create(self, asked: Asked) -> Object:
        """Make an intent and, with `confirm`, try the card; an intent stays there when the card declines."""
        asked.only(params.PaymentIntentCreateParams)
        amount = asked.amount()
        if amount is None:
            raise invalid("Missing required param: amount.", code="parameter_missing", param="amount")
        if customer := asked.text("customer"):
            self._books.get("customer", customer, param="customer", status=400)
        if asked.flag("off_session") and not asked.flag("confirm"):
            raise invalid("off_session can only be used with confirm=true", param="off_session")
        method = self._method(asked, customer)
        intent = self._opened(asked, amount, customer, method)
        self._books.tell("payment_intent.created", intent)
        if not asked.flag("confirm"):
            return intent
        if method is None:
            raise _unexpected(intent, "You cannot confirm it because it's missing a payment method.")
        return self._try(intent, asked)

    def one(self, asked: Asked) -> Object:
        return self._books.get("payment_intent", asked.ids[0])

    def list(self, asked: Asked) -> Object:
        where: dict[str, Any] = {"customer": asked.text("customer")} if "customer" in asked.params else {}
        return listed(asked, self._books.all("payment_intent", **where))

    def confirm(self, asked: Asked) -> Object:
        asked.only(params.PaymentIntentConfirmParams)
        intent = self.one(asked)
        if intent["status"] not in CONFIRMABLE:
            raise _unexpected(intent, f"It cannot be confirmed in the status {intent['status']}.")
        if method := self._method(asked, intent["customer"]):
            intent["payment_method"] = method["id"]
        if intent["payment_method"] is None:
            raise _unexpected(intent, "You cannot confirm it because it's missing a payment method.")
        return self._try(intent, asked)

    def capture(self, asked: Asked) -> Object:
        """Take what was asked for, or all of it. There is one capture, and the rest is let go."""
        asked.only(params.PaymentIntentCaptureParams)
        amount, intent = asked.amount("amount_to_capture"), self.one(asked)
        if intent["status"] != "requires_capture":
            raise _unexpected(
                intent,
                f"This PaymentIntent could not be captured because it has a status of {intent['status']}. "
                "Only a PaymentIntent with one of the following statuses may be captured: requires_capture.",
            )
        if amount is not None and amount > intent["amount_capturable"]:
            raise Refusal(
                400,
                "invalid_request_error",
                f"The amount to capture ({amount}) is greater than what is held.",
                code="amount_too_large",
                param="amount_to_capture",
            )
        card = self._people.behaviour(intent["payment_method"])
        if asked.whim == "decline" or card is Card.CAPTURE_DECLINED:
            raise _declined(intent, asked.code or Card.DECLINED, charge=intent["latest_charge"])
        intent["metadata"].update(asked.metadata())
        return self._take(intent, amount or intent["amount_capturable"])

    def cancel(self, asked: Asked) -> Object:
        asked.only(params.PaymentIntentCancelParams)
        reason, intent = asked.text("cancellation_reason"), self.one(asked)
        if reason not in {None, *REASONS}:
            raise invalid(f"Invalid cancellation_reason: {reason}", param="cancellation_reason")
        if intent["status"] not in CANCELLABLE:
            raise _unexpected(
                intent,
                f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. "
                f"Only a PaymentIntent with one of the following statuses may be canceled: "
                f"{', '.join(CANCELLABLE)}.",
            )
        return self._let_go(intent, reason)

    def charge(self, asked: Asked) -> Object:
        return self._books.get("charge", asked.ids[0])

    def charges(self, asked: Asked) -> Object:
        where = {name: asked.text(name) for name in ("payment_intent", "customer") if name in asked.params}
        return listed(asked, self._books.all("charge", **where))

    # What happens elsewhere, as the control plane tells it.

    def sweep(self) -> None:
        """Let the holds end whose time has come."""
        for intent in self._books.all("payment_intent", status="requires_capture"):
            charge = self._books.objects[intent["latest_charge"]]
            if charge["payment_method_details"]["card"]["capture_before"] <= self._books.now:
                self.expire(intent["id"])

    def expire(self, id: str) -> Object:
        """Let a hold run out; one that is gone already stays as it is."""
        intent = self._books.get("payment_intent", id)
        if intent["status"] != "requires_capture":
            return intent
        with self._books.acting("time"):
            return self._let_go(intent, "expired")

    def capture_by_hand(self, id: str, amount: int | None = None) -> Object:
        """Let somebody capture in Stripe's dashboard; what is not held stays as it is."""
        intent = self._books.get("payment_intent", id)
        if intent["status"] != "requires_capture":
            return intent
        with self._books.acting("dashboard"):
            return self._take(intent, amount or intent["amount_capturable"])

    def release_by_hand(self, id: str) -> Object:
        """Let somebody cancel in Stripe's dashboard."""
        with self._books.acting("dashboard"):
            return self._let_go(self._books.get("payment_intent", id), "requested_by_customer")

    def authenticate(self, id: str, *, method: str | None = None, succeeds: bool = True) -> Object:
        """Let the customer pay on our page: with their card or another, and with the bank's questions."""
        intent = self._books.get("payment_intent", id)
        if intent["status"] not in CONFIRMABLE:
            raise _unexpected(intent, f"It cannot be confirmed in the status {intent['status']}.")
        error = intent["last_payment_error"] or {}
        used = method or intent["payment_method"] or error.get("payment_method", {}).get("id")
        if used is None:
            raise _unexpected(intent, "It has no payment method, and none was given.")
        intent["payment_method"] = self._people.method(used)["id"]
        card = self._people.behaviour(intent["payment_method"])
        with self._books.acting("customer"):
            if card in {Card.OK, Card.CAPTURE_DECLINED} or (
                card is Card.AUTHENTICATION_REQUIRED and succeeds
            ):
                return self._hold(intent)
            if card is not Card.AUTHENTICATION_REQUIRED:
                raise self._decline(intent, card)
            return self._fail(intent, "payment_intent_authentication_failure")

    # The transitions.

    def _method(self, asked: Asked, customer: str | None) -> Object | None:
        given = asked.text("payment_method")
        if given is None:
            return None
        method = self._people.method(given)
        if method["customer"] is not None and method["customer"] != customer:
            raise invalid(
                "The PaymentMethod supplied belongs to a Customer; please include the same one.",
                param="payment_method",
            )
        return method

    def _opened(self, asked: Asked, amount: int, customer: str | None, method: Object | None) -> Object:
        intent = self._books.open(
            "payment_intent",
            "pi",
            amount=amount,
            amount_capturable=0,
            amount_received=0,
            canceled_at=None,
            cancellation_reason=None,
            capture_method=asked.text("capture_method") or "automatic_async",
            currency=asked.needed("currency"),
            customer=customer,
            description=asked.text("description"),
            last_payment_error=None,
            latest_charge=None,
            metadata=asked.metadata(),
            next_action=None,
            payment_method=method["id"] if method else None,
            allowed_payment_method_types=asked.params.get("allowed_payment_method_types"),
            payment_method_types=["card"],
            status="requires_confirmation" if method else "requires_payment_method",
            transfer_group=asked.text("transfer_group"),
        )
        intent["client_secret"] = f"{intent['id']}_secret_{self._books.id('x')}"
        return intent

    def _try(self, intent: Object, asked: Asked) -> Object:
        """Ask the card for money. Off session, a bank that wants its customer declines (402)."""
        card = self._people.behaviour(intent["payment_method"])
        if asked.whim == "decline":
            raise self._decline(intent, asked.code or Card.DECLINED)
        wants_customer = card is Card.AUTHENTICATION_REQUIRED or asked.whim == "authentication_required"
        if asked.whim == "requires_action" or (wants_customer and not asked.flag("off_session")):
            intent.update(status="requires_action", next_action={"type": "use_stripe_sdk"})
            self._books.tell("payment_intent.requires_action", intent)
            return intent
        if wants_customer:
            raise self._decline(intent, Card.AUTHENTICATION_REQUIRED)
        if card not in {Card.OK, Card.CAPTURE_DECLINED}:
            raise self._decline(intent, card)
        return self._hold(intent)

    def _decline(self, intent: Object, decline_code: str) -> Refusal:
        """Note that the card said no, and return the answer. The intent is without a method again."""
        method = self._books.get("payment_method", intent["payment_method"])
        if decline_code == Card.AUTHENTICATION_REQUIRED:
            self._fail(intent, decline_code, decline_code=decline_code)
            return _declined(intent, decline_code, payment_method=method)
        charge = self._charge(intent, status="failed", paid=False, failure_code="card_declined")
        intent["latest_charge"] = charge["id"]
        self._books.tell("charge.failed", charge)
        self._fail(intent, _code(decline_code), decline_code=decline_code, charge=charge["id"])
        return _declined(intent, decline_code, charge=charge["id"], payment_method=method)

    def _fail(self, intent: Object, code: str, **more: Any) -> Object:
        method = self._books.objects[intent["payment_method"]]
        error = {"type": "card_error", "code": code, "message": "Your card was declined.", **more}
        intent.update(
            status="requires_payment_method",
            last_payment_error={**error, "payment_method": dict(method)},
            payment_method=None,
            next_action=None,
        )
        self._books.tell("payment_intent.payment_failed", intent)
        return intent

    def _hold(self, intent: Object) -> Object:
        charge = self._charge(intent, status="succeeded", paid=True)
        intent.update(
            status="requires_capture",
            amount_capturable=intent["amount"],
            latest_charge=charge["id"],
            last_payment_error=None,
            next_action=None,
        )
        self._books.note("hold", charge, intent["amount"], intent=intent)
        self._books.tell("charge.succeeded", charge)
        if intent["capture_method"] != "manual":
            return self._take(intent, intent["amount"])
        self._books.tell("payment_intent.amount_capturable_updated", intent)
        return intent

    def _charge(self, intent: Object, **facts: Any) -> Object:
        good_until = self._books.now + self._people.lifetime(intent["payment_method"])
        card = {"brand": "visa", "last4": "4242", "capture_before": good_until}
        kept = ("amount", "currency", "customer", "payment_method", "transfer_group", "description")
        return self._books.open(
            "charge",
            "ch",
            **{name: intent[name] for name in kept},
            amount_captured=0,
            amount_refunded=0,
            balance_transaction=None,
            captured=False,
            disputed=False,
            metadata=dict(intent["metadata"]),
            payment_intent=intent["id"],
            payment_method_details={"type": "card", "card": card},
            refunded=False,
            transfer=None,
            **facts,
        )

    def _take(self, intent: Object, amount: int) -> Object:
        charge = self._books.objects[intent["latest_charge"]]
        left = intent["amount_capturable"] - amount
        charge.update(
            captured=True,
            amount_captured=amount,
            balance_transaction=self._books.open(
                "balance_transaction",
                "txn",
                amount=amount,
                currency=charge["currency"],
                fee=0,
                net=amount,
                source=charge["id"],
                type="charge",
            )["id"],
        )
        intent.update(status="succeeded", amount_capturable=0, amount_received=amount)
        self._books.note("capture", charge, amount, intent=intent)
        if left:
            self._books.note("release", charge, left, intent=intent)
        self._books.tell("charge.captured", charge)
        self._books.tell("payment_intent.succeeded", intent)
        return intent

    def _let_go(self, intent: Object, reason: str | None) -> Object:
        held = intent["amount_capturable"]
        intent.update(
            status="canceled",
            amount_capturable=0,
            canceled_at=self._books.now,
            cancellation_reason=reason,
            next_action=None,
        )
        if held:
            charge = self._books.objects[intent["latest_charge"]]
            self._books.note("release", charge, held, intent=intent)
            if reason == "expired":
                self._books.tell("charge.expired", charge)
        self._books.tell("payment_intent.canceled", intent)
        return intent


def _unexpected(intent: Object, message: str) -> Refusal:
    return Refusal(
        400,
        "invalid_request_error",
        message,
        code="payment_intent_unexpected_state",
        payment_intent=dict(intent),
    )


def _declined(intent: Object, decline_code: str, **more: Any) -> Refusal:
    return Refusal(
        402,
        "card_error",
        "Your card was declined.",
        code=_code(decline_code),
        decline_code=decline_code,
        payment_intent=dict(intent),
        **more,
    )


def _code(decline_code: str) -> str:
    """Return the error code that goes with a decline code: most are just `card_declined`."""
    own = {Card.EXPIRED, Card.AUTHENTICATION_REQUIRED}
    return decline_code if decline_code in own else "card_declined"
