"""Transfers, refunds and disputes: never more than there is, and each of them on the record."""

import pytest
import stripe

from tests.gateways.stripe.desk import EUROS, SDK_WARNS, Desk, charge_of, fresh
from tests.gateways.stripe.serving import Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNS)


async def transfer(desk: Desk, intent: stripe.PaymentIntent, account: str, amount: int) -> stripe.Transfer:
    return await desk.sdk.v1.transfers.create_async(
        {
            "amount": amount,
            "currency": EUROS,
            "destination": account,
            "source_transaction": str(intent.latest_charge),
            "transfer_group": f"group-{intent.id}",
        }
    )


class TestTransfers:
    async def test_money_is_passed_on_up_to_what_was_captured(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent, account = await desk.captured(10_000), await fake_stripe.control.new_account()

        first = await transfer(desk, intent, account, 9_000)

        with pytest.raises(stripe.InvalidRequestError, match="source_transaction"):
            await transfer(desk, intent, account, 1_001)
        group = await desk.sdk.v1.transfers.list_async({"transfer_group": f"group-{intent.id}"})
        assert [one.id for one in group.data] == [first.id]
        assert (await desk.sdk.v1.transfers.retrieve_async(first.id)).destination == account
        assert (await fake_stripe.control.ledger()).total("transfer", intent=intent.id) == 9_000

    async def test_the_second_of_two_same_requests_passes_nothing_on(
        self, desk: Desk, fake_stripe: Stripe
    ) -> None:
        intent, account = await desk.captured(10_000), await fake_stripe.control.new_account()
        wanted: stripe.params.TransferCreateParams = {
            "amount": 1_000,
            "currency": EUROS,
            "destination": account,
            "source_transaction": str(intent.latest_charge),
        }
        key = fresh()

        ids = [(await desk.sdk.v1.transfers.create_async(wanted, {"idempotency_key": key})).id for _ in "ab"]

        assert ids[0] == ids[1]
        assert (await fake_stripe.control.ledger()).total("transfer", intent=intent.id) == 1_000

    async def test_a_transfer_is_taken_back_once(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent, account = await desk.captured(10_000), await fake_stripe.control.new_account()
        made = await transfer(desk, intent, account, 9_000)

        back = await desk.sdk.v1.transfers.reversals.create_async(made.id)

        assert back.amount == 9_000
        assert (await desk.sdk.v1.transfers.retrieve_async(made.id)).reversed
        with pytest.raises(stripe.InvalidRequestError, match="left to reverse"):
            await desk.sdk.v1.transfers.reversals.create_async(made.id, {"amount": 1})

    async def test_nothing_is_passed_on_to_who_cannot_be_paid(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent, account = await desk.captured(), await fake_stripe.control.new_account(transfers=False)

        for nobody in (account, "acct_nobody"):
            with pytest.raises(stripe.InvalidRequestError, match="destination"):
                await transfer(desk, intent, nobody, 1_000)

    async def test_what_is_only_held_is_not_passed_on(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent, account = await desk.hold(), await fake_stripe.control.new_account()
        held = await desk.sdk.v1.payment_intents.retrieve_async(intent.id)

        with pytest.raises(stripe.InvalidRequestError, match="not captured"):
            await transfer(desk, held, account, 1_000)


class TestRefunds:
    async def test_no_more_is_given_back_than_was_taken(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent = await desk.hold(10_000)
        await desk.capture(intent.id, 7_000)

        await desk.sdk.v1.refunds.create_async({"payment_intent": intent.id, "amount": 5_000})

        with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
            await desk.sdk.v1.refunds.create_async({"payment_intent": intent.id, "amount": 2_001})
        await desk.sdk.v1.refunds.create_async({"payment_intent": intent.id})
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await desk.sdk.v1.refunds.create_async({"payment_intent": intent.id})
        assert refused.value.code == "charge_already_refunded"
        assert (await fake_stripe.control.ledger()).total("refund", intent=intent.id) == 7_000

    async def test_what_a_capture_left_is_no_refund(self, desk: Desk) -> None:
        intent = await desk.hold(10_000)
        await desk.capture(intent.id, 7_000)
        ours = await desk.sdk.v1.refunds.create_async(
            {"payment_intent": intent.id, "amount": 500, "metadata": {"payout": "p1"}}
        )

        listed = await desk.sdk.v1.refunds.list_async({"payment_intent": intent.id})

        assert [(one.id, one.amount) for one in listed.data] == [(ours.id, 500)]
        assert charge_of(await desk.look(intent.id)).amount_refunded == 500

    async def test_a_hold_has_nothing_to_be_given_back(self, desk: Desk) -> None:
        intent = await desk.hold()

        with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
            await desk.sdk.v1.refunds.create_async({"payment_intent": intent.id})

    async def test_a_refund_may_come_back(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent = await desk.captured()
        refund = await desk.sdk.v1.refunds.create_async({"payment_intent": intent.id})

        await fake_stripe.control.fail_refund(refund.id)

        assert (await desk.sdk.v1.refunds.retrieve_async(refund.id)).status == "failed"
        assert charge_of(await desk.look(intent.id)).amount_refunded == 0


class TestDisputes:
    @pytest.mark.parametrize(("outcome", "came_back"), [("won", 1), ("lost", 0)])
    async def test_a_dispute_is_opened_and_decided_by_the_bank(
        self, desk: Desk, fake_stripe: Stripe, outcome: str, came_back: int
    ) -> None:
        intent = await desk.captured()

        dispute = await fake_stripe.control.open_dispute(intent.id, reason="product_not_received")

        (found,) = (await desk.sdk.v1.disputes.list_async({"payment_intent": intent.id})).data
        assert (found.id, found.status, found.amount) == (dispute, "needs_response", 10_000)
        assert charge_of(await desk.look(intent.id)).disputed
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await desk.sdk.v1.refunds.create_async({"payment_intent": intent.id})
        assert refused.value.code == "charge_disputed"
        await fake_stripe.control.close_dispute(dispute, status=outcome)
        assert (await desk.sdk.v1.disputes.retrieve_async(dispute)).status == outcome
        assert len((await fake_stripe.control.ledger()).of("chargeback_won", intent=intent.id)) == came_back

    async def test_an_inquiry_moves_no_money(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent = await desk.captured()

        await fake_stripe.control.open_dispute(intent.id, status="warning_needs_response")

        assert (await fake_stripe.control.ledger()).of("chargeback", intent=intent.id) == []
