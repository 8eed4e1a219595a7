"""Taking money from a hold: the ten cases (R19), each with one capture at the most, of the right amount."""

import asyncio
from dataclasses import replace

import pytest

from fulfillment.domain.assignment.card import CardState
from fulfillment.domain.money import Money
from fulfillment.gateways.payments import (
    PaymentRefused,
)
from fulfillment.gateways.stripe_cards import StripeCards
from fulfillment.gateways.stripe_client import OutcomeUnknown
from tests.gateways.stripe.faults import Kind, Stored
from tests.gateways.stripe.people import Card
from tests.gateways.stripe.serving import SECRET_KEY
from tests.gateways.stripe.till import HELD, PRICE, Till, persevere


class TestTakingAndTheTenCases:
    """R19: whatever happens, money is taken at most once, and the right amount of it."""

    async def test_what_was_asked_for_is_taken_and_no_more(self, till: Till) -> None:
        intent_id = await till.held()

        now = await till.cards.capture(till.capture(intent_id))

        assert (now.state, now.captured, now.amount) == (CardState.CAPTURED, PRICE, HELD)
        assert await till.moved("capture") == (1, PRICE.amount)
        assert await till.cards.look(intent_id) == now

    @pytest.mark.parametrize(
        ("kind", "times", "stored"),
        [
            pytest.param(Kind.HANG_AFTER, 1, Stored.THE_500, id="no answer, taken"),
            pytest.param(Kind.DROP_AFTER, 1, Stored.THE_500, id="connection lost, taken"),
            pytest.param(Kind.HANG_BEFORE, 1, Stored.THE_500, id="no answer, not taken"),
            pytest.param(Kind.ERROR_AFTER, 1, Stored.THE_500, id="late 500"),
            pytest.param(Kind.ERROR_AFTER, 1, Stored.THE_ANSWER, id="late 500, answer stored"),
            pytest.param(Kind.ERROR_AFTER, 1, Stored.NOTHING, id="late 500, nothing stored"),
            pytest.param(Kind.ERROR_STORED, 1, Stored.THE_500, id="stored 500"),
            pytest.param(Kind.ERROR_BEFORE, 2, Stored.THE_500, id="two early 500s"),
            pytest.param(Kind.CONFLICT, 1, Stored.THE_500, id="in flight"),
            pytest.param(Kind.RATE_LIMITED, 2, Stored.THE_500, id="rate limited"),
        ],
    )
    async def test_it_is_taken_once(self, till: Till, kind: Kind, times: int, stored: Stored) -> None:
        capture = till.capture(await till.held())
        await till.at.control.fault(kind, "capture", intent=capture.intent_id, times=times, stored=stored)

        now = await persevere(till.cards, capture)

        assert (now.state, now.captured) == (CardState.CAPTURED, PRICE)
        assert await till.moved("capture") == (1, PRICE.amount)

    @pytest.mark.parametrize("kind", [Kind.ERROR_AFTER, Kind.HANG_AFTER, Kind.DROP_AFTER])
    async def test_a_late_trouble_is_cleared_up_in_the_same_call(self, till: Till, kind: Kind) -> None:
        capture = till.capture(await till.held())
        await till.at.control.fault(kind, "capture", intent=capture.intent_id)

        now = await till.cards.capture(capture)

        assert (now.state, now.captured) == (CardState.CAPTURED, PRICE)
        assert len((await till.at.control.ledger()).asked("capture", id=capture.intent_id)) == 1

    @pytest.mark.parametrize("look", [Kind.ERROR_BEFORE, Kind.UNAUTHORISED])
    async def test_when_the_look_fails_as_well_nothing_is_known(self, till: Till, look: Kind) -> None:
        capture = till.capture(await till.held())
        control = till.at.control
        taking = await control.fault(Kind.PAUSE_AFTER, "capture", intent=capture.intent_id)
        call = asyncio.create_task(till.cards.capture(capture))
        await control.wait_reached(taking)
        await control.fault(look, "retrieve", intent=capture.intent_id)

        with pytest.raises(OutcomeUnknown):
            await call
        again = await till.cards.capture(capture)

        assert (again.state, again.captured) == (CardState.CAPTURED, PRICE)
        assert await till.moved("capture") == (1, PRICE.amount)

    async def test_who_is_killed_after_the_capture_finds_it_done(self, till: Till) -> None:
        capture = till.capture(await till.held())
        killed = await till.at.control.fault(Kind.PAUSE_AFTER, "capture", intent=capture.intent_id)
        call = asyncio.create_task(till.cards.capture(capture))
        await till.at.control.wait_reached(killed)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        reborn = StripeCards(key=SECRET_KEY, base=till.at.url)

        now = await reborn.capture(capture)

        await reborn.aclose()
        assert (now.state, now.captured) == (CardState.CAPTURED, PRICE)
        assert await till.moved("capture") == (1, PRICE.amount)

    async def test_a_decline_is_final_for_this_try_only(self, till: Till) -> None:
        capture = till.capture(await till.held())
        await till.at.control.fault(
            Kind.DECLINE, "capture", intent=capture.intent_id, code="insufficient_funds"
        )

        for _ in range(2):
            with pytest.raises(PaymentRefused) as refused:
                await till.cards.capture(capture)
            assert refused.value.code == "insufficient_funds"
        assert await till.moved("capture") == (0, 0)

        assert (await till.cards.capture(replace(capture, try_=2))).captured == PRICE

    @pytest.mark.parametrize("kind", [Kind.EXPIRE, Kind.LAPSE, Kind.RELEASED_BY_HAND])
    async def test_a_hold_that_ends_just_before_is_gone(self, till: Till, kind: Kind) -> None:
        capture = till.capture(await till.held())
        await till.at.control.fault(kind, "capture", intent=capture.intent_id)

        now = await till.cards.capture(capture)

        assert now.state is CardState.GONE
        assert now.captured == Money(amount=0, currency="EUR")
        assert await till.moved("capture") == (0, 0)

    async def test_a_hold_that_ended_is_not_asked_for(self, till: Till) -> None:
        capture = till.capture(await till.held())
        await till.at.control.expire(capture.intent_id)

        assert (await till.cards.capture(capture)).state is CardState.GONE

        assert (await till.at.control.ledger()).asked("capture", id=capture.intent_id) == []

    async def test_what_somebody_took_by_hand_is_the_answer_and_not_taken_again(self, till: Till) -> None:
        capture = till.capture(await till.held())
        await till.at.control.fault(Kind.CAPTURED_BY_HAND, "capture", intent=capture.intent_id, amount=8000)

        for _ in range(2):
            now = await till.cards.capture(capture)
            assert (now.state, now.captured) == (CardState.CAPTURED, Money(amount=8000, currency="EUR"))
        assert await till.moved("capture") == (1, 8000)

    async def test_more_than_is_held_is_refused(self, till: Till) -> None:
        capture = till.capture(await till.held(), amount=Money(amount=HELD.amount + 1, currency="EUR"))

        with pytest.raises(PaymentRefused) as refused:
            await till.cards.capture(capture)

        assert refused.value.code == "amount_too_large"

    async def test_another_currency_is_refused(self, till: Till) -> None:
        capture = till.capture(await till.held(), amount=Money(amount=PRICE.amount, currency="USD"))

        with pytest.raises(PaymentRefused) as refused:
            await till.cards.capture(capture)

        assert refused.value.code == "currency"
        assert await till.moved("capture") == (0, 0)

    async def test_what_needs_its_customer_is_not_taken(self, till: Till) -> None:
        await till.use(Card.DECLINED)
        declined = await till.cards.authorise(till.authorisation())
        assert declined.intent_id is not None

        now = await till.cards.capture(till.capture(declined.intent_id))

        assert now.state is CardState.NEEDS_CUSTOMER
