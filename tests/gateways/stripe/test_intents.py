"""Holds, captures and what cards say: the fake does as Stripe's documentation says it does."""

import time

import pytest
import stripe

from tests.gateways.stripe.desk import SDK_WARNS, Desk, charge_of, fresh
from tests.gateways.stripe.people import Card
from tests.gateways.stripe.serving import Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNS)

WEEK = 7 * 24 * 3600


class TestHolds:
    async def test_a_hold_says_until_when_it_is_good(self, desk: Desk) -> None:
        intent = await desk.hold(metadata={"assignment": "a1"})

        details = charge_of(intent).payment_method_details
        assert (intent.status, intent.amount_capturable, intent.amount_received) == (
            "requires_capture",
            10_000,
            0,
        )
        assert intent.metadata.to_dict() == {"assignment": "a1"}
        assert details
        assert details.card
        assert abs((details.card.capture_before or 0) - (time.time() + WEEK)) < 5

    async def test_the_charge_is_an_id_unless_it_is_asked_for(self, desk: Desk) -> None:
        intent = await desk.hold()

        plain = await desk.sdk.v1.payment_intents.retrieve_async(intent.id)

        assert plain.latest_charge == charge_of(intent).id

    async def test_a_capture_takes_part_once_and_lets_the_rest_go(
        self, desk: Desk, fake_stripe: Stripe
    ) -> None:
        intent = await desk.hold()

        taken = await desk.capture(intent.id, 7_000)

        assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 7_000, 0)
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await desk.capture(intent.id, 3_000)
        assert refused.value.code == "payment_intent_unexpected_state"
        charge = charge_of(await desk.look(intent.id))
        assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (7_000, 0, False)
        ledger = await fake_stripe.control.ledger()
        assert ledger.total("capture", intent=intent.id) == 7_000
        assert ledger.total("release", intent=intent.id) == 3_000

    async def test_no_more_is_taken_than_is_held(self, desk: Desk) -> None:
        intent = await desk.hold(10_000)

        with pytest.raises(stripe.InvalidRequestError) as refused:
            await desk.capture(intent.id, 10_001)

        assert refused.value.code == "amount_too_large"

    async def test_what_is_cancelled_is_neither_captured_nor_cancelled_again(self, desk: Desk) -> None:
        intent = await desk.hold()

        gone = await desk.sdk.v1.payment_intents.cancel_async(intent.id, {"cancellation_reason": "abandoned"})

        assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
        for again in (desk.capture(intent.id), desk.sdk.v1.payment_intents.cancel_async(intent.id)):
            with pytest.raises(stripe.InvalidRequestError, match="status of canceled") as refused:
                await again
            assert refused.value.code == "payment_intent_unexpected_state"

    async def test_a_hold_ends_by_the_clock(self, own_stripe: Stripe) -> None:
        desk = Desk(own_stripe)
        short, long = await desk.hold(lifetime=3600), await desk.hold()

        await own_stripe.control.clock(ahead=3601)

        gone = await desk.look(short.id)
        assert (gone.status, gone.cancellation_reason) == ("canceled", "expired")
        assert (await desk.look(long.id)).status == "requires_capture"
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await desk.capture(short.id)
        assert refused.value.code == "payment_intent_unexpected_state"
        assert [one["type"] for one in await own_stripe.control.events(about=short.id)][-2:] == [
            "charge.expired",
            "payment_intent.canceled",
        ]


