"""A PaymentIntent of Stripe's, read as an authorisation of ours."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe

from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.money import Money
from fulfillment.gateways.payments import PaymentFailed
from fulfillment.gateways.stripe_client import code_of

ASSUMED_HOLD = timedelta(days=4, hours=18)
"""How long a hold lasts if Stripe does not say: the shortest there is, Visa's without the customer (M2).

Source: https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
"""

STATES: Mapping[str, CardState] = {
    "requires_capture": CardState.HELD,
    "succeeded": CardState.CAPTURED,
    "requires_action": CardState.NEEDS_CUSTOMER,
    "requires_confirmation": CardState.NEEDS_CUSTOMER,
    "requires_payment_method": CardState.NEEDS_CUSTOMER,
    "canceled": CardState.GONE,
}
"""What Stripe's words for an intent are to us, the best first; `processing` is not among them: it passes."""

PRECEDENCE = tuple(STATES)


def seen(intent: stripe.PaymentIntent) -> CardSeen:
    """Return `intent` in our words. It has to come with `latest_charge` expanded.

    Raises:
        PaymentFailed: it is between two states; look again.
    """
    state = STATES.get(intent.status)
    if state is None:
        raise PaymentFailed(f"stripe: {intent.id} is {intent.status}")
    charge, currency = _charge(intent), intent.currency.upper()
    refunded = charge.amount_refunded if charge else 0
    return CardSeen(
        state=state,
        intent_id=intent.id,
        amount=Money(amount=intent.amount, currency=currency),
        captured=Money(amount=max(0, intent.amount_received - refunded), currency=currency),
        capture_before=_capture_before(intent, charge) if state is CardState.HELD else None,
        charge_id=charge.id if charge else "",
        problem=_problem(intent.to_dict(), state),
    )


def best(intents: list[stripe.PaymentIntent]) -> stripe.PaymentIntent:
    """Return the one of several intents for one and the same hold that has come furthest: HELD if any is."""
    return min(intents, key=_rank)


def _rank(intent: stripe.PaymentIntent) -> int:
    # What is between two states may become a hold yet, so it goes before those that have come to nothing.
    return PRECEDENCE.index(intent.status) if intent.status in STATES else 1


def _charge(intent: stripe.PaymentIntent) -> stripe.Charge | None:
    charge = intent.latest_charge
    if isinstance(charge, str):
        # Without it we would not know what was given back.
        raise PaymentFailed(f"stripe: {intent.id} came without its charge")
    return charge


def _capture_before(intent: stripe.PaymentIntent, charge: stripe.Charge | None) -> datetime:
    details = (charge and charge.payment_method_details) or None
    said = ((details.to_dict().get("card") if details else None) or {}).get("capture_before")
    if said:
        return datetime.fromtimestamp(said, UTC)
    return datetime.fromtimestamp(charge.created if charge else intent.created, UTC) + ASSUMED_HOLD


def _problem(intent: Mapping[str, Any], state: CardState) -> str:
    if state is CardState.GONE:
        return str(intent.get("cancellation_reason") or "")
    if state is not CardState.NEEDS_CUSTOMER:
        return ""
    if code := code_of(intent.get("last_payment_error") or {}):
        return code
    return "authentication_required" if intent["status"] == "requires_action" else str(intent["status"])
