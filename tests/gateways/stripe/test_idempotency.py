"""One key, one answer: what Stripe saves of a request, and what it does not."""

import asyncio

import pytest
import stripe

from tests.gateways.stripe.desk import SDK_WARNS, Desk, fresh
from tests.gateways.stripe.faults import Kind, Stored
from tests.gateways.stripe.people import Card
from tests.gateways.stripe.serving import Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNS)

DAY = 24 * 3600


def replayed(answer: stripe.StripeObject) -> bool:
    assert answer.last_response
    return answer.last_response.headers.get("Idempotent-Replayed") == "true"


class TestOneKey:
    async def test_the_same_request_has_the_same_answer_and_is_done_once(
        self, desk: Desk, fake_stripe: Stripe
    ) -> None:
        intent, key = await desk.hold(), fresh()

        first = await desk.capture(intent.id, 7_000, key=key)
        again = await desk.capture(intent.id, 7_000, key=key)

        assert (replayed(first), replayed(again)) == (False, True)
        assert again.amount_received == first.amount_received == 7_000
        ledger = await fake_stripe.control.ledger()
        assert len(ledger.of("capture", intent=intent.id)) == 1
        assert [one["replayed"] for one in ledger.asked("capture", id=intent.id)] == [False, True]

    async def test_another_request_is_refused(self, desk: Desk) -> None:
        intent, other, key = await desk.hold(), await desk.hold(), fresh()
        await desk.capture(intent.id, 7_000, key=key)

        for amount, id in ((6_000, intent.id), (7_000, other.id)):
            with pytest.raises(stripe.IdempotencyError) as refused:
                await desk.capture(id, amount, key=key)
            assert refused.value.http_status == 400

    async def test_a_request_in_flight_keeps_its_key(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent, key = await desk.hold(), fresh()
        fault = await fake_stripe.control.fault(Kind.PAUSE_INSIDE, "capture", intent=intent.id)
        first = asyncio.create_task(desk.capture(intent.id, key=key))
        await fake_stripe.control.wait_reached(fault)

        with pytest.raises(stripe.APIError) as refused:
            await desk.capture(intent.id, key=key)

        assert refused.value.http_status == 409
        assert isinstance(refused.value.json_body, dict)
        assert refused.value.json_body["error"]["code"] == "idempotency_key_in_use"
        await fake_stripe.control.release(fault)
        assert (await first).status == "succeeded"
        assert replayed(await desk.capture(intent.id, key=key))

    async def test_a_decline_is_an_answer_too(self, desk: Desk, fake_stripe: Stripe) -> None:
        customer, method = await desk.customer(Card.DECLINED)
        key = fresh()
        with pytest.raises(stripe.CardError):
            await desk.hold(customer=customer, payment_method=method, key=key)
        await fake_stripe.control.change_card(method, Card.OK)

        with pytest.raises(stripe.CardError):
            await desk.hold(customer=customer, payment_method=method, key=key)

        assert (await desk.hold(customer=customer, payment_method=method)).status == "requires_capture"

    async def test_bad_parameters_leave_the_key_free(self, desk: Desk) -> None:
        customer, method = await desk.customer()
        key = fresh()
        with pytest.raises(stripe.InvalidRequestError):
            await desk.hold(0, customer=customer, payment_method=method, key=key)

        intent = await desk.hold(customer=customer, payment_method=method, key=key)

        assert not replayed(intent)

    async def test_after_a_day_a_key_is_forgotten(self, own_stripe: Stripe) -> None:
        desk = Desk(own_stripe)
        customer, method = await desk.customer()
        key = fresh()
        first = await desk.hold(customer=customer, payment_method=method, key=key)
        assert (await desk.hold(customer=customer, payment_method=method, key=key)).id == first.id

        await own_stripe.control.clock(ahead=DAY + 1)

        assert (await desk.hold(customer=customer, payment_method=method, key=key)).id != first.id


class TestErrors:
    async def test_an_error_at_the_door_is_not_saved(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent, key = await desk.hold(), fresh()
        await fake_stripe.control.fault(Kind.ERROR_BEFORE, "capture", intent=intent.id, times=2)

        for _ in range(2):
            with pytest.raises(stripe.APIError):
                await desk.capture(intent.id, key=key)

        assert (await desk.look(intent.id)).status == "requires_capture"
        taken = await desk.capture(intent.id, key=key)
        assert (taken.status, replayed(taken)) == ("succeeded", False)

    async def test_an_error_that_is_saved_is_repeated_until_there_is_another_key(
        self, desk: Desk, fake_stripe: Stripe
    ) -> None:
        intent, key = await desk.hold(), fresh()
        await fake_stripe.control.fault(Kind.ERROR_STORED, "capture", intent=intent.id)

        for _ in range(3):
            with pytest.raises(stripe.APIError):
                await desk.capture(intent.id, key=key)

        assert (await desk.look(intent.id)).status == "requires_capture"
        assert (await desk.capture(intent.id)).status == "succeeded"

    @pytest.mark.parametrize("stored", Stored)
    async def test_an_error_after_it_was_done_hides_that(
        self, desk: Desk, fake_stripe: Stripe, stored: Stored
    ) -> None:
        intent, key = await desk.hold(), fresh()
        await fake_stripe.control.fault(Kind.ERROR_AFTER, "capture", intent=intent.id, stored=stored)

        with pytest.raises(stripe.APIError) as refused:
            await desk.capture(intent.id, key=key)

        assert refused.value.http_status == 500
        assert (await desk.look(intent.id)).status == "succeeded"
        if stored is Stored.THE_ANSWER:
            assert (await desk.capture(intent.id, key=key)).status == "succeeded"
        else:
            with pytest.raises(stripe.StripeError) as again:
                await desk.capture(intent.id, key=key)
            assert again.value.http_status == (500 if stored is Stored.THE_500 else 400)
        assert len((await fake_stripe.control.ledger()).of("capture", intent=intent.id)) == 1