class TestCards:
    @pytest.mark.parametrize(
        ("card", "code"),
        [
            (Card.DECLINED, "card_declined"),
            (Card.INSUFFICIENT_FUNDS, "card_declined"),
            (Card.EXPIRED, "expired_card"),
        ],
    )
    async def test_a_decline_is_a_402_with_the_intent_in_it(self, desk: Desk, card: Card, code: str) -> None:
        with pytest.raises(stripe.CardError) as refused:
            await desk.hold(card=card)

        assert isinstance(refused.value.json_body, dict)
        error = refused.value.json_body["error"]
        assert (refused.value.http_status, error["code"], error["decline_code"]) == (402, code, card)
        assert error["payment_intent"]["status"] == "requires_payment_method"
        intent = await desk.look(error["payment_intent"]["id"])
        assert intent.last_payment_error
        assert intent.last_payment_error.code == code

    async def test_stripes_test_cards_go_by_their_names(self, desk: Desk) -> None:
        customer, _ = await desk.customer()

        method = await desk.sdk.v1.payment_methods.attach_async("pm_card_visa", {"customer": customer})

        assert method.id != "pm_card_visa"
        assert method.customer == customer
        with pytest.raises(stripe.CardError, match="declined"):
            await desk.hold(payment_method="pm_card_chargeDeclinedInsufficientFunds")

    async def test_off_session_a_bank_that_wants_its_customer_declines(
        self, desk: Desk, fake_stripe: Stripe
    ) -> None:
        with pytest.raises(stripe.CardError) as refused:
            await desk.hold(card=Card.AUTHENTICATION_REQUIRED)

        assert refused.value.code == "authentication_required"
        assert isinstance(refused.value.json_body, dict)
        id = refused.value.json_body["error"]["payment_intent"]["id"]
        assert (await desk.look(id)).status == "requires_payment_method"
        await fake_stripe.control.customer_authenticates(id)
        assert (await desk.look(id)).status == "requires_capture"

    async def test_on_session_it_asks_the_customer(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent = await desk.hold(card=Card.AUTHENTICATION_REQUIRED, off_session=False)

        assert (intent.status, intent.next_action is not None) == ("requires_action", True)
        await fake_stripe.control.customer_authenticates(intent.id, succeeds=False)
        failed = await desk.look(intent.id)
        assert failed.last_payment_error
        assert failed.last_payment_error.code == "payment_intent_authentication_failure"

    async def test_an_intent_that_was_declined_is_confirmed_with_another_card(self, desk: Desk) -> None:
        customer, method = await desk.customer()
        with pytest.raises(stripe.CardError) as refused:
            await desk.hold(customer=customer, payment_method="pm_card_chargeCustomerFail")
        assert isinstance(refused.value.json_body, dict)
        id = refused.value.json_body["error"]["payment_intent"]["id"]

        intent = await desk.sdk.v1.payment_intents.confirm_async(id, {"payment_method": method})

        assert (intent.status, intent.last_payment_error) == ("requires_capture", None)

    async def test_a_card_may_be_held_and_not_taken(self, desk: Desk) -> None:
        intent = await desk.hold(card=Card.CAPTURE_DECLINED)

        with pytest.raises(stripe.CardError):
            await desk.capture(intent.id)

        assert (await desk.look(intent.id)).status == "requires_capture"

    async def test_a_card_is_put_on_file(self, desk: Desk, fake_stripe: Stripe) -> None:
        customer = (await desk.sdk.v1.customers.create_async({"name": "Ada"})).id
        setup = await desk.sdk.v1.setup_intents.create_async({"customer": customer, "usage": "off_session"})
        assert setup.client_secret

        await fake_stripe.control.set_up(setup.id)

        done = await desk.sdk.v1.setup_intents.retrieve_async(setup.id, {"expand": ["payment_method"]})
        assert done.status == "succeeded"
        assert isinstance(done.payment_method, stripe.PaymentMethod)
        assert done.payment_method.customer == customer


class TestAsking:
    async def test_who_has_no_key_is_let_in_nowhere(self, fake_stripe: Stripe) -> None:
        client = fake_stripe.client(key="pk_live_1")

        with pytest.raises(stripe.AuthenticationError):
            await client.v1.payment_intents.list_async()

    async def test_what_there_is_not_is_a_404(self, desk: Desk) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await desk.look("pi_nowhere")

        assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")

    async def test_parameters_that_stripe_does_not_know_are_refused(self, desk: Desk) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await desk.hold(colour="blue")

        assert (refused.value.code, refused.value.param) == ("parameter_unknown", "colour")

    async def test_a_list_begins_with_the_newest_and_goes_on(self, desk: Desk) -> None:
        customer, method = await desk.customer()
        ids = [(await desk.hold(1_000 + n, customer=customer, payment_method=method)).id for n in range(3)]

        first = await desk.sdk.v1.payment_intents.list_async({"customer": customer, "limit": 2})

        assert ([one.id for one in first.data], first.has_more) == ([ids[2], ids[1]], True)
        assert [one.id async for one in first.auto_paging_iter()] == ids[::-1]
        later = await desk.sdk.v1.payment_intents.list_async(
            {"customer": customer, "created": {"gte": int(time.time()) + 60}}
        )
        assert later.data == []

    async def test_the_ledger_knows_who_asked_how(self, desk: Desk, fake_stripe: Stripe) -> None:
        key = fresh()

        intent = await desk.hold(key=key)

        ledger = await fake_stripe.control.ledger()
        (asked,) = [one for one in ledger.asked("authorise") if one["key"] == key]
        assert (asked["status"], asked["replayed"], asked["version"]) == (200, False, stripe.api_version)
        (held,) = ledger.of("hold", intent=intent.id)
        assert (held["amount"], held["key"], held["by"]) == (10_000, key, "api")
