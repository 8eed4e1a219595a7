"""Holding money on a card: once for each hold, whatever happens on the way."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.money import Money
from fulfillment.gateways.payments import (
    PaymentFailed,
    PaymentRefused,
    Release,
)
from fulfillment.gateways.stripe_client import OutcomeUnknown
from tests.gateways.stripe.faults import Kind
from tests.gateways.stripe.people import Card
from tests.gateways.stripe.till import HELD, Till


class TestHolding:
    async def test_a_hold_says_how_much_and_until_when(self, till: Till) -> None:
        now = await till.cards.authorise(till.authorisation())

        assert (now.state, now.amount, now.problem) == (CardState.HELD, HELD, "")
        assert now.captured == Money(amount=0, currency="EUR")
        assert now.capture_before is not None
        assert timedelta(days=6) < now.capture_before - datetime.now(UTC) < timedelta(days=8)
        assert now.charge_id.startswith("ch_")
        assert await till.moved("hold") == (1, HELD.amount)

    async def test_stripe_learns_which_assignment_it_is_for(
        self, till: Till, sdk: stripe.StripeClient
    ) -> None:
        intent = await sdk.v1.payment_intents.retrieve_async(await till.held())

        assert intent.metadata.to_dict() == {
            "assignment_id": till.assignment,
            "authorisation": f"{till.assignment}:1",
        }
        assert intent.to_dict()["transfer_group"] == till.assignment

    @pytest.mark.parametrize("spare", [0, 1])
    async def test_a_repeat_finds_the_hold(self, till: Till, spare: int) -> None:
        first = await till.cards.authorise(till.authorisation())

        again = await till.cards.authorise(till.authorisation(spare=spare))

        assert again == first
        assert await till.moved("hold") == (1, HELD.amount)

    async def test_two_at_once_make_one_hold(self, till: Till) -> None:
        both = await asyncio.gather(
            *(till.cards.authorise(till.authorisation()) for _ in range(2)), return_exceptions=True
        )

        assert all(isinstance(one, CardSeen | PaymentFailed) for one in both)
        assert await till.moved("hold") == (1, HELD.amount)

    async def test_another_n_is_another_hold(self, till: Till) -> None:
        first = await till.cards.authorise(till.authorisation())

        second = await till.cards.authorise(till.authorisation(2))

        assert first.intent_id != second.intent_id
        assert await till.moved("hold") == (2, 2 * HELD.amount)

    async def test_it_is_found_among_many(self, till: Till, sdk: stripe.StripeClient) -> None:
        first = await till.cards.authorise(till.authorisation())
        for _ in range(101):
            await sdk.v1.payment_intents.create_async(
                {"amount": 100, "currency": "eur", "customer": till.card.customer_ref}
            )

        assert await till.cards.authorise(till.authorisation(spare=1)) == first

    async def test_what_was_let_go_is_not_placed_again(self, till: Till) -> None:
        intent_id = await till.held()
        await till.cards.release(Release(assignment_id=till.assignment, intent_id=intent_id))

        again = await till.cards.authorise(till.authorisation())

        assert (again.state, again.intent_id) == (CardState.GONE, intent_id)

    @pytest.mark.parametrize(
        "kind", [Kind.ERROR_AFTER, Kind.HANG_AFTER, Kind.DROP_AFTER, Kind.ERROR_BEFORE, Kind.HANG_BEFORE]
    )
    async def test_an_answer_that_got_lost_costs_no_second_hold(self, till: Till, kind: Kind) -> None:
        await till.at.control.fault(kind, "authorise", metadata={"assignment_id": till.assignment})

        with pytest.raises(OutcomeUnknown):
            await till.cards.authorise(till.authorisation())
        again = await till.cards.authorise(till.authorisation())

        assert again.state is CardState.HELD
        assert await till.moved("hold") == (1, HELD.amount)

    async def test_an_error_that_stripe_keeps_repeating_is_cured_by_a_spare(self, till: Till) -> None:
        await till.at.control.fault(
            Kind.ERROR_STORED, "authorise", metadata={"assignment_id": till.assignment}
        )
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                await till.cards.authorise(till.authorisation())

        cured = await till.cards.authorise(till.authorisation(spare=1))

        assert cured.state is CardState.HELD
        assert await till.moved("hold") == (1, HELD.amount)

    @pytest.mark.parametrize(
        ("card", "problem"),
        [
            (Card.DECLINED, "generic_decline"),
            (Card.INSUFFICIENT_FUNDS, "insufficient_funds"),
            (Card.EXPIRED, "expired_card"),
            (Card.AUTHENTICATION_REQUIRED, "authentication_required"),
        ],
    )
    async def test_a_decline_is_an_answer_and_a_repeat_gives_the_same(
        self, till: Till, card: Card, problem: str
    ) -> None:
        await till.use(card)

        first = await till.cards.authorise(till.authorisation())
        again = await till.cards.authorise(till.authorisation())

        for now in (first, again):
            assert (now.state, now.problem) == (CardState.NEEDS_CUSTOMER, problem)
            assert now.amount == HELD
        assert first.intent_id == again.intent_id is not None
        assert await till.moved("hold") == (0, 0)

    async def test_a_bank_that_asks_for_its_customer_holds_once_they_came(self, till: Till) -> None:
        await till.use(Card.AUTHENTICATION_REQUIRED)
        asked = await till.cards.authorise(till.authorisation())
        assert asked.intent_id is not None

        await till.at.control.customer_authenticates(asked.intent_id)

        now = await till.cards.authorise(till.authorisation())
        assert (now.state, now.intent_id) == (CardState.HELD, asked.intent_id)

    async def test_an_intent_that_waits_for_3d_secure_says_so(self, till: Till) -> None:
        await till.at.control.fault(
            Kind.REQUIRES_ACTION, "authorise", metadata={"assignment_id": till.assignment}
        )

        now = await till.cards.authorise(till.authorisation())

        assert (now.state, now.problem) == (CardState.NEEDS_CUSTOMER, "authentication_required")

    async def test_a_card_that_stripe_does_not_know_is_refused(self, till: Till) -> None:
        till.card = replace(till.card, method_ref="pm_nobody")

        with pytest.raises(PaymentRefused) as refused:
            await till.cards.authorise(till.authorisation())

        assert refused.value.code == "resource_missing"
