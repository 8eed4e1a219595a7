"""How an intent is read: what it says of the money."""

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from fulfillment.domain.assignment.card import CardState
from fulfillment.domain.money import Money
from fulfillment.gateways.payments import (
    PaymentFailed,
)
from fulfillment.gateways.stripe_client import API_VERSION
from fulfillment.gateways.stripe_intents import ASSUMED_HOLD, seen


class TestReading:
    @pytest.mark.parametrize(
        ("status", "state", "problem"),
        [
            ("requires_capture", CardState.HELD, ""),
            ("succeeded", CardState.CAPTURED, ""),
            ("canceled", CardState.GONE, ""),
            ("requires_payment_method", CardState.NEEDS_CUSTOMER, "requires_payment_method"),
            ("requires_confirmation", CardState.NEEDS_CUSTOMER, "requires_confirmation"),
            ("requires_action", CardState.NEEDS_CUSTOMER, "authentication_required"),
        ],
    )
    def test_each_word_of_stripes_has_one_of_ours(self, status: str, state: CardState, problem: str) -> None:
        now = seen(intent(status=status))

        assert (now.state, now.problem) == (state, problem)

    def test_what_is_between_two_states_is_looked_at_again(self) -> None:
        with pytest.raises(PaymentFailed, match="pi_1 is processing"):
            seen(intent(status="processing"))

    def test_a_hold_lasts_as_long_as_stripe_says(self) -> None:
        now = seen(intent(card={"capture_before": AT + 3600}))

        assert now.capture_before == datetime.fromtimestamp(AT + 3600, UTC)

    @pytest.mark.parametrize("card", [{}, {"capture_before": None}, None])
    def test_a_hold_of_which_stripe_does_not_say_is_a_short_one(self, card: dict[str, Any] | None) -> None:
        now = seen(intent(card=card))

        assert now.capture_before == datetime.fromtimestamp(AT, UTC) + ASSUMED_HOLD

    def test_what_was_given_back_is_not_taken(self) -> None:
        now = seen(intent(status="succeeded", received=7000, refunded=7000))

        assert now.captured == Money(amount=0, currency="EUR")

    def test_the_version_we_read_is_the_one_the_sdk_was_made_for(self) -> None:
        assert stripe.api_version == API_VERSION


AT = 1_790_000_000


def intent(
    *,
    status: str = "requires_capture",
    card: dict[str, Any] | None = None,
    received: int = 0,
    refunded: int = 0,
) -> stripe.PaymentIntent:
    details = {"type": "card", **({} if card is None else {"card": card})}
    return stripe.PaymentIntent.construct_from(
        {
            "id": "pi_1",
            "object": "payment_intent",
            "amount": 9000,
            "amount_received": received,
            "cancellation_reason": None,
            "created": AT - 60,
            "currency": "eur",
            "last_payment_error": None,
            "latest_charge": {
                "id": "ch_1",
                "object": "charge",
                "amount_refunded": refunded,
                "created": AT,
                "payment_method_details": details,
            },
            "metadata": {},
            "status": status,
        },
        None,
    )
