"""What trouble with Stripe is called here, and that it tells nobody's secrets."""

import socket

import pytest
import stripe

from fulfillment.domain.assignment.card import CardState
from fulfillment.gateways.payments import (
    PaymentFailed,
    PaymentRefused,
)
from fulfillment.gateways.stripe_cards import StripeCards
from fulfillment.gateways.stripe_client import OutcomeUnknown, asking
from tests.gateways.stripe.faults import Kind
from tests.gateways.stripe.serving import SECRET_KEY
from tests.gateways.stripe.till import Till


class TestTrouble:
    @pytest.mark.parametrize(
        ("kind", "family", "retry_after"),
        [
            (Kind.RATE_LIMITED, PaymentFailed, 1.0),
            (Kind.LOCK_TIMEOUT, PaymentFailed, None),
            (Kind.CONFLICT, PaymentFailed, None),
            (Kind.ERROR_BEFORE, OutcomeUnknown, None),
            (Kind.ERROR_AFTER, OutcomeUnknown, None),
            (Kind.DROP_BEFORE, OutcomeUnknown, None),
            (Kind.HANG_BEFORE, OutcomeUnknown, None),
        ],
    )
    async def test_what_passes_is_a_failure(
        self, till: Till, kind: Kind, family: type[PaymentFailed], retry_after: float | None
    ) -> None:
        intent_id = await till.held()
        await till.at.control.fault(kind, "retrieve", intent=intent_id)

        with pytest.raises(PaymentFailed) as failed:
            await till.cards.look(intent_id)

        assert type(failed.value) is family
        assert failed.value.retry_after == retry_after
        assert (await till.cards.look(intent_id)).state is CardState.HELD

    async def test_a_key_that_is_none_is_refused_and_stays_out_of_the_text(self, till: Till) -> None:
        stranger = StripeCards(key="sk_live_of_somebody", base=till.at.url)

        with pytest.raises(PaymentRefused, match=r"^stripe: look: 401, req_\w+$") as refused:
            await stranger.look("pi_1")

        await stranger.aclose()
        assert refused.value.code == "authentication"
        assert refused.value.__cause__ is None

    async def test_what_is_not_there_is_refused(self, till: Till) -> None:
        with pytest.raises(
            PaymentRefused, match=r"^stripe: look: 404, resource_missing, req_\w+$"
        ) as refused:
            await till.cards.look("pi_nobody")

        assert refused.value.code == "resource_missing"

    async def test_a_key_that_was_used_for_something_else_is_refused(
        self, till: Till, sdk: stripe.StripeClient
    ) -> None:
        await sdk.v1.customers.create_async({}, {"idempotency_key": f"authorise:{till.assignment}:1:0"})

        with pytest.raises(PaymentRefused) as refused:
            await till.cards.authorise(till.authorisation())

        assert refused.value.code == "idempotency_error"

    async def test_a_stripe_that_is_away_is_asked_again(self) -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            cards = StripeCards(key=SECRET_KEY, base=f"http://127.0.0.1:{nobody.getsockname()[1]}")

            with pytest.raises(OutcomeUnknown, match="no answer"):
                await cards.look("pi_1")

        await cards.aclose()

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (stripe.PermissionError("no", http_status=403, headers={"request-id": "req_1"}), "permission"),
            (stripe.IdempotencyError("Ada's card", http_status=400), "idempotency_error"),
        ],
    )
    def test_a_refusal_without_a_code_has_ours(self, error: stripe.StripeError, code: str) -> None:
        with pytest.raises(PaymentRefused) as refused, asking("look"):
            raise error

        assert refused.value.code == code
        assert "Ada" not in str(refused.value)

    @pytest.mark.parametrize("body", ["<html>busy</html>", '{"oh": "no"}'])
    def test_an_answer_by_somebody_on_the_way_is_none(self, body: str) -> None:
        with pytest.raises(OutcomeUnknown) as failed, asking("look"):
            raise stripe.APIError("Ada's card", body, 502, body)

        assert "Ada" not in str(failed.value)
